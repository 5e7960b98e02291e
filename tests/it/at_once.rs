//! What services ask all day is answered without waiting: not for the store, not for a lock, not for another thread.
//!
//! Each request is looked after once. Whatever waits is not done then.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use jeton::admin::clients::EditClient;

use crate::harness::{
    caller::{Client, Request, basic, encode},
    reply::Reply,
    server::TestServer,
};

const SHOP: &str = "urn:shop";

/// The answer to a request whose body is at hand, if it is there when one first looks.
#[track_caller]
fn at_once(request: Request<'_>) -> Reply {
    let answer = pin!(request.send());
    match answer.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(reply) => reply,
        Poll::Pending => panic!("the answer was waited for"),
    }
}

fn post<'s>(client: &Client<'s>, path: &str, form: &str) -> Request<'s> {
    Request::new(client.server(), "POST", path)
        .header("authorization", &client.basic())
        .form(form)
}

/// A client that gets tokens for the shop and may ask about them.
async fn shopkeeper(server: &TestServer) -> Client<'_> {
    server.api(SHOP, "read write").await;
    let client = server.client("shop").await.granted(SHOP, "read").await;
    let edit = EditClient {
        introspects: Some([SHOP.parse().unwrap()].into()),
        ..EditClient::of(client.client_id())
    };
    server.run(edit).await;
    client
}

#[tokio::test]
async fn tokens_are_issued_introspected_and_let_through_at_once() {
    let server = TestServer::start().await;
    let client = shopkeeper(&server).await;

    let granted = at_once(post(
        &client,
        "/oauth2/token",
        "grant_type=client_credentials",
    ));
    granted.assert_status(200);
    let token = granted.json()["access_token"].as_str().unwrap().to_owned();
    let about = format!("token={}", encode(&token));
    let introspected = at_once(post(&client, "/oauth2/introspect", &about));
    assert_eq!(introspected.json()["active"], true);
    let path = "/forward-auth?audience=urn%3Ashop&scope=read";
    let asked = Request::new(&server, "GET", path);
    at_once(asked.header("authorization", &format!("Bearer {token}"))).assert_status(200);
}

#[tokio::test]
async fn refusals_come_at_once_too() {
    let server = TestServer::start().await;
    let client = shopkeeper(&server).await;

    let wrong = post(&client, "/oauth2/token", "grant_type=password");
    at_once(wrong).assert_status(400);
    let forged = post(&client, "/oauth2/introspect", "token=ey.ey.ey");
    assert_eq!(at_once(forged).json()["active"], false);
    let asked = Request::new(&server, "GET", "/forward-auth?audience=urn%3Ashop");
    at_once(asked.header("authorization", "Bearer ey.ey.ey")).assert_status(401);
}

/// By the time that it takes nobody tells what was wrong. Who is right waits for nothing: see above.
#[tokio::test]
async fn a_refusal_of_credentials_waits_a_moment_whatever_was_wrong() {
    let server = TestServer::start().await;
    let client = shopkeeper(&server).await;

    let shop = client.client_id();
    for id in ["nobody", shop.as_str()] {
        let basic = basic(id, "nothing");
        let asked = Request::new(&server, "POST", "/oauth2/token")
            .header("authorization", &basic)
            .form("grant_type=client_credentials");
        let mut refused = pin!(asked.send());
        let first = refused
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));

        assert!(first.is_pending(), "{id}");
        refused.await.assert_status(401);
    }
}

/// What must be written down is waited for: looking once tells the two apart.
#[tokio::test]
async fn a_revocation_is_waited_for() {
    let server = TestServer::start().await;
    let client = shopkeeper(&server).await;
    let granted = client.request_token("").await;
    let token = granted.json()["access_token"].as_str().unwrap().to_owned();

    let about = format!("token={}", encode(&token));
    let mut revoked = pin!(post(&client, "/oauth2/revoke", &about).send());
    let first = revoked
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));

    assert!(first.is_pending());
    revoked.await.assert_status(200);
}
