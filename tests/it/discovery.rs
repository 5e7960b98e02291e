//! What anyone may read: metadata and public keys.

use jeton::{
    admin::keys::{GenerateKey, RevokeKey, When},
    crypto::{jwk::thumbprint, signer::Algorithm, verifier::Verifier},
    domain::time::Span,
    oauth::reason::ErrorCode,
    store::UsageOf,
};
use serde_json::{Value, json};

use crate::harness::server::TestServer;

const METADATA: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";
const KEYS: &str = "/oauth2/jwks";
const DOCUMENTS: [&str; 3] = [METADATA, OPENID, KEYS];

/// G19, MD-01, MD-04, MD-05, MD-06, MD-08, MD-09, SC-10
#[tokio::test]
async fn the_metadata_name_the_endpoints() {
    let server = TestServer::start().await;
    server.api("https://sales.example/", "write read").await;

    let reply = server.get(METADATA).await;

    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("cache-control"), "public, max-age=3600");
    assert_eq!(
        reply.json(),
        json!({
            "issuer": "https://as.test",
            "token_endpoint": "https://as.test/oauth2/token",
            "jwks_uri": "https://as.test/oauth2/jwks",
            "scopes_supported": ["read", "write"],
            "dpop_signing_alg_values_supported": ["ES256", "ES384", "ES512", "EdDSA", "Ed25519", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"],
            "protected_resources": ["https://sales.example/"],
            "response_types_supported": ["none"],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"],
            "introspection_endpoint": "https://as.test/oauth2/introspect",
            "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
            "introspection_endpoint_auth_signing_alg_values_supported": ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"],
            "introspection_signing_alg_values_supported": ["ES256", "RS256", "PS256", "EdDSA", "HS256"],
            "revocation_endpoint": "https://as.test/oauth2/revoke",
            "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
            "revocation_endpoint_auth_signing_alg_values_supported": ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"],
        })
    );
}

/// MD-20
#[tokio::test]
async fn readers_of_openid_connect_find_the_same() {
    let server = TestServer::start().await;
    let mut plain = server.get(METADATA).await.json();
    plain["authorization_endpoint"] = json!("https://as.test/oauth2/authorize");
    plain["subject_types_supported"] = json!(["public"]);
    plain["id_token_signing_alg_values_supported"] = json!(["ES256", "RS256", "PS256", "EdDSA"]);

    assert_eq!(server.get(OPENID).await.json(), plain);
}

/// MD-20
#[tokio::test]
async fn whoever_would_log_somebody_in_is_told_that_this_is_not_done_here() {
    let server = TestServer::with_issuer("https://as.test/t/one").await;

    for path in ["/oauth2/authorize", "/t/one/oauth2/authorize"] {
        let query = "response_type=code&client_id=c1&redirect_uri=https%3A%2F%2Fevil.test";
        let reply = server.get(&format!("{path}?{query}")).await;

        assert_eq!(reply.status, 400, "{path}");
        assert_eq!(reply.json()["error"], "invalid_request", "{path}");
        assert!(!reply.headers.contains_key("location"), "{path}");
    }
}

/// MD-02, MD-03, G19
#[tokio::test]
async fn an_issuer_with_a_path_is_found_in_every_form() {
    let issuer = "https://as.test:8443/t/one";
    let server = TestServer::with_issuer(issuer).await;
    for path in [
        "/.well-known/oauth-authorization-server/t/one",
        "/t/one/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration/t/one",
        "/t/one/.well-known/openid-configuration",
    ] {
        let reply = server.get(path).await;
        assert_eq!(reply.status, 200, "{path}");
        let document = reply.json();
        assert_eq!(document["issuer"], issuer, "{path}");
        assert_eq!(document["token_endpoint"], format!("{issuer}/oauth2/token"));
        assert_eq!(document["jwks_uri"], format!("{issuer}/oauth2/jwks"));
    }
    assert_eq!(server.get("/t/one/oauth2/jwks").await.status, 200);
    let token = server
        .request("POST", "/t/one/oauth2/token")
        .form("")
        .send()
        .await;
    token.assert_refused(ErrorCode::InvalidRequest);
    for path in [
        "/.well-known/oauth-authorization-server/t/two",
        "/t/two/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/",
        "/.well-known/openid-configuration/t/one/",
    ] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
}

/// MD-10, H-13
#[tokio::test]
async fn no_header_changes_a_document() {
    let server = TestServer::start().await;
    for path in DOCUMENTS {
        let plain = server.get(path).await;
        let request = server.request("GET", &format!("http://evil.test{path}"));
        let request = request.header("x-forwarded-host", "evil.test");
        let request = request.header("x-forwarded-proto", "http");
        assert_eq!(request.send().await.parts(), plain.parts(), "{path}");
    }
}

/// H-02, H-03, H-04
#[tokio::test]
async fn documents_are_read_and_nothing_else() {
    let server = TestServer::start().await;
    for path in DOCUMENTS {
        let get = server.get(path).await;
        let head = server.request("HEAD", path).send().await;
        assert_eq!(
            (head.status, &head.headers.len()),
            (get.status, &get.headers.len())
        );
        let length = get.body.len().to_string();
        assert_eq!(
            (head.header("content-length"), head.body.len()),
            (length.as_str(), 0)
        );
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            let reply = server.request(method, path).send().await;
            assert_eq!(reply.status, 405, "{method} {path}");
            assert_eq!(reply.header("allow"), "GET, HEAD");
            assert_eq!(reply.header("cache-control"), "no-store");
        }
    }
}

/// H-25
#[tokio::test]
async fn browsers_of_any_origin_may_read_the_documents() {
    let server = TestServer::start().await;
    for path in DOCUMENTS {
        let get = server
            .request("GET", path)
            .header("origin", "https://app.test")
            .send()
            .await;
        assert_eq!(get.header("access-control-allow-origin"), "*");
        assert!(!get.headers.contains_key("access-control-allow-credentials"));
        let preflight = server
            .request("OPTIONS", path)
            .header("origin", "https://app.test");
        let preflight = preflight
            .header("access-control-request-method", "GET")
            .send()
            .await;
        assert_eq!((preflight.status.as_u16(), preflight.body.len()), (204, 0));
        assert_eq!(preflight.header("access-control-allow-origin"), "*");
        assert_eq!(
            preflight.header("access-control-allow-methods"),
            "GET, HEAD"
        );
    }
}

/// MD-04, JK-04
#[tokio::test]
async fn who_has_a_document_is_told_so() {
    let server = TestServer::start().await;
    for path in DOCUMENTS {
        let first = server.get(path).await;
        let etag = first.header("etag").to_owned();
        assert!(etag.starts_with('"'), "{etag}");
        let again = server
            .request("GET", path)
            .header("if-none-match", &etag)
            .send()
            .await;
        assert_eq!(
            (again.status.as_u16(), again.body.len()),
            (304, 0),
            "{path}"
        );
        for name in ["etag", "cache-control", "access-control-allow-origin"] {
            assert_eq!(again.header(name), first.header(name), "{path}");
        }
        let stale = server
            .request("GET", path)
            .header("if-none-match", "\"x\"")
            .send()
            .await;
        assert_eq!(stale.parts(), first.parts());
    }
    let before = server.get(METADATA).await.header("etag").to_owned();
    server.api("urn:new", "new").await;
    let after = server
        .request("GET", METADATA)
        .header("if-none-match", &before)
        .send()
        .await;
    assert_eq!(after.status, 200, "a changed document is sent");
}

/// JK-01, JK-02, JK-04, JK-05, AT-11, D11
#[tokio::test]
async fn the_key_set_verifies_tokens_and_shows_nothing_private() {
    let server = TestServer::start().await;
    server.api("urn:api", "read").await;
    let client = server.client("c").await.granted("urn:api", "read").await;
    let token = client.request_token("").await.assert_issued();

    let reply = server.get(KEYS).await;

    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(
        reply.header("cache-control"),
        "public, max-age=300, stale-if-error=86400"
    );
    assert_eq!(reply.header("vary"), "Accept");
    let set = reply.json();
    let keys = set["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    let key = &keys[0];
    assert_eq!(key["kid"], thumbprint(key).unwrap());
    assert_eq!((&key["use"], &key["alg"]), (&json!("sig"), &json!("ES256")));
    assert!(
        ["d", "k", "p", "q", "dp", "dq", "qi"]
            .iter()
            .all(|name| key.get(name).is_none())
    );
    let verifier = Verifier::from_jwk(key).unwrap();
    assert!(verifier.verify_any_typ(&token.text).is_ok());
    let asked = server
        .request("GET", KEYS)
        .header("accept", "application/jwk-set+json");
    let asked = asked.send().await;
    assert_eq!(asked.header("content-type"), "application/jwk-set+json");
    assert_eq!(asked.body, reply.body);
}

fn ids(set: &Value) -> Vec<String> {
    let keys = set["keys"].as_array().unwrap();
    keys.iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

/// JK-03, AT-01
#[tokio::test]
async fn a_new_key_is_published_before_it_signs_and_the_old_one_until_it_is_not_needed() {
    let server = TestServer::start().await;
    server.api("urn:api", "read").await;
    let client = server.client("c").await.granted("urn:api", "read").await;
    let signed_by = async || {
        let token = client.request_token("").await.assert_issued();
        token.header["kid"].as_str().unwrap().to_owned()
    };
    let old = signed_by().await;

    let generate = GenerateKey {
        algorithm: Algorithm::Es256,
        when: When::Soon,
    };
    let new = server.run(generate).await;

    let new = ids(&server.get(KEYS).await.json())
        .into_iter()
        .find(|id| *id != old)
        .unwrap_or_else(|| panic!("{new:?} is not published"));
    assert_eq!(signed_by().await, old);
    server.advance(Span::minutes(10)).await;
    assert_eq!(signed_by().await, new);
    let published = ids(&server.get(KEYS).await.json());
    assert!(published.contains(&old) && published.contains(&new));
    server.advance(Span::hours(3)).await;
    assert_eq!(ids(&server.get(KEYS).await.json()), [new]);
}

/// JK-03: in an emergency a key is gone at once and another signs.
#[tokio::test]
async fn a_revoked_key_is_gone_at_once() {
    let server = TestServer::start().await;
    server.api("urn:api", "read").await;
    let client = server.client("c").await.granted("urn:api", "read").await;
    let old = client.request_token("").await.assert_issued().header["kid"].clone();

    let key = old.as_str().unwrap().parse().unwrap();
    server.run(RevokeKey { key }).await;

    let published = ids(&server.get(KEYS).await.json());
    assert!(!published.iter().any(|id| *id == old));
    let token = client.request_token("").await.assert_issued();
    assert!(published.iter().any(|id| *id == token.header["kid"]));
}

#[tokio::test]
async fn who_fetched_which_keys_is_on_record() {
    let server = TestServer::start().await;
    let request = server
        .request("GET", KEYS)
        .header("user-agent", "validator/2");
    let set = request.send().await.json();
    server.request("HEAD", KEYS).send().await;
    server.get(METADATA).await;

    let tally = server.app.usage(UsageOf::KeyFetches).await.unwrap();

    let fetches: Vec<_> = tally.fetches.values().collect();
    assert_eq!(fetches.len(), 1);
    assert_eq!(fetches[0].count, 1);
    assert_eq!(fetches[0].newest.as_str(), ids(&set)[0]);
    assert_eq!(fetches[0].agent.as_deref(), Some("validator/2"));
}
