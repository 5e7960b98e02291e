//! A client registers itself: with a token, within what that allows, once for each use.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::Method;
use jeton::{domain::profile::Profile, oauth::reason::ErrorCode};
use serde_json::{Value, json};

use super::World;
use crate::harness::server::{START, TestServer};

fn jwk() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
}

/// MD-08
#[tokio::test]
async fn where_it_is_off_there_is_no_endpoint_and_nobody_speaks_of_one() {
    let off = TestServer::start().await;
    let on = TestServer::with_registration().await;

    for method in ["POST", "GET", "PUT", "DELETE", "OPTIONS"] {
        for path in ["/oauth2/register", "/oauth2/register/a"] {
            let reply = off.request(method, path).send().await;
            assert_eq!(reply.status, 404, "{method} {path}");
        }
    }
    assert!(
        off.get("/.well-known/oauth-authorization-server")
            .await
            .json()
            .get("registration_endpoint")
            .is_none()
    );
    assert_eq!(
        on.get("/.well-known/oauth-authorization-server")
            .await
            .json()["registration_endpoint"],
        "https://as.test/oauth2/register"
    );
}

/// DCR-03, DCR-05
#[tokio::test]
async fn a_client_is_told_all_that_is_registered_and_gets_tokens() {
    let world = World::new().await;

    let it = world
        .register(json!({ "client_name": "Runner 7", "scope": "read", "contacts": ["ci@e.test"] }))
        .await;

    let mut told = it.0.clone();
    for name in ["client_id", "client_secret", "registration_access_token"] {
        assert!(told[name].is_string(), "{name}");
        told.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(
        told,
        json!({
            "client_id_issued_at": START.0,
            "client_name": "Runner 7",
            "client_secret_expires_at": 0,
            "contacts": ["ci@e.test"],
            "dpop_bound_access_tokens": false,
            "grant_types": ["client_credentials"],
            "registration_client_uri": format!("https://as.test/oauth2/register/{}", it.id()),
            "response_types": [],
            "scope": "read",
            "tls_client_certificate_bound_access_tokens": false,
            "token_endpoint_auth_method": "client_secret_basic",
        })
    );
    let client = world.client(&it);
    assert_eq!(
        client.request_token("read").await.assert_issued().scope,
        "read"
    );
    client
        .request_token("list")
        .await
        .assert_refused(ErrorCode::InvalidScope);
}

/// G20, DCR-03
#[tokio::test]
async fn a_client_with_a_key_gets_no_secret() {
    let world = World::new().await;

    let it = world
        .register(json!({
            "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": { "keys": [jwk()] },
            "scope": "read",
        }))
        .await;

    assert_eq!(it.0["jwks"]["keys"][0], jwk());
    assert_eq!(it.0["token_endpoint_auth_method"], "private_key_jwt");
    for absent in ["client_secret", "client_secret_expires_at", "jwks_uri"] {
        assert!(it.0.get(absent).is_none(), "{absent}");
    }
}

#[tokio::test]
async fn a_client_registers_where_its_keys_are_or_its_certificate() {
    let world = World::new().await;
    let made = rcgen::generate_simple_self_signed(vec!["svc.example".to_owned()]).unwrap();
    let der = STANDARD.encode(made.cert.der());
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x5c": [der] });

    let remote = world
        .register(json!({
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": "https://svc.example/jwks",
        }))
        .await;
    let pinned = world
        .register(json!({
            "token_endpoint_auth_method": "self_signed_tls_client_auth",
            "jwks": { "keys": [jwk] },
            "tls_client_certificate_bound_access_tokens": true,
        }))
        .await;

    assert_eq!(remote.0["jwks_uri"], "https://svc.example/jwks");
    assert_eq!(pinned.0["jwks"]["keys"][0], jwk);
    assert_eq!(pinned.0["tls_client_certificate_bound_access_tokens"], true);
    assert!(pinned.0.get("scope").is_none(), "none was asked for");
}

/// CM-04
#[tokio::test]
async fn a_client_registers_the_keys_that_it_makes_its_certificates_with() {
    let world = World::new().await;
    let method = "self_signed_tls_client_auth";

    let told = world
        .register(json!({ "token_endpoint_auth_method": method, "jwks": { "keys": [jwk()] } }))
        .await;
    let published = world
        .register(json!({
            "token_endpoint_auth_method": method,
            "jwks_uri": "https://svc.example/jwks",
        }))
        .await;

    assert_eq!(told.0["token_endpoint_auth_method"], method);
    assert_eq!(told.0["jwks"]["keys"][0], jwk());
    assert_eq!(published.0["token_endpoint_auth_method"], method);
    assert_eq!(published.0["jwks_uri"], "https://svc.example/jwks");
    assert!(published.0.get("jwks").is_none());
}

/// DCR-01, H-18
#[tokio::test]
async fn without_a_token_that_counts_nobody_registers() {
    let world = World::new().await;
    let good = world.token.clone();
    let spent = world.make_token(json!({ "limit": 1 })).await;
    assert_eq!(world.post(&spent, &json!({})).await.status, 201);
    let late = world.make_token(json!({ "expires_in": "1m" })).await;
    let it = world.register(json!({})).await;

    let none = world
        .call((Method::POST, "/oauth2/register"), None, Some(&json!({})))
        .await;
    none.assert_error(401, ErrorCode::InvalidToken);
    assert_eq!(
        none.header("www-authenticate"),
        "Bearer realm=\"https://as.test\""
    );

    world
        .server
        .advance(jeton::domain::time::Span::minutes(1))
        .await;
    let mut other = good.clone();
    other.replace_range(20..21, if &good[20..21] == "a" { "b" } else { "a" });
    for token in [
        spent.as_str(),
        &late,
        &other,
        "x",
        "",
        it.access(),
        &it.access().replace("jtm", "jtr"),
    ] {
        let reply = world.post(token, &json!({})).await;
        reply.assert_error(401, ErrorCode::InvalidToken);
        assert_eq!(
            reply.header("www-authenticate"),
            "Bearer realm=\"https://as.test\", error=\"invalid_token\"",
            "{token}"
        );
    }
    let basic = world.server.request("POST", "/oauth2/register");
    let basic = basic
        .header("authorization", &format!("Basic {good}"))
        .header("content-type", "application/json")
        .body("{}");
    assert_eq!(basic.send().await.status, 401);
    let twice = world.server.request("POST", "/oauth2/register");
    let twice = twice
        .header("authorization", &format!("Bearer {good}"))
        .header("authorization", &format!("Bearer {good}"))
        .header("content-type", "application/json")
        .body("{}");
    twice
        .send()
        .await
        .assert_error(400, ErrorCode::InvalidRequest);
}

/// DCR-02, H-01
#[tokio::test]
async fn only_an_object_of_json_is_read() {
    let world = World::new().await;
    let token = world.token.clone();
    let send = async |kind: Option<&str>, body: &'static [u8]| {
        let mut request = world.server.request("POST", "/oauth2/register");
        request = request.header("authorization", &format!("Bearer {token}"));
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        request.body(body).send().await
    };

    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
    ] {
        let reply = send(kind, b"{}").await;
        reply.assert_error(415, ErrorCode::InvalidRequest);
        assert_eq!(reply.header("accept"), "application/json");
    }
    for body in [
        &b""[..],
        b"null",
        b"[]",
        b"\"a\"",
        b"{",
        b"{\"a\":1,\"a\":2}",
        b"{\"client_name\":\"\xff\"}",
    ] {
        let reply = send(Some("application/json"), body).await;
        reply.assert_error(400, ErrorCode::InvalidClientMetadata);
    }
    assert_eq!(
        send(Some("Application/JSON; charset=utf-8"), b"{}")
            .await
            .status,
        201
    );
    for method in ["GET", "PUT", "DELETE", "HEAD"] {
        let reply = world
            .server
            .request(method, "/oauth2/register")
            .send()
            .await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("allow")),
            (405, "POST, OPTIONS")
        );
    }
}

/// DCR-04, DCR-05, DCR-07, DCR-08, DCR-09
#[tokio::test]
async fn what_a_client_cannot_be_is_refused_and_changes_nothing() {
    let world = World::new().await;
    let token = world.token.clone();
    let private = json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    });
    let before = world.server.app.registry_arc();

    for body in [
        json!({ "grant_types": ["authorization_code"] }),
        json!({ "grant_types": "client_credentials" }),
        json!({ "response_types": ["code"] }),
        json!({ "token_endpoint_auth_method": "none" }),
        json!({ "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "a.test" }),
        json!({ "token_endpoint_auth_method": "private_key_jwt" }),
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [private] } }),
        json!({ "jwks": { "keys": [jwk()] }, "jwks_uri": "https://a.test/jwks" }),
        json!({ "scope": "read write" }),
        json!({ "scope": "clients:read" }),
        json!({ "jwks_uri": "http://169.254.169.254/" }),
        json!({ "logo_uri": "http://a.test/logo.png" }),
        json!({ "client_name": "a\u{202e}b" }),
        json!({ "client_name": "\"\\<script>é\r\nx" }),
    ] {
        let reply = world.post(&token, &body).await;
        reply.assert_error(400, ErrorCode::InvalidClientMetadata);
    }
    let stated = json!({ "software_statement": "a.b.c" });
    world
        .post(&token, &stated)
        .await
        .assert_error(400, ErrorCode::InvalidSoftwareStatement);
    assert_eq!(world.server.app.registry_arc(), before);
}

/// FP-01, MD-08
#[tokio::test]
async fn a_strict_server_registers_nobody_who_would_get_no_token() {
    let server = TestServer::with_registration_under(Profile::Fapi2).await;
    let world = World::on(server).await;

    let by_default = world.post(&world.token, &json!({})).await;
    by_default.assert_error(400, ErrorCode::InvalidClientMetadata);
    let key = json!({
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": { "keys": [jwk()] },
    });
    assert_eq!(world.post(&world.token, &key).await.status, 201);
}

/// DCR-01
#[tokio::test]
async fn of_many_that_come_at_once_with_one_use_left_exactly_one_is_registered() {
    let world = World::new().await;
    let token = world.make_token(json!({ "limit": 1 })).await;
    let body = json!({ "client_name": "racer" });

    let post = || world.post(&token, &body);
    let (a, b, c, d) = tokio::join!(post(), post(), post(), post());

    let replies = [a, b, c, d];
    let made = replies.iter().filter(|it| it.status == 201).count();
    let refused = replies.iter().filter(|it| it.status == 401).count();
    assert_eq!((made, refused), (1, 3));
    let registry = world.server.app.registry_arc();
    assert_eq!(
        registry
            .clients()
            .filter(|it| it.name.as_str() == "racer")
            .count(),
        1
    );
}
