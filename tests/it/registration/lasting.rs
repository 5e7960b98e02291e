//! What is kept of a registration: enough to go on after a restart, and nothing that lets anybody in.

use jeton::domain::audit::AuditPage;
use serde_json::{Value, json};

use super::World;
use crate::harness::{curl::curl, process::ServerProcess};

#[tokio::test]
async fn no_token_and_no_secret_is_anywhere_but_in_its_answer() {
    let world = World::new().await;
    let it = world
        .register(json!({ "client_name": "Runner", "scope": "read" }))
        .await;
    let body = json!({ "client_id": it.id(), "scope": "list" });
    let replaced = world
        .manage(http::Method::PUT, &it, Some(&body))
        .await
        .json();
    let canaries = [
        world.token.as_str(),
        it.access(),
        it.text("client_secret"),
        replaced["registration_access_token"].as_str().unwrap(),
    ];

    let owner = world.server.owner();
    let page = AuditPage {
        limit: 100,
        ..AuditPage::default()
    };
    let audit = world.server.app.audit(page).await.unwrap();
    let texts = [
        format!("{:?}", owner.get(&format!("/clients/{}", it.id())).await),
        format!("{:?}", owner.get("/clients").await),
        format!("{:?}", owner.get("/registration-tokens").await),
        format!("{:?}", owner.get("/audit").await),
        format!("{:?}", world.server.app.registry_arc()),
        format!("{audit:?}"),
    ];

    for text in &texts {
        for canary in canaries {
            // The public part stands in both; what is secret follows it.
            let secret = canary.rsplit_once('_').unwrap().1;
            assert!(!text.contains(secret), "{canary} in {text}");
        }
    }
    let actors: Vec<_> = audit.iter().map(|it| it.entry.actor.as_str()).collect();
    let token_id = world.token.split('_').nth(1).unwrap();
    assert!(
        actors.contains(&&*format!("registration_token:{token_id}")),
        "{actors:?}"
    );
    assert!(
        actors.contains(&&*format!("registered_client:{}", it.id())),
        "{actors:?}"
    );
}

/// Asks a real server with curl.
fn ask(method: &str, address: &str, token: &str, body: &Value) -> (u16, Value) {
    let token = format!("Authorization: Bearer {token}");
    let body = body.to_string();
    let mut arguments = vec!["--request", method, "--header", &token];
    if body != "null" {
        arguments.extend([
            "--header",
            "Content-Type: application/json",
            "--data",
            &body,
        ]);
    }
    arguments.push(address);
    let reply = curl(&arguments);
    (
        reply.status,
        serde_json::from_str(reply.body()).unwrap_or_default(),
    )
}

#[test]
fn after_a_restart_tokens_count_on_and_clients_manage_themselves_on() {
    let mut server = ServerProcess::start_with(&["--registration", "on"]);
    let create = ["registration-token", "create", "--expires-in", "1h"];
    let made = server.jeton(&[&create[..], &["--limit", "2"]].concat());
    let token = made["token"].as_str().unwrap();
    let endpoint = format!("{}/oauth2/register", server.issuer());
    let (status, first) = ask("POST", &endpoint, token, &json!({ "client_name": "one" }));
    assert_eq!(status, 201, "{first}");

    server.kill();
    server.start_again();

    let access = first["registration_access_token"].as_str().unwrap();
    let address = first["registration_client_uri"].as_str().unwrap();
    let (status, read) = ask("GET", address, access, &Value::Null);
    assert_eq!((status, &read["client_name"]), (200, &json!("one")));
    let second = ask("POST", &endpoint, token, &json!({})).0;
    let third = ask("POST", &endpoint, token, &json!({})).0;
    assert_eq!((second, third), (201, 401));
    assert_eq!(ask("DELETE", address, access, &Value::Null).0, 204);
    server.kill();
    server.start_again();
    assert_eq!(ask("GET", address, access, &Value::Null).0, 401);
}
