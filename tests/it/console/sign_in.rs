//! Signing in and out, and how long a session lasts.

use jeton::domain::{permission::Role, time::Span};

use crate::harness::{
    browser::{PASSWORD, Page},
    server::TestServer,
};

/// AD-06: Console 17.
#[tokio::test]
async fn a_wrong_password_and_an_unknown_operator_look_the_same() {
    let server = TestServer::start().await;
    let email = server.operator(Role::Viewer).await;

    let wrong = server.browser().sign_in(&email, "not the password").await;
    let unknown = server
        .browser()
        .sign_in("eve@example.com", "not the password")
        .await;

    wrong.assert_status(422);
    unknown.assert_status(422);
    let same = |page: &Page| {
        page.text()
            .replace(&email, "")
            .replace("eve@example.com", "")
    };
    assert_eq!(same(&wrong), same(&unknown));
    wrong.assert_says("E-mail or password is not right");
}

/// AD-06: Console 17.
#[tokio::test]
async fn guessing_gets_slower_and_says_how_long_to_wait() {
    let server = TestServer::start().await;
    let email = server.operator(Role::Viewer).await;
    let mut browser = server.browser();

    for _ in 0..5 {
        browser
            .sign_in(&email, "not the password")
            .await
            .assert_status(422);
    }
    let slowed = browser.sign_in(&email, PASSWORD).await;
    slowed.assert_status(429);
    slowed.assert_says("Wait 1 second");
    server.advance(Span(2)).await;

    browser
        .sign_in(&email, PASSWORD)
        .await
        .assert_says("Dashboard");
}

/// Console 17.
#[tokio::test]
async fn nobody_is_sent_to_another_site_after_signing_in() {
    let server = TestServer::start().await;
    let email = server.operator(Role::Viewer).await;

    for elsewhere in ["https://evil.test/", "//evil.test/", "/\\evil.test"] {
        let mut browser = server.browser();
        let form = [
            ("email", email.as_str()),
            ("password", PASSWORD),
            ("return", elsewhere),
        ];
        let reply = browser.send("POST", "/sign-in", Some(&form)).await;
        assert_eq!(reply.header("location"), "/console", "{elsewhere}");
    }
}

/// AD-01
#[tokio::test]
async fn a_session_has_a_new_id_after_signing_in_and_none_after_signing_out() {
    let server = TestServer::start().await;
    let email = server.operator(Role::Admin).await;
    let mut browser = server.browser();
    let form = [("email", email.as_str()), ("password", PASSWORD)];
    browser.post("/sign-in", &form).await;
    let before = browser.cookies["__Host-jeton"].clone();

    let code = server.app_code();
    browser
        .post("/sign-in/second", &[("code", &code)])
        .await
        .assert_says("Dashboard");
    let during = browser.cookies["__Host-jeton"].clone();
    let out = browser.send("POST", "/sign-out", Some(&[])).await;

    assert_ne!(
        before, during,
        "an id that was known before is worth nothing"
    );
    assert_eq!(out.header("clear-site-data"), "\"cache\", \"storage\"");
    for stolen in [before, during] {
        let mut thief = server.browser();
        thief.cookies.insert("__Host-jeton".to_owned(), stolen);
        thief.open("").await.assert_says("Sign in");
    }
}

/// AD-02
#[tokio::test]
async fn the_session_cookie_is_for_this_host_and_https_alone() {
    let server = TestServer::start().await;
    let email = server.operator(Role::Viewer).await;
    let form = [("email", email.as_str()), ("password", PASSWORD)];

    let reply = server.browser().send("POST", "/sign-in", Some(&form)).await;

    let cookie = reply.header("set-cookie");
    assert!(cookie.starts_with("__Host-jeton="), "{cookie}");
    for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
}

/// AD-07
#[tokio::test]
async fn a_session_ends_after_an_hour_without_use_and_after_twelve_in_all() {
    let server = TestServer::start().await;
    let mut idle = server.signed_in(Role::Viewer).await;
    let mut busy = server.signed_in(Role::Operator).await;

    for _ in 0..13 {
        busy.open("").await.assert_says("Dashboard");
        server.advance(Span::minutes(55)).await;
    }
    idle.open("").await.assert_says("Sign in");

    busy.open("").await.assert_says("Dashboard");
    server.advance(Span::minutes(10)).await;
    busy.open("").await.assert_says("Sign in");
}

/// AD-01: Console 49.
#[tokio::test]
async fn another_role_ends_the_sessions() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Operator).await;
    let id = server.app.registry().operators().next().unwrap().id.clone();
    browser.open("").await.assert_says("Dashboard");

    let mut edit = jeton::admin::operators::EditOperator::of(id);
    edit.role = Some(Role::Viewer);
    server.run(edit).await;

    browser.open("").await.assert_says("Sign in");
}

#[tokio::test]
async fn an_invitation_sets_a_password_once() {
    let server = TestServer::start().await;
    server.operator(Role::Owner).await;
    let invited = server
        .run(jeton::admin::invitations::InviteOperator {
            email: "ben@example.com".parse().unwrap(),
            name: "Ben".parse().unwrap(),
            role: Role::Operator,
        })
        .await;
    let path = format!("/invitation/{}", invited.token.reveal());
    let mut browser = server.browser();

    let page = browser.open(&path).await;
    page.assert_says("You sign in with ben@example.com");
    let form = [("name", "Ben Okri"), ("password", PASSWORD)];
    let page = browser.submit(&page, &path, &form).await;
    page.assert_at("/sign-in");
    page.assert_says("Your password is set");

    browser
        .open(&path)
        .await
        .assert_says("does not work any more");
    browser
        .sign_in("ben@example.com", PASSWORD)
        .await
        .assert_says("Dashboard");
}
