//! Workloads that come with their platform's token, in the shapes that SPIRE, Kubernetes and GitHub give them.

use jeton::{
    crypto::{
        random::Entropy,
        signer::{Algorithm, Signer},
    },
    oauth::reason::ErrorCode,
};
use serde_json::{Value, json};

use crate::harness::{
    assertion::sign,
    caller::{Request, encode},
    platform::Platform,
    reply::Reply,
    server::{ISSUER, TestServer},
};

mod shapes;
mod trials;

const SHOP: &str = "urn:shop";
const JWT: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const SVID: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";

/// A server with a client that has this trust, as an operator writes it.
async fn trusting(trust: Value) -> TestServer {
    let server = TestServer::start().await;
    server.api(SHOP, "read").await;
    let body = json!({
        "name": "Deploy", "client_id": "deploy", "credential": { "federation": trust },
        "grants": [{ "api": SHOP, "scopes": ["read"] }],
    });
    let made = server.owner().call("POST", "/clients").json(&body);
    made.send().await.assert_status(201);
    server
}

/// Asks for a token with `assertion`, which is said to be of the type `kind`.
async fn show(server: &TestServer, (kind, assertion): (&str, &str)) -> Reply {
    let form = format!(
        "grant_type=client_credentials&client_assertion_type={}&client_assertion={assertion}",
        encode(kind)
    );
    let request = Request::new(server, "POST", "/oauth2/token");
    request.form(&form).send().await
}

async fn accepts(server: &TestServer, assertion: &str) {
    let issued = show(server, (JWT, assertion)).await.assert_issued();
    assert_eq!(issued.claims["sub"], "deploy");
}

async fn refuses(server: &TestServer, assertion: &str) {
    let reply = show(server, (JWT, assertion)).await;
    reply.assert_refused(ErrorCode::InvalidClient);
}

/// `claims` with other values; `null` takes one away.
fn changed(claims: &Value, more: &Value) -> Value {
    let mut all = claims.clone();
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    let members = all.as_object_mut().unwrap();
    members.retain(|_, value| !value.is_null());
    all
}

const WORKLOAD: &str = "spiffe://acme.example/ns/shop/sa/deploy";

/// The bundle of a trust domain: keys for JWT-SVIDs, for X.509-SVIDs, and one of a kind that is not known here.
fn bundle(spire: &Platform) -> Value {
    json!({
        "keys": [
            { "kty": "EC", "crv": "secp256k1", "use": "jwt-svid", "kid": "odd", "x": "AA", "y": "AA" },
            Platform::with_ec("ca").jwk(&json!({ "use": "x509-svid", "x5c": ["AAAA"] })),
            spire.jwk(&json!({ "use": "jwt-svid" })),
        ],
        "spiffe_sequence": 7, "spiffe_refresh_hint": 300,
    })
}

/// A JWT-SVID as SPIRE makes it: no `iss`, no `jti`, and `aud` is a list.
fn svid(server: &TestServer) -> Value {
    let now = server.app.now().seconds();
    json!({ "sub": WORKLOAD, "aud": [ISSUER], "iat": now, "exp": now + 300 })
}

/// CP-01, CP-02, CP-05, CF-04, CF-05
#[tokio::test]
async fn a_jwt_svid_proves_who_its_trust_domain_vouches_for() {
    let spire = Platform::with_ec("svid-1");
    let server = trusting(json!({
        "subject": "spiffe://acme.example/ns/*/sa/deploy", "audience": ISSUER, "jwks": bundle(&spire),
    }))
    .await;
    let claims = svid(&server);
    for header in [
        json!({ "alg": "ES256" }),
        json!({ "alg": "ES256", "typ": "JWT" }),
        json!({ "alg": "ES256", "typ": "JOSE" }),
    ] {
        accepts(&server, &spire.token(&header, &claims)).await;
    }
    let header = json!({ "alg": "ES256", "typ": "JWT" });
    let token = |more: Value| spire.token(&header, &changed(&claims, &more));
    // Whatever it says of its issuer: SPIRE can be told to name one.
    accepts(
        &server,
        &token(json!({ "iss": "https://spire.acme.example" })),
    )
    .await;
    let reply = show(&server, (SVID, &token(json!({})))).await;
    assert_eq!(reply.assert_issued().claims["sub"], "deploy");
    for more in [
        json!({ "sub": "spiffe://evil.example/ns/shop/sa/deploy" }),
        json!({ "sub": "spiffe://acme.example/ns/shop/sa/other" }),
        json!({ "sub": "spiffe://acme.example/ns/../sa/deploy" }),
        json!({ "sub": "spiffe://ACME.example/ns/shop/sa/deploy" }),
        json!({ "sub": "spiffe://acme.example/ns//sa/deploy" }),
        json!({ "sub": null }),
        json!({ "iss": 1 }),
        json!({ "aud": [ISSUER, "spiffe://acme.example/other"] }),
        json!({ "aud": "https://other.test" }),
        json!({ "exp": null }),
    ] {
        refuses(&server, &token(more)).await;
    }
    let forged = Platform::with_ec("svid-1").token(&header, &claims);
    refuses(&server, &forged).await;
    let eddsa = Signer::generate(Algorithm::EdDsa, &Entropy::seeded(1)).0;
    let other = trusting(json!({
        "subject": WORKLOAD, "audience": ISSUER, "jwks": { "keys": [eddsa.public_jwk().unwrap()] },
    }))
    .await;
    refuses(&other, &sign(&eddsa, &claims)).await;
    let typ = json!({ "alg": "ES256", "typ": "at+jwt" });
    refuses(&server, &spire.token(&typ, &claims)).await;
}

/// CP-02
#[tokio::test]
async fn what_is_no_jwt_svid_is_none_by_being_called_one() {
    let platform = Platform::with_ec("k");
    let server = trusting(json!({
        "issuer": "https://idp.example", "subject": "job", "audience": ISSUER,
        "jwks": { "keys": [platform.jwk(&json!({}))] },
    }))
    .await;
    let now = server.app.now().seconds();
    let claims = json!({
        "iss": "https://idp.example", "sub": "job", "aud": ISSUER, "iat": now, "exp": now + 60,
    });
    let token = platform.token(&json!({ "alg": "ES256" }), &claims);
    accepts(&server, &token).await;
    let reply = show(&server, (SVID, &token)).await;
    reply.assert_refused(ErrorCode::InvalidClient);
}

/// CP-01, CP-04, CP-05
#[tokio::test]
async fn a_trust_domain_is_trusted_by_keys_that_an_operator_gave() {
    let server = TestServer::start().await;
    let spire = Platform::with_ec("svid-1");
    let bundle = bundle(&spire);
    for (trust, field) in [
        (json!({ "subject": WORKLOAD }), "jwks_uri"),
        (
            json!({ "subject": "spiffe://*/shop", "jwks": bundle }),
            "subject",
        ),
        (
            json!({ "subject": "spiffe://Acme.example/shop", "jwks": bundle }),
            "subject",
        ),
        (
            json!({ "subject": WORKLOAD, "issuer": "spiffe://evil.example", "jwks": bundle }),
            "issuer",
        ),
        (
            json!({ "subject": WORKLOAD, "jwks": { "keys": [bundle["keys"][0], bundle["keys"][1]] } }),
            "jwks",
        ),
    ] {
        let mut trust = trust;
        trust["audience"] = ISSUER.into();
        let body = json!({ "name": "Deploy", "credential": { "federation": trust } });
        let reply = server
            .owner()
            .call("POST", "/clients")
            .json(&body)
            .send()
            .await;
        reply.assert_status(422);
        let found = &reply.json()["errors"][0]["field"];
        assert_eq!(
            found,
            &format!("credential.federation.{field}"),
            "{reply:?}"
        );
    }
}

/// CF-01, CF-05
#[tokio::test]
async fn a_trust_says_how_its_tokens_are_signed() {
    let platform = Platform::with_rsa("k");
    let claims = |server: &TestServer| {
        let now = server.app.now().seconds();
        json!({ "iss": "https://idp.example", "sub": "job", "aud": ISSUER, "iat": now, "exp": now + 60 })
    };
    for (algorithms, named, accepted) in [
        (json!([]), json!({}), ["RS256"].as_slice()),
        (json!(["PS256"]), json!({}), &["PS256"]),
        (json!(["RS512", "PS256"]), json!({}), &["RS512", "PS256"]),
        (
            json!(["RS512", "PS256"]),
            json!({ "alg": "PS256" }),
            &["PS256"],
        ),
        (json!(["ES256"]), json!({}), &[]),
    ] {
        let server = trusting(json!({
            "issuer": "https://idp.example", "subject": "job", "audience": ISSUER, "algorithms": algorithms,
            "jwks": { "keys": [platform.jwk(&named)] },
        }))
        .await;
        let claims = claims(&server);
        for algorithm in ["RS256", "RS512", "PS256"] {
            let token = platform.token(&json!({ "alg": algorithm }), &claims);
            if accepted.contains(&algorithm) {
                accepts(&server, &token).await;
            } else {
                refuses(&server, &token).await;
            }
        }
    }
}

/// CF-01
#[tokio::test]
async fn no_trust_takes_what_whoever_checks_it_could_have_made() {
    let server = TestServer::start().await;
    for name in ["HS256", "none", "rs256", ""] {
        let trust = json!({
            "issuer": "https://idp.example", "subject": "job", "audience": ISSUER, "algorithms": [name],
        });
        let body = json!({ "name": "Deploy", "credential": { "federation": trust } });
        let reply = server
            .owner()
            .call("POST", "/clients")
            .json(&body)
            .send()
            .await;
        reply.assert_status(422);
        let field = &reply.json()["errors"][0]["field"];
        assert_eq!(field, "credential.federation.algorithms", "{name}");
    }
}

/// CF-10
#[tokio::test]
async fn how_a_trust_takes_tokens_is_shown_and_on_record() {
    let server = trusting(json!({
        "issuer": "https://idp.example", "subject": "job", "audience": ISSUER, "algorithms": ["PS256", "ES256"],
    }))
    .await;
    let owner = server.owner();
    let shown = owner.call("GET", "/clients/deploy/secrets").send().await;
    let details = &shown.json()["data"][0]["details"];
    assert_eq!(details["algorithms"], "ES256 PS256", "{shown:?}");
    let audit = owner.call("GET", "/audit").send().await;
    assert!(
        audit.json().to_string().contains("ES256 PS256"),
        "{audit:?}"
    );
}

/// CF-03: who has such a token alone may not use it, and nothing shows that the sender has more.
#[tokio::test]
async fn a_token_that_is_bound_to_a_key_proves_nobody() {
    let platform = Platform::with_ec("k");
    let server = trusting(json!({
        "issuer": "https://idp.example", "subject": "job", "audience": ISSUER,
        "jwks": { "keys": [platform.jwk(&json!({}))] },
    }))
    .await;
    let now = server.app.now().seconds();
    let claims = json!({
        "iss": "https://idp.example", "sub": "job", "aud": ISSUER, "iat": now, "exp": now + 60,
    });
    let token = |more: Value| platform.token(&json!({ "alg": "ES256" }), &changed(&claims, &more));
    accepts(&server, &token(json!({}))).await;
    for cnf in [
        json!({ "jkt": "x" }),
        json!({ "x5t#S256": "x" }),
        json!({}),
        json!("x"),
    ] {
        refuses(&server, &token(json!({ "cnf": cnf }))).await;
    }
}
