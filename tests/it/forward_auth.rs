//! `/forward-auth`: what a proxy is told of the requests that it asks about (RFC 6750, RFC 9728).

use std::{fs, sync::Arc};

use jeton::{
    admin::clients::{EditClient, RevokeTokens},
    crypto::certificate::{Certificate, ClientCertificate},
    domain::time::Span,
    oauth::metadata::path::FORWARD_AUTH,
    store::UsageOf,
};

use crate::harness::{
    assertion::{claims, sign, signer},
    caller::{Client, Request},
    certificates::{Authority, Wanted},
    dpop::Key,
    reply::Reply,
    server::TestServer,
};

const ORDERS: &str = "https://orders.example/";

/// The address that a proxy asks at: for orders, with these scopes.
fn orders(scope: &str) -> String {
    let scope = if scope.is_empty() {
        String::new()
    } else {
        format!("&scope={scope}")
    };
    format!("{FORWARD_AUTH}?audience=https%3A%2F%2Forders.example%2F{scope}")
}

/// A client that gets tokens for orders.
async fn buyer(server: &TestServer) -> Client<'_> {
    server.api(ORDERS, "read write").await;
    server
        .client("buyer")
        .await
        .granted(ORDERS, "read write")
        .await
}

async fn ask(server: &TestServer, target: &str, token: &str) -> Reply {
    let request = server.request("GET", target);
    let request = request.header("authorization", &format!("Bearer {token}"));
    request.send().await
}

/// No body, no cache, one of the three statuses that every proxy knows.
#[track_caller]
fn assert_answer(reply: &Reply, status: u16) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert!(reply.body.is_empty(), "{reply:?}");
    assert_eq!(reply.header("content-length"), "0");
    assert_eq!(reply.header("cache-control"), "no-store");
    let told = ["x-client-id", "x-scope", "x-audience"];
    let told = told.map(|name| reply.headers.contains_key(name));
    assert_eq!(told, [status == 200; 3], "{reply:?}");
}

#[track_caller]
fn challenge(reply: &Reply) -> &str {
    reply.header("www-authenticate")
}

/// FA-01, FA-04, RS-01
#[tokio::test]
async fn a_proxy_is_told_whose_request_it_lets_through() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    let token = buyer.request_token("").await.assert_issued().text;

    for method in ["GET", "POST", "HEAD", "DELETE", "BREW"] {
        let request = server.request(method, &orders("read+write"));
        let request = request
            .header("authorization", &format!("bEARER {token}"))
            .header("x-client-id", "admin")
            .header("x-scope", "everything");
        let reply = request.send().await;
        assert_answer(&reply, 200);
        assert_eq!(reply.header("x-client-id"), "buyer");
        assert_eq!(reply.header("x-scope"), "read write");
        assert_eq!(reply.header("x-audience"), ORDERS);
    }
    assert_answer(&ask(&server, &orders(""), &token).await, 200);
}

/// G15, G16, G18, RS-02, RS-03, RS-04, RS-06, RS-16, PRM-02
#[tokio::test]
async fn a_proxy_is_told_why_a_request_may_not_go_on() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    let token = buyer.request_token("read").await.assert_issued().text;
    let address = "https://as.test/.well-known/oauth-protected-resource?resource=https%3A%2F%2Forders.example%2F";
    let common = format!("Bearer realm=\"{ORDERS}\", resource_metadata=\"{address}\"");

    let bare = server.get(&orders("read")).await;
    assert_answer(&bare, 401);
    assert!(challenge(&bare).starts_with(&common), "{bare:?}");
    assert!(!challenge(&bare).contains("error"), "{bare:?}");
    let query = server
        .get(&format!("{}&access_token={token}", orders("read")))
        .await;
    assert_answer(&query, 403);

    let huge = format!("{token}{}", "A".repeat(20_000));
    for bad in [
        &huge,
        "garbage",
        "a.b.c",
        &token[..token.len() - 2],
        &buyer.secret,
    ] {
        let reply = ask(&server, &orders("read"), bad).await;
        assert_answer(&reply, 401);
        assert!(challenge(&reply).starts_with(&common), "{reply:?}");
        assert!(challenge(&reply).contains("error=\"invalid_token\""));
    }
    let lacking = ask(&server, &orders("read+write"), &token).await;
    assert_answer(&lacking, 403);
    assert!(challenge(&lacking).contains("error=\"insufficient_scope\""));
    assert!(challenge(&lacking).ends_with("scope=\"read write\""));

    server.advance(Span::hours(1)).await;
    let late = ask(&server, &orders("read"), &token).await;
    assert_answer(&late, 401);
    assert!(challenge(&late).contains("error=\"invalid_token\""));
}

/// RS-06
#[tokio::test]
async fn other_jwts_than_access_tokens_let_nobody_through() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    let token = buyer.request_token("read").await.assert_issued().text;
    assert_answer(&ask(&server, &orders("read"), &token).await, 200);
    let edit = EditClient {
        introspects: Some([ORDERS.parse().unwrap()].into()),
        ..EditClient::of(buyer.client_id())
    };
    server.run(edit).await;
    let request = server.request("POST", "/oauth2/introspect");
    let request = request.header("authorization", &buyer.basic());
    let request = request.header("accept", "application/token-introspection+jwt");
    let answer = request.form(&format!("token={token}")).send().await;
    let answer = String::from_utf8(answer.body.to_vec()).unwrap();
    let now = server.app.now();
    let mut said = claims(&server, "buyer", "one");
    for (name, value) in [("aud", ORDERS), ("client_id", "buyer"), ("scope", "read")] {
        said[name] = value.into();
    }
    let assertion = sign(&signer(1), &said);
    let proof = Key::new().proof(("GET", ORDERS), now, &said);

    for (what, other) in [
        ("an answer about a token", answer),
        ("an assertion", assertion),
        ("a proof", proof),
    ] {
        let reply = ask(&server, &orders("read"), &other).await;
        assert_answer(&reply, 401);
        assert!(
            challenge(&reply).contains("error=\"invalid_token\""),
            "{what}"
        );
    }
}

/// RS-04
#[tokio::test]
async fn a_token_stops_at_the_proxy_as_soon_as_it_is_revoked() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    let one = buyer.request_token("read").await.assert_issued().text;
    let other = buyer.request_token("read").await.assert_issued().text;
    let revoke = server.request("POST", "/oauth2/revoke");
    let revoke = revoke.header("authorization", &buyer.basic());
    revoke.form(&format!("token={one}")).send().await;

    assert_answer(&ask(&server, &orders("read"), &one).await, 401);
    assert_answer(&ask(&server, &orders("read"), &other).await, 200);

    let client = buyer.client_id();
    server.run(RevokeTokens { client }).await;
    assert_answer(&ask(&server, &orders("read"), &other).await, 401);
    server.advance(Span(1)).await;
    let young = buyer.request_token("read").await.assert_issued().text;
    assert_answer(&ask(&server, &orders("read"), &young).await, 200);
    let buyer = buyer.disabled().await;
    assert_answer(&ask(&server, &orders("read"), &young).await, 401);
    assert_eq!(buyer.id, "buyer");
}

/// FA-05, FA-08
#[tokio::test]
async fn a_proxy_that_asks_in_a_wrong_way_lets_nobody_through() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    let token = buyer.request_token("").await.assert_issued().text;
    let audience = "audience=https%3A%2F%2Forders.example%2F";

    for query in [
        String::new(),
        "?".to_owned(),
        "?scope=read".to_owned(),
        format!("?{audience}&{audience}"),
        format!("?{audience}&scope=read&scope=read"),
        format!("?{audience}&scope="),
        format!("?{audience}&scopes=read"),
        "?audience=https%3A%2F%2Forders.example".to_owned(),
        "?audience=urn%3Ajeton%3Aadmin".to_owned(),
    ] {
        let reply = ask(&server, &format!("{FORWARD_AUTH}{query}"), &token).await;
        assert_answer(&reply, 403);
        assert!(!reply.headers.contains_key("www-authenticate"));
    }
    let twice = server.request("GET", &orders("read"));
    let bearer = format!("Bearer {token}");
    let twice = twice.header("authorization", &bearer);
    assert_answer(&twice.header("authorization", &bearer).send().await, 401);
}

/// A browser asks what it may ask for, says the proxy.
fn preflight<'s>(server: &'s TestServer, target: &str) -> Request<'s> {
    let request = server.request("GET", target);
    request
        .header("x-forwarded-method", "OPTIONS")
        .header("origin", "https://app.example")
}

/// FA-06, FA-08
#[tokio::test]
async fn a_proxys_word_on_the_request_is_believed_and_nobody_elses() {
    let server = TestServer::start().await;
    let target = format!("{}&preflight=allow", orders("read"));
    let token = {
        let buyer = buyer(&server).await;
        buyer.request_token("").await.assert_issued().text
    };

    assert_answer(&preflight(&server, &target).send().await, 401);
    let server = server.behind_a_proxy();
    let passed = preflight(&server, &target).send().await;
    assert_eq!(passed.status, 200);
    assert!(!passed.headers.contains_key("x-client-id"));
    let twice = preflight(&server, &target).header("x-original-method", "GET");
    assert_answer(&twice.send().await, 401);
    let get = server.request("GET", &target);
    let get = get.header("x-forwarded-method", "GET");
    assert_answer(&get.send().await, 401);
    let elsewhere = server.request("GET", &orders("read"));
    let elsewhere = elsewhere
        .header("authorization", &format!("Bearer {token}"))
        .header("x-forwarded-authorization", "Bearer other");
    assert_answer(&elsewhere.send().await, 401);
}

/// What a client shows of itself.
fn certificate(authority: &Authority, name: &str) -> Arc<ClientCertificate> {
    let pair = authority.self_signed(Wanted::client(name));
    let certificate = Certificate::read(&fs::read(pair.certificate).unwrap()).unwrap();
    Arc::new(ClientCertificate {
        certificate,
        is_vouched_for: false,
    })
}

/// FA-07, RS-12
#[tokio::test]
async fn a_token_that_is_bound_to_a_certificate_is_let_through_with_it_alone() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    let authority = Authority::new();
    let own = certificate(&authority, "buyer");
    let asked = server.request("POST", "/oauth2/token");
    let asked = asked.header("authorization", &buyer.basic()).showing(&own);
    let reply = asked
        .form("grant_type=client_credentials&scope=read")
        .send()
        .await;
    let token = reply.json()["access_token"].as_str().unwrap().to_owned();
    let target = orders("read");
    let ask = || {
        let request = server.request("GET", &target);
        request.header("authorization", &format!("Bearer {token}"))
    };

    assert_answer(&ask().showing(&own).send().await, 200);
    let other = certificate(&authority, "thief");
    for refused in [ask().send().await, ask().showing(&other).send().await] {
        assert_answer(&refused, 401);
        assert!(challenge(&refused).contains("error=\"invalid_token\""));
    }
    let told = ask().header("client-cert", ":AAAA:").send().await;
    assert_answer(&told, 401);
}

#[tokio::test]
async fn what_a_proxy_lets_through_is_evidence_of_the_scopes_that_were_needed() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    let token = buyer.request_token("").await.assert_issued().text;

    for _ in 0..3 {
        ask(&server, &orders("read"), &token).await;
    }
    ask(&server, &orders(""), &token).await;
    ask(&server, &orders("nothing"), &token).await;

    let tally = server.app.usage(UsageOf::Everyone).await.unwrap();
    let exercised: Vec<_> = tally.exercised.iter().collect();
    let [((client, api, scope, day), count)] = exercised.as_slice() else {
        panic!("one scope was exercised: {exercised:?}");
    };
    assert_eq!((client.as_str(), api.as_str()), ("buyer", ORDERS));
    assert_eq!((scope.as_str(), **count), ("read", 3));
    assert_eq!(*day, server.app.now().day());
    assert_eq!(tally.last.values().map(|last| last.count).sum::<u64>(), 1);
}

#[tokio::test]
async fn an_issuer_with_a_path_is_asked_below_it_too() {
    let server = TestServer::with_issuer("https://as.test/t/one").await;
    let buyer = buyer(&server).await;
    let token = buyer.request_token("").await;
    let token = token.json()["access_token"].as_str().unwrap().to_owned();

    for target in [orders("read"), format!("/t/one{}", orders("read"))] {
        assert_answer(&ask(&server, &target, &token).await, 200);
    }
}
