//! What the record says of token requests: counted for the pages, and explained when they failed.

use jeton::domain::{
    hint::Hint,
    id::ClientId,
    usage::{Asked, Outcome},
};

use crate::harness::{
    caller::Client,
    server::{START, TestServer},
};

async fn report_service(server: &TestServer) -> Client<'_> {
    server.api("https://sales.example", "read:analytics").await;
    let client = server.client("report-service").await;
    client
        .granted("https://sales.example", "read:analytics")
        .await
}

#[tokio::test]
async fn an_overview_knows_what_every_client_did() {
    let server = TestServer::start().await;
    let client = report_service(&server).await;
    assert!(server.app.overview().await.unwrap().clients.is_empty());

    client.request_token("read:analytics").await.assert_issued();
    client.request_token("").await.assert_issued();
    client.with_secret("wrong").request_token("").await;
    server.stranger().request_token("").await;

    let overview = server.app.overview().await.unwrap();
    let summary = overview.client(&client.client_id()).unwrap();
    assert_eq!((summary.issued(), summary.refused), (2, 1));
    assert_eq!(summary.days.last(), Some(&2));
    let last = summary.last_refusal.unwrap();
    assert_eq!((last.at, last.outcome), (START, Some(Outcome::WrongSecret)));
    assert_eq!(
        (overview.last_day.issued(), overview.last_day.refused()),
        (2, 2)
    );
    let here: Vec<&ClientId> = overview.clients_at(last.address).collect();
    assert_eq!(here, [&client.client_id()]);
}

#[tokio::test]
async fn the_latest_requests_of_a_client_are_at_hand() {
    let server = TestServer::start().await;
    let client = report_service(&server).await;

    let issued = client.request_token("read:analytics").await;
    let refused = client.request_token("write").await;

    let recent = server.app.recent(&client.client_id()).await;
    let [second, first] = recent.as_slice() else {
        panic!("two requests were made: {recent:?}");
    };
    let token = first.token.as_ref().unwrap();
    assert_eq!(first.outcome, Outcome::Issued);
    assert_eq!(token.scopes.as_str(), "read:analytics");
    assert_eq!(token.asked, Asked::ByName);
    assert_eq!(
        first.seen.request.as_deref(),
        Some(issued.header("x-request-id"))
    );
    assert_eq!(second.outcome, Outcome::InvalidScope);
    assert!(second.secret.is_some() && second.token.is_none());
    assert_eq!(
        second.seen.request.as_deref(),
        Some(refused.header("x-request-id"))
    );
}

#[tokio::test]
async fn a_wrong_secret_is_explained_and_not_kept() {
    let server = TestServer::start().await;
    let client = report_service(&server).await;
    let other = server.client("other").await;
    let cut = &client.secret[..50];

    for (presented, hint) in [
        (format!("{}\n", client.secret), Hint::Whitespace),
        (cut.to_owned(), Hint::Short),
        (other.secret.clone(), Hint::AnotherClients),
        ("hunter2".to_owned(), Hint::Foreign),
    ] {
        client.with_secret(&presented).request_token("").await;

        let recent = server.app.recent(&client.client_id()).await;
        assert_eq!(recent[0].outcome, Outcome::WrongSecret);
        assert_eq!(recent[0].hint, Some(hint));
        let shown = format!("{recent:?}");
        assert!(!shown.contains("hunter2") && !shown.contains(&cut[13..]));
    }

    client.named("reprot-service").request_token("").await;
    let unknown = server.app.recent_of_unknown().await;
    assert_eq!(unknown[0].hint, Some(Hint::AnotherClients));
}
