//! Clients that sign with their secret, in the console: made, rotated, handed a new one.

use jeton::{
    crypto::signer::{Algorithm, PrivateKey, Signer},
    domain::{
        credential::Method, permission::Role, profile::Profile, rotation::Overlap, secret::Proof,
        time::Span,
    },
};

use super::rotation::{CREDENTIALS, report_service, to};
use crate::harness::{
    assertion::{claims, move_to, present, public, sign, signer},
    browser::{Browser, Page},
    server::TestServer,
};

/// The kinds of what works for the report service, the oldest first.
fn kinds(server: &TestServer) -> Vec<&'static str> {
    let registry = server.app.registry();
    let client = registry.find_client_by_text("report-service").unwrap();
    let live = client.live_secrets(server.app.now());
    live.map(|it| it.proof.kind()).collect()
}

/// The secret that a page shows.
fn secret_on(page: &Page) -> String {
    let html = page.html();
    let (_, rest) = html.split_once("aria-label=\"Client secret\">").unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

/// Sends a step's form of the report service's credentials, as the page fills it in but for `filled`.
async fn step(browser: &mut Browser<'_>, step: &str, filled: &[(&str, &str)]) -> Page {
    let page = browser.open(&to(step)).await;
    browser.submit(&page, &to(step), filled).await
}

/// What the report service signs with its secret.
fn assertion_of(server: &TestServer, secret: &str, id: &str) -> String {
    let key = PrivateKey::from_bytes(secret.as_bytes().to_vec());
    let signer = Signer::from_private(Algorithm::Hs256, &key).unwrap();
    sign(&signer, &claims(server, "report-service", id))
}

#[tokio::test]
async fn who_signs_with_a_secret_gets_one_that_signs() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;
    step(
        &mut browser,
        "rotate",
        &[("overlap", "now"), ("signs", "yes")],
    )
    .await;

    let page = step(&mut browser, "rotate", &[("overlap", "24h")]).await;

    assert_eq!(kinds(&server), ["shared", "shared"]);
    page.assert_says("it is kept sealed, and shown to nobody");
    page.assert_says("algorithm=\"HS256\"");
    page.assert_does_not_say("JETON_SECRET\" \\");
    let assertion = assertion_of(&server, &secret_on(&page), "one");
    present(&server, &assertion, "").await.assert_issued();
    let overview = browser.open("/clients/report-service").await;
    overview.assert_says("client.ClientSecretJwt(JETON_SECRET)");
    assert!(!overview.html().contains("snippet-curl"));
}

#[tokio::test]
async fn a_link_hands_over_a_secret_of_the_kind_that_it_replaces() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;
    step(
        &mut browser,
        "rotate",
        &[("overlap", "now"), ("signs", "yes")],
    )
    .await;
    let page = step(&mut browser, "handover", &[]).await;
    let text = page.text();
    let mut words = text.split_whitespace();
    let link = words.find_map(|word| word.strip_prefix("https://as.test/console"));
    let mut developer = server.browser();
    let page = developer.open(link.unwrap()).await;

    let page = developer.submit(&page, link.unwrap(), &[]).await;

    assert_eq!(kinds(&server), ["shared", "shared"]);
    page.assert_says("The client signs with it and never sends it");
    page.assert_says("client.ClientSecretJwt(JETON_SECRET)");
    let assertion = assertion_of(&server, &secret_on(&page), "one");
    present(&server, &assertion, "").await.assert_issued();
}

/// A server whose Report Service has nothing but a key.
async fn with_a_key() -> TestServer {
    let server = TestServer::start().await;
    let client = report_service(&server).await;
    move_to(
        &server,
        &client,
        Proof::Key(public(&signer(1))),
        Overlap::None,
    )
    .await;
    server
}

#[tokio::test]
async fn a_client_with_a_key_is_led_to_its_next_key_and_told_what_a_secret_would_replace() {
    let server = with_a_key().await;
    let mut browser = server.signed_in(Role::Operator).await;

    let page = browser.open(CREDENTIALS).await;
    page.assert_says("Give it a secret");
    assert!(page.html().contains("credentials/replace\"><svg"), "Rotate");
    let page = browser.open(&to("replace")).await;
    let kind = ("kind".to_owned(), "key".to_owned());
    assert!(page.form(&to("replace")).contains(&kind));
    let page = browser.open(&to("rotate")).await;
    page.assert_says("something that is no secret: A public key");
    let filled = [("overlap", "24h"), ("signs", "yes")];
    let refused = browser.submit(&page, &to("rotate"), &filled).await;
    refused.assert_status(422);
    refused.assert_says("never work side by side: stop the key now");
    step(&mut browser, "rotate", &[("overlap", "24h")]).await;

    assert_eq!(kinds(&server), ["key", "generated"]);
}

#[tokio::test]
async fn a_form_that_does_not_say_how_a_secret_is_used_gives_none_to_a_client_with_a_key() {
    let server = with_a_key().await;
    let mut browser = server.signed_in(Role::Operator).await;

    let refused = step(&mut browser, "rotate", &[("signs", "")]).await;

    refused.assert_status(422);
    refused.assert_says("Choose how it uses the secret");
    assert_eq!(kinds(&server), ["key"]);
}

#[tokio::test]
async fn a_client_begins_with_a_secret_that_signs() {
    for how in ["", "handover"] {
        let server = TestServer::start().await;
        server.api("https://sales.example", "read:analytics").await;
        let mut browser = server.signed_in(Role::Operator).await;
        let page = browser.open("/clients/new").await;
        let about = [("name", "Reports"), ("client_id", "report-service")];
        let page = browser.submit(&page, "/clients/new", &about).await;
        let scope = [("scope", "https://sales.example read:analytics")];
        let page = browser.submit(&page, "/clients/new/access", &scope).await;
        let filled = [("kind", "signing_secret"), ("life", "90d")];
        let page = browser
            .submit(&page, "/clients/new/credential", &filled)
            .await;
        page.assert_says("A secret that signs");

        let page = browser
            .submit(&page, "/clients/new/check", &[("how", how)])
            .await;

        let method = |server: &TestServer| {
            let registry = server.app.registry();
            let client = registry.find_client_by_text("report-service").unwrap();
            client.methods(server.app.now()).into_iter().next()
        };
        if how.is_empty() {
            assert_eq!(method(&server), Some(Method::ClientSecretJwt));
            page.assert_says("client.ClientSecretJwt(JETON_SECRET)");
            server.advance(Span::minutes(1)).await;
            let assertion = assertion_of(&server, &secret_on(&page), "one");
            present(&server, &assertion, "").await.assert_issued();
        } else {
            assert_eq!(method(&server), None);
            let signs = ("signs".to_owned(), "yes".to_owned());
            assert!(page.form(&to("handover")).contains(&signs));
        }
    }
}

#[tokio::test]
async fn a_strict_server_offers_no_secret_that_signs() {
    let server = TestServer::with_profile(Profile::Fapi2).await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = browser.open("/clients/new").await;
    let page = browser
        .submit(&page, "/clients/new", &[("name", "Reports")])
        .await;
    let page = browser.submit(&page, "/clients/new/access", &[]).await;

    page.assert_does_not_say("A secret that signs");
    let filled = [("kind", "signing_secret"), ("life", "90d")];
    let refused = browser
        .submit(&page, "/clients/new/credential", &filled)
        .await;
    refused.assert_status(422);
}
