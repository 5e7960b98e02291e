//! Signing keys, as operators see and change them.

use jeton::domain::{permission::Role, time::Span};

use crate::harness::{
    browser::{Browser, PASSWORD},
    server::TestServer,
};

/// The id of the one key that has this age.
fn kid(server: &TestServer, age: &str) -> String {
    let registry = server.app.registry();
    let now = server.app.now();
    let mut keys = registry.keys();
    let found = keys.find(|key| registry.age(key, now).as_str() == age);
    found
        .unwrap_or_else(|| panic!("no key is {age}"))
        .id
        .to_string()
}

async fn publish_next(browser: &mut Browser<'_>) {
    let page = browser.open("/keys/new").await;
    let page = browser.submit(&page, "/keys", &[]).await;
    page.assert_says("New key published. It signs from");
}

#[tokio::test]
async fn a_new_key_is_published_before_it_signs_and_can_be_withdrawn() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Admin).await;

    publish_next(&mut browser).await;
    let next = kid(&server, "pending");
    let page = browser.open("/keys").await;
    page.assert_says(&next);
    page.assert_says("Nobody is known to be ready");
    let action = format!("/keys/{next}/withdraw");
    let page = browser.submit(&page, &action, &[]).await;

    page.assert_at("/keys");
    page.assert_says("Key withdrawn.");
    assert_eq!(kid(&server, "revoked"), next);
}

/// Console 45.
#[tokio::test]
async fn switching_names_who_fetched_the_key_set_too_early() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Owner).await;
    server.get("/oauth2/jwks").await;
    server.advance(Span::days(1)).await;
    browser.sign_in("owner@example.com", PASSWORD).await;
    publish_next(&mut browser).await;
    server.advance(Span::minutes(30)).await;
    browser.sign_in("owner@example.com", PASSWORD).await;
    let next = kid(&server, "pending");

    let page = browser.open("/keys").await;
    page.assert_says("Not safe to switch yet");
    page.assert_says("192.0.2.7 last fetched it 25 hours ago and would refuse new tokens.");
    server.get("/oauth2/jwks").await;
    let page = browser.open(&format!("/keys/{next}/switch")).await;
    page.assert_says("Safe to switch: the one address");
    let page = browser
        .submit(&page, &format!("/keys/{next}/switch"), &[])
        .await;

    page.assert_says("The next key signs from");
    assert_eq!(kid(&server, "active"), next);
}

#[tokio::test]
async fn a_second_next_key_is_refused_with_the_time_in_words() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Admin).await;
    let page = browser.open("/keys/new").await;
    publish_next(&mut browser).await;

    let page = browser.submit(&page, "/keys", &[("once", "")]).await;

    page.assert_status(409);
    page.assert_says("is published already and begins to sign at");
    page.assert_says(":00 UTC; activate or retire it first.");
}

#[tokio::test]
async fn taking_a_key_out_says_how_many_tokens_die() {
    let server = TestServer::start().await;
    server.api("urn:shop", "read").await;
    let client = server
        .client("mailer")
        .await
        .granted("urn:shop", "read")
        .await;
    for _ in 0..3 {
        client
            .ask("grant_type=client_credentials")
            .await
            .assert_issued();
    }
    let mut browser = server.signed_in(Role::Owner).await;
    let signing = kid(&server, "active");
    let action = format!("/keys/{signing}/remove");

    let page = browser.open(&action).await;
    page.assert_says("Up to 3 tokens that it signed are alive.");
    page.assert_says("Remove the key and void 3 tokens");
    let page = browser.submit(&page, &action, &[]).await;

    page.assert_says("Key removed, and its tokens with it.");
    let set = server.get("/oauth2/jwks").await.json().to_string();
    assert!(!set.contains(&signing), "{set}");
}

#[tokio::test]
async fn a_viewer_sees_keys_and_no_way_to_change_them() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser.open("/keys").await;
    page.assert_status(200);
    page.assert_says("Signs every new token.");
    page.assert_does_not_say("Remove at once");
    browser.open("/keys/new").await.assert_status(403);
}

/// Console 45.
#[tokio::test]
async fn a_token_of_the_old_key_verifies_until_it_expires() {
    let server = TestServer::start().await;
    server.api("urn:shop", "read").await;
    let client = server.client("mailer").await;
    let client = client.granted("urn:shop", "read").await;
    let mut browser = server.signed_in(Role::Owner).await;
    publish_next(&mut browser).await;
    let next = kid(&server, "pending");
    let published = server.get("/oauth2/jwks").await.json().to_string();
    assert!(published.contains(&next), "before it signs: {published}");
    server.advance(Span::minutes(10)).await;
    let token = client.ask("grant_type=client_credentials").await;
    let token = token.json()["access_token"].as_str().unwrap().to_owned();
    let old = kid(&server, "active");

    let switch = format!("/keys/{next}/switch");
    let page = browser.open(&switch).await;
    browser.submit(&page, &switch, &[]).await;

    let verdict = [("pasted", token.as_str())];
    for minutes in [0, 59] {
        server.advance(Span::minutes(minutes)).await;
        browser.sign_in("owner@example.com", PASSWORD).await;
        let set = server.get("/oauth2/jwks").await.json().to_string();
        assert!(set.contains(&old), "after {minutes} minutes: {set}");
        let page = browser.post("/tools/token", &verdict).await;
        page.assert_says("Signed by this server");
    }
    server.advance(Span::minutes(2)).await;
    browser.sign_in("owner@example.com", PASSWORD).await;
    let page = browser.post("/tools/token", &verdict).await;
    page.assert_says("Signed by this server, and expired");
}
