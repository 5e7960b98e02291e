//! Nothing that is secret leaves twice: not in a list, not in a problem, not in the audit log.

use serde_json::json;

use crate::harness::server::TestServer;

const CHOSEN: &str = "canary-chosen-secret-of-a-client";
const PASSWORD: &str = "canary password of an operator";

/// AD-08
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story")]
async fn no_answer_but_the_first_holds_a_secret() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let hs = json!({"identifier": "urn:hs", "name": "HS", "algorithm": "HS256"});
    let shared = owner.post("/apis", hs).await.json()["shared_key"].clone();
    let made = owner.shop().await;
    let id = made["client_id"].as_str().unwrap();
    let client = format!("/clients/{id}");
    let offered = owner
        .post(&format!("{client}/handovers"), json!({}))
        .await
        .json();
    let link = offered["link"].as_str().unwrap();
    let (_, link) = link.rsplit_once('/').unwrap();
    let registering = json!({"expires_in": "1h"});
    let registering = owner.post("/registration-tokens", registering).await.json();
    let rotated = owner
        .post(
            &format!("{client}/secrets/rotate"),
            json!({"value": CHOSEN}),
        )
        .await;
    rotated.assert_status(201);
    let person =
        json!({"email": "ana@example.com", "name": "Ana", "role": "admin", "password": PASSWORD});
    owner.post("/operators", person).await.assert_status(201);
    let deployer = server.deployer().await;
    let token = deployer.admin_token("clients:read").await;
    server
        .bearing(&token)
        .get("/clients")
        .await
        .assert_status(200);
    let canaries = [
        shared.as_str().unwrap(),
        made["client_secret"].as_str().unwrap(),
        link,
        registering["token"].as_str().unwrap(),
        CHOSEN,
        PASSWORD,
        deployer.secret.as_str(),
        token.as_str(),
        "$argon2",
        "PRIVATE",
        "\"d\":",
    ];

    let mut texts = Vec::new();
    let document = owner.read("/openapi.json").await;
    let key = owner.read("/keys").await["data"][0]["kid"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut reads = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        if item.get("get").is_none() {
            continue;
        }
        reads += 1;
        let path = path
            .replace("{client_id}", id)
            .replace("{secret_id}", made["secret_id"].as_str().unwrap())
            .replace("{handover_id}", offered["id"].as_str().unwrap())
            .replace("{token_id}", registering["id"].as_str().unwrap())
            .replace("{api}", "urn%3Ahs")
            .replace("{kid}", &key)
            .replace("{operator}", "ana%40example.com");
        let reply = owner.get(&path).await;
        reply.assert_status(200);
        texts.push(format!("{path} {reply:?}"));
    }
    assert!(reads > 15, "{reads}");
    texts.push(format!("{:?}", owner.list("/audit", 200).await));
    for (path, body) in [
        (
            "/clients".to_owned(),
            json!({"name": "", "secret": {"value": CHOSEN, "note": PASSWORD.repeat(20)}}),
        ),
        (
            "/clients".to_owned(),
            json!({"name": "x", "secret": {"value": CHOSEN, "valu": CHOSEN}}),
        ),
        (
            "/clients".to_owned(),
            json!({"name": "x", "secret": {"value": {"oops": CHOSEN}}}),
        ),
        (
            "/clients".to_owned(),
            json!({"name": "x", "secret": {"expires_in": CHOSEN}}),
        ),
        (
            format!("{client}/secrets/rotate"),
            json!({"value": CHOSEN, "if_used": PASSWORD}),
        ),
        (
            "/operators".to_owned(),
            json!({"email": PASSWORD, "password": PASSWORD}),
        ),
        (
            "/operators".to_owned(),
            json!({"email": "x", "password": [PASSWORD]}),
        ),
    ] {
        let reply = owner.post(&path, body).await;
        assert!(reply.status.is_client_error(), "{reply:?}");
        texts.push(format!("{path} {reply:?}"));
    }
    texts.push(format!(
        "{:?}",
        server.bearing(&format!("{token}x")).get("/clients").await
    ));

    for text in &texts {
        for canary in canaries {
            assert!(!text.contains(canary), "{canary} in {text}");
        }
    }
}

#[tokio::test]
async fn nothing_is_kept_by_a_cache() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let made = owner
        .post("/clients", json!({"name": "A", "client_id": "a"}))
        .await;

    for reply in [
        made,
        owner.get("/clients").await,
        owner.get("/clients/a").await,
        owner.get("/nothing").await,
        owner.get("/openapi.json").await,
        owner.call("OPTIONS", "/clients").send().await,
        owner.delete("/clients/a").await,
        server.unknown().get("/clients").await,
    ] {
        assert_eq!(reply.header("cache-control"), "no-store", "{reply:?}");
        assert!(!reply.header("x-request-id").is_empty());
        assert!(!reply.headers.contains_key("access-control-allow-origin"));
    }
}
