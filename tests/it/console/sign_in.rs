//! Set-up, signing in and out, the second factor, sessions.

use jeton::{
    app::setup::TRIES,
    domain::{permission::Role, time::Span},
};

use crate::harness::{
    browser::{Browser, PASSWORD, Page},
    server::TestServer,
};

/// Console 12.
#[tokio::test]
async fn the_first_owner_proves_that_the_server_is_theirs() {
    let server = TestServer::start().await;
    let code = server.app.setup().code().unwrap();
    let mut browser = server.browser();

    let page = browser.open("").await;
    page.assert_at("/set-up");
    page.assert_says("Prove this is your server");
    let wrong = browser
        .submit(&page, "/set-up/code", &[("code", "K7QD-2M4A-9XTR")])
        .await;
    wrong.assert_status(422);
    wrong.assert_says("9 tries left");
    let page = browser
        .submit(&wrong, "/set-up/code", &[("code", &code.to_lowercase())])
        .await;
    page.assert_says("Your account");
    let form = [
        ("name", "Ana Lima"),
        ("email", "ana@example.com"),
        ("password", PASSWORD),
    ];
    let page = browser.submit(&page, "/set-up", &form).await;

    page.assert_at("/me/second-factor");
    page.assert_says("your password alone is not enough");
    assert_eq!(server.app.registry().operators().count(), 1);
    browser.open("/set-up").await.assert_status(404);
}

/// Console 12.
#[tokio::test]
async fn ten_wrong_codes_close_the_set_up_until_a_restart() {
    let server = TestServer::start().await;
    let code = server.app.setup().code().unwrap();
    let mut browser = server.browser();

    for _ in 0..TRIES {
        browser
            .post("/set-up/code", &[("code", "wrong")])
            .await
            .assert_status(422);
    }

    let page = browser.post("/set-up/code", &[("code", &code)]).await;
    page.assert_says("That code has been used up. Restart the server to get another");
}

/// Console 13.
#[tokio::test]
async fn two_set_ups_at_once_make_one_owner() {
    let server = TestServer::start().await;
    let code = server.app.setup().code().unwrap();
    let (mut one, mut two) = (server.browser(), server.browser());
    for browser in [&mut one, &mut two] {
        browser
            .post("/set-up/code", &[("code", &code)])
            .await
            .assert_says("Your account");
    }

    let form = |email| [("name", "A"), ("email", email), ("password", PASSWORD)];
    let (a, b) = (form("a@example.com"), form("b@example.com"));
    let (a, b) = tokio::join!(
        one.send("POST", "/set-up", Some(&a)),
        two.send("POST", "/set-up", Some(&b))
    );

    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404]);
    assert_eq!(server.app.registry().operators().count(), 1);
}

/// Console 14.
#[tokio::test]
async fn a_code_in_the_address_leaves_it_at_once() {
    let server = TestServer::start().await;
    let code = server.app.setup().code().unwrap();
    let mut browser = server.browser();

    let page = browser.open(&format!("/set-up?code={}", *code)).await;

    page.assert_at("/set-up");
    page.assert_says("Your account");
    assert!(!page.html().contains(code.as_str()));
}

async fn enrolled(server: &TestServer, browser: &mut Browser<'_>, page: &Page) -> Page {
    let html = page.html();
    let (_, key) = html.split_once("id=\"key\"").unwrap();
    let key = key.split(['>', '<']).nth(1).unwrap().replace(' ', "");
    let secret = jeton::crypto::totp::TotpSecret::try_from(key).unwrap();
    let code = secret.code_at(server.app.now().seconds());
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

/// Console 16.
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
    let page = browser.post("/me/recovery-codes", &[]).await;
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

/// Console 17.
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

/// Console 17.
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

/// Console 49.
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
async fn a_new_password_ends_the_other_sessions_and_keeps_this_one() {
    let server = TestServer::start().await;
    let mut here = server.signed_in(Role::Viewer).await;
    let mut there = server.browser();
    there.sign_in("viewer@example.com", PASSWORD).await;

    let page = here.open("/me").await;
    let short = here
        .submit(&page, "/me/password", &[("password", "short")])
        .await;
    short.assert_status(422);
    let page = here
        .submit(
            &page,
            "/me/password",
            &[("password", "another morning in june")],
        )
        .await;

    page.assert_says("Your password is changed");
    there.open("").await.assert_says("Sign in");
    server
        .browser()
        .sign_in("viewer@example.com", PASSWORD)
        .await
        .assert_status(422);
}

#[tokio::test]
async fn something_dangerous_is_confirmed_once_in_a_while_and_the_form_is_kept() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Viewer).await;
    server.advance(Span::minutes(16)).await;
    let page = browser.open("/me").await;

    let ask = browser
        .submit(
            &page,
            "/me/password",
            &[("password", "another morning in june")],
        )
        .await;
    ask.assert_status(403);
    ask.assert_says("Confirm it is you");
    let wrong = browser
        .submit(
            &ask,
            "/me/password",
            &[("confirm_password", "a guess of somebody")],
        )
        .await;
    wrong.assert_says("That is not your password");
    let page = browser
        .submit(&wrong, "/me/password", &[("confirm_password", PASSWORD)])
        .await;

    page.assert_says("Your password is changed");
    let page = browser
        .submit(
            &page,
            "/me/password",
            &[("password", "a third morning in july")],
        )
        .await;
    page.assert_says("Your password is changed");
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
