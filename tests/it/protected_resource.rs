//! `/.well-known/oauth-protected-resource`: what is said of an API (RFC 9728).

use jeton::{admin::apis::DisableApi, domain::profile::Profile, oauth::reason::ErrorCode};
use serde_json::json;

use crate::harness::server::TestServer;

const METADATA: &str = "/.well-known/oauth-protected-resource";

/// PRM-01
#[tokio::test]
async fn an_api_is_described_by_its_identifier() {
    let server = TestServer::start().await;
    server.api("https://orders.example/v1", "write read").await;

    let reply = server
        .get(&format!(
            "{METADATA}?resource=https%3A%2F%2Forders.example%2Fv1"
        ))
        .await;

    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("cache-control"), "public, max-age=3600");
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    assert_eq!(
        reply.json(),
        json!({
            "resource": "https://orders.example/v1",
            "authorization_servers": ["https://as.test"],
            "scopes_supported": ["read", "write"],
            "bearer_methods_supported": ["header"],
            "dpop_signing_alg_values_supported": ["ES256", "ES384", "ES512", "EdDSA", "Ed25519", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"],
        })
    );
}

/// PRM-01, FP-01
#[tokio::test]
async fn where_every_token_is_bound_to_a_key_the_description_says_so() {
    let server = TestServer::with_profile(Profile::Fapi2).await;
    server.api("https://orders.example/v1", "read").await;
    let told = server
        .get(&format!(
            "{METADATA}?resource=https%3A%2F%2Forders.example%2Fv1"
        ))
        .await
        .json();
    assert_eq!(told["dpop_bound_access_tokens_required"], true, "{told}");
    assert!(
        told.get("tls_client_certificate_bound_access_tokens")
            .is_none()
    );
}

/// PRM-01: the path of the identifier follows the well-known one, where the API's own host passes it on.
#[tokio::test]
async fn an_api_is_described_at_its_own_address() {
    let server = TestServer::start().await;
    for api in [
        "https://orders.example/v1",
        "https://as.test/",
        "https://as.test/x?y=z",
    ] {
        server.api(api, "read").await;
    }
    let found = |target: String| {
        let server = &server;
        async move { server.get(&target).await.json()["resource"].clone() }
    };

    assert_eq!(found(METADATA.to_owned()).await, "https://as.test/");
    assert_eq!(
        found(format!("{METADATA}/x?y=z")).await,
        "https://as.test/x?y=z"
    );
    let request = || server.request("GET", "/.well-known/oauth-protected-resource/v1");
    let forged = request().header("x-forwarded-host", "orders.example");
    forged
        .send()
        .await
        .assert_fault(404, ErrorCode::InvalidRequest);
    let server = server.behind_a_proxy();
    let request = server.request("GET", "/.well-known/oauth-protected-resource/v1");
    let told = request.header("x-forwarded-host", "orders.example");
    assert_eq!(
        told.send().await.json()["resource"],
        "https://orders.example/v1"
    );
}

/// PRM-01
#[tokio::test]
async fn what_is_no_api_on_the_web_is_not_described() {
    let server = TestServer::start().await;
    server.api("urn:orders", "read").await;
    server.api("https://off.example/", "read").await;
    server.api("http://plain.example/", "read").await;
    let api = "https://off.example/".parse().unwrap();
    server.run(DisableApi { api }).await;

    for query in [
        "?resource=urn%3Aorders",
        "?resource=urn%3Ajeton%3Aadmin",
        "?resource=https%3A%2F%2Foff.example%2F",
        "?resource=http%3A%2F%2Fplain.example%2F",
        "?resource=https%3A%2F%2Fnowhere.example%2F",
        "?resource=%zz",
        "?resource=",
        "",
    ] {
        let reply = server.get(&format!("{METADATA}{query}")).await;
        reply.assert_fault(404, ErrorCode::InvalidRequest);
    }
}
