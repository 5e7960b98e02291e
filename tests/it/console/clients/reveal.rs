//! A secret is shown once: for ten minutes, to whoever made it.

use jeton::domain::{audit::AuditPage, permission::Role, time::Span};

use crate::harness::{
    browser::{Browser, PASSWORD, Page},
    server::TestServer,
};

/// Makes a client without access; the page that shows its secret.
async fn made(browser: &mut Browser<'_>) -> Page {
    let page = browser.open("/clients/new").await;
    let page = browser
        .submit(&page, "/clients/new", &[("name", "Mailer")])
        .await;
    let page = browser.submit(&page, "/clients/new/access", &[]).await;
    let page = browser.submit(&page, "/clients/new/credential", &[]).await;
    let page = browser.submit(&page, "/clients/new/check", &[]).await;
    page.assert_says("Copy the secret now");
    page
}

const TOO_LATE: &str = "This secret can’t be shown again";

/// Console 31.
#[tokio::test]
async fn a_reload_shows_the_secret_to_the_same_visit_for_ten_minutes() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = made(&mut browser).await;
    let secret = page.element("secret");

    let again = browser.open(&page.path).await;
    assert_eq!(again.element("secret"), secret);
    again.assert_says("(in 10 minutes)");
    let mut same_person = server.browser();
    same_person.sign_in("operator@example.com", PASSWORD).await;
    let elsewhere = same_person.open(&page.path).await;
    elsewhere.assert_says(TOO_LATE);
    let mut other = server.signed_in(Role::Owner).await;
    other.open(&page.path).await.assert_says(TOO_LATE);
    server.advance(Span::minutes(10)).await;

    browser.open(&page.path).await.assert_says(TOO_LATE);
}

/// Console 31.
#[tokio::test]
async fn once_it_is_stored_it_is_gone() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = made(&mut browser).await;

    let refused = browser.submit(&page, &page.path, &[]).await;
    refused.assert_status(422);
    refused.assert_says("Tick the box once you have stored the secret");
    let next = browser
        .submit(&page, &page.path, &[("stored", "yes")])
        .await;

    next.assert_says("Waiting for the first token");
    browser.open(&page.path).await.assert_says(TOO_LATE);
}

#[tokio::test]
async fn a_secret_that_was_stopped_meanwhile_is_not_shown_any_more() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = made(&mut browser).await;
    let secret = page.element("secret");
    let revoke = format!(
        "/clients/{}/credentials/{}/revoke",
        id(&page),
        &secret[4..12]
    );

    let asked = browser.open(&revoke).await;
    let revoked = browser.submit(&asked, &revoke, &[]).await;

    revoked.assert_says("revoked. Requests with it are refused now.");
    let closed = browser.open(&page.path).await;
    closed.assert_says(TOO_LATE);
    closed.assert_says("It does not work any more.");
    closed.assert_does_not_say(&secret);
}

/// The client whose page it is.
fn id(page: &Page) -> &str {
    page.path.split('/').nth(2).unwrap()
}

/// Console 33.
#[tokio::test]
async fn pasted_back_it_is_compared_and_not_shown_again_elsewhere() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = made(&mut browser).await;
    let secret = page.element("secret");
    let check = format!("{}/check", page.path);

    let same = browser.submit(&page, &check, &[("pasted", &secret)]).await;
    let short = &secret[..secret.len() - 2];
    let short = browser.submit(&page, &check, &[("pasted", short)]).await;
    let long = format!("{secret}\r\n");
    let long = browser.submit(&page, &check, &[("pasted", &long)]).await;

    same.assert_says("It matches: this is the secret, to the letter.");
    short.assert_says("It is 2 characters short: the end is missing.");
    long.assert_says("It has a trailing line break.");
}

#[tokio::test]
async fn it_can_be_saved_as_a_file_that_programs_read() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = made(&mut browser).await;
    let secret = page.element("secret");

    let file = browser.open(&format!("{}/env", page.path)).await;

    let client = server.app.registry().clients().next().unwrap().id.clone();
    assert_eq!(
        file.html(),
        format!("JETON_ID={client}\nJETON_SECRET={secret}\n")
    );
    let disposition = file.reply.header("content-disposition");
    assert_eq!(disposition, "attachment; filename=\"jeton.env\"");
    assert_eq!(file.reply.header("cache-control"), "no-store");
}

/// Console 32.
#[tokio::test]
async fn each_look_is_in_the_audit_log_and_the_secret_is_not() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = made(&mut browser).await;
    let secret = page.element("secret");
    browser.open(&page.path).await;
    browser.open(&format!("{}/env", page.path)).await;

    let log = AuditPage {
        limit: 100,
        ..AuditPage::default()
    };
    let log = server.app.audit(log).await.unwrap();

    let looks: Vec<_> = log
        .iter()
        .filter(|record| record.entry.action == "secret.show")
        .collect();
    assert_eq!(looks.len(), 3);
    assert_eq!(looks[0].entry.actor, "operator:operator@example.com");
    assert_eq!(
        looks[0].entry.changes[0].after.as_deref(),
        Some(&secret[4..12])
    );
    assert!(!format!("{log:?}").contains(&secret[13..]));
}

#[tokio::test]
async fn a_secret_that_never_was_has_no_page() {
    let server = TestServer::start().await;
    server.client("mailer").await;
    let mut browser = server.signed_in(Role::Operator).await;

    let page = browser.open("/clients/mailer/reveal/AAAAAAAA").await;

    page.assert_status(404);
    let mut viewer = server.signed_in(Role::Viewer).await;
    let page = viewer.open("/clients/mailer/reveal/AAAAAAAA").await;
    page.assert_status(403);
}
