//! What the token endpoint answers when the store fails.

use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::*;
use crate::{
    admin::input::{ApiInput, ClientInput, Registration},
    app::{Readiness, frail_server, frail_server_that_records},
    crypto::{
        random::Entropy,
        signer::{Algorithm, Signer, Typ},
    },
    domain::{actor::Actor, issued_token::IssuedPage},
    oauth::assertion,
    store::Store as _,
};

/// Registers a client with the public half of `signer`, and an API that it may ask tokens for.
async fn with_client(app: &App, signer: &Signer) {
    let api = json!({ "identifier": "urn:shop", "name": "Shop", "scopes": [{ "name": "read" }] });
    let api: ApiInput = serde_json::from_value(api).unwrap();
    let api = api.parse(app.registry().policy()).unwrap();
    app.execute(Actor::local(0), api).await.ok().unwrap();
    let client = json!({
        "name": "A service", "client_id": "svc",
        "grants": [{ "api": "urn:shop", "scopes": ["read"] }],
        "credential": { "key": signer.public_jwk().unwrap() },
    });
    let client: ClientInput = serde_json::from_value(client).unwrap();
    let Registration::Credential(client) = client.read().unwrap() else {
        panic!("a client with a key")
    };
    app.execute(Actor::local(0), client).await.ok().unwrap();
}

/// Status, `Cache-Control` and body of the answer to this assertion.
async fn present(app: &App, assertion: &str) -> (u16, String, Value) {
    let body = format!(
        "grant_type=client_credentials&client_assertion_type={}&client_assertion={assertion}",
        assertion::Kind::Jwt.as_str()
    );
    let (parts, _) = Request::new(Body::empty()).into_parts();
    let answer = answer(app, &parts, body.as_bytes()).await;
    let status = answer.status().as_u16();
    let storing = answer.headers()["cache-control"]
        .to_str()
        .unwrap()
        .to_owned();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, storing, serde_json::from_slice(&body).unwrap())
}

/// CJ-09
#[tokio::test]
async fn an_assertion_that_cannot_be_kept_gets_no_token_and_counts_afterwards() {
    crate::crypto::install_provider();
    let (app, store) = frail_server().await;
    let (signer, _) = Signer::generate(Algorithm::Es256, &Entropy::seeded(1));
    with_client(&app, &signer).await;
    let now = app.now().seconds();
    let claims = json!({
        "iss": "svc", "sub": "svc", "aud": "https://as.test", "jti": "one", "iat": now, "exp": now + 60,
    });
    let assertion = signer.sign(Typ::ClientAuthentication, claims.to_string().as_bytes());
    let assertion = assertion.unwrap();

    store.fail_next();
    let (status, storing, body) = present(&app, &assertion).await;

    assert_eq!((status, storing.as_str()), (503, "no-store"));
    assert_eq!(body["error"], "temporarily_unavailable");
    assert!(body.get("access_token").is_none());
    let (status, _, body) = present(&app, &assertion).await;
    assert_eq!(status, 200, "{body}");
    let (status, _, body) = present(&app, &assertion).await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
}

/// What a client with this signer presents under this `jti`.
fn assertion_of(app: &App, signer: &Signer, id: &str) -> String {
    let now = app.now().seconds();
    let claims = json!({
        "iss": "svc", "sub": "svc", "aud": "https://as.test", "jti": id, "iat": now, "exp": now + 60,
    });
    let assertion = signer.sign(Typ::ClientAuthentication, claims.to_string().as_bytes());
    assertion.unwrap()
}

#[tokio::test]
async fn a_token_that_cannot_be_put_on_record_is_not_handed_out() {
    crate::crypto::install_provider();
    let (app, store) = frail_server_that_records().await;
    let (signer, _) = Signer::generate(Algorithm::Es256, &Entropy::seeded(1));
    with_client(&app, &signer).await;
    let everything = || IssuedPage {
        limit: 10,
        ..IssuedPage::default()
    };

    store.fail_records(true);
    let (status, storing, body) = present(&app, &assertion_of(&app, &signer, "one")).await;

    assert_eq!((status, storing.as_str()), (503, "no-store"));
    assert_eq!(body["error"], "temporarily_unavailable");
    assert!(body.get("access_token").is_none());
    assert!(store.issued(everything()).await.unwrap().is_empty());
    store.fail_records(false);
    let (status, _, body) = present(&app, &assertion_of(&app, &signer, "two")).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(store.issued(everything()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn where_tokens_are_put_on_record_a_disk_that_takes_nothing_makes_the_server_unready() {
    let (app, store) = frail_server_that_records().await;
    assert_eq!(app.readiness(), Readiness::Ready);

    store.fill_disk();
    app.look_after_disk().await;

    assert!(matches!(app.readiness(), Readiness::Unable(_)));
    let found = app.attention_to_server(app.now());
    assert!(found[0].reason.contains("No token is issued"), "{found:?}");
}
