//! A client reads, replaces and removes its registration, and nobody else's.

use http::Method;
use jeton::{admin::clients::DisableClient, domain::audit::AuditPage, oauth::reason::ErrorCode};
use serde_json::json;

use super::{Registered, World};
use crate::harness::caller::Client;

/// DCM-01
#[tokio::test]
async fn a_client_reads_its_registration_by_its_token_alone() {
    let world = World::new().await;
    let it = world
        .register(json!({ "client_name": "Runner", "scope": "read" }))
        .await;

    let read = world.manage(Method::GET, &it, None).await;

    assert_eq!(read.status, 200);
    read.assert_private_json();
    let mut expected = it.0.clone();
    expected.as_object_mut().unwrap().remove("client_secret");
    assert_eq!(
        read.json(),
        expected,
        "all but the secret, which is shown once"
    );
    let head = world.manage(Method::HEAD, &it, None).await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    for token in [None, Some(""), Some("x"), Some(&*world.token)] {
        let reply = world.call((Method::GET, &it.path()), token, None).await;
        reply.assert_error(401, ErrorCode::InvalidToken);
        assert!(
            reply
                .header("www-authenticate")
                .starts_with("Bearer realm=")
        );
    }
    assert_eq!(world.manage(Method::GET, &it, None).await.status, 200);
}

/// DCM-01
#[tokio::test]
async fn a_token_that_is_shown_for_another_client_is_revoked() {
    let world = World::new().await;
    let one = world.register(json!({})).await;
    let two = world.register(json!({})).await;

    for target in [two.path(), "/oauth2/register/nobody".to_owned()] {
        let it = world.register(json!({})).await;
        let reply = world
            .call((Method::GET, &target), Some(it.access()), None)
            .await;
        reply.assert_error(401, ErrorCode::InvalidToken);
        let own = world.manage(Method::GET, &it, None).await;
        own.assert_error(401, ErrorCode::InvalidToken);
    }
    let reply = world
        .call((Method::DELETE, &two.path()), Some(one.access()), None)
        .await;
    assert_eq!(reply.status, 401);
    assert_eq!(world.manage(Method::GET, &two, None).await.status, 200);
    let client = world.client(&one);
    client
        .granted("urn:shop", "read")
        .await
        .request_token("")
        .await
        .assert_issued();
}

/// DCM-02
#[tokio::test]
async fn a_client_replaces_its_registration_and_gets_a_new_token() {
    let world = World::new().await;
    let it = world
        .register(json!({ "client_name": "Runner", "scope": "read list" }))
        .await;
    let body = json!({ "client_id": it.id(), "client_name": "Other", "scope": "list" });

    let replaced = world.manage(Method::PUT, &it, Some(&body)).await;

    assert_eq!(replaced.status, 200, "{replaced:?}");
    replaced.assert_private_json();
    let now = Registered(replaced.json());
    assert_eq!(
        (now.text("client_name"), now.text("scope")),
        ("Other", "list")
    );
    assert_ne!(now.access(), it.access());
    assert!(
        now.0.get("client_secret").is_none(),
        "the one it has goes on"
    );
    let old = world.manage(Method::GET, &it, None).await;
    old.assert_error(401, ErrorCode::InvalidToken);
    assert_eq!(world.manage(Method::GET, &now, None).await.json(), now.0);
    let client = world.client(&it);
    client.request_token("list").await.assert_issued();
    client
        .request_token("read")
        .await
        .assert_refused(ErrorCode::InvalidScope);
}

/// DCM-02
#[tokio::test]
async fn a_replacement_says_nothing_that_is_for_the_server_to_say() {
    let world = World::new().await;
    let it = world.register(json!({ "scope": "read" })).await;
    let before = world.server.app.registry_arc();

    for (name, value) in [
        ("registration_access_token", json!(it.access())),
        (
            "registration_client_uri",
            it.0["registration_client_uri"].clone(),
        ),
        ("client_secret_expires_at", json!(0)),
        ("client_id_issued_at", json!(1)),
        ("client_id", json!("another")),
        ("client_id", json!(null)),
    ] {
        let mut body = json!({ "client_id": it.id(), "scope": "read" });
        body[name] = value;
        let reply = world.manage(Method::PUT, &it, Some(&body)).await;
        reply.assert_error(400, ErrorCode::InvalidRequest);
    }
    for body in [
        json!({ "client_id": it.id(), "client_secret": "another" }),
        json!({ "client_id": it.id(), "scope": "write" }),
        json!({ "client_id": it.id(), "grant_types": ["password"] }),
    ] {
        let reply = world.manage(Method::PUT, &it, Some(&body)).await;
        reply.assert_error(400, ErrorCode::InvalidClientMetadata);
    }
    assert_eq!(world.server.app.registry_arc(), before);
}

/// DCM-02
#[tokio::test]
async fn a_replacement_that_names_no_scope_leaves_the_client_what_it_has() {
    let world = World::new().await;
    let mut it = world.register(json!({ "scope": "read" })).await;
    let client = Client::new(&world.server, it.id(), it.text("client_secret"));
    let client = client.granted("urn:shop", "read write").await;
    let id = it.id().to_owned();

    for body in [
        json!({ "client_id": id, "client_name": "Other" }),
        json!({ "client_id": id, "client_name": "Other", "scope": null }),
        json!({ "client_id": id, "client_name": "Other", "scope": "" }),
    ] {
        let replaced = world.manage(Method::PUT, &it, Some(&body)).await;

        assert_eq!(replaced.status, 200, "{body}: {replaced:?}");
        it = Registered(replaced.json());
        assert_eq!(it.text("client_name"), "Other");
        assert_eq!(it.text("scope"), "read write", "{body}");
        client.request_token("read write").await.assert_issued();
    }
}

/// DCM-02: what an operator granted beside the template is the operator's to take back.
#[tokio::test]
async fn a_replacement_gives_up_only_what_the_client_could_ask_for() {
    let world = World::new().await;
    let it = world.register(json!({ "scope": "read list" })).await;
    let client = world
        .client(&it)
        .granted("urn:shop", "read list write")
        .await;

    let body = json!({ "client_id": it.id(), "scope": "read" });
    let replaced = world.manage(Method::PUT, &it, Some(&body)).await;

    assert_eq!(replaced.status, 200, "{replaced:?}");
    assert_eq!(replaced.json()["scope"], "read write");
    client.request_token("read write").await.assert_issued();
    let gone = client.request_token("list").await;
    gone.assert_refused(ErrorCode::InvalidScope);
}

/// DCM-01
#[tokio::test]
async fn an_operator_takes_from_a_client_the_token_by_which_it_manages_itself() {
    let world = World::new().await;
    let it = world.register(json!({ "scope": "read" })).await;
    let owner = world.server.owner();
    let path = format!("/clients/{}/revoke-registration-access", it.id());
    let reader = world.server.deployer().await.managing("clients:read").await;
    reader.post(&path, json!({})).await.assert_status(403);
    assert_eq!(world.manage(Method::GET, &it, None).await.status, 200);

    let taken = owner.post(&path, json!({})).await;

    taken.assert_status(200);
    assert_eq!(taken.json()["registration"]["is_managed"], false);
    let read = world.manage(Method::GET, &it, None).await;
    read.assert_error(401, ErrorCode::InvalidToken);
    let client = world.client(&it);
    client.request_token("read").await.assert_issued();
    let newest = async || {
        let page = AuditPage {
            limit: 1,
            ..AuditPage::default()
        };
        world.server.app.audit(page).await.unwrap().swap_remove(0)
    };
    let told = newest().await;
    assert_eq!(told.entry.action, "registration.revoke");
    owner.post(&path, json!({})).await.assert_status(200);
    assert_eq!(newest().await.seq, told.seq, "nothing was left to take");
}

/// DCM-03
#[tokio::test]
async fn nothing_is_taken_from_a_client_that_an_operator_made() {
    let world = World::new().await;
    world.server.client("svc").await;
    let owner = world.server.owner();

    let refused = owner
        .post("/clients/svc/revoke-registration-access", json!({}))
        .await;

    refused.assert_status(409);
    let problem = refused.json();
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("did not register itself"), "{detail}");
}

/// DCM-02
#[tokio::test]
async fn of_two_replacements_that_come_at_once_one_counts() {
    let world = World::new().await;
    let it = world.register(json!({})).await;
    let body = json!({ "client_id": it.id() });

    let (one, two) = tokio::join!(
        world.manage(Method::PUT, &it, Some(&body)),
        world.manage(Method::PUT, &it, Some(&body)),
    );

    let mut both = [one.status.as_u16(), two.status.as_u16()];
    both.sort_unstable();
    assert_eq!(both, [200, 401]);
}

/// DCM-03
#[tokio::test]
async fn a_client_that_removes_itself_is_gone_with_its_tokens() {
    let world = World::new().await;
    let it = world.register(json!({ "scope": "read" })).await;
    let client = world.client(&it);
    client.request_token("read").await.assert_issued();

    let gone = world.manage(Method::DELETE, &it, None).await;

    assert_eq!((gone.status.as_u16(), gone.body.len()), (204, 0));
    assert_eq!(gone.header("cache-control"), "no-store");
    client
        .request_token("read")
        .await
        .assert_refused(ErrorCode::InvalidClient);
    let again = world.manage(Method::DELETE, &it, None).await;
    again.assert_error(401, ErrorCode::InvalidToken);
    let other = world.manage(Method::PATCH, &it, None).await;
    assert_eq!(other.status, 405);
    assert_eq!(other.header("allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
}

/// DCM-03
#[tokio::test]
async fn a_client_that_an_operator_disabled_cannot_change_itself() {
    let world = World::new().await;
    let it = world.register(json!({ "scope": "read" })).await;
    let client = it.id().parse().unwrap();
    world.server.run(DisableClient { client }).await;
    let body = json!({ "client_id": it.id() });

    let put = world.manage(Method::PUT, &it, Some(&body)).await;
    let delete = world.manage(Method::DELETE, &it, None).await;

    put.assert_error(403, ErrorCode::AccessDenied);
    delete.assert_error(403, ErrorCode::AccessDenied);
    assert_eq!(world.manage(Method::GET, &it, None).await.status, 200);
}

/// DCM-03
#[tokio::test]
async fn a_client_that_an_operator_made_is_nothing_to_be_managed() {
    let world = World::new().await;
    let it = world.register(json!({})).await;
    world.server.client("steady").await;

    let reply = world
        .call(
            (Method::DELETE, "/oauth2/register/steady"),
            Some(it.access()),
            None,
        )
        .await;

    assert_eq!(reply.status, 401);
    let steady = "steady".parse().unwrap();
    assert!(world.server.app.registry().find_client(&steady).is_some());
}
