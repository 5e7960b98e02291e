//! Settings: what the server says of itself, and backups.

use std::{process::Command, time::Duration};

use jeton::{crypto::random::Entropy, domain::permission::Role};

use tempfile::TempDir;

use crate::harness::{reply::Reply, server::TestServer};

#[tokio::test]
async fn every_page_of_the_settings_can_be_read_by_everybody() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Viewer).await;

    for (path, words) in [
        ("", "Every token carries this exact text as iss"),
        ("/tokens", "A new API’s tokens live 1 hour"),
        ("/security", "To this server, you are at 192.0.2.8."),
        ("/scanning", "jtn_[A-Z2-7]{8}_[0-9A-Za-z]{49}"),
        ("/proxies", "/forward-auth/policy/NAME"),
        ("/backup", "No backup yet."),
        ("/about", "All is well"),
    ] {
        let page = browser.open(&format!("/settings{path}")).await;
        page.assert_status(200);
        page.assert_says(words);
        page.assert_does_not_say("Download a backup");
    }
}

/// Console 52.
#[tokio::test]
async fn the_rule_for_scanners_finds_a_secret_in_ten_megabytes_and_nothing_else() {
    let server = TestServer::start().await;
    let client = server.client("mailer").await;
    let mut browser = server.signed_in(Role::Viewer).await;
    let page = browser.open("/settings/scanning").await;
    let text = page.text();
    let mut words = text.split_whitespace();
    let rule = words.find(|word| word.starts_with("jtn_[")).unwrap();
    let half = Entropy::seeded(52).base62(5_000_000);
    let file = tempfile::NamedTempFile::new().unwrap();
    let content = format!("{} token={} {}", *half, client.secret, *half);
    std::fs::write(file.path(), content).unwrap();

    let grep = Command::new("grep")
        .args(["--only-matching", "--extended-regexp", rule])
        .arg(file.path())
        .output()
        .unwrap();

    let found = String::from_utf8(grep.stdout).unwrap();
    assert_eq!(found.lines().collect::<Vec<_>>(), [client.secret.as_str()]);
}

#[tokio::test]
async fn of_two_backups_at_once_the_second_is_told_to_wait() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Admin).await;
    let ask = || browser.begin("POST", "/settings/backup", Some(&[]));

    let (one, other) = tokio::join!(ask(), ask());

    let (first, second) = match one.status().as_u16() {
        200 => (one, other),
        _ => (other, one),
    };
    assert_eq!(first.status(), 200);
    assert_eq!(second.status(), 409);
    let told = Reply::read(second).await;
    let told = String::from_utf8(told.body.to_vec()).unwrap();
    assert!(told.contains("Another backup is being downloaded. Wait until it is through"));
    drop(first);
    for _ in 0..100 {
        let reply = browser.send("POST", "/settings/backup", Some(&[])).await;
        if reply.status == 200 {
            assert!(reply.body.starts_with(b"redb"), "it is a data file");
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("a download that was broken off bars all others");
}

/// Where copies lie while they are made.
fn copies() -> Vec<String> {
    let entries = std::fs::read_dir(std::env::temp_dir()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| name.contains("jeton-backup-"))
        .collect()
}

#[tokio::test]
async fn a_backup_that_nobody_waits_for_leaves_nothing_behind() {
    let server = TestServer::start().await;
    let browser = server.signed_in(Role::Admin).await;
    let ask = browser.begin("POST", "/settings/backup", Some(&[]));
    let before = copies();

    let hung_up = tokio::time::timeout(Duration::from_micros(1), ask).await;
    drop(hung_up);
    server.app.shut_down().await;

    let left: Vec<_> = copies()
        .into_iter()
        .filter(|name| !before.contains(name))
        .collect();
    assert!(left.is_empty(), "{left:?}");
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

#[tokio::test]
async fn an_owner_changes_the_master_key_and_has_to_keep_the_new_one() {
    let directory = TempDir::new().unwrap();
    let server = TestServer::in_directory(directory.path()).await;
    let mut admin = server.signed_in(Role::Admin).await;
    let page = admin.open("/settings/backup").await;
    page.assert_does_not_say("Change the master key");
    let mut owner = server.signed_in(Role::Owner).await;
    let page = owner.open("/settings/backup").await;
    let kept = [("master_key_kept", "yes")];
    let page = owner.submit(&page, "/settings/master-key", &kept).await;
    page.assert_says("Somebody confirmed");
    let before = server.app.report().await.unwrap().master_key_id;

    let page = owner.submit(&page, "/settings/rekey", &[]).await;

    let now = server.app.report().await.unwrap().master_key_id;
    assert_ne!(now, before);
    page.assert_says(&format!("The master key is {now} now."));
    page.assert_says(&format!("backups from before open with {before} only"));
    page.assert_says("Nobody has confirmed yet that it is kept elsewhere too.");
    assert!(directory.path().join("master.key.previous").exists());
}

#[tokio::test]
async fn a_master_key_that_is_in_no_file_is_not_offered_to_be_changed() {
    let server = TestServer::start().await;
    let mut owner = server.signed_in(Role::Owner).await;
    let page = owner.open("/settings/backup").await;
    page.assert_does_not_say("Change the master key");

    let page = owner.post("/settings/rekey", &[]).await;

    page.assert_status(409);
    page.assert_says("in no file that this server could replace");
}
