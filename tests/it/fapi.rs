//! The FAPI 2.0 security profile for client credentials, as its conformance tests ask for it: whatever is weaker
//! than a key or a certificate of the client's own is refused, and every token is bound to one.

mod algorithms;

use jeton::{
    admin::clients::EditClient,
    crypto::signer::Signer,
    domain::{profile::Profile, rotation::Overlap, secret::Proof, time::Span},
    oauth::{metadata::path::FORWARD_AUTH, reason::ErrorCode},
};
use serde_json::{Value, json};

use crate::harness::{
    assertion::{claims, form, move_to, public, sign, signer},
    caller::Request,
    dpop::{Key, ath},
    reply::Reply,
    server::{ISSUER, TestServer},
};

const ORDERS: &str = "https://orders.example/";
const TOKEN: &str = "https://as.test/oauth2/token";
const RESOURCE: &str = "https://orders.example/v1/orders";

/// A strict server that was started a while ago, and its API.
async fn server() -> TestServer {
    let server = TestServer::with_profile(Profile::Fapi2).await;
    server.api(ORDERS, "read write").await;
    server.advance(Span::hours(2)).await;
    server.behind_a_proxy()
}

/// A client with a key to sign assertions with, and one to bind its tokens to.
struct Party<'s> {
    server: &'s TestServer,
    id: String,
    signer: Signer,
    key: Key,
}

impl<'s> Party<'s> {
    async fn new(server: &'s TestServer, id: &str, seed: u64) -> Self {
        let client = server.client(id).await.granted(ORDERS, "read").await;
        let signer = signer(seed);
        move_to(server, &client, Proof::Key(public(&signer)), Overlap::None).await;
        let key = Key::new();
        Self {
            server,
            id: id.to_owned(),
            signer,
            key,
        }
    }

    /// The form of a token request whose assertion says this besides; `null` takes a claim away.
    fn form(&self, more: &Value) -> String {
        let id = self.server.app.entropy().token_id();
        let mut said = claims(self.server, &self.id, &id);
        for (name, value) in more.as_object().unwrap() {
            said[name] = value.clone();
        }
        let members = said.as_object_mut().unwrap();
        members.retain(|_, value| !value.is_null());
        form(&sign(&self.signer, &said), "")
    }

    fn proof(&self, more: &Value) -> String {
        let now = self.server.app.now();
        self.key.proof(("POST", TOKEN), now, more)
    }

    async fn ask(&self, form: &str, proof: Option<&str>) -> Reply {
        let mut request = Request::new(self.server, "POST", "/oauth2/token");
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        request.form(form).send().await
    }

    async fn token(&self) -> String {
        let proof = self.proof(&json!({}));
        let reply = self.ask(&self.form(&json!({})), Some(&proof)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.json()["token_type"], "DPoP");
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// A proof for the resource, of this token.
    fn proof_of(&self, token: &str, more: &Value) -> String {
        let mut said = json!({ "ath": ath(token) });
        for (name, value) in more.as_object().unwrap() {
            said[name] = value.clone();
        }
        let now = self.server.app.now();
        self.key.proof(("GET", RESOURCE), now, &said)
    }
}

/// Asks the resource, which a proxy guards.
async fn call(server: &TestServer, authorization: &str, proof: Option<&str>) -> Reply {
    call_at(server, ("", authorization), proof).await
}

/// Asks the resource with this query.
async fn call_at(
    server: &TestServer,
    (query, authorization): (&str, &str),
    proof: Option<&str>,
) -> Reply {
    let target = format!("{FORWARD_AUTH}?audience=https%3A%2F%2Forders.example%2F&scope=read");
    let mut request = server
        .request("GET", &target)
        .header("x-forwarded-method", "GET")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "orders.example")
        .header("x-forwarded-uri", &format!("/v1/orders{query}"))
        .header("accept", "application/json;charset=utf-8");
    if !authorization.is_empty() {
        request = request.header("authorization", authorization);
    }
    if let Some(proof) = proof {
        request = request.header("dpop", proof);
    }
    request.send().await
}

/// FP-01, FP-05, MD-21, D10
#[tokio::test]
async fn the_metadata_name_nothing_that_is_weaker() {
    let server = server().await;
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
    ] {
        let told = server.get(path).await.json();
        assert_eq!(told["issuer"], ISSUER);
        assert_eq!(told["grant_types_supported"], json!(["client_credentials"]));
        for endpoint in ["token", "introspection", "revocation"] {
            let methods = &told[format!("{endpoint}_endpoint_auth_methods_supported")];
            assert_eq!(methods, &json!(["private_key_jwt"]), "{path}");
            let algorithms =
                &told[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")];
            assert_eq!(algorithms, &json!(["ES256", "PS256", "EdDSA"]), "{path}");
        }
        assert_eq!(
            told["dpop_signing_alg_values_supported"],
            json!(["ES256", "EdDSA", "Ed25519", "PS256"])
        );
        assert!(!told.to_string().contains("RS256"), "{told}");
        assert!(!told.to_string().contains("HS256"), "{told}");
    }
}

/// FP-01, FP-03, FP-05, RS-01, RS-02, RS-09
#[tokio::test]
async fn two_clients_get_tokens_that_only_they_can_use() {
    let server = server().await;
    let one = Party::new(&server, "one", 1).await;
    let two = Party::new(&server, "two", 2).await;
    let (token, other) = (one.token().await, two.token().await);

    for scheme in ["DPoP", "dpop", "DPOP", "dPoP"] {
        let proof = one.proof_of(&token, &json!({}));
        let reply = call(&server, &format!("{scheme} {token}"), Some(&proof)).await;
        assert_eq!(reply.status, 200, "{scheme}: {reply:?}");
        assert_eq!(reply.header("x-client-id"), "one");
    }
    // The first client's key with the second one's token.
    let proof = one.proof_of(&other, &json!({}));
    let reply = call(&server, &format!("DPoP {other}"), Some(&proof)).await;
    assert_eq!(reply.status, 401);
    // A token in the query is none, whatever else is shown.
    let query = format!("?access_token={token}");
    let proof = || one.proof_of(&token, &json!({}));
    let in_query = call_at(&server, (&query, ""), Some(&proof())).await;
    assert_eq!(in_query.status, 401, "{in_query:?}");
    let bare = call_at(&server, (&query, ""), None).await;
    assert_eq!(bare.status, 401, "{bare:?}");
    let both = call_at(&server, (&query, "DPoP x"), Some(&proof())).await;
    assert_eq!(both.status, 401, "{both:?}");
    // A bound token as a bearer token, and one without its proof.
    for scheme in ["Bearer", "DPoP"] {
        let reply = call(&server, &format!("{scheme} {token}"), None).await;
        assert_eq!(reply.status, 401, "{scheme}");
    }
}

/// FP-01, FP-05, DP-02
#[tokio::test]
async fn there_is_no_token_that_is_bound_to_nothing() {
    let server = server().await;
    let party = Party::new(&server, "svc", 1).await;

    let bare = party.ask(&party.form(&json!({})), None).await;
    bare.assert_refused(ErrorCode::InvalidRequest);

    party.token().await;
}

/// FP-03, FP-05
#[tokio::test]
async fn a_token_from_before_that_is_bound_to_nothing_is_let_through_nowhere() {
    let relaxed = TestServer::start().await;
    relaxed.api(ORDERS, "read").await;
    let client = relaxed.client("svc").await.granted(ORDERS, "read").await;
    let token = client.request_token("read").await.assert_issued().text;
    let relaxed = relaxed.behind_a_proxy();
    let bearer = format!("Bearer {token}");
    assert_eq!(call(&relaxed, &bearer, None).await.status, 200);

    // The same keys and clock, strict: what one signed the other knows.
    let strict = TestServer::with_profile(Profile::Fapi2).await;
    strict.api(ORDERS, "read").await;
    strict.client("svc").await.granted(ORDERS, "read").await;
    let strict = strict.behind_a_proxy();
    let reply = call(&strict, &bearer, None).await;
    assert_eq!(reply.status, 401, "{reply:?}");
    assert!(
        reply
            .header("www-authenticate")
            .contains("do not fit what it is bound to"),
        "{reply:?}"
    );
}

/// FP-05, CJ-04, CJ-06, CJ-10
#[tokio::test]
async fn an_assertion_that_is_not_exactly_as_it_should_be_proves_nobody() {
    let server = server().await;
    let party = Party::new(&server, "svc", 1).await;
    let now = server.app.now().seconds();
    for more in [
        json!({ "exp": now - 300 }),
        json!({ "exp": now + 600 }),
        json!({ "aud": "https://other.test" }),
        json!({ "aud": [ISSUER] }),
        json!({ "aud": TOKEN }),
        json!({ "aud": format!("{ISSUER}/") }),
        json!({ "sub": null }),
        json!({ "iss": null }),
        json!({ "jti": null }),
        json!({ "iat": now + 120 }),
        json!({ "nbf": now + 120 }),
    ] {
        let proof = party.proof(&json!({}));
        let reply = party.ask(&party.form(&more), Some(&proof)).await;
        reply.assert_refused(ErrorCode::InvalidClient);
    }
    let bare = format!("grant_type=client_credentials&client_id={}", party.id);
    let proof = party.proof(&json!({}));
    party
        .ask(&bare, Some(&proof))
        .await
        .assert_refused(ErrorCode::InvalidClient);

    for more in [
        json!({ "iat": now + 8, "nbf": now + 8 }),
        json!({ "exp": now + 300 }),
    ] {
        let proof = party.proof(&json!({}));
        let reply = party.ask(&party.form(&more), Some(&proof)).await;
        assert_eq!(reply.status, 200, "{more}: {reply:?}");
    }
}

/// FP-05, CJ-04
#[tokio::test]
async fn not_even_a_client_whose_library_wants_it_may_name_the_token_endpoint() {
    let server = server().await;
    let party = Party::new(&server, "svc", 1).await;
    let edit = EditClient {
        legacy_assertion_audience: Some(true),
        ..EditClient::of("svc".parse().unwrap())
    };
    server.run(edit).await;

    let proof = party.proof(&json!({}));
    let reply = party
        .ask(&party.form(&json!({ "aud": TOKEN })), Some(&proof))
        .await;

    reply.assert_refused(ErrorCode::InvalidClient);
}

/// Asks for a signed answer about a token that is none, as who looks after `api`.
async fn ask_about(party: &Party<'_>, api: &str) -> Reply {
    let edit = EditClient {
        introspects: Some([api.parse().unwrap()].into()),
        ..EditClient::of(party.id.parse().unwrap())
    };
    party.server.run(edit).await;
    let form = format!("{}&token=x", party.form(&json!({})));
    let form = form.trim_start_matches("grant_type=client_credentials&");
    let request = Request::new(party.server, "POST", "/oauth2/introspect");
    let request = request.header("accept", "application/token-introspection+jwt");
    let reply = request.form(form).send().await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply
}

/// FP-01, CS-10
#[tokio::test]
async fn secrets_prove_nobody_anywhere_and_right_ones_are_not_told_from_wrong_ones() {
    let server = server().await;
    let client = server.client("svc").await.granted(ORDERS, "read").await;
    let wrong = client.with_secret("wrong");
    for endpoint in ["token", "introspect", "revoke"] {
        let mut answers = Vec::new();
        for caller in [&client, &wrong] {
            let request = server.request("POST", &format!("/oauth2/{endpoint}"));
            let request = request.header("authorization", &caller.basic());
            let form = "grant_type=client_credentials&token=x";
            let reply = request.form(form).send().await;
            reply.assert_refused(ErrorCode::InvalidClient);
            answers.push(reply.body);
        }
        assert_eq!(answers[0], answers[1], "{endpoint}");
    }
    let by_body = client.request_token_by_body("read").await;
    by_body.assert_refused(ErrorCode::InvalidClient);
}

/// FP-05, DP-06, RS-09, RS-10
#[tokio::test]
async fn a_proof_counts_for_exactly_one_request_with_exactly_one_token() {
    let server = server().await;
    let party = Party::new(&server, "svc", 1).await;
    let token = party.token().await;
    let dpop = format!("DPoP {token}");
    let now = server.app.now().0;
    for more in [
        json!({ "iat": now - 10 }),
        json!({ "iat": now + 10 }),
        json!({ "nbf": now - 10, "exp": now + 60 }),
    ] {
        let proof = party.proof_of(&token, &more);
        let reply = call(&server, &dpop, Some(&proof)).await;
        assert_eq!(reply.status, 200, "{more}: {reply:?}");
    }
    for more in [
        json!({ "ath": null }),
        json!({ "ath": ath("another token") }),
        json!({ "ath": "" }),
        json!({ "ath": 1 }),
        json!({ "htm": "POST" }),
        json!({ "htm": "get" }),
        json!({ "htm": null }),
        json!({ "htu": "https://other.example/v1/orders" }),
        json!({ "htu": "https://orders.example/v2/orders" }),
        json!({ "htu": "http://orders.example/v1/orders" }),
        json!({ "htu": 1 }),
        json!({ "htu": null }),
        json!({ "jti": null }),
        json!({ "jti": "" }),
        json!({ "jti": 1 }),
        json!({ "iat": null }),
        json!({ "iat": now - 3600 }),
        json!({ "iat": now + 3600 }),
        json!({ "iat": "now" }),
    ] {
        let proof = party.proof_of(&token, &more);
        let reply = call(&server, &dpop, Some(&proof)).await;
        assert_eq!(reply.status, 401, "{more}: {reply:?}");
    }
    let proof = party.proof_of(&token, &json!({}));
    let mangled = format!("{}AAAA", &proof[..proof.len() - 4]);
    for bad in ["", "a.b.c", &mangled, &format!("{proof}, {proof}"), &token] {
        let reply = call(&server, &dpop, Some(bad)).await;
        assert_eq!(reply.status, 401, "{bad}: {reply:?}");
    }
    assert_eq!(call(&server, &dpop, Some(&proof)).await.status, 200);
    assert_eq!(call(&server, &dpop, Some(&proof)).await.status, 401);
    let other = Key::new().proof(
        ("GET", RESOURCE),
        server.app.now(),
        &json!({ "ath": ath(&token) }),
    );
    assert_eq!(call(&server, &dpop, Some(&other)).await.status, 401);
}
