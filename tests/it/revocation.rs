//! `POST /oauth2/revoke`: a client stops a token of its own before its time (RFC 7009).

use jeton::{admin::clients::EditClient, domain::time::Span};
use serde_json::json;

use crate::harness::{
    caller::{Client, Request, encode},
    curl::curl,
    process::ServerProcess,
    reply::Reply,
    server::TestServer,
};

async fn buyer<'s>(server: &'s TestServer, id: &str) -> Client<'s> {
    server.client(id).await.granted("urn:shop", "read").await
}

/// The resource server of the shop.
async fn shop(server: &TestServer) -> Client<'_> {
    let client = server.client("shop").await;
    let edit = EditClient {
        introspects: Some(["urn:shop".parse().unwrap()].into()),
        ..EditClient::of(client.client_id())
    };
    server.run(edit).await;
    client
}

async fn token_of(client: &Client<'_>) -> String {
    let reply = client.request_token("").await;
    reply.json()["access_token"].as_str().unwrap().to_owned()
}

fn post<'s>(client: &Client<'s>, path: &str) -> Request<'s> {
    let request = Request::new(client.server(), "POST", path);
    request.header("authorization", &client.basic())
}

async fn revoke(client: &Client<'_>, form: &str) -> Reply {
    post(client, "/oauth2/revoke").form(form).send().await
}

async fn is_active(shop: &Client<'_>, token: &str) -> bool {
    let form = format!("token={token}");
    let reply = post(shop, "/oauth2/introspect").form(&form).send().await;
    reply.json()["active"].as_bool().unwrap()
}

/// RV-01, RV-02, RV-05, RV-06, RV-07
#[tokio::test]
async fn a_revoked_token_stops_at_once_and_the_others_do_not() {
    let server = TestServer::start().await;
    server.api("urn:shop", "read").await;
    let (buyer, shop) = (buyer(&server, "buyer").await, shop(&server).await);
    let (token, other) = (token_of(&buyer).await, token_of(&buyer).await);

    for hint in ["&token_type_hint=refresh_token", ""] {
        let reply = revoke(&buyer, &format!("token={token}{hint}")).await;
        reply.assert_status(200);
        assert_eq!(reply.body, "{}".as_bytes());
        assert_eq!(reply.header("cache-control"), "no-store");
        assert!(!is_active(&shop, &token).await);
    }
    assert!(is_active(&shop, &other).await);
}

/// RV-01
#[tokio::test]
async fn each_revoked_token_stays_revoked_whatever_is_revoked_after_it() {
    let server = TestServer::start().await;
    server.api("urn:shop", "read").await;
    let (buyer, shop) = (buyer(&server, "buyer").await, shop(&server).await);
    let mut tokens = Vec::new();

    for _ in 0..3 {
        let token = token_of(&buyer).await;
        revoke(&buyer, &format!("token={token}"))
            .await
            .assert_status(200);
        tokens.push(token);
    }

    for token in &tokens {
        assert!(!is_active(&shop, token).await);
    }
}

/// RV-03, RV-08
#[tokio::test]
async fn what_is_no_token_is_no_error_and_revokes_nothing() {
    let server = TestServer::start().await;
    server.api("urn:shop", "read").await;
    let (buyer, shop) = (buyer(&server, "buyer").await, shop(&server).await);
    let token = token_of(&buyer).await;
    let (head, _) = token.rsplit_once('.').unwrap();

    for garbage in [
        "x",
        &format!("{head}.{}", "A".repeat(86)),
        buyer.secret.as_str(),
    ] {
        let reply = revoke(&buyer, &format!("token={}", encode(garbage))).await;
        reply.assert_status(200);
    }

    assert!(
        is_active(&shop, &token).await,
        "a forged one with its jti stops nothing"
    );
    server.advance(Span::hours(2)).await;
    revoke(&buyer, &format!("token={token}"))
        .await
        .assert_status(200);
}

/// RV-01
#[tokio::test]
async fn a_request_is_read_as_strictly_as_any_other() {
    let server = TestServer::start().await;
    server.api("urn:shop", "read").await;
    let buyer = buyer(&server, "buyer").await;

    let missing = revoke(&buyer, "").await;
    let twice = revoke(&buyer, "token=a&token=b").await;
    let wrong = revoke(&buyer.with_secret("wrong"), "token=a").await;
    let get = Request::new(&server, "GET", "/oauth2/revoke").send().await;

    missing.assert_status(400);
    assert_eq!(missing.json()["error"], "invalid_request");
    twice.assert_status(400);
    wrong.assert_status(401);
    assert!(wrong.header("www-authenticate").starts_with("Basic "));
    get.assert_status(405);
}

/// RV-04
#[tokio::test]
async fn a_client_revokes_no_token_of_another() {
    let server = TestServer::start().await;
    server.api("urn:shop", "read").await;
    let (buyer, other) = (buyer(&server, "buyer").await, buyer(&server, "other").await);
    let shop = shop(&server).await;
    let token = token_of(&buyer).await;

    for stranger in [&other, &shop] {
        let reply = revoke(stranger, &format!("token={token}")).await;
        reply.assert_status(400);
        assert_eq!(reply.json()["error"], "unauthorized_client");
    }

    assert!(is_active(&shop, &token).await);
}

/// RV-07
#[tokio::test]
async fn the_admin_api_takes_no_revoked_token() {
    let server = TestServer::start().await;
    let deployer = server.deployer().await;
    let token = deployer.admin_token("clients:read").await;
    server
        .bearing(&token)
        .get("/clients")
        .await
        .assert_status(200);

    revoke(&deployer, &format!("token={token}"))
        .await
        .assert_status(200);

    server
        .bearing(&token)
        .get("/clients")
        .await
        .assert_status(401);
    let all = deployer.admin_token("clients:read").await;
    let path = format!("/clients/{}/revoke-tokens", deployer.client_id());
    server
        .owner()
        .post(&path, json!({}))
        .await
        .assert_status(200);
    server
        .bearing(&all)
        .get("/clients")
        .await
        .assert_status(401);
}

/// RV-07
#[test]
fn a_revoked_token_stays_revoked_after_a_crash() {
    let mut server = ServerProcess::start();
    server.jeton(&[
        "api", "create", "urn:shop", "--name", "Shop", "--scope", "read",
    ]);
    let made = |words: &[&str]| {
        let made = server.jeton(&[&["client", "create", "A client"], words].concat());
        made["client_secret"].as_str().unwrap().to_owned()
    };
    let buyer = made(&["--id", "buyer", "--grant", "urn:shop=read"]);
    let shop = made(&["--id", "shop", "--introspects", "urn:shop"]);
    let post = |server: &ServerProcess, path: &str, login: (&str, &str), form: &str| {
        let user = format!("{}:{}", login.0, login.1);
        let url = format!("{}{path}", server.issuer());
        curl(&["--user", &user, "--data", form, &url]).json()
    };
    let (buyer, shop) = (("buyer", buyer.as_str()), ("shop", shop.as_str()));
    let token = || {
        let form = "grant_type=client_credentials";
        let issued = post(&server, "/oauth2/token", buyer, form);
        format!("token={}", issued["access_token"].as_str().unwrap())
    };
    let (revoked, kept) = (token(), token());

    post(&server, "/oauth2/revoke", buyer, &revoked);
    server.kill();
    server.start_again();

    let is_active = |form: &str| post(&server, "/oauth2/introspect", shop, form)["active"].clone();
    assert_eq!(
        (is_active(&revoked), is_active(&kept)),
        (json!(false), json!(true))
    );
}
