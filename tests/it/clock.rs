//! A clock that jumps: no token while it is behind, nothing is lost while it is ahead.

use jeton::{
    crypto::random::Entropy,
    domain::{permission::Role, time::Span},
    oauth::reason::ErrorCode,
    store::redb::RedbStore,
};
use serde_json::Value;

use crate::harness::{
    caller::{Client, Request},
    reply::Reply,
    server::{START, TestServer},
};

async fn report_service(server: &TestServer) -> Client<'_> {
    server.api("urn:shop", "read").await;
    server.client("svc").await.granted("urn:shop", "read").await
}

async fn introspect(client: &Client<'_>, token: &str) -> Reply {
    let request = Request::new(client.server(), "POST", "/oauth2/introspect");
    let request = request.header("authorization", &client.basic());
    request.form(&format!("token={token}")).send().await
}

async fn jumps(server: &TestServer) -> Vec<Value> {
    let page = server.owner().read("/audit?action=server.clock_jump").await;
    let jumps = page["data"].as_array().unwrap().iter();
    jumps
        .map(|record| record["changes"][0]["after"].clone())
        .collect()
}

/// K1
#[tokio::test]
async fn no_token_is_issued_while_the_clock_is_behind_and_it_recovers_by_itself() {
    let server = TestServer::with_registration().await;
    server.advance(Span::days(2)).await;
    let service = report_service(&server).await;
    let token = service.request_token("read").await.assert_issued();
    server.app.keep_clock().await;
    for back in [Span(61), Span::hours(1), Span::days(1)] {
        server.rewind(back);
        server.app.keep_clock().await;

        let reply = service.request_token("read").await;
        reply.assert_refused(ErrorCode::TemporarilyUnavailable);
        assert_eq!(reply.status, 503);
        let description = reply.json()["error_description"].clone();
        assert_eq!(
            description,
            "the clock of the server is behind; ask again when it is right"
        );
        assert_eq!(introspect(&service, &token.text).await.status, 503);
        let asked = server.request("GET", "/forward-auth?audience=urn%3Ashop");
        let asked = asked.header("authorization", &format!("Bearer {}", token.text));
        assert_eq!(asked.send().await.status, 503);
        let registered = server.request("POST", "/oauth2/register");
        let registered = registered.header("content-type", "application/json");
        assert_eq!(registered.body("{}").send().await.status, 503);
        let ready = server.get("/health/ready").await;
        assert_eq!(ready.status, 503);
        assert_eq!(ready.json()["status"], "unable");
        let status = server.owner().read("/server").await;
        assert_eq!(status["ready"], "unable");
        let attention = server.owner().read("/attention").await;
        assert_eq!(
            attention["server"][0]["rule"], "clock_behind",
            "{attention}"
        );

        server.leap(back);
        server.app.keep_clock().await;
        service.request_token("read").await.assert_issued();
    }
    assert_eq!(
        jumps(&server).await,
        ["+86400", "-86400", "+3600", "-3600", "+61", "-61"]
    );
}

#[tokio::test]
async fn a_clock_that_is_a_little_behind_is_as_good_as_any() {
    let server = TestServer::start().await;
    server.advance(Span::days(2)).await;
    let service = report_service(&server).await;
    server.app.keep_clock().await;

    server.rewind(Span(59));
    server.app.keep_clock().await;

    service.request_token("read").await.assert_issued();
}

/// K1
#[tokio::test]
async fn a_clock_that_is_ahead_for_a_while_retires_and_deletes_nothing() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;
    server.app.keep_schedule().await;
    let before = server.app.registry_arc();
    for ahead in [Span::hours(1), Span::days(3650)] {
        server.leap(ahead);
        server.app.keep_clock().await;
        server.app.keep_schedule().await;
        server.advance(Span::minutes(9)).await;
        server.app.keep_clock().await;
        server.app.keep_schedule().await;

        server.rewind(ahead);
        server.app.keep_clock().await;
        server.app.keep_schedule().await;

        service.request_token("read").await.assert_issued();
        let kept = server.app.registry_arc();
        assert!(kept.keys().eq(before.keys()), "no key was touched");
        assert!(kept.clients().eq(before.clients()), "no client was touched");
    }
}

#[tokio::test]
async fn a_clock_that_stays_ahead_is_believed_after_ten_minutes() {
    let server = TestServer::start().await;
    let before = server.app.registry_arc();
    server.leap(Span::days(100));
    server.app.keep_schedule().await;
    assert!(server.app.registry().keys().eq(before.keys()));

    server.advance(Span::minutes(10)).await;

    assert!(
        !server.app.registry().keys().eq(before.keys()),
        "the next key is due"
    );
}

/// K1
#[tokio::test]
async fn the_time_is_remembered_across_restarts_and_can_be_given_up() {
    let store = RedbStore::in_memory(&Entropy::seeded(7));
    let server = TestServer::on(store.clone(), START.plus(Span::days(2))).await;
    let service = report_service(&server).await;
    service.request_token("read").await.assert_issued();
    server.app.keep_clock().await;

    let early = TestServer::on(store, START.plus(Span::days(1))).await;

    let again = Client::new(&early, "svc", &service.secret);
    again
        .request_token("read")
        .await
        .assert_refused(ErrorCode::TemporarilyUnavailable);
    let mut browser = early.signed_in(Role::Viewer).await;
    let page = browser.open("").await;
    page.assert_says("No tokens are issued until it is right");
    early.app.accept_clock().await;
    again.request_token("read").await.assert_issued();
}

/// K1
#[tokio::test]
async fn the_time_is_written_down_every_ten_seconds_while_tokens_are_issued() {
    let store = RedbStore::in_memory(&Entropy::seeded(7));
    let server = TestServer::on(store.clone(), START.plus(Span::days(2))).await;
    let service = report_service(&server).await;
    let issue = async |after: Span| {
        server.advance(after).await;
        service.request_token("read").await.assert_issued();
        server.app.keep_clock().await;
    };
    issue(Span(0)).await;
    let begun = server.app.now();
    issue(Span(10)).await;
    issue(Span(9)).await;

    // A minute behind what was written down last is tolerated, a second more is not.
    for (at, is_behind) in [(9, true), (10, false)] {
        let at = begun.plus(Span(at)).minus(Span(60));
        let early = TestServer::on(store.clone(), at).await;
        assert_eq!(early.app.clock_behind().is_some(), is_behind, "{at}");
    }
}
