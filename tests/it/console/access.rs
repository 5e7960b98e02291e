//! What clients may call: from a client's page, and from an API's.

use jeton::{
    admin::access::SetAccess,
    domain::{permission::Role, time::Span},
};

use crate::harness::{
    browser::{Browser, PASSWORD, Page},
    caller::Client,
    server::TestServer,
};

const ACCESS: &str = "/clients/billing-worker/access";
const REVIEW: &str = "/clients/billing-worker/access/review";
const READ: (&str, &str) = ("grant", "https://orders.test read");
const WRITE: (&str, &str) = ("grant", "https://orders.test write");
const LIST: (&str, &str) = ("grant", "https://orders.test list");

async fn caller(server: &TestServer) -> Client<'_> {
    server.api("https://orders.test", "read write list").await;
    let client = server.client("billing-worker").await;
    client.granted("https://orders.test", "read write").await
}

/// Ticks exactly these boxes of the page and asks for the review.
async fn reviewed(browser: &mut Browser<'_>, page: &Page, boxes: &[(&str, &str)]) -> Page {
    let revision = page.form(REVIEW);
    let revision = revision.iter().find(|(name, _)| name == "revision");
    let mut form = vec![("revision", revision.unwrap().1.as_str())];
    form.extend(boxes);
    browser.post(REVIEW, &form).await
}

fn granted(server: &TestServer) -> String {
    let registry = server.app.registry();
    let client = registry.find_client_by_text("billing-worker").unwrap();
    let scopes = client.grants.get("https://orders.test");
    scopes.map_or_else(String::new, ToString::to_string)
}

/// Console 25.
#[tokio::test]
async fn a_change_is_shown_with_its_effect_saved_and_taken_back() {
    let server = TestServer::start().await;
    let client = caller(&server).await;
    client.request_token("write").await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = browser.open(ACCESS).await;
    page.assert_says("2 of 3 scopes");

    let review = reviewed(&mut browser, &page, &[READ, LIST]).await;
    review.assert_says("Taken away: write");
    review.assert_says("Added: list");
    review.assert_says("Requests that name write are refused with invalid_scope.");
    review.assert_says("One token that was issued before still carries write, until");
    assert_eq!(granted(&server), "read write", "nothing is saved yet");
    let page = browser.submit(&review, ACCESS, &[("when", "now")]).await;
    page.assert_at(ACCESS);
    page.assert_says("Access saved: − write, + list.");
    assert_eq!(granted(&server), "list read");
    assert_eq!(client.request_token("write").await.status, 400);
    let undo = format!("{ACCESS}/undo");
    let page = browser.submit(&page, &undo, &[]).await;

    page.assert_says("Access is as it was before.");
    assert_eq!(granted(&server), "read write");
}

#[tokio::test]
async fn a_change_that_was_sent_twice_can_still_be_taken_back() {
    let server = TestServer::start().await;
    caller(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = browser.open(ACCESS).await;
    let review = reviewed(&mut browser, &page, &[READ]).await;
    let form = review.form(ACCESS);
    let mut form: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    form.push(("when", "now"));

    browser.send("POST", ACCESS, Some(&form)).await;
    let page = browser.post(ACCESS, &form).await;

    page.assert_says("Access saved: − write.");
    let undo = format!("{ACCESS}/undo");
    browser.submit(&page, &undo, &[]).await;
    assert_eq!(granted(&server), "read write");
}

#[tokio::test]
async fn what_is_taken_back_is_as_it_was_with_defaults_and_marks() {
    let server = TestServer::start().await;
    caller(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;
    let client = || {
        let registry = server.app.registry();
        let client = registry.find_client_by_text("billing-worker").unwrap();
        (
            client.grants.clone(),
            client.default_scopes.clone(),
            client.marks.clone(),
        )
    };
    let (orders, write) = (
        "https://orders.test".parse().unwrap(),
        "write".parse().unwrap(),
    );
    server
        .run(SetAccess {
            client: "billing-worker".parse().unwrap(),
            grants: (*client().0).clone(),
            default_scopes: Some("write".parse().unwrap()),
        })
        .await;
    browser.post(&format!("{ACCESS}/keep"), &[WRITE]).await;
    browser.post(&format!("{ACCESS}/watch"), &[WRITE]).await;
    let before = client();
    assert!(before.2.watched_since(&orders, &write).is_some());
    server.advance(Span::hours(3)).await;
    browser.sign_in("operator@example.com", PASSWORD).await;

    let page = browser.open(ACCESS).await;
    let review = reviewed(&mut browser, &page, &[READ, LIST]).await;
    let page = browser.submit(&review, ACCESS, &[("when", "now")]).await;
    assert_ne!(client(), before);
    let page = browser.submit(&page, &format!("{ACCESS}/undo"), &[]).await;

    page.assert_says("Access is as it was before.");
    assert_eq!(client(), before);
}

/// The types of authorization details that the client may ask for.
fn types(server: &TestServer) -> Vec<String> {
    let registry = server.app.registry();
    let client = registry.find_client_by_text("billing-worker").unwrap();
    let types = client.rules.details.values().flatten();
    types.map(ToString::to_string).collect()
}

#[tokio::test]
async fn types_of_authorization_details_come_back_with_what_was_taken_back() {
    let server = TestServer::start().await;
    caller(&server).await;
    server
        .define_detail_type("https://orders.test", "payment")
        .await;
    let mut browser = server.signed_in(Role::Operator).await;
    let (details, undo) = (format!("{ACCESS}/details"), format!("{ACCESS}/undo"));
    let page = browser.open(ACCESS).await;
    let page = browser
        .submit(&page, &details, &[("type", "payment")])
        .await;
    page.assert_says("A client may ask for payment");
    assert_eq!(types(&server), ["payment"]);

    // Taken away with the last scope of their API.
    let page = browser.open(ACCESS).await;
    let review = reviewed(&mut browser, &page, &[]).await;
    let page = browser.submit(&review, ACCESS, &[("when", "now")]).await;
    assert!(types(&server).is_empty());
    let page = browser.submit(&page, &undo, &[]).await;
    page.assert_says("Access is as it was before.");
    assert_eq!(granted(&server), "read write");
    assert_eq!(types(&server), ["payment"]);

    // And by themselves.
    let page = browser.open(ACCESS).await;
    let form = page.form(&details);
    let kept = form.iter().filter(|(name, _)| name != "type");
    let kept: Vec<_> = kept.map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let page = browser.post(&details, &kept).await;
    assert!(types(&server).is_empty());
    browser.submit(&page, &undo, &[]).await;
    assert_eq!(types(&server), ["payment"]);
}

#[tokio::test]
async fn going_back_from_the_review_keeps_what_was_ticked() {
    let server = TestServer::start().await;
    caller(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = browser.open(ACCESS).await;
    let review = reviewed(&mut browser, &page, &[READ, LIST]).await;

    let kept = review.form(ACCESS);
    let mut form: Vec<(&str, &str)> = kept
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    form.push(("back", "yes"));
    let page = browser.post(REVIEW, &form).await;

    page.assert_status(200);
    let ticked: Vec<String> = page
        .form(REVIEW)
        .into_iter()
        .filter(|(name, _)| name == "grant")
        .map(|(_, value)| value)
        .collect();
    assert_eq!(ticked, [LIST.1, READ.1]);
}

/// Console 27.
#[tokio::test]
async fn of_two_editors_the_second_is_told_and_keeps_what_was_ticked() {
    let server = TestServer::start().await;
    caller(&server).await;
    let mut ana = server.signed_in(Role::Operator).await;
    let mut ben = server.signed_in(Role::Admin).await;
    let page_of_ana = ana.open(ACCESS).await;
    let page_of_ben = ben.open(ACCESS).await;
    let late = reviewed(&mut ben, &page_of_ben, &[READ, WRITE, LIST]).await;

    let review = reviewed(&mut ana, &page_of_ana, &[READ]).await;
    ana.submit(&review, ACCESS, &[("when", "now")]).await;
    let conflict = ben.submit(&late, ACCESS, &[]).await;

    conflict.assert_status(409);
    conflict.assert_says("operator@example.com changed this just now");
    conflict.assert_says("Your entries are kept below, and nothing is saved yet.");
    conflict.assert_says("now has: read on https://orders.test");
    assert_eq!(granted(&server), "read");
    let kept = conflict.form(REVIEW);
    assert_eq!(kept.iter().filter(|(name, _)| name == "grant").count(), 3);
    let review = ben.submit(&conflict, REVIEW, &[]).await;
    ben.submit(&review, ACCESS, &[])
        .await
        .assert_says("Access saved");
    assert_eq!(granted(&server), "list read write");
}

/// Console 27.
#[tokio::test]
async fn a_change_that_came_by_the_command_line_is_told_as_such() {
    let server = TestServer::start().await;
    let client = caller(&server).await;
    let mut ben = server.signed_in(Role::Admin).await;
    let page = ben.open(ACCESS).await;
    let late = reviewed(&mut ben, &page, &[READ, WRITE, LIST]).await;

    client.granted("https://orders.test", "read").await;
    let conflict = ben.submit(&late, ACCESS, &[]).await;

    conflict.assert_status(409);
    conflict.assert_says("The command line changed this just now");
}

/// Console 26.
#[tokio::test]
async fn only_a_client_that_names_scopes_is_told_what_it_could_do_without() {
    for (scope, is_told) in [("read", true), ("", false)] {
        let server = TestServer::start().await;
        let client = caller(&server).await;
        for _ in 0..30 {
            server.advance(Span::hours(36)).await;
            assert_eq!(client.request_token(scope).await.status, 200);
        }
        let mut browser = server.signed_in(Role::Operator).await;

        let page = browser.open(ACCESS).await;

        if is_told {
            page.assert_says("1 suggestion write has never been asked for. Remove it?");
            let review = browser.submit(&page, REVIEW, &[]).await;
            review.assert_status(200);
        } else {
            page.assert_does_not_say("suggestion");
            page.assert_says("This client names no scope when it asks for a token.");
            page.assert_says("scope=read write");
        }
    }
}

#[tokio::test]
async fn a_scope_can_be_watched_first_or_kept() {
    let server = TestServer::start().await;
    let client = caller(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = browser.open(ACCESS).await;

    let review = reviewed(&mut browser, &page, &[READ]).await;
    let page = browser.submit(&review, ACCESS, &[("when", "watch")]).await;
    page.assert_says("What is to go is watched first, and still granted.");
    page.assert_says("not asked for since");
    assert_eq!(granted(&server), "read write");
    assert_eq!(client.request_token("write").await.status, 200);
    let page = browser.open(ACCESS).await;
    page.assert_says(": asked for since");
    let stop = format!("{ACCESS}/unwatch");
    let page = browser.submit(&page, &stop, &[WRITE]).await;
    page.assert_says("write is watched no more.");
    let keep = format!("{ACCESS}/keep");
    let page = browser.post(&keep, &[WRITE]).await;

    page.assert_says("write is kept. You are asked again from");
    page.assert_says("Kept until");
}

#[tokio::test]
async fn a_client_without_access_is_told_so_and_can_be_given_some() {
    let server = TestServer::start().await;
    server.api("https://orders.test", "read write list").await;
    server.client("billing-worker").await;
    let mut browser = server.signed_in(Role::Operator).await;

    let page = browser.open(ACCESS).await;
    page.assert_says("This client can’t call anything yet. It will get invalid_scope");
    page.assert_says(
        "Add an API Choose one to see its scopes. Nothing is granted by that. https://orders.test",
    );
    let page = browser
        .open(&format!("{ACCESS}?api=https%3A%2F%2Forders.test"))
        .await;
    let review = reviewed(&mut browser, &page, &[READ]).await;
    review.assert_says("New tokens can carry it at once.");
    let page = browser.submit(&review, ACCESS, &[]).await;

    page.assert_says("Access saved: + read.");
}

/// Console 48, for access.
#[tokio::test]
async fn a_viewer_sees_access_without_controls() {
    let server = TestServer::start().await;
    caller(&server).await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser.open(ACCESS).await;
    page.assert_says("2 of 3 scopes");
    page.assert_does_not_say("Review change");
    assert!(!page.html().contains("type=\"checkbox\""));

    browser.post(REVIEW, &[READ]).await.assert_status(403);
    let form = [READ, ("revision", "")];
    browser.post(ACCESS, &form).await.assert_status(403);
    browser
        .open("/apis/https%3A%2F%2Forders.test/clients")
        .await
        .assert_does_not_say("Review change");
}

#[tokio::test]
async fn access_to_an_api_is_set_for_several_clients_at_once() {
    let server = TestServer::start().await;
    caller(&server).await;
    server.client("mailer").await;
    let mut browser = server.signed_in(Role::Operator).await;
    let table = "/apis/https%3A%2F%2Forders.test/clients";
    let look = "/apis/https%3A%2F%2Forders.test/clients/review";
    browser.open(table).await.assert_does_not_say("mailer");
    let page = browser.open(&format!("{table}?show=all")).await;
    page.assert_says("mailer");

    let rows: Vec<(String, String)> = page.form(look);
    let mut form: Vec<(&str, &str)> = rows
        .iter()
        .filter(|(name, _)| name == "row")
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    form.extend([("grant", "billing-worker read"), ("grant", "mailer list")]);
    let review = browser.post(look, &form).await;
    review.assert_says("Taken away: write");
    review.assert_says("Added: list");
    assert_eq!(granted(&server), "read write");
    let saved = browser.submit(&review, table, &[]).await;
    saved.assert_says("Access of 2 clients is saved.");
    assert_eq!(granted(&server), "read");
    let late = browser.post(table, &form).await;

    late.assert_status(409);
    late.assert_says("Somebody changed this in the meantime");
    late.assert_says("now.");
}
