//! What holds on every page.

use jeton::domain::permission::Role;

use crate::harness::{browser::PASSWORD, server::TestServer};

#[tokio::test]
async fn every_page_has_the_strict_policy_and_is_never_stored() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Owner).await;

    for path in ["", "/sign-in", "/nothing/here"] {
        let page = browser.open(path).await;
        let policy = page.reply.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'"),
            "{policy}"
        );
        assert_eq!(page.reply.header("cache-control"), "no-store");
        assert_eq!(page.reply.header("referrer-policy"), "same-origin");
        assert_eq!(page.reply.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn a_change_is_taken_from_our_own_pages_only() {
    let server = TestServer::start().await;
    let email = server.operator(Role::Owner).await;
    let form = [("email", email.as_str()), ("password", PASSWORD)];

    for site in [Some("cross-site"), Some("same-site"), None] {
        let mut browser = server.browser();
        browser.site = site;
        let reply = browser.send("POST", "/sign-in", Some(&form)).await;
        assert_eq!(reply.status, 403, "{site:?}");
        assert!(browser.cookies.is_empty(), "{site:?}");
    }
}

#[tokio::test]
async fn a_stranger_is_sent_to_sign_in_and_comes_back() {
    let server = TestServer::start().await;
    let email = server.operator(Role::Viewer).await;
    let mut browser = server.browser();

    let page = browser.open("?a=b").await;
    page.assert_says("Sign in");
    let wrong = browser
        .submit(
            &page,
            "/sign-in",
            &[("email", &email), ("password", "not this one")],
        )
        .await;
    wrong.assert_status(422);
    assert!(
        wrong.title().starts_with("Error: Sign in"),
        "{}",
        wrong.title()
    );
    let page = browser
        .submit(&wrong, "/sign-in", &[("password", PASSWORD)])
        .await;

    page.assert_at("?a=b");
    page.assert_says("Dashboard");
}
