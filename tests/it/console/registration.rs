//! Registration tokens in the console: made, shown once, revoked; and the clients that came with one.

use jeton::domain::{permission::Role, time::Span};
use serde_json::json;

use crate::harness::{browser::Browser, server::TestServer};

const NEW: &str = "/settings/registration/new";

/// Makes a token for `urn:shop`, as an Admin fills in the form; the page that shows it.
async fn make(browser: &mut Browser<'_>) -> (String, String) {
    let page = browser.open(NEW).await;
    let form = [("note", "Build farm"), ("scope", "urn:shop read")];
    let shown = browser.submit(&page, NEW, &form).await;
    shown.assert_says("Copy the token now");
    (shown.path.clone(), shown.element("token"))
}

async fn register(server: &TestServer, token: &str, name: &str) -> u16 {
    let request = server.request("POST", "/oauth2/register");
    let request = request
        .header("authorization", &format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(json!({ "client_name": name, "scope": "read" }).to_string());
    request.send().await.status.as_u16()
}

#[tokio::test]
async fn a_token_is_made_shown_once_and_registers_a_client_that_says_where_it_came_from() {
    let server = TestServer::with_registration().await;
    server.api("urn:shop", "read write").await;
    let mut admin = server.signed_in(Role::Admin).await;

    let (path, token) = make(&mut admin).await;
    let open = admin.open(&path).await;
    let closed = admin.submit(&open, &path, &[("stored", "yes")]).await;
    closed.assert_does_not_say(&token);
    assert_eq!(register(&server, &token, "runner 7").await, 201);

    let list = admin.open("/settings/registration").await;
    list.assert_says("Used up");
    list.assert_says("1 of 1");
    list.assert_does_not_say(&token);
    admin.open(&path).await.assert_says("runner 7");
    let id = {
        let registry = server.app.registry();
        registry.clients().next().unwrap().id.to_string()
    };
    let client = admin.open(&format!("/clients/{id}")).await;
    client.assert_says("by itself, with the registration token");
    client.assert_says("(Build farm)");
}

#[tokio::test]
async fn the_window_of_a_token_is_its_makers_alone_and_closes_by_itself() {
    let server = TestServer::with_registration().await;
    server.api("urn:shop", "read").await;
    let mut admin = server.signed_in(Role::Admin).await;
    let mut viewer = server.signed_in(Role::Viewer).await;

    let (path, token) = make(&mut admin).await;

    viewer.open(&path).await.assert_does_not_say(&token);
    admin.open(&path).await.assert_says(&token);
    server.advance(Span::minutes(10)).await;
    admin.open(&path).await.assert_does_not_say(&token);
}

#[tokio::test]
async fn a_token_that_was_revoked_registers_nobody() {
    let server = TestServer::with_registration().await;
    server.api("urn:shop", "read").await;
    let mut admin = server.signed_in(Role::Admin).await;
    let (path, token) = make(&mut admin).await;

    let revoke = format!("{path}/revoke");
    let asked = admin.open(&revoke).await;
    asked.assert_says("Clients that were registered with it stay");
    let page = admin.submit(&asked, &revoke, &[]).await;

    page.assert_says("The token is revoked");
    page.assert_does_not_say(&token);
    assert_eq!(register(&server, &token, "late").await, 401);
}

#[tokio::test]
async fn the_choices_of_a_new_token_are_named_in_words() {
    let server = TestServer::with_registration().await;
    let mut admin = server.signed_in(Role::Admin).await;

    let page = admin.open(NEW).await;

    page.assert_says("A JWT that its own key signs");
    page.assert_says("As the client says");
    page.assert_does_not_say("token_binding");
}

#[tokio::test]
async fn what_is_wrong_with_a_new_token_is_said_where_it_stands() {
    let server = TestServer::start().await;
    server.api("urn:shop", "read").await;
    let mut admin = server.signed_in(Role::Admin).await;

    let page = admin.open(NEW).await;
    let wrong = [("limit", "many"), ("note", "kept")];
    let refused = admin.submit(&page, NEW, &wrong).await;

    refused.assert_status(422);
    refused.assert_says("How many clients is a number");
    assert!(refused.html().contains("value=\"kept\""));
    let nothing = [
        ("limit", "none"),
        ("expires_in", "never"),
        ("secret_lifetime", "soon"),
    ];
    let refused = admin.post(NEW, &nothing).await.html();
    let told = ["limit", "expires_in", "methods", "secret_lifetime"];
    let told = told.map(|field| {
        refused
            .find(&format!("<a href=\"#{field}\">"))
            .expect(field)
    });
    assert!(told.is_sorted(), "{told:?}");
    let foreign = [("scope", "urn:jeton:admin clients:read")];
    let refused = admin.submit(&page, NEW, &foreign).await;
    refused.assert_status(422);
    refused.assert_says("never manages this server");
    let off = admin.open("/settings/registration").await;
    off.assert_says("--registration on");
}

/// AD-12
#[tokio::test]
async fn what_a_client_calls_itself_is_text_and_nothing_else() {
    let server = TestServer::with_registration().await;
    server.api("urn:shop", "read").await;
    let mut admin = server.signed_in(Role::Admin).await;
    let (path, token) = make(&mut admin).await;
    let name = "<script>alert(1)</script>\"'&{{7*7}}";
    assert_eq!(register(&server, &token, name).await, 201);
    let id = {
        let registry = server.app.registry();
        registry.clients().next().unwrap().id.to_string()
    };

    for page in [
        path,
        "/clients".to_owned(),
        format!("/clients/{id}"),
        "/audit".to_owned(),
    ] {
        let page = admin.open(&page).await;
        page.assert_status(200);
        assert!(!page.html().contains("<script>alert"), "{}", page.path);
    }
}
