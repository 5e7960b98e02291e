//! Tokens that are tried before anybody comes with them.

use std::process::Command;

use jeton::domain::profile::Profile;
use serde_json::{Value, json};

use super::{WORKLOAD, bundle, changed, refuses, trusting};
use crate::harness::{
    platform::Platform,
    process::{ServerProcess, deaf},
    server::{ISSUER, TestServer},
};

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
