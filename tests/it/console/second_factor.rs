//! The second factor: an authenticator app, and recovery codes for when it is lost.

use jeton::{
    admin::operators::{NewPassword, SetPassword},
    domain::{permission::Role, time::Span},
};

use crate::harness::{
    browser::{Browser, PASSWORD, Page},
    server::TestServer,
};

/// What an app that was given the key on this page shows now.
fn code_on(page: &Page, server: &TestServer) -> String {
    let html = page.html();
    let (_, key) = html.split_once("id=\"key\"").unwrap();
    let key = key.split(['>', '<']).nth(1).unwrap().replace(' ', "");
    let secret = jeton::crypto::totp::TotpSecret::try_from(key).unwrap();
    secret.code_at(server.app.now().seconds())
}

async fn enrolled(server: &TestServer, browser: &mut Browser<'_>, page: &Page) -> Page {
    let code = code_on(page, server);
    browser
        .submit(page, "/me/second-factor", &[("code", &code)])
        .await
}

/// Console 16, 31.
#[tokio::test]
async fn an_owner_sets_up_an_app_and_stores_recovery_codes_before_anything_else() {
    let server = TestServer::start().await;
    server.add_operator("ana@example.com", Role::Owner).await;
    let mut browser = server.browser();

    let page = browser.sign_in("ana@example.com", PASSWORD).await;
    page.assert_at("/me/second-factor");
    browser
        .open("/clients")
        .await
        .assert_at("/me/second-factor");
    let wrong = browser
        .submit(&page, "/me/second-factor", &[("code", "000000")])
        .await;
    wrong.assert_status(422);
    let codes = enrolled(&server, &mut browser, &wrong).await;
    codes.assert_at("/me/recovery-codes");
    let unticked = browser
        .submit(&codes, "/me/recovery-codes/stored", &[])
        .await;
    unticked.assert_status(422);
    let page = browser
        .submit(&codes, "/me/recovery-codes/stored", &[("stored", "yes")])
        .await;

    page.assert_says("Dashboard");
    page.assert_says("Your second factor is set up");
    browser
        .open("/me/recovery-codes")
        .await
        .assert_says("can’t be shown again");
}

/// AD-06: Console 16.
#[tokio::test]
async fn a_code_lets_in_once_and_may_have_spaces() {
    let server = TestServer::start().await;
    let email = server.operator(Role::Owner).await;
    let code = server.app_code();
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);

    let mut one = server.browser();
    let form = [("email", email.as_str()), ("password", PASSWORD)];
    one.post("/sign-in", &form)
        .await
        .assert_at("/sign-in/second");
    one.open("").await.assert_says("Sign in");
    let page = one.post("/sign-in/second", &[("code", &spaced)]).await;
    page.assert_says("Dashboard");
    let mut two = server.browser();
    let again = two.sign_in(&email, PASSWORD).await;

    again.assert_status(422);
    again.assert_says("was used before");
}

/// Console 16.
#[tokio::test]
async fn a_recovery_code_lets_in_once() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Admin).await;
    let form = [("confirm_password", PASSWORD)];
    let page = browser.post("/me/recovery-codes", &form).await;
    let html = page.html();
    let (_, codes) = html.split_once("id=\"codes\">").unwrap();
    let code = codes.lines().next().unwrap().to_owned();

    let enter = async |code: &str| {
        let mut browser = server.browser();
        let form = [("email", "admin@example.com"), ("password", PASSWORD)];
        browser.post("/sign-in", &form).await;
        browser.post("/sign-in/recovery", &[("code", code)]).await
    };

    enter(&code.to_uppercase()).await.assert_says("Dashboard");
    enter(&code).await.assert_status(422);
}

#[tokio::test]
async fn a_form_of_an_app_sent_twice_leads_to_the_same_codes() {
    let server = TestServer::start().await;
    server.add_operator("ana@example.com", Role::Owner).await;
    let mut browser = server.browser();
    let page = browser.sign_in("ana@example.com", PASSWORD).await;

    let once = enrolled(&server, &mut browser, &page).await;
    let twice = enrolled(&server, &mut browser, &page).await;

    once.assert_at("/me/recovery-codes");
    twice.assert_at("/me/recovery-codes");
    assert_eq!(once.element("codes"), twice.element("codes"));
}

#[tokio::test]
async fn recovery_codes_that_were_replaced_elsewhere_are_shown_no_longer() {
    let server = TestServer::start().await;
    let mut one = server.signed_in(Role::Admin).await;
    let mut other = server.browser();
    server.advance(Span(60)).await;
    other.sign_in("admin@example.com", PASSWORD).await;
    let form = [("confirm_password", PASSWORD)];
    let page = one.open("/me").await;
    let shown = one.submit(&page, "/me/recovery-codes", &form).await;
    assert!(shown.html().contains("id=\"codes\""));
    let page = other.open("/me").await;

    let renewed = other.submit(&page, "/me/recovery-codes", &form).await;

    assert!(renewed.html().contains("id=\"codes\""));
    let stale = one.open("/me/recovery-codes").await;
    assert!(!stale.html().contains("id=\"codes\""), "{}", stale.text());
}

#[tokio::test]
async fn recovery_codes_asked_for_twice_by_one_form_are_made_once() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Admin).await;
    let page = browser.open("/me").await;
    let form = [("confirm_password", PASSWORD)];

    let once = browser.submit(&page, "/me/recovery-codes", &form).await;
    let twice = browser.submit(&page, "/me/recovery-codes", &form).await;

    assert_eq!(once.element("codes"), twice.element("codes"));
}

#[tokio::test]
async fn another_app_takes_the_password_however_lately_one_signed_in() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Admin).await;
    let before = server.app.registry().operators().next().unwrap().clone();
    let page = browser.open("/me/second-factor").await;
    let code = code_on(&page, &server);

    for password in ["", "a guess of somebody"] {
        let form = [("code", code.as_str()), ("confirm_password", password)];
        let asked = browser.submit(&page, "/me/second-factor", &form).await;
        asked.assert_says("Confirm it is you");
        asked.assert_says("however lately you did");
    }
    let found = server.app.registry().operators().next().unwrap().clone();
    assert_eq!(found.second_factor, before.second_factor);
    let form = [("code", code.as_str()), ("confirm_password", PASSWORD)];
    let codes = browser.submit(&page, "/me/second-factor", &form).await;

    codes.assert_at("/me/recovery-codes");
}

#[tokio::test]
async fn a_second_factor_is_removed_by_who_knows_the_password() {
    let server = TestServer::start().await;
    server.add_operator("ana@example.com", Role::Viewer).await;
    let mut browser = server.browser();
    browser.sign_in("ana@example.com", PASSWORD).await;
    let page = browser.open("/me/second-factor").await;
    let codes = enrolled(&server, &mut browser, &page).await;
    codes.assert_at("/me/recovery-codes");
    let page = browser.open("/me").await;

    let path = "/me/second-factor/remove";
    let asked = browser.submit(&page, path, &[]).await;
    asked.assert_says("Confirm it is you");
    browser
        .open("/me")
        .await
        .assert_says("An authenticator app, since");
    let form = [("confirm_password", PASSWORD)];
    let gone = browser.submit(&asked, path, &form).await;

    gone.assert_says("Your second factor is gone");
}

#[tokio::test]
async fn a_key_that_was_shown_too_long_ago_is_told_and_replaced() {
    let server = TestServer::start().await;
    server.add_operator("ana@example.com", Role::Viewer).await;
    let mut browser = server.browser();
    browser.sign_in("ana@example.com", PASSWORD).await;
    let page = browser.open("/me/second-factor").await;
    server.advance(Span::minutes(11)).await;

    let again = enrolled(&server, &mut browser, &page).await;

    again.assert_status(422);
    again.assert_says("That key was shown too long ago");
    let codes = enrolled(&server, &mut browser, &again).await;
    codes.assert_at("/me/recovery-codes");
}

/// A browser in which an owner has shown the password.
async fn half_signed_in(server: &TestServer) -> Browser<'_> {
    let email = server.operator(Role::Owner).await;
    let mut browser = server.browser();
    let form = [("email", email.as_str()), ("password", PASSWORD)];
    let page = browser.post("/sign-in", &form).await;
    page.assert_at("/sign-in/second");
    browser
}

#[tokio::test]
async fn who_has_shown_the_password_has_ten_minutes_for_the_code() {
    for (after, title) in [(Span::minutes(10), "Dashboard"), (Span(601), "Sign in")] {
        let server = TestServer::start().await;
        let mut browser = half_signed_in(&server).await;
        server.advance(after).await;
        let code = server.app_code();

        let page = browser.post("/sign-in/second", &[("code", &code)]).await;

        page.assert_says(title);
    }
}

#[tokio::test]
async fn a_password_that_was_replaced_meanwhile_lets_nobody_go_on_to_the_code() {
    let server = TestServer::start().await;
    let mut browser = half_signed_in(&server).await;
    let registry = server.app.registry_arc();
    let owner = registry.operators().next().unwrap().id.clone();
    let password = NewPassword::parse("another morning in june".to_owned().into());
    server
        .run(SetPassword {
            operator: owner,
            password: password.unwrap(),
        })
        .await;
    let code = server.app_code();

    let page = browser.post("/sign-in/second", &[("code", &code)]).await;

    page.assert_says("Sign in");
    page.assert_does_not_say("Dashboard");
}
