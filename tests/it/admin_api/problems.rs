//! What goes wrong, and how it is said: a kind, a status, every bad field.

use serde_json::{Value, json};

use crate::harness::{admin::Admin, reply::Reply, server::TestServer};

async fn ready(server: &TestServer) -> (Admin<'_>, String) {
    let owner = server.owner();
    let client = owner.shop().await;
    let id = client["client_id"].as_str().unwrap().to_owned();
    (owner, id)
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn every_bad_field_is_named_at_once() {
    let server = TestServer::start().await;
    let (owner, id) = ready(&server).await;
    let rotate = format!("/clients/{id}/secrets/rotate");

    for (path, body, fields) in [
        (
            "/clients",
            json!({"name": "", "owner": "x".repeat(129), "token_lifetime": 1, "secret": {"value": ""}}),
            &["name", "owner", "secret.value", "token_lifetime"][..],
        ),
        (
            "/clients",
            json!({"grants": [{}]}),
            &["grants[0].api", "grants[0].scopes", "name"],
        ),
        (
            "/clients",
            json!({"name": "x", "grants": [{"api": "urn:no", "scopes": ["a"]}], "default_scopes": ["b"]}),
            &["default_scopes", "grants.urn:no"],
        ),
        (
            "/clients",
            json!({"name": "x", "client_id": "op_x"}),
            &["client_id"],
        ),
        (
            "/apis",
            json!({"identifier": "x", "algorithm": "none", "scopes": [{"name": "a b"}]}),
            &["algorithm", "identifier", "name", "scopes[0].name"],
        ),
        (
            "/apis/urn%3Ashop/scopes",
            json!({"name": "", "description": "\u{0}"}),
            &["description", "name"],
        ),
        (
            "/keys",
            json!({"algorithm": "HS512", "when": "later"}),
            &["algorithm", "when"],
        ),
        ("/keys", json!({"algorithm": "HS256"}), &["algorithm"]),
        (
            "/operators",
            json!({"email": "x", "name": "", "role": "boss", "password": "short"}),
            &["email", "name", "password", "role"],
        ),
        (
            &rotate,
            json!({"overlap": "1s", "if_used": "x", "note": "a\nb", "value": "é"}),
            &["if_used", "note", "overlap", "value"],
        ),
        ("/server/backup", json!({"path": "relative"}), &["path"]),
    ] {
        let reply = owner.post(path, body).await;
        reply.assert_status(422).assert_problem("invalid", fields);
    }
    let edit = json!({"name": null, "default_scopes": ["nothing"]});
    let reply = owner.patch(&format!("/clients/{id}"), edit).await;
    reply
        .assert_status(422)
        .assert_problem("invalid", &["name"]);
    let empty = owner
        .put(
            &format!("/clients/{id}/grants/urn%3Ashop"),
            json!({"scopes": []}),
        )
        .await;
    empty
        .assert_status(422)
        .assert_problem("invalid", &["scopes"]);
}

#[tokio::test]
async fn what_is_unknown_repeated_or_of_the_wrong_kind_is_named() {
    let server = TestServer::start().await;
    let owner = server.owner();

    for (body, field) in [
        (r#"{"name": "x", "colour": "red"}"#, "colour"),
        (r#"{"name": "x", "name": "y"}"#, "name"),
        (r#"{"name": 5}"#, "name"),
        (
            r#"{"name": "x", "grants": [{"api": "urn:a", "scops": []}]}"#,
            "grants[0].scops",
        ),
        (r#"{"name": "x", "token_lifetime": -1}"#, "token_lifetime"),
        (r#"{"name": "x", "secret": "mine"}"#, "secret"),
    ] {
        let call = owner
            .call("POST", "/clients")
            .header("content-type", "application/json");
        let reply = call.body(body).send().await;
        reply.assert_status(422).assert_problem("invalid", &[field]);
    }
    let odd = owner
        .call("DELETE", "/clients/x")
        .json(&json!({"force": true}))
        .send()
        .await;
    odd.assert_status(422).assert_problem("invalid", &["force"]);
}

#[tokio::test]
async fn a_body_that_is_no_json_object_cannot_be_read() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let send = async |kind: Option<&str>, body: Vec<u8>| -> Reply {
        let call = owner.call("POST", "/clients");
        let call = match kind {
            Some(kind) => call.header("content-type", kind),
            None => call,
        };
        call.body(body).send().await
    };
    let json = Some("application/json");

    for body in ["[]", "\"x\"", "{", "{}}", "{\"name\": \"x\",}", "name=x"] {
        let reply = send(json, body.into()).await;
        reply.assert_status(400).assert_problem("malformed", &[]);
    }
    let reply = send(json, b"{\"name\": \"\xff\"}".to_vec()).await;
    reply.assert_status(400).assert_problem("malformed", &[]);
    let deep = format!("{{\"grants\": {}", "[".repeat(10_000));
    assert!(send(json, deep.into()).await.status.is_client_error());
    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("json"),
    ] {
        let reply = send(kind, b"{\"name\": \"x\"}".to_vec()).await;
        reply.assert_status(415).assert_problem("media-type", &[]);
    }
    let reply = send(
        Some("Application/JSON; charset=utf-8"),
        b"{\"name\": \"x\"}".to_vec(),
    )
    .await;
    reply.assert_status(201);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let server = TestServer::start().await;
    let owner = server.owner();

    let reply = owner
        .post("/clients", json!({"name": "x".repeat(1_100_000)}))
        .await;

    assert_eq!(reply.status, 413, "{:?}", reply.status);
    assert_eq!(reply.json()["type"], "urn:jeton:problem:too-large");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let server = TestServer::start().await;
    let (owner, id) = ready(&server).await;

    for path in [
        "/nothing",
        "/clients/nobody",
        "/clients/nobody/secrets",
        "/clients/nobody/grants",
        "/clients/nobody/usage",
        &format!("/clients/{id}/secrets/AAAAAAAA"),
        &format!("/clients/{id}/secrets/odd"),
        "/apis/urn%3Anothing",
        "/apis/urn%3Anothing/scopes",
        "/apis/odd",
        "/keys/nothing",
        "/operators/op_aaaaaaaaaaaaaaaa",
        "/operators/nobody%40example.com",
        "/operators/odd",
        "/%ff",
        "/clients/%ff",
    ] {
        owner
            .get(path)
            .await
            .assert_status(404)
            .assert_problem("not-found", &[]);
    }
    for (method, path) in [
        ("PATCH", "/clients/nobody"),
        ("DELETE", "/clients/nobody"),
        ("POST", "/clients/nobody/disable"),
        ("POST", "/clients/nobody/secrets/rotate"),
        ("POST", "/clients/nobody/secrets/revoke"),
        ("DELETE", "/clients/nobody/grants/urn%3Ashop"),
        ("PATCH", "/apis/urn%3Ashop/scopes/fly"),
        ("DELETE", "/apis/urn%3Ashop/scopes/fly"),
        ("DELETE", "/apis/urn%3Anothing"),
        ("POST", "/keys/nothing/revoke"),
        ("DELETE", "/operators/nobody%40example.com"),
    ] {
        let reply = owner.call(method, path).send().await;
        reply.assert_status(404).assert_problem("not-found", &[]);
    }
}

#[tokio::test]
async fn a_method_that_is_not_known_here_says_which_are() {
    let server = TestServer::start().await;
    let owner = server.owner();

    for (method, path, known) in [
        ("DELETE", "/clients", "GET,HEAD,POST"),
        ("POST", "/clients/x", "DELETE,GET,HEAD,PATCH"),
        ("GET", "/clients/x/secrets/rotate", "POST"),
        ("PUT", "/server", "GET,HEAD"),
        ("POST", "/openapi.json", "GET,HEAD"),
    ] {
        let reply = owner.call(method, path).send().await;
        reply.assert_status(405).assert_problem("method", &[]);
        let mut allow: Vec<&str> = reply.header("allow").split(',').collect();
        allow.sort_unstable();
        assert_eq!(allow.join(","), known, "{method} {path}");
        let options = owner.call("OPTIONS", path).send().await;
        options.assert_status(204);
        assert_eq!(options.header("allow"), reply.header("allow"));
    }
}

#[tokio::test]
async fn head_is_get_without_its_body() {
    let server = TestServer::start().await;
    let (owner, id) = ready(&server).await;
    let path = format!("/clients/{id}");

    let head = owner.call("HEAD", &path).send().await;

    head.assert_status(200);
    assert!(head.body.is_empty());
    assert_eq!(head.header("etag"), owner.get(&path).await.header("etag"));
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn what_things_do_not_allow_is_a_conflict() {
    let server = TestServer::start().await;
    let (owner, id) = ready(&server).await;
    let secrets = format!("/clients/{id}/secrets");

    for (method, path, body, names) in [
        (
            "POST",
            "/apis".to_owned(),
            json!({"identifier": "urn:shop", "name": "x"}),
            "urn:shop",
        ),
        (
            "POST",
            "/clients".to_owned(),
            json!({"name": "x", "client_id": id}),
            id.as_str(),
        ),
        (
            "DELETE",
            "/apis/urn%3Ashop".to_owned(),
            json!({}),
            id.as_str(),
        ),
        (
            "DELETE",
            "/apis/urn%3Ashop/scopes/read".to_owned(),
            json!({}),
            id.as_str(),
        ),
        (
            "POST",
            "/apis/urn%3Ashop/rekey".to_owned(),
            json!({}),
            "ES256",
        ),
        (
            "PATCH",
            "/apis/urn%3Ajeton%3Aadmin".to_owned(),
            json!({"name": "x"}),
            "built in",
        ),
        (
            "POST",
            format!("{secrets}/retire"),
            json!({}),
            "no rotation",
        ),
        (
            "POST",
            format!("{secrets}/cancel"),
            json!({}),
            "no rotation",
        ),
        (
            "POST",
            format!("{secrets}/extend"),
            json!({}),
            "no rotation",
        ),
        ("POST", format!("{secrets}/undo"), json!({}), "no rotation"),
        (
            "DELETE",
            format!("/clients/{id}/grants/urn%3Ano"),
            json!({}),
            "no grant",
        ),
    ] {
        let reply = owner.call(method, &path).json(&body).send().await;
        let problem = reply.assert_status(409).assert_problem("conflict", &[]);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(names), "{method} {path}: {detail}");
    }
    let unknown = json!({"secret_id": "ZZZZZZZZ"});
    let reply = owner.post(&format!("{secrets}/revoke"), unknown).await;
    reply
        .assert_status(422)
        .assert_problem("invalid", &["secret_id"]);
}

#[tokio::test]
async fn of_two_editors_the_second_is_told() {
    let server = TestServer::start().await;
    let (owner, id) = ready(&server).await;
    let path = format!("/clients/{id}");
    let seen = owner.get(&path).await;
    let tag = seen.header("etag");
    assert_eq!(tag, format!("\"{}\"", seen.json()["revision"]));
    let edit = |name: &str| {
        let call = owner.call("PATCH", &path).header("if-match", tag);
        call.json(&json!({"name": name})).send()
    };

    let ana = edit("Ana's").await;
    let bob = edit("Bob's").await;

    ana.assert_status(200);
    bob.assert_status(412).assert_problem("stale", &[]);
    assert_ne!(ana.header("etag"), tag);
    assert_eq!(owner.read(&path).await["name"], "Ana's");
    let again = owner
        .call("PATCH", &path)
        .header("if-match", ana.header("etag"));
    again
        .json(&json!({"name": "Bob's"}))
        .send()
        .await
        .assert_status(200);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn every_change_of_something_heeds_if_match() {
    let server = TestServer::start().await;
    let (owner, id) = ready(&server).await;
    let person = json!({"email": "ana@example.com", "name": "Ana", "role": "viewer"});
    owner.post("/operators", person).await.assert_status(201);
    let key = owner.post("/keys", json!({})).await.json()["kid"]
        .as_str()
        .unwrap()
        .to_owned();
    let client = format!("/clients/{id}");
    let changes: Vec<(&str, String, Value)> = vec![
        ("PATCH", client.clone(), json!({"name": "x"})),
        ("POST", format!("{client}/disable"), json!({})),
        ("POST", format!("{client}/secrets/rotate"), json!({})),
        ("POST", format!("{client}/secrets/revoke"), json!({})),
        (
            "PUT",
            format!("{client}/grants/urn%3Ashop"),
            json!({"scopes": ["read"]}),
        ),
        ("DELETE", format!("{client}/grants/urn%3Ashop"), json!({})),
        ("DELETE", client, json!({})),
        ("PATCH", "/apis/urn%3Ashop".to_owned(), json!({"name": "x"})),
        ("POST", "/apis/urn%3Ashop/disable".to_owned(), json!({})),
        (
            "POST",
            "/apis/urn%3Ashop/scopes".to_owned(),
            json!({"name": "list"}),
        ),
        (
            "PATCH",
            "/apis/urn%3Ashop/scopes/read".to_owned(),
            json!({"sensitive": true}),
        ),
        ("DELETE", "/apis/urn%3Ashop".to_owned(), json!({})),
        ("POST", format!("/keys/{key}/activate"), json!({})),
        ("POST", format!("/keys/{key}/revoke"), json!({})),
        (
            "PATCH",
            "/operators/ana%40example.com".to_owned(),
            json!({"name": "x"}),
        ),
        (
            "PUT",
            "/operators/ana%40example.com/password".to_owned(),
            json!({"password": "vier Igel im Laub"}),
        ),
        (
            "DELETE",
            "/operators/ana%40example.com".to_owned(),
            json!({}),
        ),
    ];
    let revision = server.app.registry().revision();

    for (method, path, body) in changes {
        for tag in ["\"0\"", "W/\"1\"", "\"x\"", "nonsense"] {
            let call = owner.call(method, &path).header("if-match", tag);
            let reply = call.json(&body).send().await;
            reply.assert_status(412).assert_problem("stale", &[]);
        }
    }

    assert_eq!(
        server.app.registry().revision(),
        revision,
        "nothing was changed"
    );
    let any = owner
        .call("PATCH", &format!("/clients/{id}"))
        .header("if-match", "*");
    any.json(&json!({"name": "x"}))
        .send()
        .await
        .assert_status(200);
}
