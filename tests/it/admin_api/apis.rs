//! APIs, their scopes and their keys.

use jeton::domain::time::Span;
use serde_json::{Value, json};

use crate::harness::server::{START, TestServer};

#[tokio::test]
async fn an_api_lives_from_definition_to_removal() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let body = json!({
        "identifier": "urn:a", "name": "A", "token_lifetime": "2h", "algorithm": "EdDSA",
        "scopes": [{"name": "read", "description": "Read it", "sensitive": true}],
    });

    let made = owner.post("/apis", body).await.json();
    assert_eq!(
        made,
        json!({
            "identifier": "urn:a", "name": "A", "description": "", "status": "active",
            "algorithm": "EdDSA", "token_lifetime": 7200, "token_format": "jwt",
            "scopes": [{"name": "read", "description": "Read it", "sensitive": true, "deprecated": false}],
            "clients": 0, "created_at": START.to_string(), "built_in": false,
            "revision": made["revision"],
        })
    );
    let edit = json!({"name": "B", "description": "x", "token_lifetime": 60, "algorithm": "ES256"});
    let edited = owner.patch("/apis/urn%3Aa", edit).await.json();
    assert_eq!(
        (&edited["name"], &edited["algorithm"]),
        (&json!("B"), &json!("ES256"))
    );
    let off = owner.post("/apis/urn%3Aa/disable", json!({})).await.json();
    assert_eq!(off["status"], "disabled");
    let on = owner.post("/apis/urn%3Aa/enable", json!({})).await.json();
    assert_eq!(on["status"], "active");
    owner.delete("/apis/urn%3Aa").await.assert_status(204);
    owner.get("/apis/urn%3Aa").await.assert_status(404);
    let admin = owner.read("/apis/urn%3Ajeton%3Aadmin").await;
    assert_eq!(admin["built_in"], true);
}

#[tokio::test]
async fn a_shared_key_verifies_what_jeton_signs_with_it() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let api = json!({"identifier": "urn:hs", "name": "HS", "algorithm": "HS256", "scopes": [{"name": "a"}]});
    let made = owner.post("/apis", api).await.json();
    let client = server.client("c").await.granted("urn:hs", "a").await;
    let verifies = |key: &Value, token: &str| {
        let key = jsonwebtoken::DecodingKey::from_base64_secret(&padded(key.as_str().unwrap()));
        let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
        rules.validate_exp = false;
        rules.set_audience(&["urn:hs"]);
        jsonwebtoken::decode::<Value>(token, &key.unwrap(), &rules).is_ok()
    };

    let token = client.request_token("").await.assert_issued().text;
    assert!(verifies(&made["shared_key"], &token));
    let rekeyed = owner.post("/apis/urn%3Ahs/rekey", json!({})).await.json();
    let token = client.request_token("").await.assert_issued().text;
    assert!(!verifies(&made["shared_key"], &token));
    assert!(verifies(&rekeyed["shared_key"], &token));
    let shown = owner.read("/apis/urn%3Ahs").await;
    assert_eq!(shown["shared_key_id"], rekeyed["shared_key_id"]);
    assert_eq!(shown.get("shared_key"), None);
    let edited = owner
        .patch("/apis/urn%3Ahs", json!({"algorithm": "ES256"}))
        .await
        .json();
    assert_eq!(edited.get("shared_key_id"), None);
}

/// The base64 that the library reads from base64url.
fn padded(text: &str) -> String {
    let standard = text.replace('-', "+").replace('_', "/");
    format!("{standard}{}", "=".repeat((4 - standard.len() % 4) % 4))
}

#[tokio::test]
async fn scopes_are_added_edited_deprecated_and_removed() {
    let server = TestServer::start().await;
    let owner = server.owner();
    owner.shop().await;
    let scopes = "/apis/urn%3Ashop/scopes";

    let made = owner
        .post(scopes, json!({"name": "list", "description": "List"}))
        .await;
    made.assert_status(201);
    assert_eq!(
        made.header("location"),
        "/admin/v1/apis/urn%3Ashop/scopes/list"
    );
    let list = format!("{scopes}/list");
    let edit = json!({"description": null, "sensitive": true, "deprecated": true});
    let edited = owner.patch(&list, edit).await.json();
    assert_eq!(
        edited,
        json!({"name": "list", "description": "", "sensitive": true, "deprecated": true})
    );
    let grants = json!([{"api": "urn:shop", "scopes": ["list"]}]);
    let refused = owner
        .post("/clients", json!({"name": "x", "grants": grants}))
        .await;
    refused
        .assert_status(422)
        .assert_problem("invalid", &["grants.urn:shop"]);
    assert_eq!(
        owner.read(scopes).await["data"].as_array().unwrap().len(),
        3
    );
    owner.delete(&list).await.assert_status(204);
    assert_eq!(
        owner.read(scopes).await["data"].as_array().unwrap().len(),
        2
    );
}

#[tokio::test]
async fn keys_are_generated_brought_forward_and_revoked() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let first = owner.read("/keys").await["data"][0].clone();
    assert_eq!(first["age"], "active");
    assert!(first["public_jwk"]["x"].is_string() && first["public_jwk"].get("d").is_none());

    let next = owner.post("/keys", json!({"when": "scheduled"})).await;
    next.assert_status(201);
    let next = next.json();
    let path = format!("/keys/{}", next["kid"].as_str().unwrap());
    assert_eq!(next["age"], "pending");
    assert_eq!(next["active_from"], START.plus(Span::days(7)).to_string());
    let soon = owner
        .post(&format!("{path}/activate"), json!({"when": "soon"}))
        .await
        .json();
    assert_eq!(
        soon["active_from"],
        START.plus(Span::minutes(10)).to_string()
    );
    let first_path = format!("/keys/{}", first["kid"].as_str().unwrap());
    let early = owner.post(&format!("{first_path}/retire"), json!({})).await;
    early.assert_status(409).assert_problem("conflict", &[]);

    let revoked = owner
        .post(&format!("{first_path}/revoke"), json!({}))
        .await
        .json();
    assert_eq!(
        (&revoked["age"], &revoked["public_jwk"]),
        (&json!("revoked"), &Value::Null)
    );
    assert_eq!(revoked["replaced_by"], next["kid"]);
    assert_eq!(owner.read(&path).await["age"], "active");
    let jwks = server.get("/oauth2/jwks").await.json();
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 1);
    assert_eq!(jwks["keys"][0]["kid"], next["kid"]);
}
