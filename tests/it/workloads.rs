//! Workloads that come with their platform's token, in the shapes that SPIRE, Kubernetes and GitHub give them.

use std::process::Command;

use jeton::{
    crypto::{
        random::Entropy,
        signer::{Algorithm, Signer},
    },
    domain::profile::Profile,
    oauth::reason::ErrorCode,
};
use serde_json::{Value, json};

use crate::harness::{
    assertion::sign,
    caller::{Request, encode},
    platform::Platform,
    process::{ServerProcess, deaf},
    reply::Reply,
    server::{ISSUER, TestServer},
};

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

/// CF-03, CF-04, CF-08
#[tokio::test]
async fn a_pod_comes_with_its_projected_token() {
    let cluster = Platform::with_rsa("cluster-1");
    let server = trusting(json!({
        "issuer": "https://kubernetes.example", "subject": "system:serviceaccount:shop:deploy",
        "audience": ISSUER, "claims": { "kubernetes.io/serviceaccount/uid": "5f1c" },
        "jwks": { "keys": [cluster.jwk(&json!({ "use": "sig", "alg": "RS256" }))] },
    }))
    .await;
    let now = server.app.now().seconds();
    // As the API server makes it: no typ, aud a list, and no jti before 1.29.
    let claims = json!({
        "iss": "https://kubernetes.example", "sub": "system:serviceaccount:shop:deploy", "aud": [ISSUER],
        "iat": now, "nbf": now, "exp": now + 3607,
        "kubernetes.io": {
            "namespace": "shop", "serviceaccount": { "name": "deploy", "uid": "5f1c" },
            "pod": { "name": "deploy-7", "uid": "aa" }, "node": { "name": "n1", "uid": "bb" }, "warnafter": now + 3000,
        },
    });
    let token = |more: Value| cluster.token(&json!({ "alg": "RS256" }), &changed(&claims, &more));
    accepts(&server, &token(json!({}))).await;
    accepts(&server, &token(json!({}))).await;
    for more in [
        json!({ "sub": "system:serviceaccount:shop:other" }),
        json!({ "aud": ["https://kubernetes.default.svc.cluster.local"] }),
        json!({ "kubernetes.io": { "serviceaccount": { "uid": "other" } } }),
        json!({ "iat": now - 3601 }),
        // A token of old, out of a secret: for ever, and for everybody.
        json!({ "iss": "kubernetes/serviceaccount", "aud": null, "exp": null }),
    ] {
        refuses(&server, &token(more)).await;
    }
}

/// CF-06, CF-07
#[tokio::test]
async fn a_workflow_run_comes_with_its_jobs_token() {
    let github = Platform::with_rsa("gh-1");
    let issuer = "https://token.actions.githubusercontent.com";
    for (subject, ours, others) in [
        (
            "repo:acme/shop:ref:refs/heads/main",
            "repo:acme/shop:ref:refs/heads/main",
            [
                "repo:acme/shop-evil:ref:refs/heads/main",
                "repo:evil/shop:ref:refs/heads/main",
                "repo:acme/shop:pull_request",
                "repo:acme/shop:environment:x:ref:refs/heads/main",
                "repo:acme@12/shop@74:ref:refs/heads/main",
            ],
        ),
        (
            "repo:acme@12/shop@74:ref:refs/heads/main",
            "repo:acme@12/shop@74:ref:refs/heads/main",
            [
                // The same names, taken by others.
                "repo:acme@13/shop@74:ref:refs/heads/main",
                "repo:acme@12/shop@75:ref:refs/heads/main",
                "repo:acme@12/shop@74:pull_request",
                "repo:acme@12/shop@740:ref:refs/heads/main",
                "repo:acme/shop:ref:refs/heads/main",
            ],
        ),
    ] {
        let server = trusting(json!({
            "issuer": issuer, "subject": subject, "audience": ISSUER, "max_age": "10m",
            "claims": { "repository_id": "74", "event_name": "push" }, "algorithms": ["RS256"],
            "jwks": { "keys": [github.jwk(&json!({ "use": "sig", "alg": "RS256", "x5t": "AA" }))] },
        }))
        .await;
        let now = server.app.now().seconds();
        let claims = json!({
            "jti": "a", "iss": issuer, "sub": ours, "aud": ISSUER, "iat": now, "nbf": now - 10, "exp": now + 300,
            "ref": "refs/heads/main", "repository": "acme/shop", "repository_id": "74",
            "repository_owner": "acme", "repository_owner_id": "12", "event_name": "push",
            "job_workflow_ref": "acme/shop/.github/workflows/deploy.yml@refs/heads/main",
            "repository_visibility": "private", "run_attempt": "1",
        });
        let header = json!({ "typ": "JWT", "alg": "RS256", "x5t": "AA" });
        let token = |more: Value| github.token(&header, &changed(&claims, &more));
        accepts(&server, &token(json!({}))).await;
        for other in others {
            refuses(&server, &token(json!({ "sub": other }))).await;
        }
        refuses(&server, &token(json!({ "repository_id": "75" }))).await;
        refuses(&server, &token(json!({ "iat": now - 601 }))).await;
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

/// CP-01, CF-05
#[test]
fn a_trust_is_made_and_tried_from_the_command_line() {
    let server = ServerProcess::start();
    let spire = Platform::with_ec("svid-1");
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let keys = file("bundle.json", &bundle(&spire).to_string());
    let trust = [
        "client",
        "create",
        "Deploy",
        "--id",
        "deploy",
        "--federated-subject",
        WORKLOAD,
        "--federated-jwks",
        &keys,
        "--federated-alg",
        "ES256",
        "--federated-alg",
        "PS256",
    ];
    server.jeton(&trust);
    let shown = server.jeton(&["secret", "list", "deploy"]).to_string();
    assert!(
        shown.contains("ES256 PS256") && shown.contains("spiffe://acme.example"),
        "{shown}"
    );
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let token = |subject: &str| {
        let claims = json!({
            "sub": subject, "aud": [server.issuer()], "iat": now, "exp": now + 300,
        });
        spire.token(&json!({ "alg": "ES256" }), &claims)
    };
    let good = file("good.jwt", &format!("{}\n", token(WORKLOAD)));
    let bad = file("bad.jwt", &token("spiffe://acme.example/other"));

    let found = server.jeton(&["client", "dry-run", "deploy", &good]);
    assert_eq!(found["accepted"], true, "{found}");
    let refused = deaf(Command::new(env!("CARGO_BIN_EXE_jeton")))
        .arg("--data")
        .arg(server.data())
        .args(["client", "dry-run", "deploy", &bad])
        .output()
        .unwrap();

    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stdout).unwrap();
    let objection = "would refuse it\n  Its subject (sub) is spiffe://acme.example/other;";
    assert!(said.contains(objection), "{said}");
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(
        why.contains("deploy would not be let in by this token"),
        "{why}"
    );
}

/// CF-02, CF-03
#[tokio::test]
async fn the_admin_api_tells_why_a_token_would_be_refused() {
    let platform = Platform::with_ec("k");
    let server = trusting(json!({
        "issuer": "https://idp.example", "subject": "job", "audience": ISSUER,
        "jwks": { "keys": [platform.jwk(&json!({}))] }, "algorithms": ["ES256", "RS256"],
    }))
    .await;
    let now = server.app.now().seconds();
    let claims = json!({
        "iss": "https://idp.example", "sub": "job", "aud": ISSUER, "iat": now, "exp": now + 60,
    });
    let token = |more: Value| platform.token(&json!({ "alg": "ES256" }), &changed(&claims, &more));
    let owner = server.owner();
    let try_it = async |token: &str| {
        let call = owner.call("POST", "/clients/deploy/dry-run");
        let reply = call.json(&json!({ "token": token })).send().await;
        reply.assert_status(200);
        reply.json()
    };

    let good = try_it(&token(json!({}))).await;
    assert_eq!(good["accepted"], true, "{good}");
    assert_eq!(good["trusts"][0]["issuer"], "https://idp.example");
    assert_eq!(good["trusts"][0]["objections"], json!([]));

    let wrong = json!({ "sub": "other", "aud": "x", "cnf": {} });
    let wrong = try_it(&token(wrong)).await;
    assert_eq!(wrong["accepted"], false);
    let said = wrong["trusts"][0]["objections"].to_string();
    for words in ["Its subject (sub) is other", "is bound to a key (cnf)"] {
        assert!(said.contains(words), "{said}");
    }
    let eddsa = platform.token(&json!({ "alg": "EdDSA" }), &claims);
    let said = try_it(&eddsa).await["trusts"][0]["objections"].to_string();
    assert!(
        said.contains("It is signed by EdDSA; the client trusts ES256, RS256."),
        "{said}"
    );

    let disable = owner
        .call("POST", "/clients/deploy/disable")
        .json(&json!({}));
    disable.send().await.assert_status(200);
    let disabled = try_it(&token(json!({}))).await;
    assert_eq!(disabled["accepted"], false);
    assert_eq!(disabled["disabled"], true);
    let nobody = owner.call("POST", "/clients/nobody/dry-run");
    let nobody = nobody.json(&json!({ "token": "x" })).send().await;
    nobody.assert_status(404);
    // Nobody was let in by any of this.
    accepts_nobody_yet(&server).await;
}

/// FP-01
#[tokio::test]
async fn where_the_profile_takes_no_platforms_tokens_a_dry_run_says_so() {
    let server = TestServer::with_profile(Profile::Fapi2).await;
    let platform = Platform::with_ec("k");
    let trust = json!({
        "issuer": "https://idp.example", "subject": "job", "audience": ISSUER,
        "jwks": { "keys": [platform.jwk(&json!({}))] },
    });
    let body = json!({
        "name": "Deploy", "client_id": "deploy", "credential": { "federation": trust },
    });
    let owner = server.owner();
    let made = owner.post("/clients", body).await;
    made.assert_status(201);
    let now = server.app.now().seconds();
    let claims = json!({
        "iss": "https://idp.example", "sub": "job", "aud": ISSUER, "iat": now, "exp": now + 60,
    });
    let token = platform.token(&json!({ "alg": "ES256" }), &claims);

    let body = json!({ "token": token });
    let found = owner.post("/clients/deploy/dry-run", body).await.json();

    assert_eq!(found["accepted"], false, "{found}");
    let why = json!(["The profile fapi2 takes no tokens of other issuers."]);
    assert_eq!(found["trusts"][0]["objections"], why);
    refuses(&server, &token).await;
}

async fn accepts_nobody_yet(server: &TestServer) {
    let shown = server.owner().call("GET", "/clients/deploy").send().await;
    assert!(shown.json()["last_used_at"].is_null(), "{shown:?}");
}
