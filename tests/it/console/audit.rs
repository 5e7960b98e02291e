//! The audit log: read, filtered, exported.

use jeton::{
    admin::clients::EditClient,
    domain::{permission::Role, time::Span},
};

use crate::harness::{
    browser::{Browser, PASSWORD},
    server::TestServer,
};

/// The export of a filter, line by line.
async fn exported(browser: &mut Browser<'_>, query: &str, format: &str) -> Vec<String> {
    let page = browser.open(&format!("/audit{query}")).await;
    let page = browser
        .submit(&page, "/audit/export", &[("format", format)])
        .await;
    page.assert_status(200);
    let text = String::from_utf8(page.reply.body.to_vec()).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_change_is_told_in_words_with_what_it_was_before() {
    let server = TestServer::start().await;
    server.client("mailer").await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser.open("/audit").await;

    page.assert_says("Registered the client");
    page.assert_says("A client mailer");
    page.assert_says("Unix user 0 on this machine");
    page.assert_says("Set the server up");
    page.assert_says("Unbroken since");
}

#[tokio::test]
async fn a_change_of_many_fields_is_told_in_short_and_its_record_tells_it_whole() {
    let server = TestServer::start().await;
    let client = server.client("mailer").await;
    let mut edit = EditClient::of(client.client_id());
    let long = "all that it does ".repeat(10);
    edit.description = Some(long.parse().unwrap());
    server.run(edit).await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser.open("/audit?act=client.edit").await;
    page.assert_says("1 change");
    page.assert_does_not_say(long.trim());
    let html = page.html();
    let (_, link) = html.split_once("href=\"/console/audit/").unwrap();
    let seq = link.split('"').next().unwrap();
    let page = browser.open(&format!("/audit/{seq}")).await;

    page.assert_says(long.trim());
    page.assert_says("Unix user 0 on this machine");
    browser.open("/audit/999999").await.assert_status(404);
    browser.open("/audit/first").await.assert_status(404);
}

/// Console 46.
#[tokio::test]
async fn what_the_filter_shows_is_what_is_exported() {
    let server = TestServer::start().await;
    server.client("mailer").await;
    server.client("billing").await;
    let mut browser = server.signed_in(Role::Owner).await;

    let page = browser.open("/audit?what=mailer").await;
    page.assert_says("Registered the client");
    page.assert_does_not_say("billing");
    let lines = exported(&mut browser, "?what=mailer", "jsonl").await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains(r#""action":"client.create""#),
        "{lines:?}"
    );
    let lines = exported(&mut browser, "?act=client.", "csv").await;

    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[0].starts_with("seq,at,actor,action,object_kind"),
        "{lines:?}"
    );
    assert!(
        lines[1].contains(",client.create,client,billing,"),
        "{lines:?}"
    );
    let page = browser.open("/audit?act=audit.").await;
    page.assert_says("Exported the audit log");
    page.assert_says("owner@example.com");
    page.assert_says("192.0.2.8");
}

#[tokio::test]
async fn an_export_of_a_long_log_has_every_record_once() {
    let server = TestServer::start().await;
    for n in 0..1_010 {
        server.client(&format!("client-{n}")).await;
    }
    let mut browser = server.signed_in(Role::Admin).await;

    let lines = exported(&mut browser, "?act=client.create", "jsonl").await;

    assert_eq!(lines.len(), 1_010);
    let page = browser.open("/audit?act=client.create").await;
    page.assert_says("client-1009");
    page.assert_does_not_say("client-959 ");
    page.assert_says("Older changes");
}

/// A log that is longer than what an export has ready before somebody reads it.
async fn with_a_long_log() -> TestServer {
    let server = TestServer::start().await;
    for n in 0..2_000 {
        server.client(&format!("client-{n}")).await;
    }
    server
}

#[tokio::test]
async fn an_operator_exports_once_at_a_time_and_again_when_nobody_listens() {
    let server = with_a_long_log().await;
    let mut browser = server.signed_in(Role::Admin).await;
    let mut other = server.signed_in(Role::Owner).await;
    let page = browser.open("/audit").await;
    let form = [("format", "csv")];

    let first = browser.begin_download(&page, "/audit/export", &form).await;
    assert_eq!(first.status(), 200);
    let second = browser.submit(&page, "/audit/export", &form).await;
    second.assert_status(409);
    second.assert_says("An export of yours is still running");
    assert!(exported(&mut other, "", "csv").await.len() > 2_000);

    drop(first);
    while browser
        .begin_download(&page, "/audit/export", &form)
        .await
        .status()
        != 200
    {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_export_breaks_off_when_the_server_stops_and_does_not_look_whole() {
    let server = with_a_long_log().await;
    let mut browser = server.signed_in(Role::Admin).await;
    let page = browser.open("/audit").await;
    let form = [("format", "jsonl")];
    let begun = browser.begin_download(&page, "/audit/export", &form).await;

    server.app.tasks().stop();
    tokio::task::yield_now().await;
    let read = axum::body::to_bytes(begun.into_body(), usize::MAX).await;

    assert!(read.is_err(), "the copy looks whole");
    server.app.shut_down().await;
}

#[tokio::test]
async fn a_filter_that_finds_nothing_says_so_in_words() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser
        .open("/audit?who=ben%40example.com&act=secret.rotate&from=2027-01-01")
        .await;
    page.assert_says(
        "No change by ben@example.com, of the kind “Rotated the secret” and from 2027-01-01.",
    );
    page.assert_says("Clear the filter");
    let page = browser.open("/audit?from=yesterday").await;

    page.assert_says("Write the date as 2026-11-25, not as “yesterday”");
    assert!(!page.html().contains("<tbody>"), "nothing is listed");
}

#[tokio::test]
async fn an_export_waits_until_it_is_clear_who_asks() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Owner).await;
    server.advance(Span::minutes(20)).await;

    let page = browser.open("/audit?act=client.").await;
    let form = [("format", "csv")];
    let page = browser.submit(&page, "/audit/export", &form).await;
    page.assert_says("Confirm it is you");
    let form = [("confirm_password", PASSWORD)];
    let page = browser.submit(&page, "/audit/export", &form).await;

    page.assert_says("Confirmed. Choose the export again; it starts at once.");
    assert_eq!(exported(&mut browser, "?act=client.", "csv").await.len(), 1);
}
