//! Before something stops: what was shown is what holds, and everybody who would be refused is named.

use jeton::domain::{permission::Role, time::Span};

use super::rotation::{CREDENTIALS, report_service, to, works, works_from};
use crate::harness::{browser::PASSWORD, server::TestServer};

/// Console 35, 36.
#[tokio::test]
async fn what_is_worse_than_the_page_said_is_asked_again_and_changes_nothing() {
    let server = TestServer::start().await;
    server.advance(Span::minutes(1)).await;
    let old = report_service(&server).await;
    assert!(works(&old).await);
    let new = old.rotated(Span::hours(24)).await;
    server.advance(Span::minutes(1)).await;
    assert!(works(&new).await);
    let mut browser = server.signed_in(Role::Operator).await;
    let page = browser.open(CREDENTIALS).await;
    page.assert_says("Safe to retire.");

    assert!(works_from(&old, 31).await);
    let asked = browser.submit(&page, &to("retire"), &[]).await;

    asked.assert_status(409);
    asked.assert_says("This has changed since the page was made. Nothing was retired.");
    asked.assert_says("Retire and refuse 10.0.4.31");
    assert!(works_from(&old, 31).await);
    assert!(works_from(&old, 32).await);
    let again = browser.submit(&asked, &to("retire"), &[]).await;
    again.assert_status(409);
    again.assert_says("Retire and refuse 2 addresses");
    let page = browser.submit(&again, &to("retire"), &[]).await;
    page.assert_at(CREDENTIALS);
    page.assert_says("Old secret retired. 2 addresses may fail.");
    assert!(!works_from(&old, 31).await);
}

/// Console 38.
#[tokio::test]
async fn a_rotation_whose_new_secret_came_into_use_is_asked_about_again_before_it_is_cancelled() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let new = old.rotated(Span::hours(24)).await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = browser.open(CREDENTIALS).await;
    page.assert_says("The new secret stops for good.");

    assert!(works_from(&new, 51).await);
    let asked = browser.submit(&page, &to("cancel"), &[]).await;

    asked.assert_status(409);
    asked.assert_says("This has changed since the page was made. Nothing was cancelled.");
    asked.assert_says("The new secret was used by 10.0.4.51");
    assert!(works_from(&new, 51).await);
    let page = browser.submit(&asked, &to("cancel"), &[]).await;
    page.assert_says("Rotation cancelled.");
    assert!(!works(&new).await);
}

/// Console 19, 35.
#[tokio::test]
async fn what_grew_worse_while_the_operator_confirmed_who_they_are_is_asked_again() {
    let server = TestServer::start().await;
    server.advance(Span::minutes(1)).await;
    let old = report_service(&server).await;
    let new = old.rotated(Span::hours(24)).await;
    server.advance(Span::minutes(1)).await;
    assert!(works(&new).await);
    let mut browser = server.signed_in(Role::Operator).await;
    let page = browser.open(CREDENTIALS).await;
    page.assert_says("Safe to retire.");
    server.advance(Span::minutes(16)).await;

    let confirm = browser.submit(&page, &to("retire"), &[]).await;
    confirm.assert_says("Confirm it is you");
    assert!(works_from(&old, 31).await);
    let proof = [("confirm_password", PASSWORD)];
    let asked = browser.submit(&confirm, &to("retire"), &proof).await;

    asked.assert_status(409);
    asked.assert_says("Retire and refuse 10.0.4.31");
    assert!(works_from(&old, 31).await);
}

/// Console 35, 36.
#[tokio::test]
async fn a_form_that_says_nothing_of_what_it_showed_is_asked_again() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let new = old.rotated(Span::hours(24)).await;
    assert!(works(&new).await && works(&old).await);
    let mut browser = server.signed_in(Role::Operator).await;

    for verdict in ["", "splendid", "in_use", "in_use 99999999999999999999"] {
        let form = [("verdict", verdict)];
        let asked = browser.post(&to("retire"), &form).await;
        asked.assert_status(409);
    }

    assert!(works(&old).await);
}

/// Console 36, 38.
#[tokio::test]
async fn a_job_that_comes_once_a_week_is_named_before_its_secret_stops() {
    let server = TestServer::start().await;
    let only = report_service(&server).await;
    assert!(works_from(&only, 31).await);
    server.advance(Span::hours(25)).await;
    for host in 41..45 {
        assert!(works_from(&only, host).await);
    }
    server.advance(Span::days(6)).await;
    let mut browser = server.signed_in(Role::Operator).await;

    let page = browser.open(&to("rotate")).await;
    page.assert_says("used the old secret in the last 90 days");
    page.assert_says("10.0.4.41 (6 days ago)");
    page.assert_says("and 1 more");
    page.assert_does_not_say("Nobody used");
    let new = only.rotated(Span::days(20)).await;
    assert!(works_from(&new, 51).await);
    server.advance(Span::days(6)).await;
    browser.sign_in("operator@example.com", PASSWORD).await;
    let page = browser.open(&to("cancel")).await;

    page.assert_says("The new secret was used by 10.0.4.51 (6 days ago).");
    assert!(works_from(&only, 41).await);
    let page = browser.open(&to("retire")).await;
    page.assert_says("Retire and refuse 10.0.4.41");
    page.assert_says("Not moved yet: 10.0.4.41 (0 seconds ago), 10.0.4.42 (12 days ago),");
}
