//! What operators change is written down: who, what, when, from where; never a secret.

use jeton::domain::time::Span;
use serde_json::{Value, json};

use crate::harness::{admin::Admin, server::TestServer};

async fn actions(owner: &Admin<'_>, query: &str) -> Vec<String> {
    let page = owner.read(&format!("/audit?limit=200&{query}")).await;
    let data = page["data"].as_array().unwrap();
    data.iter()
        .map(|it| it["action"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_change_is_on_record_with_who_made_it_and_from_where() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let deployer = server.deployer().await.managing("clients:write").await;
    let made = deployer
        .post("/clients", json!({"name": "Billing", "owner": "Ana"}))
        .await;
    let id = made.json()["client_id"].clone();

    let page = owner.read("/audit?limit=1").await;

    let entry = &page["data"][0];
    assert_eq!(entry["actor"], "client:deployer");
    assert_eq!(entry["action"], "client.create");
    assert_eq!(entry["object"], json!({"kind": "client", "id": id}));
    assert_eq!(entry["address"], "192.0.2.9");
    assert_eq!(entry["request_id"], made.header("x-request-id"));
    assert_eq!(entry["at"], "2027-01-15T08:00:00Z");
    let owner_field = entry["changes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["field"] == "owner");
    assert_eq!(owner_field.unwrap()["after"], "Ana");
    assert_eq!(entry["revision"], made.json()["revision"]);
}

/// AD-09
#[tokio::test]
async fn an_edit_tells_what_was_and_what_is() {
    let server = TestServer::start().await;
    let owner = server.owner();
    owner
        .post("/clients", json!({"name": "A", "client_id": "a"}))
        .await
        .assert_status(201);
    owner
        .patch("/clients/a", json!({"name": "B"}))
        .await
        .assert_status(200);

    let page = owner.read("/audit?limit=1").await;

    assert_eq!(
        page["data"][0]["changes"],
        json!([{"field": "name", "before": "A", "after": "B"}])
    );
    let actor = page["data"][0]["actor"].as_str().unwrap();
    assert!(actor.starts_with("local:"), "{actor}");
    assert_eq!(page["data"][0]["address"], Value::Null);
}

#[tokio::test]
async fn a_request_that_changes_nothing_leaves_no_record() {
    let server = TestServer::start().await;
    let owner = server.owner();
    owner
        .post("/clients", json!({"name": "A", "client_id": "a"}))
        .await
        .assert_status(201);
    let before = owner.list("/audit", 200).await.len();

    owner
        .patch("/clients/a", json!({"name": "A"}))
        .await
        .assert_status(200);
    owner
        .post("/clients/a/enable", json!({}))
        .await
        .assert_status(200);
    owner
        .patch("/clients/a", json!({"name": ""}))
        .await
        .assert_status(422);
    owner.delete("/clients/b").await.assert_status(404);

    assert_eq!(owner.list("/audit", 200).await.len(), before);
}

#[tokio::test]
async fn the_log_can_be_searched() {
    let server = TestServer::start().await;
    let owner = server.owner();
    owner
        .post("/clients", json!({"name": "A", "client_id": "a"}))
        .await
        .assert_status(201);
    server.advance(Span::hours(1)).await;
    owner
        .post("/clients", json!({"name": "B", "client_id": "b"}))
        .await
        .assert_status(201);
    owner
        .post("/clients/a/secrets/rotate", json!({}))
        .await
        .assert_status(201);
    owner
        .post("/clients/a/secrets/cancel", json!({}))
        .await
        .assert_status(200);

    assert_eq!(actions(&owner, "object=b").await, ["client.create"]);
    assert_eq!(
        actions(&owner, "action=secret.").await,
        ["secret.cancel", "secret.rotate"]
    );
    assert_eq!(
        actions(&owner, "action=secret.rotate").await,
        ["secret.rotate"]
    );
    assert_eq!(actions(&owner, "actor=client:nobody").await, [""; 0]);
    assert_eq!(
        actions(&owner, "action=client.create&until=2027-01-15T08:30:00Z")
            .await
            .len(),
        1
    );
    assert_eq!(actions(&owner, "since=2027-01-15T08:30:00Z").await.len(), 3);
    let odd = owner
        .get("/audit?since=yesterday&until=x&limit=0&before=x")
        .await;
    odd.assert_status(422)
        .assert_problem("invalid", &["before", "limit", "since", "until"]);
}

#[tokio::test]
async fn pages_cover_the_log_once_newest_first() {
    let server = TestServer::start().await;
    let owner = server.owner();
    for n in 0..20 {
        owner
            .post("/clients", json!({"name": format!("c{n}")}))
            .await
            .assert_status(201);
    }
    let all = owner.list("/audit", 200).await;
    let numbers: Vec<u64> = all.iter().map(|it| it["seq"].as_u64().unwrap()).collect();
    let newest_first: Vec<u64> = (1..=numbers.len() as u64).rev().collect();
    assert_eq!(numbers, newest_first);
    for limit in [1, 2, 3, 7, 22, 23, 24] {
        assert_eq!(owner.list("/audit", limit).await, all, "limit {limit}");
    }
    let verified = owner.read("/audit/verify").await;
    assert_eq!(verified["records"], json!(numbers.len()));
}

#[tokio::test]
async fn what_the_server_does_by_itself_is_on_record_too() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let client = owner.shop().await;
    let client = client["client_id"].as_str().unwrap();
    let rotate = json!({"overlap": "1h", "if_used": "stop"});
    owner
        .post(&format!("/clients/{client}/secrets/rotate"), rotate)
        .await
        .assert_status(201);

    server.advance(Span::hours(2)).await;

    let entry = owner.read("/audit?limit=1").await["data"][0].clone();
    assert_eq!(
        entry["action"], "secret.hold",
        "nothing has moved to the new one"
    );
    assert!(
        entry["actor"].as_str().unwrap().starts_with("system:"),
        "{entry}"
    );
}
