//! How a secret ends: retired, brought back, cancelled, revoked; and what the page says meanwhile.

use super::*;

/// Console 40
#[tokio::test]
async fn the_only_secret_that_works_cannot_be_retired() {
    let server = TestServer::start().await;
    let only = report_service(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;

    let asked = browser.open(&to("retire")).await;
    let sent = browser
        .post(&to("retire"), &[("secret", &id_of(&only))])
        .await;

    asked.assert_status(409);
    sent.assert_status(409);
    assert!(works(&only).await);
    let page = browser.open(CREDENTIALS).await;
    page.assert_does_not_say("Retire");
}

/// Console 35, 36
#[tokio::test]
async fn the_page_says_who_still_uses_the_old_secret_and_who_would_break() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let new = old.rotated(Span::hours(24)).await;
    assert!(works_from(&new, 12).await && works_from(&old, 31).await);
    server.advance(Span::minutes(4)).await;
    let mut browser = server.signed_in(Role::Operator).await;

    let page = browser.open(CREDENTIALS).await;

    page.assert_says("Not safe to retire yet. 10.0.4.31 used the old secret 4 minutes ago.");
    page.assert_says("1 of the last 2 tokens came from the new one.");
    page.assert_says("Still on the old secret");
    page.assert_says("It is still in use. It was used 4 minutes ago from 10.0.4.31.");
    page.assert_says("Retire and refuse 10.0.4.31");
    let html = page.html();
    let dialog = html.split("<dialog id=\"retire\"").nth(1).unwrap();
    let (harmful, harmless) = dialog.split_once("btn-danger").unwrap();
    assert!(!harmful.contains("autofocus") && harmless.contains("autofocus>Keep both for now"));
    let alone = browser.open(&to("retire")).await;
    alone.assert_says("Retire and refuse 10.0.4.31");
    alone.assert_says("Tokens already issued keep working until they expire (at most 1 hour).");
}

/// Console 35
#[tokio::test]
async fn each_verdict_stands_on_the_page_in_a_sentence_of_its_own() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    for _ in 0..3 {
        assert!(works_from(&old, 31).await);
        server.advance(Span::hours(2)).await;
    }
    let new = old.rotated(Span::hours(9)).await;
    let mut browser = server.signed_in(Role::Operator).await;

    let unused = browser.open(CREDENTIALS).await;
    assert!(works_from(&new, 12).await && works_from(&old, 31).await);
    server.advance(Span::minutes(4)).await;
    let used = browser.open(CREDENTIALS).await;
    server.advance(Span::minutes(116)).await;
    browser.sign_in("operator@example.com", PASSWORD).await;
    let quiet = browser.open(CREDENTIALS).await;
    server.advance(Span::hours(4)).await;
    browser.sign_in("operator@example.com", PASSWORD).await;
    let safe = browser.open(CREDENTIALS).await;
    assert!(works_from(&old, 31).await);
    server.advance(Span::minutes(1)).await;
    let late = browser.open(CREDENTIALS).await;

    unused.assert_says("The new secret has not been used yet. Nothing has moved.");
    used.assert_says("Not safe to retire yet. 10.0.4.31 used the old secret 4 minutes ago.");
    quiet.assert_says("Nearly there. No use for 2 hours. This client normally asks at least every 2 hours, so wait until");
    safe.assert_says("Safe to retire. No use for 6 hours.");
    late.assert_says("Stops in 3 hours and is still in use by 10.0.4.31.");
}

/// Console 35
#[tokio::test]
async fn what_is_safe_to_retire_is_retired_without_a_question() {
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
    assert!(!page.html().contains("<dialog id=\"retire\""));
    let page = browser.submit(&page, &to("retire"), &[]).await;

    page.assert_at(CREDENTIALS);
    page.assert_says("Old secret retired.");
    assert!(!works(&old).await && works(&new).await);
}

/// Console 37
#[tokio::test]
async fn a_retired_secret_says_who_is_refused_and_comes_back_for_a_day() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let new = old.rotated(Span::hours(24)).await;
    assert!(works_from(&new, 12).await && works_from(&old, 31).await);
    let mut browser = server.signed_in(Role::Operator).await;
    let page = browser.open(CREDENTIALS).await;
    let page = browser.submit(&page, &to("retire"), &[]).await;
    page.assert_says("Old secret retired. 10.0.4.31 may fail. Undo within 24 hours");
    page.assert_says("No refusals since.");

    for _ in 0..3 {
        assert!(!works_from(&old, 31).await);
    }
    server.advance(Span(12)).await;
    let page = browser.open(CREDENTIALS).await;
    page.assert_says("3 refused from 10.0.4.31, last 12 seconds ago.");
    let page = browser.submit(&page, &to("undo"), &[]).await;

    page.assert_says("Old secret turned back on, for another 24 hours.");
    page.assert_says("(in 24 hours)");
    assert!(works_from(&old, 31).await && works(&new).await);
}

/// Console 38
#[tokio::test]
async fn a_cancelled_rotation_leaves_the_old_secret_as_it_was() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let new = old.rotated(Span::hours(24)).await;
    let mut browser = server.signed_in(Role::Operator).await;

    let asked = browser.open(&to("cancel")).await;
    asked.assert_says("Cancel this rotation?");
    let page = browser.submit(&asked, &to("cancel"), &[]).await;

    page.assert_at(CREDENTIALS);
    page.assert_says("Rotation cancelled.");
    assert!(works(&old).await && !works(&new).await);
    server.advance(Span::days(3)).await;
    assert!(works(&old).await);
}

/// Console 41
#[tokio::test]
async fn revoking_a_secret_in_use_takes_the_name_of_the_client() {
    let server = TestServer::start().await;
    let leaked = report_service(&server).await;
    assert!(works_from(&leaked, 31).await);
    let mut browser = server.signed_in(Role::Operator).await;
    let revoke = to(&format!("{}/revoke", id_of(&leaked)));

    let asked = browser.open(&revoke).await;
    asked.assert_says("A client stops: this is its only secret that works.");
    let wrong = browser.submit(&asked, &revoke, &[("name", "other")]).await;
    wrong.assert_status(422);
    assert!(wrong.title().starts_with("Error: "), "{}", wrong.title());
    assert!(works_from(&leaked, 31).await);
    let page = browser
        .submit(&wrong, &revoke, &[("name", "A client")])
        .await;

    assert!(!works_from(&leaked, 31).await);
    page.assert_at(&to(&id_of(&leaked)));
    page.assert_says("What it was used for");
    page.assert_says("10.0.4.31");
    page.assert_says("Make new secret");
    page.assert_does_not_say("Undo");
    let table = browser
        .send("GET", &to(&format!("{}/uses.csv", id_of(&leaked))), None)
        .await;
    let table = String::from_utf8(table.body.to_vec()).unwrap();
    assert!(table.contains("\"10.0.4.31\",\"reports/1.0\""), "{table}");
}

/// Console 35, 37: what keeps itself up to date.
#[tokio::test]
async fn the_live_part_is_sent_again_only_when_something_has_changed() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let new = old.rotated(Span::hours(24)).await;
    let mut browser = server.signed_in(Role::Viewer).await;
    let page = browser.open(CREDENTIALS).await;
    let html = page.html();
    let part = html.split("data-live=\"/console").nth(1).unwrap();
    let part = part.split('"').next().unwrap().to_owned();

    let first = browser.send("GET", &part, None).await;
    let same = browser.send("GET", &part, None).await;
    assert_eq!(first.header("etag"), same.header("etag"));
    assert!(works(&new).await && works(&old).await);
    let changed = browser.send("GET", &part, None).await;

    assert_ne!(first.header("etag"), changed.header("etag"));
    let text = String::from_utf8(changed.body.to_vec()).unwrap();
    assert!(text.contains("Not safe to retire yet."), "{text}");
    assert!(!text.contains("<html") && !text.contains("<h1"), "{text}");
}
