//! The credentials of a client in the console: the whole rotation, as an operator goes through it.

use std::net::SocketAddr;

use axum::{body::Body, http};
use jeton::{
    domain::{permission::Role, secret::public_id, time::Span},
    web::server::Peer,
};

use crate::harness::{
    browser::{Browser, PASSWORD, Page},
    caller::{Client, token_form},
    server::TestServer,
};

pub(super) const CREDENTIALS: &str = "/clients/report-service/credentials";

pub(super) async fn report_service(server: &TestServer) -> Client<'_> {
    server.api("https://sales.example", "read:analytics").await;
    let client = server.client("report-service").await;
    client
        .granted("https://sales.example", "read:analytics")
        .await
}

pub(super) fn to(step: &str) -> String {
    format!("{CREDENTIALS}/{step}")
}

fn id_of(client: &Client<'_>) -> String {
    public_id(&client.secret).unwrap().to_string()
}

/// Whether a token is given to a program at `10.0.4.HOST`.
pub(super) async fn works_from(client: &Client<'_>, host: u8) -> bool {
    let request = http::Request::builder()
        .method("POST")
        .uri("/oauth2/token")
        .header("host", "as.test")
        .header("authorization", client.basic())
        .header("user-agent", "reports/1.0")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(token_form("")))
        .unwrap();
    let peer = Peer::Tcp(SocketAddr::from(([10, 0, 4, host], 50_000)));
    client.server().respond_to(peer, request).await.status == 200
}

pub(super) async fn works(client: &Client<'_>) -> bool {
    works_from(client, 12).await
}

/// Fills in the form of a rotation and sends it; what it says beforehand stays, but for `filled`.
async fn rotate(browser: &mut Browser<'_>, filled: &[(&str, &str)]) -> Page {
    let page = browser.open(&to("rotate")).await;
    browser.submit(&page, &to("rotate"), filled).await
}

fn live_secrets(server: &TestServer) -> usize {
    let registry = server.app.registry();
    let client = registry.find_client_by_text("report-service").unwrap();
    client.live_secrets(server.app.now()).count()
}

/// Console 28, 30
#[tokio::test]
async fn a_rotation_is_one_question_and_leads_to_the_new_secret() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;

    let page = browser.open(CREDENTIALS).await;
    page.assert_says(&format!("jtn_{}", id_of(&old)));
    assert!(page.html().contains("/credentials/rotate\""));
    let page = rotate(&mut browser, &[("note", "1Password / Ops")]).await;

    let reveal = "/clients/report-service/reveal/";
    assert!(page.path.starts_with(reveal), "{}", page.path);
    assert!(works(&old).await, "both work");
    let page = browser.open(CREDENTIALS).await;
    page.assert_says("Rotation in progress");
    page.assert_says("The new secret has not been used yet. Nothing has moved.");
    page.assert_says("The new secret can still be copied");
}

/// Console 29
#[tokio::test]
async fn the_overlap_that_fits_the_client_is_chosen_beforehand() {
    for (minutes, uses, chosen) in [(30, 50, "1h"), (9 * 60, 4, "24h"), (26 * 60, 3, "7d")] {
        let server = TestServer::start().await;
        let client = report_service(&server).await;
        for _ in 0..uses {
            server.advance(Span::minutes(minutes)).await;
            assert!(works(&client).await);
        }

        let mut browser = server.signed_in(Role::Operator).await;
        let page = browser.open(&to("rotate")).await;

        let form = page.form(&to("rotate"));
        let chosen = ("overlap".to_owned(), chosen.to_owned());
        assert!(form.contains(&chosen), "{minutes} minutes: {form:?}");
        page.assert_says("It normally asks at least every");
        page.assert_says("Recommended");
    }
}

/// Console 39
#[tokio::test]
async fn a_second_rotation_is_told_to_finish_or_cancel_the_first() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let new = old.rotated(Span::hours(24)).await;
    let mut browser = server.signed_in(Role::Operator).await;

    let page = browser.open(&to("rotate")).await;
    let sent = browser.post(&to("rotate"), &[("overlap", "1h")]).await;

    for page in [page, sent] {
        page.assert_status(200);
        page.assert_says("A rotation is under way. Finish or cancel it first");
        page.assert_says("Retire the old secret");
        page.assert_says("Cancel the rotation");
    }
    assert!(
        works(&old).await && works(&new).await,
        "nothing was revoked"
    );
}

/// Console 40
#[tokio::test]
async fn a_form_sent_twice_does_its_step_once() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;

    let page = browser.open(&to("rotate")).await;
    let first = browser.submit(&page, &to("rotate"), &[]).await;
    let again = browser.submit(&page, &to("rotate"), &[]).await;
    again.assert_at(&first.path);
    assert_eq!(live_secrets(&server), 2);

    let page = browser.open(CREDENTIALS).await;
    browser.submit(&page, &to("extend"), &[]).await;
    let extended = browser.submit(&page, &to("extend"), &[]).await;
    extended.assert_says("(in 25 hours)");

    let page = browser.open(CREDENTIALS).await;
    browser.submit(&page, &to("retire"), &[]).await;
    let again = browser.submit(&page, &to("retire"), &[]).await;
    again.assert_at(CREDENTIALS);
    again.assert_status(200);
    assert!(!works(&old).await);
    assert_eq!(live_secrets(&server), 1);
}

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

#[tokio::test]
async fn a_client_without_a_secret_is_given_a_new_one() {
    let server = TestServer::start().await;
    let dead = report_service(&server).await.revoked().await;
    let mut browser = server.signed_in(Role::Operator).await;

    let page = browser.open(CREDENTIALS).await;
    page.assert_says("No secret that works");
    let page = rotate(&mut browser, &[("expires_in", "90")]).await;

    assert!(page.path.contains("/reveal/"), "{}", page.path);
    assert_eq!(live_secrets(&server), 1);
    let page = browser.open(CREDENTIALS).await;
    page.assert_says("(in 90 days)");
    page.assert_says(&id_of(&dead));
}

#[tokio::test]
async fn an_old_secret_may_be_stopped_at_once() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;

    rotate(&mut browser, &[("overlap", "now")]).await;

    assert!(!works(&old).await);
    let page = browser.open(CREDENTIALS).await;
    page.assert_says("1 refused from 10.0.4.12");
}

#[tokio::test]
async fn a_rotation_form_says_what_is_wrong_with_it_and_keeps_what_is_right() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;

    let page = rotate(
        &mut browser,
        &[
            ("overlap", "until"),
            ("until", "2031-01-01"),
            ("expires_in", "x"),
            ("note", "the safe"),
        ],
    )
    .await;

    page.assert_status(422);
    assert!(page.title().starts_with("Error: "), "{}", page.title());
    page.assert_says("An old secret is kept for at most 30 days");
    page.assert_says("Write a number of days from 1 to 3650, or leave it empty");
    let note = ("note".to_owned(), "the safe".to_owned());
    assert!(page.form(&to("rotate")).contains(&note));
    assert_eq!(live_secrets(&server), 1);
}

/// Console 19
#[tokio::test]
async fn a_rotation_waits_until_the_operator_has_confirmed_who_they_are() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = browser.open(&to("rotate")).await;
    server.advance(Span::minutes(16)).await;

    let asked = browser
        .submit(&page, &to("rotate"), &[("note", "the safe")])
        .await;
    asked.assert_says("Confirm it is you");
    assert_eq!(live_secrets(&server), 1);
    let page = browser
        .submit(&asked, &to("rotate"), &[("confirm_password", PASSWORD)])
        .await;

    assert!(page.path.contains("/reveal/"), "{}", page.path);
    let registry = server.app.registry();
    let client = registry.find_client_by_text("report-service").unwrap();
    let new = client.new_secret(server.app.now()).unwrap();
    assert_eq!(new.note.as_str(), "the safe");
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

/// Console 48
#[tokio::test]
async fn a_viewer_sees_everything_and_changes_nothing() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let new = old.rotated(Span::hours(24)).await;
    assert!(works(&new).await && works(&old).await);
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser.open(CREDENTIALS).await;
    page.assert_says("Rotation in progress");
    let html = page.html();
    let main = html.split("<main").nth(1).unwrap();
    assert!(
        !main.contains("<form") && !main.contains("<dialog"),
        "{main}"
    );

    let revoke = format!("{}/revoke", id_of(&old));
    for step in ["rotate", "retire", "cancel", revoke.as_str()] {
        browser.open(&to(step)).await.assert_status(403);
    }
    for step in ["rotate", "retire", "cancel", "extend", revoke.as_str()] {
        let form = [("overlap", "1h"), ("name", "A client")];
        browser.post(&to(step), &form).await.assert_status(403);
    }
    assert!(works(&old).await && works(&new).await);
}

/// Console 32
#[tokio::test]
async fn no_page_shows_a_secret() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let new = old.rotated(Span::hours(24)).await;
    assert!(works(&new).await && works(&old).await);
    let mut browser = server.signed_in(Role::Operator).await;

    let (old_page, new_page) = (to(&id_of(&old)), to(&id_of(&new)));
    let revoke = to(&format!("{}/revoke", id_of(&old)));
    let paths = [
        CREDENTIALS,
        &to("retire"),
        &to("cancel"),
        &old_page,
        &new_page,
        &revoke,
    ];
    for path in paths {
        let page = browser.open(path).await;
        page.assert_status(200);
        for client in [&old, &new] {
            assert!(!page.html().contains(&client.secret), "{path}");
        }
    }
}
