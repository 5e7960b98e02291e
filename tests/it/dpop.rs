//! DPoP: tokens that only who has a key can use (RFC 9449).

use jeton::{
    admin::{clients::EditClient, settings::SetPolicy},
    domain::{client::Binding, time::Span},
    oauth::reason::ErrorCode,
};
use serde_json::{Value, json};

use crate::harness::{
    caller::{Client, Request, token_form},
    dpop::{Key, ath},
    reply::Reply,
    server::TestServer,
};

const TOKEN: &str = "https://as.test/oauth2/token";
const ORDERS: &str = "https://orders.example/";

/// A server that was started a while ago.
async fn server() -> TestServer {
    let server = TestServer::start().await;
    server.api(ORDERS, "read write").await;
    server.advance(Span::hours(2)).await;
    server
}

async fn buyer(server: &TestServer) -> Client<'_> {
    server.client("buyer").await.granted(ORDERS, "read").await
}

fn request<'s>(client: &Client<'s>) -> Request<'s> {
    let request = client.server().request("POST", "/oauth2/token");
    request.header("authorization", &client.basic())
}

/// Asks for a token with this proof.
async fn ask(client: &Client<'_>, proof: &str) -> Reply {
    let request = request(client).header("dpop", proof);
    request.form(&token_form("read")).send().await
}

fn proof(client: &Client<'_>, key: &Key, more: &Value) -> String {
    key.proof(("POST", TOKEN), client.server().app.now(), more)
}

/// A token that is bound to `key`.
async fn bound_token(client: &Client<'_>, key: &Key) -> String {
    let reply = ask(client, &proof(client, key, &json!({}))).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["access_token"].as_str().unwrap().to_owned()
}

async fn must_be_bound(client: &Client<'_>) {
    let edit = EditClient {
        binding: Some(Binding::Dpop),
        ..EditClient::of(client.client_id())
    };
    client.server().run(edit).await;
}

/// DP-01, DP-13, DP-14, T-21, AT-05
#[tokio::test]
async fn a_token_is_bound_to_the_key_of_the_proof() {
    let server = server().await;
    let buyer = buyer(&server).await;
    let key = Key::new();

    let proof = proof(&buyer, &key, &json!({}));
    let request = request(&buyer).header("dpop", &proof);
    let form = format!("{}&dpop_jkt=x", token_form("read"));
    let reply = request.form(&form).send().await;

    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert!(!reply.headers.contains_key("dpop-nonce"));
    let answer = reply.json();
    assert_eq!(answer["token_type"], "DPoP");
    let token = answer["access_token"].as_str().unwrap();
    let (_, claims) = jeton::crypto::jws::decode_unverified(token).unwrap();
    assert_eq!(claims["cnf"], json!({ "jkt": key.thumbprint() }));

    let rs = server.client("orders").await;
    let edit = EditClient {
        introspects: Some([ORDERS.parse().unwrap()].into()),
        ..EditClient::of(rs.client_id())
    };
    server.run(edit).await;
    let introspect = server.request("POST", "/oauth2/introspect");
    let introspect = introspect.header("authorization", &rs.basic());
    let told = introspect.form(&format!("token={token}")).send().await;
    assert_eq!(told.json()["token_type"], "DPoP");
    assert_eq!(told.json()["cnf"], json!({ "jkt": key.thumbprint() }));
}

/// DP-01, DP-02
#[tokio::test]
async fn a_client_whose_tokens_must_be_bound_gets_no_other() {
    let server = server().await;
    let buyer = buyer(&server).await;
    buyer.request_token("read").await.assert_issued();
    must_be_bound(&buyer).await;

    let bare = buyer.request_token("read").await;
    bare.assert_refused(ErrorCode::InvalidDpopProof);

    bound_token(&buyer, &Key::new()).await;
}

/// DP-03, DP-04, DP-06, DP-07, DP-09
#[tokio::test]
async fn a_proof_that_does_not_count_gets_no_token() {
    let server = server().await;
    let buyer = buyer(&server).await;
    let key = Key::new();
    let now = server.app.now().0;

    for more in [
        json!({ "htu": "https://as.test/oauth2/introspect" }),
        json!({ "htu": "https://other.test/oauth2/token" }),
        json!({ "htm": "GET" }),
        json!({ "jti": null }),
        json!({ "iat": now - 3600 }),
        json!({ "iat": now + 3600 }),
        json!({ "iat": now.to_string() }),
    ] {
        let reply = ask(&buyer, &proof(&buyer, &key, &more)).await;
        reply.assert_refused(ErrorCode::InvalidDpopProof);
    }
    ask(&buyer, "garbage")
        .await
        .assert_refused(ErrorCode::InvalidDpopProof);
    let good = proof(&buyer, &key, &json!({}));
    let other = proof(&buyer, &key, &json!({}));
    let twice = request(&buyer).header("dpop", &good).header("dpop", &other);
    let twice = twice.form(&token_form("read")).send().await;
    twice.assert_refused(ErrorCode::InvalidDpopProof);

    assert_eq!(ask(&buyer, &good).await.status, 200);
    ask(&buyer, &good)
        .await
        .assert_refused(ErrorCode::InvalidDpopProof);
    server.advance(Span(70)).await;
    ask(&buyer, &good)
        .await
        .assert_refused(ErrorCode::InvalidDpopProof);
}

/// DP-15, CA-05
#[tokio::test]
async fn a_proof_does_not_replace_the_secret() {
    let server = server().await;
    let buyer = buyer(&server).await;
    let key = Key::new();
    let good = proof(&buyer, &key, &json!({}));

    let wrong = ask(&buyer.with_secret("wrong"), &good).await;

    wrong.assert_refused(ErrorCode::InvalidClient);
    assert_eq!(ask(&buyer, &good).await.status, 200, "it was not used up");
}

#[track_caller]
fn nonce(reply: &Reply) -> String {
    assert_eq!(reply.status, 400, "{reply:?}");
    assert_eq!(reply.json()["error"], "use_dpop_nonce");
    assert_eq!(reply.header("cache-control"), "no-store");
    reply.header("dpop-nonce").to_owned()
}

/// G10, DP-10, DP-11
#[tokio::test]
async fn a_server_can_ask_for_a_nonce_in_every_proof() {
    let server = server().await;
    let buyer = buyer(&server).await;
    let policy = SetPolicy {
        dpop_nonces: Some(true),
        ..SetPolicy::default()
    };
    server.run(policy).await;
    let key = Key::new();

    // Before the secret is looked at, so that nothing is used up.
    let stranger = buyer.with_secret("wrong");
    let first = nonce(&ask(&stranger, &proof(&buyer, &key, &json!({}))).await);
    let with = |nonce: &str| proof(&buyer, &key, &json!({ "nonce": nonce, "iat": 1 }));
    let reply = ask(&buyer, &with(&first)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.json()["token_type"], "DPoP");
    assert_eq!(reply.header("dpop-nonce"), first);
    nonce(&ask(&buyer, &with("made-up")).await);
    nonce(&ask(&buyer, &proof(&buyer, &key, &json!({}))).await);

    server.advance(Span(60)).await;
    let reply = ask(&buyer, &with(&first)).await;
    assert_eq!(reply.status, 200, "the one before counts too");
    assert_ne!(reply.header("dpop-nonce"), first);
    server.advance(Span(60)).await;
    let second = nonce(&ask(&buyer, &with(&first)).await);
    assert_ne!(second, first);
    buyer.request_token("read").await.assert_issued();
}

/// DP-10: what was used before a start is not remembered after it.
#[tokio::test]
async fn a_proof_from_before_the_start_needs_a_nonce() {
    let server = TestServer::start().await;
    server.api(ORDERS, "read write").await;
    let buyer = buyer(&server).await;
    let key = Key::new();

    let nonce = nonce(&ask(&buyer, &proof(&buyer, &key, &json!({}))).await);

    let reply = ask(&buyer, &proof(&buyer, &key, &json!({ "nonce": nonce }))).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

/// A proxy's question about a request to orders, as a declared proxy asks it.
fn question<'s>(server: &'s TestServer, authorization: &str, proofs: &[&str]) -> Request<'s> {
    let target = "/forward-auth?audience=https%3A%2F%2Forders.example%2F&scope=read";
    let mut request = server
        .request("GET", target)
        .header("authorization", authorization)
        .header("x-forwarded-method", "PUT")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "orders.example")
        .header("x-forwarded-uri", "/orders/7?x=y");
    for proof in proofs {
        request = request.header("dpop", proof);
    }
    request
}

const ORDER: (&str, &str) = ("PUT", "https://orders.example/orders/7");

/// FA-03, RS-09, RS-10, G17
#[tokio::test]
async fn a_bound_token_is_let_through_with_a_proof_of_the_very_request() {
    let server = server().await.behind_a_proxy();
    let buyer = buyer(&server).await;
    let key = Key::new();
    let token = bound_token(&buyer, &key).await;
    let now = server.app.now();
    let dpop = format!("DPoP {token}");
    let proof = |of: (&str, &str), more: Value| {
        let mut claims = json!({ "ath": ath(&token) });
        claims
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        key.proof(of, now, &claims)
    };

    let good = proof(ORDER, json!({}));
    let passed = question(&server, &dpop, &[&good]).send().await;
    assert_eq!(passed.status, 200, "{passed:?}");
    assert_eq!(passed.header("x-client-id"), "buyer");
    let challenge = |reply: &Reply| {
        assert_eq!(reply.status, 401, "{reply:?}");
        reply.header("www-authenticate").to_owned()
    };
    for bad in [
        good.clone(),
        proof(("GET", ORDER.1), json!({})),
        proof(("PUT", "https://orders.example/orders/8"), json!({})),
        proof(("PUT", "https://as.test/forward-auth"), json!({})),
        proof(ORDER, json!({ "ath": null })),
        proof(ORDER, json!({ "ath": ath("other") })),
    ] {
        let refused = challenge(&question(&server, &dpop, &[&bad]).send().await);
        assert!(refused.starts_with("DPoP realm="), "{refused}");
        assert!(
            refused.contains("error=\"invalid_dpop_proof\""),
            "{refused}"
        );
        assert!(refused.contains("algs=\"ES256 "), "{refused}");
    }
    let (one, two) = (proof(ORDER, json!({})), proof(ORDER, json!({})));
    challenge(&question(&server, &dpop, &[&one, &two]).send().await);
    challenge(&question(&server, &dpop, &[]).send().await);
    let thief = Key::new().proof(ORDER, now, &json!({ "ath": ath(&token) }));
    let stolen = challenge(&question(&server, &dpop, &[&thief]).send().await);
    assert!(stolen.contains("error=\"invalid_token\""), "{stolen}");
    let bearer = format!("Bearer {token}");
    let fresh = proof(ORDER, json!({}));
    let downgraded = challenge(&question(&server, &bearer, &[&fresh]).send().await);
    assert!(
        downgraded.contains("error=\"invalid_token\""),
        "{downgraded}"
    );
    let unbound = buyer.request_token("read").await.assert_issued().text;
    let upgraded = format!("DPoP {unbound}");
    let fresh = key.proof(ORDER, now, &json!({ "ath": ath(&unbound) }));
    challenge(&question(&server, &upgraded, &[&fresh]).send().await);
}

/// FA-03: the address of a request is a declared proxy's word, whole and once.
#[tokio::test]
async fn a_proof_counts_only_where_a_proxy_says_of_what() {
    let server = server().await;
    let (token, key) = {
        let buyer = buyer(&server).await;
        let key = Key::new();
        (bound_token(&buyer, &key).await, key)
    };
    let now = server.app.now();
    let proof = || key.proof(ORDER, now, &json!({ "ath": ath(&token) }));
    let dpop = format!("DPoP {token}");

    let undeclared = question(&server, &dpop, &[&proof()]).send().await;
    assert_eq!(undeclared.status, 401);
    let server = server.behind_a_proxy();
    for (name, value) in [
        ("x-forwarded-method", "PUT"),
        ("x-original-method", "GET"),
        ("x-forwarded-host", "orders.example"),
        ("x-original-uri", "/orders/7"),
    ] {
        let twice = question(&server, &dpop, &[&proof()]).header(name, value);
        assert_eq!(twice.send().await.status, 401, "{name}");
    }
    let whole = question(&server, &dpop, &[&proof()]).send().await;
    assert_eq!(whole.status, 200, "{whole:?}");
}

/// RS-11
#[tokio::test]
async fn nonces_of_the_token_endpoint_and_of_apis_are_not_the_same() {
    let server = server().await.behind_a_proxy();
    let buyer = buyer(&server).await;
    let key = Key::new();
    let token = bound_token(&buyer, &key).await;
    let policy = SetPolicy {
        dpop_nonces: Some(true),
        ..SetPolicy::default()
    };
    server.run(policy).await;
    let now = server.app.now();
    let dpop = format!("DPoP {token}");
    let with = |nonce: Option<&str>| {
        let claims = json!({ "ath": ath(&token), "nonce": nonce });
        key.proof(ORDER, now, &claims)
    };
    let of_issuing = nonce(&ask(&buyer, &proof(&buyer, &key, &json!({}))).await);

    let asked = question(&server, &dpop, &[&with(None)]).send().await;

    assert_eq!(asked.status, 401);
    let challenge = asked.header("www-authenticate");
    assert!(
        challenge.contains("error=\"use_dpop_nonce\""),
        "{challenge}"
    );
    let of_use = asked.header("dpop-nonce").to_owned();
    let wrong = question(&server, &dpop, &[&with(Some(&of_issuing))])
        .send()
        .await;
    assert_eq!(wrong.status, 401);
    let right = question(&server, &dpop, &[&with(Some(&of_use))])
        .send()
        .await;
    assert_eq!(right.status, 200, "{right:?}");
    let back = proof(&buyer, &key, &json!({ "nonce": of_use }));
    nonce(&ask(&buyer, &back).await);
}

/// FA-02, FA-05: Envoy appends path and query of the request, and they choose nothing.
#[tokio::test]
async fn a_rule_that_is_kept_here_goes_by_its_name() {
    let server = server().await.behind_a_proxy();
    let buyer = buyer(&server).await;
    let rules = vec!["orders https://orders.example/ read".to_owned()];
    let policy = SetPolicy {
        forward_policies: Some(rules.try_into().unwrap()),
        ..SetPolicy::default()
    };
    server.run(policy).await;
    let key = Key::new();
    let bound = bound_token(&buyer, &key).await;
    let bearer = buyer.request_token("read").await.assert_issued().text;
    let ask = |method: &str, target: &str| {
        let request = server.request(method, target);
        request.header("authorization", &format!("Bearer {bearer}"))
    };

    for target in [
        "/forward-auth/policy/orders",
        "/forward-auth/policy/orders/",
        "/forward-auth/policy/orders/x/policy/other/y?audience=urn:x&scope=",
        "/forward-auth/policy/orders//a%2Fb/..%2f?scope=write",
    ] {
        let reply = ask("DELETE", target).send().await;
        assert_eq!(reply.status, 200, "{target}: {reply:?}");
        assert_eq!(reply.header("x-audience"), ORDERS);
    }
    for target in [
        "/forward-auth/policy/other/orders",
        "/forward-auth/policy/ORDERS/",
        "/forward-auth/policy/orders%2F/",
    ] {
        assert_eq!(ask("GET", target).send().await.status, 403, "{target}");
    }
    let proof = key.proof(ORDER, server.app.now(), &json!({ "ath": ath(&bound) }));
    let request = |proof: &str| {
        let target = "/forward-auth/policy/orders/orders/7?x=y";
        let request = server.request("PUT", target).header("dpop", proof);
        request
            .header("authorization", &format!("DPoP {bound}"))
            .header("x-forwarded-proto", "https")
    };
    assert_eq!(request(&proof).send().await.status, 401, "another host");
    let of_host = ("PUT", "https://as.test/orders/7");
    let proof = key.proof(of_host, server.app.now(), &json!({ "ath": ath(&bound) }));
    let reply = request(&proof).send().await;
    assert_eq!(reply.status, 200, "{reply:?}");
}
