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
