//! Set-up: the first owner proves that the server is theirs.

use jeton::app::setup::TRIES;

use crate::harness::{browser::PASSWORD, server::TestServer};

/// AD-06: Console 12.
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
    page.assert_says("Step 3 of 3");
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
