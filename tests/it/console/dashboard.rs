//! The dashboard: what needs somebody, what was issued and refused, what comes next.

use jeton::domain::{permission::Role, time::Span};

use crate::harness::server::TestServer;

#[tokio::test]
async fn a_new_server_leads_to_its_first_token() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Owner).await;

    let page = browser.open("").await;
    page.assert_says("On the way to your first token");
    page.assert_says("Define an API");
    page.assert_says("Nothing needs you.");
    server.api("urn:shop", "read").await;
    let client = server
        .client("mailer")
        .await
        .granted("urn:shop", "read")
        .await;
    let page = browser.open("/fragments/checklist").await;
    assert!(page.html().contains("Waiting"), "{}", page.html());
    client
        .ask("grant_type=client_credentials")
        .await
        .assert_issued();
    let page = browser.open("/fragments/checklist").await;
    assert!(
        page.html().contains("First token issued"),
        "{}",
        page.html()
    );

    browser
        .open("")
        .await
        .assert_does_not_say("On the way to your first token");
}

/// Console 43, 44.
#[tokio::test]
async fn the_dashboard_tells_what_was_issued_and_refused_and_what_needs_somebody() {
    let server = TestServer::start().await;
    server.api("urn:shop", "read").await;
    let client = server
        .client("mailer")
        .await
        .granted("urn:shop", "read")
        .await;
    for _ in 0..3 {
        client
            .ask("grant_type=client_credentials")
            .await
            .assert_issued();
    }
    client
        .ask("grant_type=client_credentials&scope=write")
        .await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser.open("").await;

    page.assert_says("Tokens issued, last 24 hours 3 0 in the same hours last week");
    page.assert_says("Scope not granted invalid_scope 1");
    page.assert_says("1 from one address: 192.0.2.7.");
    page.assert_says("Another ES256 key takes over");
    page.assert_says("Between 0 and 3 an hour, highest at");
    assert!(
        page.html().contains("Between 0 and 3 an hour"),
        "the chart says the same"
    );
    page.assert_does_not_say("New client");
}

#[tokio::test]
async fn a_client_unused_for_long_needs_somebody_and_a_viewer_may_only_look() {
    let server = TestServer::start().await;
    server.client("cron").await;
    server.advance(Span::days(31)).await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser.open("").await;
    page.assert_says("1 client");
    page.assert_says("No token yet, 31 days after it was made.");
    let part = browser.open("/fragments/attention").await;

    assert!(part.html().contains("No token yet"), "{}", part.html());
    assert!(!part.html().contains("<html"), "a part of the page only");
}

#[tokio::test]
async fn a_live_part_that_is_the_same_again_is_not_sent_again() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Viewer).await;

    for part in ["attention", "traffic", "checklist"] {
        let first = browser.open(&format!("/fragments/{part}")).await;
        let second = browser.open(&format!("/fragments/{part}")).await;
        let tag = first.reply.header("etag");
        assert!(!tag.is_empty(), "{part}");
        assert_eq!(tag, second.reply.header("etag"), "{part}");
    }
}
