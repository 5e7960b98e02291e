//! Clients, grants, APIs, scopes, keys, operators, usage, the server: from first to last.

use jeton::domain::time::Span;
use serde_json::{Value, json};

use crate::harness::server::{START, TestServer};

#[tokio::test]
async fn a_client_is_shown_as_it_is() {
    let server = TestServer::start().await;
    let owner = server.owner();
    owner.shop().await;
    let body = json!({
        "name": " Report Service ", "client_id": "report", "description": "Reads", "owner": "Ana",
        "grants": [{"api": "urn:shop", "scopes": ["write", "read"]}],
        "default_scopes": ["read"], "token_lifetime": "5m",
        "secret": {"expires_in": "90d", "note": "vault"},
    });

    let made = owner.post("/clients", body).await;

    made.assert_status(201);
    assert_eq!(made.header("location"), "/admin/v1/clients/report");
    let mut view = owner.read("/clients/report").await;
    assert_eq!(made.header("etag"), format!("\"{}\"", view["revision"]));
    let secret = view["secrets"][0].take();
    let created_by = format!("local:{}", rustix::process::geteuid().as_raw());
    assert_eq!(
        secret,
        json!({
            "secret_id": made.json()["secret_id"], "status": "active", "kind": "generated", "method": "client_secret",
            "created_at": START.to_string(), "created_by": created_by,
            "expires_at": START.plus(Span::days(90)).to_string(), "note": "vault",
            "ended_at": null, "undo_until": null, "retiring": null, "last_used": null,
            "advice": "Never used.",
        })
    );
    assert_eq!(
        view,
        json!({
            "client_id": "report", "name": "Report Service", "description": "Reads",
            "owner": "Ana", "status": "active", "created_at": START.to_string(),
            "token_lifetime": 300, "grants": [{"api": "urn:shop", "scopes": ["read", "write"]}],
            "default_scopes": ["read"], "secrets": [null], "introspects": [], "token_binding": "optional", "last_used_at": null,
            "revision": view["revision"],
        })
    );
}

#[tokio::test]
async fn a_client_lives_from_registration_to_removal() {
    let server = TestServer::start().await;
    let owner = server.owner();
    owner
        .post("/clients", json!({"name": "A", "client_id": "a"}))
        .await
        .assert_status(201);

    let edit = json!({"name": "B", "owner": "Ana", "token_lifetime": 60, "description": "x"});
    let edited = owner.patch("/clients/a", edit).await.json();
    assert_eq!(
        (&edited["name"], &edited["token_lifetime"]),
        (&json!("B"), &json!(60))
    );
    let cleared = json!({"owner": null, "token_lifetime": null});
    let cleared = owner.patch("/clients/a", cleared).await.json();
    assert_eq!(
        (&cleared["owner"], &cleared["token_lifetime"]),
        (&json!(""), &Value::Null)
    );
    assert_eq!(cleared["description"], "x");
    let disabled = owner.post("/clients/a/disable", json!({})).await.json();
    assert_eq!(disabled["status"], "disabled");
    assert_eq!(disabled["disabled_at"], START.to_string());
    let enabled = owner.call("POST", "/clients/a/enable").send().await.json();
    assert_eq!(
        (&enabled["status"], enabled.get("disabled_at")),
        (&json!("active"), None)
    );
    owner.delete("/clients/a").await.assert_status(204);
    owner.get("/clients/a").await.assert_status(404);
    let again = owner
        .post("/clients", json!({"name": "A", "client_id": "a"}))
        .await;
    again.assert_status(409).assert_problem("conflict", &[]);
}

#[tokio::test]
async fn ids_with_slashes_spaces_and_percent_signs_are_addressed_as_they_are() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let api = json!({"identifier": "https://x.test/v1?a=%41", "name": "X", "scopes": [{"name": "a/b%?"}]});
    let made = owner.post("/apis", api).await;
    assert_eq!(
        made.header("location"),
        "/admin/v1/apis/https%3A%2F%2Fx.test%2Fv1%3Fa%3D%2541"
    );
    let client = owner
        .post(
            "/clients",
            json!({"name": "A", "client_id": "a b/c?d#e%2F"}),
        )
        .await;
    let client = client
        .header("location")
        .strip_prefix("/admin/v1")
        .unwrap()
        .to_owned();

    let grant = format!("{client}/grants/https%3A%2F%2Fx.test%2Fv1%3Fa%3D%2541");
    owner
        .put(&grant, json!({"scopes": ["a/b%?"]}))
        .await
        .assert_status(200);

    let view = owner.read(&client).await;
    assert_eq!(view["client_id"], "a b/c?d#e%2F");
    assert_eq!(view["grants"][0]["api"], "https://x.test/v1?a=%41");
    let scope = "/apis/https%3A%2F%2Fx.test%2Fv1%3Fa%3D%2541/scopes/a%2Fb%25%3F";
    owner
        .patch(scope, json!({"deprecated": true}))
        .await
        .assert_status(200);
    owner.delete(&grant).await.assert_status(204);
    owner.delete(scope).await.assert_status(204);
}

#[tokio::test]
async fn grants_are_set_shown_and_withdrawn() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let client = owner.shop().await;
    let path = format!("/clients/{}", client["client_id"].as_str().unwrap());
    owner
        .patch(&path, json!({"default_scopes": ["read", "write"]}))
        .await
        .assert_status(200);
    let grants = format!("{path}/grants");

    let set = owner
        .put(&format!("{grants}/urn%3Ashop"), json!({"scopes": ["read"]}))
        .await
        .json();
    assert_eq!(
        set["data"],
        json!([{"api": "urn:shop", "scopes": ["read"]}])
    );
    assert_eq!(owner.read(&grants).await, set);
    assert_eq!(owner.read(&path).await["default_scopes"], json!(["read"]));
    owner
        .delete(&format!("{grants}/urn%3Ashop"))
        .await
        .assert_status(204);
    assert_eq!(owner.read(&grants).await["data"], json!([]));
    assert_eq!(owner.read(&path).await["default_scopes"], json!([]));
}

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

#[tokio::test]
async fn operators_are_known_by_id_and_by_address() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let ana = json!({"email": "Ana@Example.com", "name": "Ana", "role": "owner"});

    let made = owner.post("/operators", ana).await;
    made.assert_status(201);
    let made = made.json();
    let by_id = format!("/operators/{}", made["id"].as_str().unwrap());
    let by_email = "/operators/ana%40example.com";
    assert_eq!(owner.read(&by_id).await, owner.read(by_email).await);
    assert_eq!(
        (&made["role"], &made["has_password"]),
        (&json!("owner"), &json!(false))
    );
    let password = json!({"password": "vier müde Igel im Laub"});
    let set = owner
        .put(&format!("{by_email}/password"), password)
        .await
        .json();
    assert_eq!(set["has_password"], true);
    for refused in [
        owner.post(&format!("{by_email}/disable"), json!({})).await,
        owner.patch(by_email, json!({"role": "admin"})).await,
        owner.delete(by_email).await,
    ] {
        refused.assert_status(409).assert_problem("conflict", &[]);
    }
    let bob = json!({"email": "bob@example.com", "name": "Bob", "role": "owner"});
    owner.post("/operators", bob).await.assert_status(201);
    let disabled = owner
        .post(&format!("{by_email}/disable"), json!({}))
        .await
        .json();
    assert_eq!(disabled["status"], "disabled");
    owner
        .post(&format!("{by_email}/enable"), json!({}))
        .await
        .assert_status(200);
    let edited = owner
        .patch(by_email, json!({"role": "viewer", "name": "A"}))
        .await
        .json();
    assert_eq!(
        (&edited["role"], &edited["name"]),
        (&json!("viewer"), &json!("A"))
    );
    owner.delete(&by_id).await.assert_status(204);
    owner.get(by_email).await.assert_status(404);
}

#[tokio::test]
async fn usage_tells_who_asked_for_what_from_where() {
    let server = TestServer::start().await;
    let owner = server.owner();
    server.api("urn:shop", "read write").await;
    let client = server
        .client("c")
        .await
        .granted("urn:shop", "read write")
        .await;
    client.request_token("read").await.assert_issued();
    client.with_secret("wrong").request_token("").await;
    server.stranger().request_token("").await;
    server.get("/oauth2/jwks").await;

    let usage = owner.read("/clients/c/usage").await;
    assert_eq!(usage["scopes"][0]["scope"], "read");
    assert_eq!(usage["scopes"][0]["named_30d"], 1);
    assert_eq!(usage["scopes"][0]["last_asked_on"], "2027-01-15");
    assert_eq!(usage["unused"][0]["scope"], "write");
    assert_eq!(usage["refused"][0]["address"], "192.0.2.7");
    let days = usage["days"].as_array().unwrap();
    assert_eq!(days.len(), 2, "with the secret, and with none: {usage}");
    assert!(
        days.iter()
            .all(|day| day["date"] == "2027-01-15" && day["hours"][0]["hour"] == 8)
    );
    let all = owner.read("/usage").await;
    assert_eq!(all["days"][0]["hours"][0]["issued"], 1);
    assert_eq!(all["days"][0]["hours"][0]["refused"]["unknown_client"], 1);
    assert_eq!(all["unknown"][0]["address"], "192.0.2.7");
    let fetches = owner.read("/usage/jwks").await;
    assert_eq!(fetches["data"][0]["address"], "192.0.2.7");
    assert_eq!(
        fetches["data"][0]["newest_kid"],
        owner.read("/keys").await["data"][0]["kid"]
    );
}

#[tokio::test]
async fn the_server_tells_what_it_is() {
    let server = TestServer::start().await;
    let owner = server.owner();
    owner.shop().await;

    let view = owner.read("/server").await;

    assert_eq!(view["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        (&view["issuer"], &view["ready"]),
        (&json!("https://as.test"), &json!("ready"))
    );
    assert_eq!((&view["clients"], &view["format"]), (&json!(1), &json!(6)));
    assert_eq!(view["started_at"], START.to_string());
    assert_eq!(view["revision"], server.app.registry().revision().0);
    assert!(!view["master_key_id"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn a_backup_is_made_where_the_server_is_and_only_from_there() {
    let server = TestServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    let body = json!({"path": path});
    let program = server.deployer().await.managing("backup:read").await;

    let refused = program.post("/server/backup", body.clone()).await;
    refused.assert_status(403).assert_problem("forbidden", &[]);
    assert!(!path.exists());
    let made = server.owner().post("/server/backup", body.clone()).await;
    made.assert_status(200);
    assert_eq!(
        made.json()["bytes"],
        std::fs::metadata(&path).unwrap().len()
    );
    let twice = server.owner().post("/server/backup", body).await;
    assert!(!twice.status.is_success(), "{twice:?}");
    let last = server.owner().read("/audit?limit=1").await;
    assert_eq!(last["data"][0]["action"], "server.backup");
}
