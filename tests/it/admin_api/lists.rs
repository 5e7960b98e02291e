//! Lists: each item once, whatever the page, the filter and what happens in between.

use serde_json::{Value, json};

use crate::harness::{admin::Admin, server::TestServer};

fn ids(items: &[Value], field: &str) -> Vec<String> {
    items
        .iter()
        .map(|it| it[field].as_str().unwrap().to_owned())
        .collect()
}

async fn found(owner: &Admin<'_>, query: &str) -> Vec<String> {
    let page = owner.read(&format!("/clients?{query}")).await;
    ids(page["data"].as_array().unwrap(), "client_id")
}

#[tokio::test]
async fn pages_cover_every_client_once_for_every_limit() {
    let server = TestServer::start().await;
    let owner = server.owner();
    for n in 0..37 {
        let client = json!({"name": "C", "client_id": format!("c{n:02}")});
        owner.post("/clients", client).await.assert_status(201);
    }
    let all: Vec<String> = (0..37).map(|n| format!("c{n:02}")).collect();

    for limit in 1..=200 {
        assert_eq!(
            ids(&owner.list("/clients", limit).await, "client_id"),
            all,
            "limit {limit}"
        );
    }
    assert_eq!(owner.read("/clients").await["next_cursor"], Value::Null);
}

#[tokio::test]
async fn pages_cover_apis_keys_and_operators_once() {
    let server = TestServer::start().await;
    let owner = server.owner();
    for n in 0..6 {
        let api = json!({"identifier": format!("urn:a{n}"), "name": "A"});
        owner.post("/apis", api).await.assert_status(201);
        let email = format!("p{n}@example.com");
        let person = json!({"email": email, "name": "P", "role": "viewer"});
        owner.post("/operators", person).await.assert_status(201);
        owner
            .post("/keys", json!({"when": "now"}))
            .await
            .assert_status(201);
    }

    for (path, field, count) in [
        ("/apis", "identifier", 7),
        ("/keys", "kid", 7),
        ("/operators", "email", 6),
    ] {
        let all = ids(&owner.list(path, 200).await, field);
        assert_eq!(all.len(), count, "{path}");
        assert!(all.is_sorted(), "{path}");
        for limit in 1..=8 {
            assert_eq!(
                ids(&owner.list(path, limit).await, field),
                all,
                "{path} by {limit}"
            );
        }
    }
}

#[tokio::test]
async fn what_comes_and_goes_between_two_pages_moves_nothing_else() {
    let server = TestServer::start().await;
    let owner = server.owner();
    for id in ["a", "c", "e", "g", "i"] {
        owner
            .post("/clients", json!({"name": "C", "client_id": id}))
            .await
            .assert_status(201);
    }
    let first = owner.read("/clients?limit=2").await;
    let cursor = first["next_cursor"].as_str().unwrap();

    owner.delete("/clients/c").await.assert_status(204);
    owner.delete("/clients/e").await.assert_status(204);
    for id in ["b", "f"] {
        owner
            .post("/clients", json!({"name": "C", "client_id": id}))
            .await
            .assert_status(201);
    }

    assert_eq!(
        found(&owner, &format!("limit=9&cursor={cursor}")).await,
        ["f", "g", "i"]
    );
}

#[tokio::test]
async fn clients_are_found_by_what_people_know_of_them() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let client = owner.shop().await;
    let id = client["client_id"].as_str().unwrap();
    let secret = client["secret_id"].as_str().unwrap();
    let other = json!({"name": "Other", "client_id": "other", "owner": "Team Ocean"});
    owner.post("/clients", other).await.assert_status(201);
    owner
        .post("/clients/other/disable", json!({}))
        .await
        .assert_status(200);

    for query in [
        "q=BILL",
        &format!("q={id}"),
        &format!("q={secret}"),
        "q=urn:shop",
        "q=writ",
    ] {
        assert_eq!(found(&owner, query).await, [id], "{query}");
    }
    for query in [
        "api=urn:shop",
        "scope=write",
        "status=active",
        "scope=write&status=active",
    ] {
        assert_eq!(found(&owner, query).await, [id], "{query}");
    }
    for query in ["q=ocean", "status=disabled"] {
        assert_eq!(found(&owner, query).await, ["other"], "{query}");
    }
    for query in [
        "q=nothing",
        "scope=writ",
        "api=urn:none",
        "scope=write&status=disabled",
    ] {
        assert_eq!(found(&owner, query).await, [""; 0], "{query}");
    }
    assert_eq!(found(&owner, "q=").await.len(), 2);
}

#[tokio::test]
async fn a_filter_holds_from_page_to_page() {
    let server = TestServer::start().await;
    let owner = server.owner();
    for n in 0..10 {
        let name = if n % 2 == 0 { "Even" } else { "Odd" };
        let client = json!({"name": name, "client_id": format!("c{n}")});
        owner.post("/clients", client).await.assert_status(201);
    }

    let first = owner.read("/clients?q=even&limit=3").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = found(&owner, &format!("q=even&limit=3&cursor={cursor}")).await;

    assert_eq!(
        ids(first["data"].as_array().unwrap(), "client_id"),
        ["c0", "c2", "c4"]
    );
    assert_eq!(rest, ["c6", "c8"]);
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_refused_by_field() {
    let server = TestServer::start().await;
    let owner = server.owner();

    for (query, fields) in [
        (
            "limit=0&cursor=!&status=odd&api=x",
            &["api", "cursor", "limit", "status"][..],
        ),
        ("limit=201", &["limit"]),
        ("colour=red", &["colour"]),
        ("limit=1&limit=2", &["limit"]),
    ] {
        let reply = owner.get(&format!("/clients?{query}")).await;
        reply.assert_status(422).assert_problem("invalid", fields);
    }
}
