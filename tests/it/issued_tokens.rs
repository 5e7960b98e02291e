//! With `audit_tokens = "durable"` each token is on record before it is handed out.

use jeton::domain::{
    issued_token::TokenRecords,
    permission::Role,
    time::{Span, Timestamp},
};
use serde_json::{Value, json};

use crate::harness::server::TestServer;

async fn recording() -> TestServer {
    TestServer::with_settings(|settings| settings.audit_tokens = TokenRecords::Durable).await
}

#[tokio::test]
async fn a_token_is_on_record_with_whose_it_is_what_for_and_from_where() {
    let server = recording().await;
    server.api("urn:shop", "read write").await;
    let owner = server.owner();
    let client = server.client("shop-service").await;
    let client = client.granted("urn:shop", "read write").await;
    let answer = client.request_token("read").await;
    let token = answer.assert_issued();

    let page = owner.read("/audit/tokens").await;

    let registry = server.app.registry_arc();
    let secret = &registry.find_client(&client.client_id()).unwrap().secrets[0].id;
    assert_eq!(
        page["data"],
        json!([{
            "seq": 1,
            "at": "2027-01-15T08:00:00Z",
            "token_id": token.claims["jti"],
            "client": "shop-service",
            "secret": secret.to_string(),
            "api": "urn:shop",
            "scope": "read",
            "subject": null,
            "expires_at": "2027-01-15T09:00:00Z",
            "address": "192.0.2.7",
            "request_id": answer.header("x-request-id"),
        }])
    );
    assert_eq!(page["next_cursor"], Value::Null);
    let verified = owner.read("/audit/verify").await;
    assert_eq!(verified["issued_tokens"], 1);
}

#[tokio::test]
async fn what_is_refused_and_what_is_asked_for_without_the_setting_is_not_on_record() {
    let recording = recording().await;
    let plain = TestServer::start().await;
    for server in [&recording, &plain] {
        server.api("urn:shop", "read").await;
        let client = server.client("shop-service").await;
        let client = client.granted("urn:shop", "read").await;
        assert_eq!(client.request_token("other").await.status, 400);
    }
    let client = plain.client("another").await;
    let client = client.granted("urn:shop", "read").await;
    assert_eq!(client.request_token("read").await.status, 200);

    for server in [&recording, &plain] {
        let page = server.owner().read("/audit/tokens").await;
        assert_eq!(page["data"], json!([]));
        let verified = server.owner().read("/audit/verify").await;
        assert!(verified.get("issued_tokens").is_none());
    }
}

#[tokio::test]
async fn records_are_read_page_by_page_and_picked_by_client_and_token() {
    let server = recording().await;
    server.api("urn:shop", "read write").await;
    let owner = server.owner();
    let one = server.client("one").await.granted("urn:shop", "read").await;
    let two = server.client("two").await.granted("urn:shop", "read").await;
    for client in [&one, &two, &one] {
        server.advance(Span(10)).await;
        assert_eq!(client.request_token("").await.status, 200);
    }

    let first = owner.read("/audit/tokens?limit=2").await;
    let numbers = |page: &Value| -> Vec<u64> {
        let data = page["data"].as_array().unwrap();
        data.iter().map(|it| it["seq"].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers(&first), [3, 2]);
    let next = first["next_cursor"].as_str().unwrap();
    let second = owner
        .read(&format!("/audit/tokens?limit=2&cursor={next}"))
        .await;
    assert_eq!(numbers(&second), [1]);
    let of_two = owner.read("/audit/tokens?client=two").await;
    assert_eq!(numbers(&of_two), [2]);
    let id = of_two["data"][0]["token_id"].as_str().unwrap();
    let one = owner.read(&format!("/audit/tokens?token_id={id}")).await;
    assert_eq!(numbers(&one), [2]);
    let wrong = "/audit/tokens?client=%20&before=x&since=yesterday";
    let wrong = owner.get(wrong).await;
    wrong
        .assert_status(422)
        .assert_problem("invalid", &["before", "client", "since"]);
}

#[tokio::test]
async fn the_console_lists_the_tokens_on_record_and_finds_one_by_what_is_known_of_it() {
    let server = recording().await;
    server.api("urn:shop", "read").await;
    let one = server.client("one").await.granted("urn:shop", "read").await;
    let two = server.client("two").await.granted("urn:shop", "read").await;
    let token = one.request_token("read").await.assert_issued();
    let id = token.claims["jti"].as_str().unwrap();
    let other = two.request_token("read").await.assert_issued();
    let other = other.claims["jti"].as_str().unwrap();
    let mut viewer = server.signed_in(Role::Viewer).await;

    let audit = viewer.open("/audit").await;
    audit.assert_says("Issued tokens");
    let all = viewer.open("/audit/tokens").await;
    all.assert_says(id);
    all.assert_says("expires in 1 hour");
    let by_id = viewer.open(&format!("/audit/tokens?token={id}")).await;
    by_id.assert_says(id);
    by_id.assert_does_not_say(other);
    by_id.assert_does_not_say(&token.text);
    let of_two = viewer.open("/audit/tokens?client=two").await;
    of_two.assert_says(other);
    of_two.assert_does_not_say(id);
    let nothing = viewer.open("/audit/tokens?client=%20nobody&api=x").await;
    nothing.assert_says("No token on record is like that");
    for expiry in ["expires in 10 minutes", "expired 40 minutes ago"] {
        server.advance(Span::minutes(50)).await;
        viewer.open("/audit/tokens").await.assert_says(expiry);
    }
}

#[tokio::test]
async fn the_console_lists_the_tokens_of_a_stretch_of_days() {
    let server = recording().await;
    server.api("urn:shop", "read").await;
    let client = server.client("one").await.granted("urn:shop", "read").await;
    let early = client.request_token("").await.assert_issued();
    let first_day = day_of(&early.claims["iat"]);
    server.advance(Span::days(2)).await;
    let late = client.request_token("").await.assert_issued();
    let (early, late) = (&early.claims["jti"], &late.claims["jti"]);
    let (early, late) = (early.as_str().unwrap(), late.as_str().unwrap());
    let mut viewer = server.signed_in(Role::Viewer).await;

    let until = viewer.open(&format!("/audit/tokens?to={first_day}")).await;
    until.assert_says(early);
    until.assert_does_not_say(late);
    let from = viewer
        .open(&format!("/audit/tokens?from={first_day}"))
        .await;
    from.assert_says(early);
    from.assert_says(late);
    let wrong = viewer.open("/audit/tokens?from=yesterday").await;
    wrong.assert_says("Write the date as 2026-11-25, not as “yesterday”");
    wrong.assert_does_not_say(early);
}

/// The day of a claim in seconds, as the address has it.
fn day_of(seconds: &Value) -> String {
    let at = Timestamp(seconds.as_i64().unwrap());
    at.to_string()[..10].to_owned()
}

#[tokio::test]
async fn more_tokens_than_fit_a_page_are_on_the_next() {
    let server = recording().await;
    server.api("urn:shop", "read").await;
    let client = server.client("one").await.granted("urn:shop", "read").await;
    let first = client.request_token("").await.assert_issued();
    let first = first.claims["jti"].as_str().unwrap();
    for _ in 0..50 {
        client.request_token("").await.assert_issued();
    }
    let mut viewer = server.signed_in(Role::Viewer).await;

    let page = viewer.open("/audit/tokens?client=one").await;

    page.assert_does_not_say(first);
    let older = viewer.open("/audit/tokens?client=one&before=2").await;
    let query = "client=one&#38;before=2";
    assert!(page.html().contains(query), "{}", page.html());
    older.assert_says(first);
}

#[tokio::test]
async fn where_no_token_is_put_on_record_the_console_says_how_to_change_that() {
    let server = TestServer::start().await;
    let mut viewer = server.signed_in(Role::Viewer).await;

    let audit = viewer.open("/audit").await;
    audit.assert_does_not_say("Issued tokens");
    let page = viewer.open("/audit/tokens").await;
    page.assert_says("Start the server with --audit-tokens durable");
}
