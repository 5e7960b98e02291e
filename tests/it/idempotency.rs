//! A request that is sent twice is carried out once, and shows its secret once.

use jeton::domain::time::Span;
use serde_json::{Value, json};

use crate::harness::{admin::Admin, reply::Reply, server::TestServer};

async fn post(admin: &Admin<'_>, key: &str, path: &str, body: &Value) -> Reply {
    let call = admin.call("POST", path).header("idempotency-key", key);
    call.json(body).send().await
}

fn is_replay(reply: &Reply) -> bool {
    reply
        .headers
        .get("idempotency-replayed")
        .is_some_and(|it| it == "true")
}

#[tokio::test]
async fn a_client_is_registered_once_and_its_secret_shown_once() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let body = json!({"name": "Billing"});

    let first = post(&owner, "k1", "/clients", &body).await;
    let again = post(&owner, "k1", "/clients", &body).await;

    assert_eq!(
        (first.status, again.status),
        (201.try_into().unwrap(), first.status)
    );
    assert!(!is_replay(&first) && is_replay(&again));
    let (first, again) = (first.json(), again.json());
    assert!(first["client_secret"].as_str().unwrap().starts_with("jtn_"));
    assert_eq!(first.get("secret_shown"), None);
    assert_eq!(again.get("client_secret"), None);
    assert_eq!(again["secret_shown"], true);
    assert_eq!(again["client_id"], first["client_id"]);
    assert_eq!(again["secret_id"], first["secret_id"]);
    assert_eq!(owner.list("/clients", 50).await.len(), 1);
}

#[tokio::test]
async fn a_rotation_is_made_once_and_its_secret_shown_once() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let client = owner.shop().await;
    let path = format!(
        "/clients/{}/secrets/rotate",
        client["client_id"].as_str().unwrap()
    );

    let first = post(&owner, "k", &path, &json!({"overlap": "1h"})).await;
    let again = post(&owner, "k", &path, &json!({"overlap": "1h"})).await;

    again.assert_status(201);
    assert!(is_replay(&again));
    let (first, again) = (first.json(), again.json());
    assert_eq!(again["secret_shown"], true);
    assert_eq!(again["secret_id"], first["secret_id"]);
    assert_eq!(again["retiring"], first["retiring"]);
    assert!(
        !again
            .to_string()
            .contains(first["client_secret"].as_str().unwrap())
    );
}

#[tokio::test]
async fn a_shared_key_is_shown_once() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let api = json!({"identifier": "urn:hs", "name": "HS", "algorithm": "HS256"});

    let first = post(&owner, "k", "/apis", &api).await.json();
    let again = post(&owner, "k", "/apis", &api).await.json();

    assert!(first["shared_key"].is_string());
    assert_eq!(
        (again.get("shared_key"), &again["secret_shown"]),
        (None, &json!(true))
    );
    let rekeyed = post(&owner, "r", "/apis/urn%3Ahs/rekey", &json!({}))
        .await
        .json();
    let again = post(&owner, "r", "/apis/urn%3Ahs/rekey", &json!({}))
        .await
        .json();
    assert_ne!(rekeyed["shared_key"], first["shared_key"]);
    assert_eq!(
        again["shared_key_id"], rekeyed["shared_key_id"],
        "not a second time"
    );
}

#[tokio::test]
async fn every_post_can_be_sent_twice() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let client = owner.shop().await;
    let client = format!("/clients/{}", client["client_id"].as_str().unwrap());
    let person = json!({"email": "ana@example.com", "name": "Ana", "role": "viewer"});
    let pending = owner
        .post("/keys", json!({"when": "scheduled"}))
        .await
        .json();
    let pending = pending["kid"].as_str().unwrap();
    let steps = [
        (format!("{client}/disable"), json!({})),
        (format!("{client}/enable"), json!({})),
        (format!("{client}/secrets/rotate"), json!({})),
        (format!("{client}/secrets/extend"), json!({})),
        (format!("{client}/secrets/retire"), json!({})),
        (format!("{client}/secrets/undo"), json!({})),
        (format!("{client}/secrets/cancel"), json!({})),
        (format!("{client}/secrets/revoke"), json!({})),
        (
            "/apis/urn%3Ashop/scopes".to_owned(),
            json!({"name": "list"}),
        ),
        ("/apis/urn%3Ashop/disable".to_owned(), json!({})),
        ("/apis/urn%3Ashop/enable".to_owned(), json!({})),
        (format!("/keys/{pending}/activate"), json!({})),
        (format!("/keys/{pending}/retire"), json!({})),
        ("/keys".to_owned(), json!({"when": "soon"})),
        ("/operators".to_owned(), person),
        ("/operators/ana%40example.com/disable".to_owned(), json!({})),
        ("/operators/ana%40example.com/enable".to_owned(), json!({})),
    ];
    for (n, (path, body)) in steps.iter().enumerate() {
        let key = format!("step-{n}");
        let first = post(&owner, &key, path, body).await;
        assert!(
            first.status.is_success() && !is_replay(&first),
            "{path}: {first:?}"
        );
        let revision = server.app.registry().revision();
        let again = post(&owner, &key, path, body).await;
        assert_eq!(again.status, first.status, "{path}: {again:?}");
        assert!(is_replay(&again), "{path}: {again:?}");
        assert_eq!(
            server.app.registry().revision(),
            revision,
            "{path} was done twice"
        );
    }
}

#[tokio::test]
async fn another_request_under_the_same_key_is_refused() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let client = owner.shop().await;
    let client = client["client_id"].as_str().unwrap();
    post(&owner, "k", "/clients", &json!({"name": "A"}))
        .await
        .assert_status(201);

    for (path, body) in [
        ("/clients".to_owned(), json!({"name": "B"})),
        (format!("/clients/{client}/disable"), json!({})),
    ] {
        let reply = post(&owner, "k", &path, &body).await;
        reply.assert_status(422).assert_problem("key-reused", &[]);
    }
}

#[tokio::test]
async fn keys_of_different_actors_do_not_meet() {
    let server = TestServer::start().await;
    let program = server.deployer().await.managing("clients:write").await;
    let body = json!({"name": "A"});

    let mine = post(&server.owner(), "k", "/clients", &body).await;
    let theirs = post(&program, "k", "/clients", &body).await;

    assert!(!is_replay(&theirs));
    assert_ne!(mine.json()["client_id"], theirs.json()["client_id"]);
}

#[tokio::test]
async fn a_request_that_was_refused_may_be_mended_under_the_same_key() {
    let server = TestServer::start().await;
    let owner = server.owner();

    post(&owner, "k", "/clients", &json!({"name": ""}))
        .await
        .assert_status(422);
    let unknown = json!({"name": "A", "grants": [{"api": "urn:none", "scopes": ["a"]}]});
    post(&owner, "k", "/clients", &unknown)
        .await
        .assert_status(422);
    let mended = post(&owner, "k", "/clients", &json!({"name": "A"})).await;

    mended.assert_status(201);
    assert!(!is_replay(&mended));
}

#[tokio::test]
async fn a_key_is_remembered_for_a_day() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let body = json!({"name": "A"});
    post(&owner, "k", "/clients", &body)
        .await
        .assert_status(201);

    server.advance(Span::hours(23)).await;
    assert!(is_replay(&post(&owner, "k", "/clients", &body).await));
    server.advance(Span::hours(2)).await;
    assert!(!is_replay(&post(&owner, "k", "/clients", &body).await));
}

#[tokio::test]
async fn two_at_once_under_one_key_make_one() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let body = json!({"name": "A"});

    let (one, two) = tokio::join!(
        post(&owner, "k", "/clients", &body),
        post(&owner, "k", "/clients", &body),
    );

    assert_eq!(one.json()["client_id"], two.json()["client_id"]);
    assert!(is_replay(&one) ^ is_replay(&two));
    assert_eq!(server.app.registry().client_count(), 1);
}

#[tokio::test]
async fn a_repeated_registration_of_a_client_that_is_gone_says_so() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let body = json!({"name": "A", "client_id": "a"});
    post(&owner, "k", "/clients", &body)
        .await
        .assert_status(201);
    owner.delete("/clients/a").await.assert_status(204);

    let again = post(&owner, "k", "/clients", &body).await;

    again.assert_status(404).assert_problem("not-found", &[]);
}

#[tokio::test]
async fn odd_keys_are_refused() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let body = json!({"name": "A"});

    for odd in ["", "a b", &"k".repeat(256)] {
        let reply = post(&owner, odd, "/clients", &body).await;
        reply.assert_status(400).assert_problem("malformed", &[]);
    }
    let two = owner
        .call("POST", "/clients")
        .header("idempotency-key", "a");
    let two = two.header("idempotency-key", "b").json(&body).send().await;
    two.assert_status(400).assert_problem("malformed", &[]);
    post(&owner, &"k".repeat(255), "/clients", &body)
        .await
        .assert_status(201);
}
