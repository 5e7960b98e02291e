//! Backups that the server makes by itself: on time, whole, not too many; and what happens when they fail.

use std::{collections::BTreeSet, fs, path::Path};

use jeton::domain::{backup::BackupPlan, permission::Role, time::Span};
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::kit::Home;
use crate::harness::{process::ServerProcess, server::TestServer};

/// A server that makes a backup a day and keeps three.
async fn daily(directory: &Path) -> TestServer {
    let plan = BackupPlan {
        directory: directory.to_owned(),
        every: Span::hours(24),
        keep: 3,
    };
    TestServer::with_settings(|it| it.backups = Some(plan)).await
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

async fn backups(server: &TestServer) -> Value {
    server.owner().read("/server").await["backups"].clone()
}

#[tokio::test]
async fn one_is_made_at_first_and_then_every_day_and_the_oldest_go() {
    let folder = TempDir::new().unwrap();
    for foreign in ["jeton.redb", "notes.txt", "jeton-20200101T000000Z.redb.old"] {
        fs::write(folder.path().join(foreign), "mine").unwrap();
    }
    let server = daily(folder.path()).await;

    for _ in 0..5 {
        server.app.keep_backups().await;
        server.app.keep_backups().await;
        server.advance(Span::hours(24)).await;
    }

    let expected = [
        "jeton-20200101T000000Z.redb.old",
        "jeton-20270117T080000Z.redb",
        "jeton-20270118T080000Z.redb",
        "jeton-20270119T080000Z.redb",
        "jeton.redb",
        "notes.txt",
    ];
    assert_eq!(names(folder.path()), expected.map(str::to_owned).into());
    let status = backups(&server).await;
    assert_eq!(status["last_at"], "2027-01-19T08:00:00Z");
    assert_eq!(status["next_at"], "2027-01-20T08:00:00Z");
    assert_eq!((&status["count"], &status["keep"]), (&3.into(), &3.into()));
    let page = server
        .owner()
        .read("/audit?action=server.backup&limit=200")
        .await;
    let made = page["data"].as_array().unwrap();
    assert_eq!(made.len(), 5);
    assert_eq!(made[0]["actor"], "system:backup schedule");
}

#[tokio::test]
async fn a_backup_that_fails_hurts_nobody_is_told_and_is_tried_again() {
    let folder = TempDir::new().unwrap();
    let directory = folder.path().join("disk");
    let server = daily(&directory).await;
    server.api("urn:shop", "read").await;
    let client = server.client("a").await.granted("urn:shop", "read").await;

    server.app.keep_backups().await;

    assert!(
        !directory.exists(),
        "a disk that is not there is not made up"
    );
    client.request_token("read").await.assert_issued();
    let status = server.owner().read("/server").await;
    assert_eq!(status["ready"], "degraded");
    let failure = status["backups"]["last_failure"].as_str().unwrap();
    assert!(failure.starts_with("there is no directory"), "{failure}");
    let attention = server.owner().read("/attention").await;
    assert_eq!(
        attention["server"][0]["rule"], "backup_failed",
        "{attention}"
    );
    fs::create_dir(&directory).unwrap();
    server.advance(Span::minutes(4)).await;
    server.app.keep_backups().await;
    assert!(names(&directory).is_empty(), "not before five minutes");
    server.advance(Span::minutes(1)).await;
    server.app.keep_backups().await;
    assert_eq!(names(&directory).len(), 1);
    assert_eq!(server.owner().read("/server").await["ready"], "ready");
    assert_eq!(backups(&server).await["last_failure"], Value::Null);
}

#[tokio::test]
async fn a_backup_that_was_taken_away_is_made_again_and_one_that_is_late_is_told() {
    let folder = TempDir::new().unwrap();
    let server = daily(folder.path()).await;
    server.app.keep_backups().await;
    for name in names(folder.path()) {
        fs::remove_file(folder.path().join(name)).unwrap();
    }

    server.advance(Span::hours(31)).await;

    let attention = server.owner().read("/attention").await;
    assert_eq!(
        attention["server"][0]["rule"], "backup_overdue",
        "{attention}"
    );
    server.app.keep_backups().await;
    assert_eq!(names(folder.path()).len(), 1);
    let attention = server.owner().read("/attention").await;
    assert_eq!(
        attention["server"].as_array().unwrap().len(),
        0,
        "{attention}"
    );
}

#[tokio::test]
async fn the_console_shows_the_plan_and_what_became_of_it() {
    let folder = TempDir::new().unwrap();
    let server = daily(folder.path()).await;
    let mut browser = server.signed_in(Role::Viewer).await;
    server.app.keep_backups().await;

    let page = browser.open("/settings/backup").await;

    page.assert_says("24 hours, 1 of 3 kept");
    page.assert_says("by system:backup schedule");
    page.assert_says("jeton restore --replace FILE");
    fs::remove_dir_all(folder.path()).unwrap();
    server.advance(Span::hours(24)).await;
    server.app.keep_backups().await;
    let mut browser = server.browser();
    browser
        .sign_in("viewer@example.com", crate::harness::browser::PASSWORD)
        .await;
    let page = browser.open("/settings/backup").await;
    page.assert_says("The latest backup failed. The newest is of 15 Jan, 08:00 UTC, 24 hours ago.");
    let page = browser.open("/fragments/attention").await;
    let way = "href=\"/console/settings/backup\">Look into it";
    assert!(page.html().contains(way), "{}", page.html());
}

#[test]
fn a_server_makes_one_that_can_be_restored() {
    let folder = TempDir::new().unwrap();
    let directory = folder.path().to_str().unwrap();
    let mut server = ServerProcess::start_with(&["--backup-dir", directory, "--backup-keep", "2"]);
    let made = || {
        names(folder.path())
            .into_iter()
            .find(|name| name.ends_with("Z.redb"))
    };
    let begun = std::time::Instant::now();
    while made().is_none() {
        assert!(begun.elapsed().as_secs() < 30, "{:?}", names(folder.path()));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let backup = folder.path().join(made().unwrap());
    let status = server.jeton(&["status"]);
    server.ask_to_end();
    assert!(server.ended().success());

    let words = [
        "restore",
        "--replace",
        "--accept-data-loss",
        backup.to_str().unwrap(),
    ];
    server.jeton(&words);
    server.start_again();

    assert_eq!(status["backups"]["directory"], directory);
    assert_eq!(status["backups"]["keep"], 2);
    assert_eq!(server.jeton(&["status"])["epoch"], 2);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let home = Home::with_data();
    for (words, about) in [
        (
            ["--backup-every", "1h"].as_slice(),
            "backup_every needs backup_dir",
        ),
        (&["--backup-keep", "1"], "backup_keep needs backup_dir"),
        (
            &["--backup-dir", "b", "--backup-every", "59s"],
            "backup_every is at least 1m",
        ),
        (
            &["--backup-dir", "b", "--backup-keep", "0"],
            "backup_keep is at least 1",
        ),
        (
            &["--backup-dir", "data"],
            "backup_dir is the data directory",
        ),
        (
            &["--backup-dir", "nowhere"],
            "there is no directory nowhere for backups",
        ),
    ] {
        let words = [["check"].as_slice(), words].concat();
        home.jeton(&words).assert_one_line(78, about);
    }
}
