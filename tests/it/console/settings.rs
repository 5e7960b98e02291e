//! Settings: what the server says of itself, and backups.

use jeton::domain::permission::Role;

use crate::harness::server::TestServer;

#[tokio::test]
async fn every_page_of_the_settings_can_be_read_by_everybody() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Viewer).await;

    for (path, words) in [
        ("", "Every token carries this exact text as iss"),
        ("/tokens", "A new API’s tokens live 1 hour"),
        ("/security", "To this server, you are at 192.0.2.8."),
        ("/scanning", "jtn_[A-Z2-7]{8}_[0-9A-Za-z]{49}"),
        ("/backup", "No backup yet."),
        ("/about", "All is well"),
    ] {
        let page = browser.open(&format!("/settings{path}")).await;
        page.assert_status(200);
        page.assert_says(words);
        page.assert_does_not_say("Download a backup");
    }
}

#[tokio::test]
async fn a_backup_can_be_taken_away_and_is_on_record() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Admin).await;

    let page = browser.open("/settings/backup").await;
    let page = browser.submit(&page, "/settings/backup", &[]).await;

    page.assert_status(200);
    assert_eq!(
        page.reply.header("content-type"),
        "application/octet-stream"
    );
    let disposition = page.reply.header("content-disposition");
    assert!(
        disposition.starts_with("attachment; filename=\"jeton-2027-01-"),
        "{disposition}"
    );
    assert!(page.reply.body.starts_with(b"redb"), "it is a data file");
    let page = browser.open("/settings/backup").await;
    page.assert_says("by operator:admin@example.com");
}
