//! A new client, from its name to its first token.

use std::time::Duration;

use jeton::domain::{id::ClientId, permission::Role};

use super::SALES;
use crate::harness::{
    browser::{Browser, Page},
    caller::Client,
    server::TestServer,
};

/// Fills in the pages up to the last.
async fn planned(browser: &mut Browser<'_>, name: &str) -> Page {
    let page = browser.open("/clients/new").await;
    let page = browser
        .submit(
            &page,
            "/clients/new",
            &[("name", name), ("owner", "Finance")],
        )
        .await;
    page.assert_at("/clients/new/access");
    let scope = format!("{SALES} read:analytics");
    let page = browser
        .submit(&page, "/clients/new/access", &[("scope", &scope)])
        .await;
    page.assert_at("/clients/new/credential");
    let page = browser
        .submit(
            &page,
            "/clients/new/credential",
            &[("life", "90d"), ("note", "Vault")],
        )
        .await;
    page.assert_at("/clients/new/check");
    page
}

/// Console 20.
#[tokio::test]
async fn a_client_is_made_on_four_pages_and_gets_a_token() {
    let server = TestServer::start().await;
    server.api(SALES, "read:analytics write:analytics").await;
    let mut browser = server.signed_in(Role::Operator).await;

    let check = planned(&mut browser, "Report Service").await;
    check.assert_says(
        "Report Service will be able to use read:analytics on https://sales.example, until 15 Apr",
    );
    let page = browser.submit(&check, "/clients/new/check", &[]).await;

    page.assert_says("Copy the secret now");
    let registry = server.app.registry();
    let client = registry.clients().next().unwrap().clone();
    assert!(client.id.as_str().starts_with("report-service-"));
    assert_eq!(client.owner.as_str(), "Finance");
    assert_eq!(client.secrets[0].note.as_str(), "Vault");
    let secret = page.element("secret");
    let client = Client::new(&server, client.id.as_str(), &secret);
    client.request_token("read:analytics").await.assert_issued();
}

/// Console 20.
#[tokio::test]
async fn going_back_keeps_the_entries() {
    let server = TestServer::start().await;
    server.api(SALES, "read:analytics").await;
    let mut browser = server.signed_in(Role::Operator).await;
    planned(&mut browser, "Report Service").await;

    let access = browser.open("/clients/new/access").await;
    let about = browser.open("/clients/new").await;
    let secret = browser.open("/clients/new/credential").await;

    let holds = |page: &Page, path: &str, name: &str, value: &str| {
        let fields = page.form(path);
        let wanted = (name.to_owned(), value.to_owned());
        assert!(fields.contains(&wanted), "{wanted:?} in {fields:?}");
    };
    let scope = format!("{SALES} read:analytics");
    holds(&about, "/clients/new", "name", "Report Service");
    holds(&about, "/clients/new", "owner", "Finance");
    holds(&access, "/clients/new/access", "scope", &scope);
    holds(&secret, "/clients/new/credential", "life", "90d");
    holds(&secret, "/clients/new/credential", "note", "Vault");
}

#[tokio::test]
async fn nothing_is_ticked_and_a_search_keeps_what_is() {
    let server = TestServer::start().await;
    server.api(SALES, "read:analytics write:analytics").await;
    server.api("https://mail.example", "send").await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = browser.open("/clients/new").await;
    let page = browser
        .submit(&page, "/clients/new", &[("name", "x")])
        .await;
    let access = "/clients/new/access";
    assert!(page.form(access).iter().all(|(name, _)| name != "scope"));

    let scope = format!("{SALES} read:analytics");
    let found = browser
        .submit(
            &page,
            access,
            &[("scope", &scope), ("search", "yes"), ("find", "send")],
        )
        .await;

    found.assert_says("send");
    found.assert_does_not_say("write:analytics");
    let ticked = ("scope".to_owned(), scope);
    assert!(found.form(access).contains(&ticked));
}

#[tokio::test]
async fn a_client_can_have_the_access_of_another() {
    let server = TestServer::start().await;
    server.api(SALES, "read:analytics write:analytics").await;
    let other = server.client("other").await;
    other.granted(SALES, "write:analytics").await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = browser.open("/clients/new?like=other").await;

    let refused = browser
        .submit(&page, "/clients/new", &[("name", "x"), ("like", "nobody")])
        .await;
    refused.assert_status(422);
    refused.assert_says("No client has this ID or name");
    let page = browser
        .submit(&page, "/clients/new", &[("name", "x")])
        .await;

    let ticked = ("scope".to_owned(), format!("{SALES} write:analytics"));
    assert!(page.form("/clients/new/access").contains(&ticked));
    page.assert_says("What A client may call was ticked, as you asked.");
}

#[tokio::test]
async fn what_is_wrong_with_a_new_client_is_said_beside_it() {
    let server = TestServer::start().await;
    server.client("taken").await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = browser.open("/clients/new").await;

    let refused = browser
        .submit(&page, "/clients/new", &[("client_id", "taken")])
        .await;
    refused.assert_status(422);
    assert!(
        refused.title().starts_with("Error: "),
        "{}",
        refused.title()
    );
    refused.assert_says("Enter a name for the client");
    refused.assert_says("Another client has this ID");
    let page = browser
        .submit(&page, "/clients/new", &[("name", "x")])
        .await;
    let page = browser.submit(&page, "/clients/new/access", &[]).await;
    let secret = "/clients/new/credential";
    let refused = browser.submit(&page, secret, &[("life", "never")]).await;
    refused.assert_status(422);
    refused.assert_says("Say why this secret is not to expire");
    let check = browser
        .submit(&refused, secret, &[("reason", "An appliance")])
        .await;

    check.assert_says("x can’t call anything yet");
    check.assert_says("Does not expire: An appliance");
}

#[tokio::test]
async fn a_client_is_made_once_however_often_the_form_is_sent() {
    let server = TestServer::start().await;
    server.api(SALES, "read:analytics").await;
    let mut browser = server.signed_in(Role::Operator).await;
    let check = planned(&mut browser, "Report Service").await;
    browser.submit(&check, "/clients/new/check", &[]).await;

    let again = browser.submit(&check, "/clients/new/check", &[]).await;

    again.assert_says("Copy the secret now");
    assert_eq!(server.app.registry().client_count(), 1);
    browser
        .submit(&again, &again.path.clone(), &[("stored", "yes")])
        .await;
    let late = browser.submit(&check, "/clients/new/check", &[]).await;
    late.assert_says("Report Service was made when this form was sent before.");
    late.assert_does_not_say("Copy the secret now");
    assert_eq!(server.app.registry().client_count(), 1);
    let first = browser.open("/clients/new").await;
    first.assert_does_not_say("You began this client");
    let empty = ("name".to_owned(), String::new());
    assert!(first.form("/clients/new").contains(&empty));
}

/// As if the answer to the first had never arrived.
#[tokio::test]
async fn a_form_sent_again_by_a_browser_that_saw_no_answer_leads_to_the_secret() {
    let server = TestServer::start().await;
    server.api(SALES, "read:analytics").await;
    let mut browser = server.signed_in(Role::Operator).await;
    let check = planned(&mut browser, "Report Service").await;
    let form = check.form("/clients/new/check");
    let form: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();

    for wait in [1, 100, 500, 1_000] {
        let ask = browser.begin("POST", "/clients/new/check", Some(&form));
        drop(tokio::time::timeout(Duration::from_micros(wait), ask).await);
    }
    let page = browser.submit(&check, "/clients/new/check", &[]).await;

    page.assert_says("Copy the secret now");
    assert_eq!(server.app.registry().client_count(), 1);
    let first = browser.open("/clients/new").await;
    let empty = ("name".to_owned(), String::new());
    assert!(first.form("/clients/new").contains(&empty));
}

#[tokio::test]
async fn a_plan_that_changed_since_it_was_shown_makes_no_client() {
    let server = TestServer::start().await;
    server.api(SALES, "read:analytics").await;
    let mut browser = server.signed_in(Role::Operator).await;
    let check = planned(&mut browser, "Report Service").await;

    let page = browser.open("/clients/new").await;
    browser
        .submit(&page, "/clients/new", &[("name", "Another")])
        .await;
    let changed = browser.submit(&check, "/clients/new/check", &[]).await;

    changed.assert_status(409);
    changed.assert_says("The plan changed since you saw it. Nothing was created.");
    changed.assert_says("Another will be able to");
    assert_eq!(server.app.registry().client_count(), 0);
    let page = browser.submit(&changed, "/clients/new/check", &[]).await;
    page.assert_says("Copy the secret now");
    let registry = server.app.registry();
    assert_eq!(registry.clients().next().unwrap().name.as_str(), "Another");
}

#[tokio::test]
async fn a_plan_begun_after_a_client_was_made_outlives_its_form() {
    let server = TestServer::start().await;
    server.api(SALES, "read:analytics").await;
    let mut browser = server.signed_in(Role::Operator).await;
    let check = planned(&mut browser, "Report Service").await;
    browser.submit(&check, "/clients/new/check", &[]).await;
    planned(&mut browser, "Another").await;

    browser.submit(&check, "/clients/new/check", &[]).await;

    let page = browser.open("/clients/new").await;
    let kept = ("name".to_owned(), "Another".to_owned());
    assert!(page.form("/clients/new").contains(&kept));
}

#[tokio::test]
async fn a_plan_without_a_life_of_its_secret_is_not_ready() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = browser.open("/clients/new").await;
    browser
        .submit(&page, "/clients/new", &[("name", "x")])
        .await;

    let page = browser.open("/clients/new/check").await;

    page.assert_at("/clients/new/credential");
}

#[tokio::test]
async fn a_page_that_comes_too_early_leads_to_the_first() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Operator).await;

    for path in ["access", "credential", "platform", "check"] {
        let page = browser.open(&format!("/clients/new/{path}")).await;
        page.assert_at("/clients/new");
    }
    assert!(
        server
            .app
            .registry()
            .find_client(&"x".parse::<ClientId>().unwrap())
            .is_none()
    );
}
