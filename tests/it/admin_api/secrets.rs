//! Secrets over the admin API: the steps of a rotation, and what is said at each of them.

use jeton::{domain::time::Span, oauth::reason::ErrorCode};
use serde_json::{Value, json};

use crate::harness::{
    admin::Admin,
    assertion::signer,
    caller::Client,
    server::{START, TestServer},
};

async fn rotating(server: &TestServer) -> (Client<'_>, Client<'_>) {
    server.api("urn:shop", "read").await;
    let old = server.client("c").await.granted("urn:shop", "read").await;
    let body = json!({"overlap": "24h", "note": "new place", "expires_in": "90d"});
    let rotated = server.owner().post("/clients/c/secrets/rotate", body).await;
    rotated.assert_status(201);
    let rotated = rotated.json();
    assert_eq!(
        rotated["retiring"]["deadline"],
        START.plus(Span::hours(24)).to_string()
    );
    let new = old.with_secret(rotated["client_secret"].as_str().unwrap());
    (old, new)
}

async fn step(owner: &Admin<'_>, word: &str, body: Value) -> Value {
    let reply = owner
        .post(&format!("/clients/c/secrets/{word}"), body)
        .await;
    reply.assert_status(200);
    assert_eq!(reply.json(), owner.read("/clients/c/secrets").await);
    reply.json()
}

fn states(secrets: &Value) -> Vec<&str> {
    let data = secrets["data"].as_array().unwrap();
    data.iter()
        .map(|it| it["status"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_rotation_is_shown_while_it_runs() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let (old, new) = rotating(&server).await;

    let secrets = owner.read("/clients/c/secrets").await;
    assert_eq!(states(&secrets), ["retiring", "active"]);
    let rotation = &secrets["rotation"];
    assert_eq!(rotation["old"], secrets["data"][0]["secret_id"]);
    assert_eq!(rotation["new"], secrets["data"][1]["secret_id"]);
    assert_eq!(
        (&rotation["if_used"], &rotation["held"]),
        (&json!("hold"), &json!(0))
    );
    assert_eq!(rotation["verdict"]["word"], "new_unused");
    assert_eq!(secrets["data"][1]["note"], "new place");

    new.request_token("").await.assert_issued();
    server.advance(Span(1)).await;
    old.request_token("").await.assert_issued();
    let secrets = owner.read("/clients/c/secrets").await;
    let verdict = &secrets["rotation"]["verdict"];
    assert_eq!(
        (&verdict["word"], &verdict["safe"]),
        (&json!("in_use"), &json!(false))
    );
    assert_eq!(verdict["addresses"], json!(["192.0.2.7"]));
    assert_eq!(secrets["data"][0]["advice"], verdict["sentence"]);
    let list = owner.read("/clients").await;
    assert_eq!(list["data"][0]["secrets"][0]["advice"], verdict["sentence"]);
}

#[tokio::test]
async fn each_step_does_what_its_word_says() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let (old, new) = rotating(&server).await;

    let extended = step(&owner, "extend", json!({"by": "2h"})).await;
    assert_eq!(
        extended["rotation"]["deadline"],
        START.plus(Span::hours(26)).to_string()
    );
    let retired = step(&owner, "retire", json!({})).await;
    assert_eq!(states(&retired), ["retired", "active"]);
    assert_eq!(
        retired["data"][0]["undo_until"],
        START.plus(Span::hours(24)).to_string()
    );
    old.request_token("")
        .await
        .assert_refused(ErrorCode::InvalidClient);
    let undone = step(&owner, "undo", json!({})).await;
    assert_eq!(states(&undone), ["retiring", "active"]);
    old.request_token("").await.assert_issued();
    let cancelled = step(&owner, "cancel", json!({})).await;
    assert_eq!(states(&cancelled), ["active", "cancelled"]);
    new.request_token("")
        .await
        .assert_refused(ErrorCode::InvalidClient);
    let revoked = step(&owner, "revoke", json!({})).await;
    assert_eq!(states(&revoked), ["revoked", "cancelled"]);
    old.request_token("")
        .await
        .assert_refused(ErrorCode::InvalidClient);
}

#[tokio::test]
async fn with_two_live_secrets_a_revocation_says_which() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let (old, new) = rotating(&server).await;
    let secrets = owner.read("/clients/c/secrets").await;

    let vague = owner.post("/clients/c/secrets/revoke", json!({})).await;
    vague.assert_status(409).assert_problem("conflict", &[]);
    let id = &secrets["rotation"]["new"];
    let revoked = step(&owner, "revoke", json!({"secret_id": id})).await;

    assert_eq!(states(&revoked), ["active", "revoked"]);
    old.request_token("").await.assert_issued();
    new.request_token("")
        .await
        .assert_refused(ErrorCode::InvalidClient);
}

#[tokio::test]
async fn a_secret_is_shown_with_every_address_that_used_it() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let (old, _) = rotating(&server).await;
    old.request_token("").await.assert_issued();
    server.advance(Span::hours(3)).await;
    old.request_token("").await.assert_issued();
    step(&owner, "retire", json!({})).await;
    server.advance(Span::minutes(5)).await;
    old.request_token("")
        .await
        .assert_refused(ErrorCode::InvalidClient);
    let secrets = owner.read("/clients/c/secrets").await;
    let path = format!(
        "/clients/c/secrets/{}",
        secrets["data"][0]["secret_id"].as_str().unwrap()
    );

    let shown = owner.read(&path).await;

    assert_eq!(shown["last_used"]["count"], 2);
    assert_eq!(
        shown["addresses"],
        json!([{
            "address": "192.0.2.7", "user_agent": null,
            "first_at": START.to_string(), "last_at": START.plus(Span::hours(3)).to_string(),
            "largest_gap": 10_800, "count": 2, "refused": 1,
            "last_refused_at": START.plus(Span::minutes(185)).to_string(),
        }])
    );
    let advice = shown["advice"].as_str().unwrap();
    assert!(advice.contains("Still sent by 1 address"), "{advice}");
    let noted = owner.patch(&path, json!({"note": "shredded"})).await.json();
    assert_eq!(noted["note"], "shredded");
}

#[tokio::test]
async fn a_chosen_secret_works_and_is_shown_to_be_chosen() {
    let server = TestServer::start().await;
    let owner = server.owner();
    server.api("urn:shop", "read").await;
    let grants = json!([{"api": "urn:shop", "scopes": ["read"]}]);
    let secret = json!({"value": "brought along: %+& and 16 more characters"});
    let body = json!({"name": "C", "client_id": "c", "grants": grants, "secret": secret});

    let made = owner.post("/clients", body).await.json();

    assert_eq!(made["secrets"][0]["kind"], "chosen");
    let client = server
        .stranger()
        .named("c")
        .with_secret("brought along: %+& and 16 more characters");
    client.request_token("").await.assert_issued();
}

#[tokio::test]
async fn a_chosen_secret_has_at_least_32_characters() {
    let server = TestServer::start().await;
    let owner = server.owner();
    server.client("c").await;
    let short = "x".repeat(31);

    let made = json!({"name": "C", "secret": {"value": short}});
    let made = owner.post("/clients", made).await;
    let rotated = json!({"value": short});
    let rotated = owner.post("/clients/c/secrets/rotate", rotated).await;

    for (refused, field) in [(made, "secret.value"), (rotated, "value")] {
        refused.assert_status(422);
        let text = refused.json().to_string();
        assert!(
            text.contains(field) && text.contains("at least 32"),
            "{text}"
        );
        assert!(!text.contains(&short), "{text}");
    }
}

#[tokio::test]
async fn stop_now_leaves_no_overlap() {
    let server = TestServer::start().await;
    let owner = server.owner();
    server.client("c").await;

    let rotated = owner
        .post("/clients/c/secrets/rotate", json!({"overlap": 0}))
        .await
        .json();

    assert_eq!(rotated["retiring"], Value::Null);
    let secrets = owner.read("/clients/c/secrets").await;
    assert_eq!(states(&secrets), ["retired", "active"]);
    assert_eq!(secrets["rotation"], Value::Null);
}

#[tokio::test]
async fn a_link_to_a_secret_is_made_shown_once_and_withdrawn() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let new = json!({"name": "Later", "client_id": "later", "without_secret": true});
    let client = owner.post("/clients", new).await;
    client.assert_status(201);
    assert!(client.json()["client_secret"].is_null());
    assert_eq!(client.json()["secrets"], json!([]));
    let links = "/clients/later/handovers";

    let made = owner
        .post(links, json!({"note": "vault", "expires_in": "90d"}))
        .await;
    let second = owner.post(links, json!({})).await;
    let wrong = owner
        .post(links, json!({"overlap": "31d", "if_used": "x"}))
        .await;
    let nobody = owner.post("/clients/nobody/handovers", json!({})).await;

    made.assert_status(201);
    let view = made.json();
    let link = view["link"].as_str().unwrap();
    assert!(
        link.starts_with("https://as.test/console/handover/"),
        "{link}"
    );
    let id = view["id"].as_str().unwrap();
    assert_eq!(made.header("location"), format!("/admin/v1{links}/{id}"));
    assert_eq!(view["status"], "open");
    second.assert_status(409);
    wrong.assert_status(422);
    nobody.assert_status(404);
    let shown = owner.read(&format!("{links}/{id}")).await;
    assert!(shown.get("link").is_none());
    assert_eq!(owner.read(links).await["data"], json!([shown]));
    let withdraw = format!("{links}/{id}/withdraw");
    let gone = owner.post(&withdraw, json!({})).await;
    gone.assert_status(200);
    assert_eq!(gone.json()["status"], "withdrawn");
    owner.post(&withdraw, json!({})).await.assert_status(409);
    let other = owner.get(&format!("/clients/nobody/handovers/{id}")).await;
    other.assert_status(404);
    let both = json!({"name": "x", "without_secret": true, "secret": {}});
    owner.post("/clients", both).await.assert_status(422);
}

#[tokio::test]
async fn a_secret_is_followed_by_one_that_is_used_alike_and_a_key_by_what_is_said() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let kinds = async |id: &str| {
        let secrets = owner.read(&format!("/clients/{id}/secrets")).await;
        let data = secrets["data"].as_array().unwrap().clone();
        let kinds = data
            .iter()
            .map(|it| it["kind"].as_str().unwrap().to_owned());
        kinds.collect::<Vec<_>>()
    };
    let jwk = signer(1).public_jwk().unwrap().clone();
    for (id, begins, body, status) in [
        ("signs", json!({"secret": {"signs": true}}), json!({}), 201),
        ("sends", json!({}), json!({"signs": true}), 201),
        ("key", json!({"credential": {"key": jwk}}), json!({}), 422),
        (
            "told",
            json!({"credential": {"key": jwk}}),
            json!({"signs": false}),
            201,
        ),
    ] {
        let mut client = begins;
        client["name"] = json!(id);
        client["client_id"] = json!(id);
        owner.post("/clients", client).await.assert_status(201);

        let rotated = owner
            .post(&format!("/clients/{id}/secrets/rotate"), body)
            .await;

        rotated.assert_status(status);
        if status == 422 {
            assert_eq!(rotated.json()["errors"][0]["field"], "signs", "{id}");
        }
    }
    assert_eq!(kinds("signs").await, ["shared", "shared"]);
    assert_eq!(kinds("sends").await, ["generated", "shared"]);
    assert_eq!(kinds("key").await, ["key"]);
    assert_eq!(kinds("told").await, ["key", "generated"]);
}
