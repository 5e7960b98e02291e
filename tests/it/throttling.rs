//! Guessing at the secrets of clients is slowed down, and nobody is locked out by it (H-22, IN-11).

mod flood;

use jeton::{
    admin::clients::EditClient,
    domain::{time::Span, usage::Outcome},
    oauth::reason::ErrorCode,
};
use serde_json::Value;

use crate::harness::{
    caller::{Client, Request, token_form},
    reply::Reply,
    server::TestServer,
};

const SHOP: &str = "urn:shop";
const HOME: &str = "203.0.113.7";
const ELSEWHERE: &str = "198.51.100.9";

/// How many failures cost nothing.
const FREE: usize = 20;

async fn server() -> TestServer {
    let server = TestServer::start().await.behind_a_proxy();
    server.api(SHOP, "read").await;
    server
}

async fn buyer(server: &TestServer) -> Client<'_> {
    server.client("buyer").await.granted(SHOP, "read").await
}

/// Asks for a token from an address.
async fn ask(client: &Client<'_>, address: &str) -> Reply {
    ask_at(client, "/oauth2/token", &token_form("read"), address).await
}

async fn ask_at(client: &Client<'_>, path: &str, form: &str, address: &str) -> Reply {
    Request::new(client.server(), "POST", path)
        .header("authorization", &client.basic())
        .header("x-forwarded-for", address)
        .form(form)
        .send()
        .await
}

/// Fails as often as costs nothing.
async fn fail_freely(client: &Client<'_>, address: &str) {
    for _ in 0..FREE {
        let wrong = client.with_secret("nope");
        ask(&wrong, address)
            .await
            .assert_refused(ErrorCode::InvalidClient);
    }
}

/// It is the answer of RFC 6585 §4 in the words of RFC 6749 §5.2.
#[track_caller]
fn assert_held_back(reply: &Reply, seconds: &str) {
    reply.assert_fault(429, ErrorCode::TemporarilyUnavailable);
    assert_eq!(reply.header("retry-after"), seconds, "{reply:?}");
}

/// H-22
#[tokio::test]
async fn whoever_fails_too_often_waits_longer_each_time() {
    let server = server().await;
    let buyer = buyer(&server).await;
    let wrong = buyer.with_secret("nope");
    fail_freely(&buyer, HOME).await;

    assert_held_back(&ask(&wrong, HOME).await, "1");
    assert_held_back(&ask(&wrong, "203.0.113.250").await, "1");
    server.advance(Span(1)).await;
    ask(&wrong, HOME)
        .await
        .assert_refused(ErrorCode::InvalidClient);
    assert_held_back(&ask(&wrong, HOME).await, "2");

    ask(&wrong, ELSEWHERE)
        .await
        .assert_refused(ErrorCode::InvalidClient);
    server.advance(Span::hours(1)).await;
    ask(&wrong, HOME)
        .await
        .assert_refused(ErrorCode::InvalidClient);
}

/// H-22: no malicious lock-out
#[tokio::test]
async fn the_right_secret_is_served_whoever_guesses_beside_it() {
    let server = server().await;
    let buyer = buyer(&server).await;
    fail_freely(&buyer, HOME).await;
    assert_held_back(&ask(&buyer.with_secret("nope"), HOME).await, "1");

    ask(&buyer, HOME).await.assert_issued();
    ask(&buyer, ELSEWHERE).await.assert_issued();

    // It proved itself, so that what failed before is forgiven.
    fail_freely(&buyer, HOME).await;
}

#[tokio::test]
async fn a_client_that_there_is_not_is_held_back_like_one_that_there_is() {
    let server = server().await;
    let buyer = buyer(&server).await.with_secret("nope");
    let nobody = buyer.named("nobody");

    for n in 0..2 * FREE {
        let (one, other) = (ask(&buyer, HOME).await, ask(&nobody, HOME).await);
        assert_eq!(one.parts(), other.parts(), "{n}");
        assert_eq!(one.status == 429, n >= FREE, "{n}");
    }
}

/// H-22: guesses at secrets that people chose
#[tokio::test]
async fn who_waits_does_not_learn_that_a_guess_was_right() {
    let server = server().await;
    let chosen = "a secret that a person chose, somehow";
    let buyer = server.client_with_secret("buyer", Some(chosen)).await;
    let buyer = buyer.granted(SHOP, "read").await;
    ask(&buyer, ELSEWHERE).await.assert_issued();
    fail_freely(&buyer, HOME).await;

    assert_held_back(&ask(&buyer, HOME).await, "1");

    // Where nobody guesses it is served, remembered or not.
    ask(&buyer, ELSEWHERE).await.assert_issued();
    server.advance(Span::minutes(6)).await;
    ask(&buyer, ELSEWHERE).await.assert_issued();
}

/// IN-11
#[tokio::test]
async fn every_endpoint_that_clients_authenticate_at_counts() {
    let server = server().await;
    let buyer = buyer(&server).await;
    let edit = EditClient {
        introspects: Some([SHOP.parse().unwrap()].into()),
        ..EditClient::of(buyer.client_id())
    };
    server.run(edit).await;
    let wrong = buyer.with_secret("nope");
    let paths = ["/oauth2/introspect", "/oauth2/revoke"];

    for n in 0..FREE {
        let reply = ask_at(&wrong, paths[n % 2], "token=x", HOME).await;
        reply.assert_refused(ErrorCode::InvalidClient);
    }

    for path in paths {
        assert_held_back(&ask_at(&wrong, path, "token=x", HOME).await, "1");
        let right = ask_at(&buyer, path, "token=x", HOME).await;
        assert_eq!(right.status, 200);
        fail_freely(&buyer, HOME).await;
    }
    assert_held_back(&ask(&wrong, HOME).await, "1");
}

#[tokio::test]
async fn an_address_that_tries_many_names_waits_too_and_is_told_of() {
    let server = server().await;
    let buyer = buyer(&server).await;
    for n in 0..100 {
        let nobody = buyer.named(&format!("nobody-{n}")).with_secret("nope");
        ask(&nobody, HOME)
            .await
            .assert_refused(ErrorCode::InvalidClient);
    }

    let wrong = buyer.with_secret("nope");
    assert_held_back(&ask(&wrong, HOME).await, "600");

    ask(&buyer, HOME).await.assert_issued();
    ask(&wrong, "203.0.113.8")
        .await
        .assert_refused(ErrorCode::InvalidClient);
    let attention = server.owner().read("/attention").await;
    let found = attention["server"].as_array().unwrap();
    let found: Vec<&Value> = found.iter().filter(|it| it["rule"] == "guessing").collect();
    let reason = found[0]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("1 request with wrong credentials held back"),
        "{reason}"
    );
    assert!(reason.contains(HOME), "{reason}");
    assert_eq!(server.get("/health/ready").await.json()["status"], "ready");
}

#[tokio::test]
async fn a_flood_of_guesses_hides_no_other_request() {
    let server = server().await;
    let buyer = buyer(&server).await;
    ask(&buyer, HOME).await.assert_issued();

    for _ in 0..300 {
        ask(&buyer.with_secret("nope"), HOME).await;
    }

    let recent = server.app.recent(&buyer.client_id()).await;
    assert_eq!(recent.len(), FREE + 1);
    assert_eq!(recent[FREE].outcome, Outcome::Issued);
    let usage = server
        .owner()
        .read("/clients/buyer/usage")
        .await
        .to_string();
    assert!(usage.contains("\"throttled\":280"), "{usage}");
}
