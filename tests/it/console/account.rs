//! One's own account: password, sessions, theme; and proving again that it is oneself.

use jeton::domain::{permission::Role, time::Span};

use crate::harness::{browser::PASSWORD, server::TestServer};

/// A password to change to.
const ANOTHER: &str = "another morning in june";

#[tokio::test]
async fn one_sees_ones_sessions_and_ends_the_others() {
    let server = TestServer::start().await;
    let mut here = server.signed_in(Role::Viewer).await;
    let mut there = server.browser();
    there
        .sign_in("viewer@example.com", PASSWORD)
        .await
        .assert_says("Dashboard");

    let page = here.open("/me").await;
    page.assert_says("192.0.2.8");
    page.assert_says("This one");
    let page = here.submit(&page, "/me/sessions/end-others", &[]).await;

    page.assert_says("The other session has ended");
    there.open("").await.assert_says("Sign in");
}

#[tokio::test]
async fn one_ends_one_session_and_no_other() {
    let server = TestServer::start().await;
    let mut here = server.signed_in(Role::Viewer).await;
    let mut others = [server.browser(), server.browser()];
    for other in &mut others {
        other.sign_in("viewer@example.com", PASSWORD).await;
    }
    let page = here.open("/me").await;
    let html = page.html();
    assert_eq!(html.matches("This one").count(), 1);
    let keys = html.split("name=\"session\" value=\"").skip(1);
    let keys: Vec<&str> = keys.filter_map(|it| it.split('"').next()).collect();
    assert_eq!(keys.len(), 2);

    let form = [("session", keys[0])];
    let ended = here.submit(&page, "/me/sessions/end", &form).await;

    ended.assert_at("/me");
    ended.assert_says("That session has ended");
    let mut left = 0;
    for other in &mut others {
        left += usize::from(other.open("").await.text().contains("Dashboard"));
    }
    assert_eq!(left, 1);
    let form = [("session", "AAAA")];
    let unknown = here.submit(&page, "/me/sessions/end", &form).await;
    unknown.assert_at("/me");
    let html = here.open("/me").await.html();
    assert_eq!(html.matches("name=\"session\"").count(), 1);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_keeps_this_one() {
    let server = TestServer::start().await;
    let mut here = server.signed_in(Role::Viewer).await;
    let mut there = server.browser();
    there.sign_in("viewer@example.com", PASSWORD).await;

    let page = here.open("/me").await;
    let form = [("present", PASSWORD), ("password", "short")];
    let short = here.submit(&page, "/me/password", &form).await;
    short.assert_status(422);
    let form = [("present", PASSWORD), ("password", ANOTHER)];
    let page = here.submit(&page, "/me/password", &form).await;

    page.assert_says("Your password is changed");
    there.open("").await.assert_says("Sign in");
    server
        .browser()
        .sign_in("viewer@example.com", PASSWORD)
        .await
        .assert_status(422);
}

#[tokio::test]
async fn what_is_wrong_with_a_new_password_is_told_in_the_order_of_the_page() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Viewer).await;
    let page = browser.open("/me").await;

    let form = [("present", ""), ("password", "short")];
    let refused = browser.submit(&page, "/me/password", &form).await;

    refused.assert_status(422);
    let place = |words: &str| refused.html().find(words).expect("it is told");
    assert!(place("Enter the password you have now") < place("A password has at least"));
}

#[tokio::test]
async fn a_new_password_takes_the_present_one_however_lately_one_signed_in() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Viewer).await;
    let page = browser.open("/me").await;

    for (present, words) in [
        ("", "Enter the password you have now"),
        ("a guess of somebody", "That is not your password"),
    ] {
        let form = [("present", present), ("password", ANOTHER)];
        let refused = browser.submit(&page, "/me/password", &form).await;
        refused.assert_status(422);
        refused.assert_says(words);
        assert!(!refused.html().contains(ANOTHER));
    }

    let still = server
        .browser()
        .sign_in("viewer@example.com", PASSWORD)
        .await;
    still.assert_says("Dashboard");
}

#[tokio::test]
async fn something_dangerous_is_confirmed_once_in_a_while_and_the_form_is_kept() {
    let server = TestServer::start().await;
    server.client("mailer").await;
    server.client("billing").await;
    let mut browser = server.signed_in(Role::Admin).await;
    server.advance(Span::minutes(16)).await;
    let path = "/clients/mailer/settings/delete";
    let page = browser.open(path).await;

    let ask = browser.submit(&page, path, &[("typed", "A client")]).await;
    ask.assert_status(403);
    ask.assert_says("Confirm it is you");
    let wrong = [("confirm_password", "a guess of somebody")];
    let wrong = browser.submit(&ask, path, &wrong).await;
    wrong.assert_says("That is not your password");
    let right = [("confirm_password", PASSWORD)];
    let page = browser.submit(&wrong, path, &right).await;

    page.assert_says("Deleted A client (mailer)");
    let path = "/clients/billing/settings/delete";
    let page = browser.open(path).await;
    let page = browser.submit(&page, path, &[("typed", "A client")]).await;
    page.assert_says("Deleted A client (billing)");
}

/// Console 50.
#[tokio::test]
async fn the_theme_is_remembered_in_a_cookie_of_its_own() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser.post("/theme", &[("theme", "dark")]).await;

    assert!(
        page.html()
            .contains("<html lang=\"en\" data-theme=\"dark\">")
    );
    assert_eq!(browser.cookies["jeton-theme"], "dark");
    let page = browser.post("/theme", &[("theme", "system")]).await;
    assert!(page.html().contains("<html lang=\"en\">"));
}
