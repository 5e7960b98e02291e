//! Operators: invited, given another role, disabled, removed.

use jeton::domain::permission::Role;

use crate::harness::{
    browser::{Browser, PASSWORD, Page},
    server::TestServer,
};

/// The id of the operator with this address.
fn id(server: &TestServer, email: &str) -> String {
    let registry = server.app.registry();
    let operator = registry.find_operator_by_email(&email.parse().unwrap());
    operator.unwrap().id.to_string()
}

async fn invite(browser: &mut Browser<'_>, email: &str) -> Page {
    let page = browser.open("/operators/invite").await;
    let filled = [("name", "Ben Okri"), ("email", email), ("role", "operator")];
    browser.submit(&page, "/operators/invite", &filled).await
}

#[tokio::test]
async fn an_invitation_is_a_link_that_is_shown_once() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Owner).await;

    let page = invite(&mut browser, "ben@example.com").await;

    let ben = id(&server, "ben@example.com");
    page.assert_at(&format!("/operators/{ben}/link"));
    page.assert_says("https://as.test/console/invitation/");
    page.assert_says("This is the only time it is shown.");
    let unticked = browser.submit(&page, &page.path.clone(), &[]).await;
    unticked.assert_status(422);
    unticked.assert_says("https://as.test/console/invitation/");
    let page = browser
        .submit(&page, &page.path.clone(), &[("stored", "yes")])
        .await;
    page.assert_at(&format!("/operators/{ben}"));
    page.assert_says("Invited.");
    let page = browser.open(&format!("/operators/{ben}/link")).await;
    page.assert_says("This link can’t be shown again");
    page.assert_does_not_say("/console/invitation/");
}

#[tokio::test]
async fn a_link_that_was_withdrawn_is_gone_and_another_can_be_made() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Admin).await;
    invite(&mut browser, "ben@example.com").await;
    let path = format!("/operators/{}", id(&server, "ben@example.com"));

    let page = browser.open(&path).await;
    let page = browser
        .submit(&page, &format!("{path}/withdraw"), &[])
        .await;
    page.assert_says("Link withdrawn. It opens nothing any more.");
    let page = browser.open(&format!("{path}/reset")).await;
    page.assert_says("Make a new invitation for Ben Okri?");
    let page = browser.submit(&page, &format!("{path}/reset"), &[]).await;

    page.assert_says("https://as.test/console/invitation/");
}

#[tokio::test]
async fn a_link_that_somebody_replaced_is_not_shown_as_the_present_one() {
    let server = TestServer::start().await;
    let mut ana = server.signed_in(Role::Owner).await;
    let mut eve = server.signed_in(Role::Admin).await;
    invite(&mut ana, "ben@example.com").await;
    let path = format!("/operators/{}", id(&server, "ben@example.com"));

    let page = eve.open(&format!("{path}/reset")).await;
    let theirs = eve.submit(&page, &format!("{path}/reset"), &[]).await;
    let page = ana.open(&format!("{path}/link")).await;

    theirs.assert_says("https://as.test/console/invitation/");
    page.assert_says("This link can’t be shown again");
    page.assert_does_not_say("/console/invitation/");
}

#[tokio::test]
async fn what_is_wrong_with_an_invitation_stands_beside_what_was_typed() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Owner).await;

    let page = browser.open("/operators/invite").await;
    let page = browser
        .submit(&page, "/operators/invite", &[("name", "Ben")])
        .await;
    page.assert_status(422);
    assert!(page.title().starts_with("Error: "), "{}", page.title());
    page.assert_says("Enter their e-mail address");
    let again = invite(&mut browser, "owner@example.com").await;

    again.assert_status(422);
    again.assert_says("There is an operator owner@example.com already");
}

/// Console 49.
#[tokio::test]
async fn the_last_owner_stays_and_another_role_ends_sessions() {
    let server = TestServer::start().await;
    let mut owner = server.signed_in(Role::Owner).await;
    let mut other = server.signed_in(Role::Operator).await;
    let ana = format!("/operators/{}", id(&server, "owner@example.com"));
    let ben = format!("/operators/{}", id(&server, "operator@example.com"));

    for (act, fields) in [
        ("role", vec![("role", "viewer")]),
        ("disable", vec![]),
        ("remove", vec![]),
    ] {
        let page = owner.post(&format!("{ana}/{act}"), &fields).await;
        page.assert_status(409);
        page.assert_says("the last active owner");
    }
    other.open("").await.assert_says("Dashboard");
    let page = owner.open(&ben).await;
    page.assert_says("1 session");
    let page = owner
        .submit(&page, &format!("{ben}/role"), &[("role", "viewer")])
        .await;
    page.assert_says("is a Viewer now.");
    page.assert_says("0 sessions");

    other.open("").await.assert_says("Sign in");
    other.sign_in("operator@example.com", PASSWORD).await;
    other.open("/operators/invite").await.assert_status(403);
}

#[tokio::test]
async fn ending_sessions_disabling_and_removing_sign_somebody_out() {
    let server = TestServer::start().await;
    let mut owner = server.signed_in(Role::Owner).await;
    let mut other = server.signed_in(Role::Viewer).await;
    let path = format!("/operators/{}", id(&server, "viewer@example.com"));

    let page = owner.open(&path).await;
    let page = owner
        .submit(&page, &format!("{path}/end-sessions"), &[])
        .await;
    page.assert_says("1 session ended.");
    other.open("").await.assert_says("Sign in");
    other
        .sign_in("viewer@example.com", PASSWORD)
        .await
        .assert_says("Dashboard");
    let page = owner.open(&format!("{path}/disable")).await;
    page.assert_says("1 session ends at once.");
    let page = owner.submit(&page, &format!("{path}/disable"), &[]).await;
    page.assert_says("Account disabled.");
    other.open("").await.assert_says("Sign in");
    let page = owner.submit(&page, &format!("{path}/enable"), &[]).await;
    page.assert_says("Account enabled.");
    let page = owner.open(&format!("{path}/remove")).await;
    let page = owner.submit(&page, &format!("{path}/remove"), &[]).await;

    page.assert_at("/operators");
    page.assert_says("was removed.");
    other
        .sign_in("viewer@example.com", PASSWORD)
        .await
        .assert_status(422);
}

#[tokio::test]
async fn whoever_needs_a_second_factor_and_has_none_is_flagged() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Owner).await;
    browser
        .open("/operators")
        .await
        .assert_does_not_say("has no second factor");
    server.add_operator("ben@example.com", Role::Admin).await;

    let page = browser.open("/operators").await;

    page.assert_says("Ana Lima has no second factor yet.");
    page.assert_says("2 operators");
}

#[tokio::test]
async fn an_admin_may_not_touch_an_owner() {
    let server = TestServer::start().await;
    server.operator(Role::Owner).await;
    let mut browser = server.signed_in(Role::Admin).await;
    let ana = format!("/operators/{}", id(&server, "owner@example.com"));

    let page = browser.open(&ana).await;
    page.assert_says("Only an Owner may change an Owner.");
    page.assert_does_not_say("End all sessions");
    let page = browser.post(&format!("{ana}/remove"), &[]).await;

    page.assert_status(403);
}
