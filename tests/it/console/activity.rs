//! The activity of a client.

use jeton::domain::permission::Role;

use crate::harness::server::TestServer;

const PAGE: &str = "/clients/billing-worker/activity";

#[tokio::test]
async fn what_a_client_asked_for_is_listed_with_the_reason_of_each_refusal() {
    let server = TestServer::start().await;
    server.api("https://orders.test", "read write").await;
    let client = server.client("billing-worker").await;
    let client = client.granted("https://orders.test", "read").await;
    assert_eq!(client.request_token("read").await.status, 200);
    for _ in 0..3 {
        client.with_secret("wrong").request_token("read").await;
    }
    client.request_token("write").await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser.open(PAGE).await;

    page.assert_says("1 token issued, 4 requests refused");
    page.assert_says("Wrong secret invalid_client 3");
    page.assert_says("Wrong secret invalid_client Same address, 3 refusals");
    page.assert_says("Scope not granted invalid_scope");
    page.assert_says("Token issued read https://orders.test jtn_");
    page.assert_says("192.0.2.7");
}

/// Console 23, for the requests of a client.
#[tokio::test]
async fn the_filter_of_requests_stands_in_the_address() {
    let server = TestServer::start().await;
    server.api("https://orders.test", "read").await;
    let client = server.client("billing-worker").await;
    let client = client.granted("https://orders.test", "read").await;
    client.request_token("read").await;
    client.with_secret("wrong").request_token("read").await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let issued = browser.open(&format!("{PAGE}?result=issued")).await;
    let refused = browser.open(&format!("{PAGE}?result=refused")).await;
    let elsewhere = browser.open(&format!("{PAGE}?address=203.0.113.9")).await;

    let rows = |page: &crate::harness::browser::Page| {
        let html = page.html();
        let table = html.split("Newest first").nth(1).unwrap_or_default();
        (
            table.contains("Token issued"),
            table.contains("Wrong secret"),
        )
    };
    assert_eq!(rows(&issued), (true, false));
    assert_eq!(rows(&refused), (false, true));
    elsewhere.assert_says("No request matches. 2 without the filter.");
}

#[tokio::test]
async fn a_client_that_never_asked_has_an_empty_page() {
    let server = TestServer::start().await;
    server.client("billing-worker").await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser.open(PAGE).await;

    page.assert_says("No requests yet.");
    page.assert_says("0 tokens issued, 0 requests refused");
}
