//! `jeton restore`: a whole backup in one step, and no older state by mistake.

use std::{
    fs,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::cli::kit::{Home, text};
use crate::harness::process::{ServerProcess, deaf};

/// Data with one client, a backup of them, and another client that came later.
fn home_with_backup() -> Home {
    let home = Home::with_data();
    home.jeton(&["client", "create", "Early", "--id", "early"])
        .assert(0);
    home.jeton(&["backup", "backup.redb"]).assert(0);
    home.jeton(&["client", "create", "Late", "--id", "late"])
        .assert(0);
    home
}

fn clients(home: &Home) -> Vec<String> {
    let list = home.jeton(&["client", "list", "--json"]);
    let list = list.assert(0).json();
    let data = list["data"].as_array().unwrap().iter();
    data.map(|client| text(&client["client_id"])).collect()
}

fn records(home: &Home) -> Vec<Value> {
    let list = home.jeton(&["audit", "list", "--limit", "200", "--json"]);
    list.assert(0).json()["data"].as_array().unwrap().clone()
}

/// D8
#[test]
fn a_backup_is_restored_to_an_empty_directory_with_its_master_key() {
    let home = home_with_backup();
    let fresh = Home::empty();
    let backup = home.path("backup.redb");
    let key = home.path("data/master.key");
    let restore = || {
        let words = ["restore", backup.to_str().unwrap(), "--json"];
        let terminal = fresh
            .terminal
            .with("JETON_MASTER_KEY_FILE", key.to_str().unwrap());
        terminal.jeton(&words)
    };

    let restored = restore().assert(0).json();

    assert_eq!(restored["epoch"], 2);
    assert_eq!(restored["replaced"], Value::Null);
    fs::copy(&key, fresh.path("data/master.key")).unwrap();
    assert_eq!(clients(&fresh), ["early"]);
    let newest = &records(&fresh)[0];
    assert_eq!(newest["action"], "server.restore");
    assert_eq!(newest["object"]["kind"], "server");
    fresh.jeton(&["audit", "verify"]).assert(0);
    let status = fresh.jeton(&["status", "--json"]).assert(0).json();
    assert_eq!(status["epoch"], 2);
    assert!(status["restored_at"].is_string(), "{status}");
    let again = restore();
    assert_eq!(again.code, 73, "{}{}", again.out, again.err);
    let left = fs::read_dir(fresh.path("data")).unwrap().count();
    assert_eq!(left, 2, "the data file, its key and nothing else");
}

#[test]
fn data_that_are_there_are_replaced_only_by_an_explicit_word_and_are_kept() {
    let home = home_with_backup();
    let before = home.content();

    home.jeton(&["restore", "backup.redb"])
        .assert_one_line(73, "say --replace");
    home.jeton(&["restore", "--replace", "backup.redb"])
        .assert_one_line(
            80,
            "the backup is older than what is there: 2 changes after audit record",
        );
    assert_eq!(home.content(), before, "nothing was touched");
    let words = [
        "restore",
        "--replace",
        "--accept-data-loss",
        "backup.redb",
        "--json",
    ];
    let restored = home.jeton(&words).assert(0).json();

    assert_eq!(restored["records_lost"], 2);
    assert_eq!(clients(&home), ["early"]);
    let kept = text(&restored["replaced"]);
    fs::rename(home.terminal.folder().join(&kept), home.file()).unwrap();
    assert_eq!(clients(&home), ["early", "late"]);
}

#[test]
fn what_was_taken_away_since_is_listed_to_be_done_again() {
    let home = home_with_backup();
    home.jeton(&["client", "disable", "early"]).assert(0);
    home.jeton(&["client", "edit", "late", "--name", "Later"])
        .assert(0);

    let words = ["restore", "--replace", "--accept-data-loss", "backup.redb"];
    let restored = home.jeton(&words);

    restored.assert(0);
    assert!(restored.out.contains("Do them again"), "{}", restored.out);
    assert!(
        restored
            .out
            .contains("client.disable  client early  by local:"),
        "{}",
        restored.out
    );
    assert!(!restored.out.contains("client.edit"), "{}", restored.out);
}

#[test]
fn another_master_key_is_refused_with_an_exit_code_of_its_own() {
    let home = home_with_backup();
    let other = Home::with_data();
    let before = other.content();
    let backup = home.path("backup.redb");

    other
        .jeton(&["restore", "--replace", backup.to_str().unwrap()])
        .assert_one_line(79, "is sealed under the master key");

    assert_eq!(other.content(), before);
    let bare = Home::empty();
    bare.jeton(&["restore", backup.to_str().unwrap()])
        .assert_one_line(78, "there is no master key");
    assert!(bare.content().is_empty(), "{:?}", bare.content());
}

#[test]
fn a_backup_that_is_not_whole_is_refused_and_nothing_is_touched() {
    let home = home_with_backup();
    let whole = fs::read(home.path("backup.redb")).unwrap();
    fs::write(home.path("cut.redb"), &whole[..whole.len() / 2]).unwrap();
    fs::write(home.path("empty.redb"), b"").unwrap();
    fs::write(home.path("other.redb"), b"redb? no").unwrap();
    let before = home.content();

    for (backup, about) in [
        ("cut.redb", "the backup cut.redb is damaged"),
        ("empty.redb", "empty.redb is not a backup"),
        ("other.redb", "other.redb is not a backup"),
        ("nowhere.redb", "there is no backup nowhere.redb"),
        ("data", "data is not a backup"),
    ] {
        home.jeton(&["restore", "--replace", "--accept-data-loss", backup])
            .assert_one_line(65, about);
    }

    assert_eq!(home.content(), before);
}

#[test]
fn data_that_cannot_be_read_are_replaced_once_the_loss_is_accepted() {
    let home = home_with_backup();
    fs::write(home.file(), b"not a database").unwrap();

    home.jeton(&["restore", "--replace", "backup.redb"])
        .assert_one_line(80, "cannot be read, so nobody can tell");
    home.jeton(&["restore", "--replace", "--accept-data-loss", "backup.redb"])
        .assert(0);

    assert_eq!(clients(&home), ["early"]);
}

#[test]
fn the_same_state_is_restored_without_any_loss() {
    let home = home_with_backup();
    fs::copy(home.file(), home.path("copy.redb")).unwrap();

    let restored = home.jeton(&["restore", "--replace", "copy.redb", "--json"]);

    assert_eq!(restored.assert(0).json()["records_lost"], 0);
    assert_eq!(clients(&home), ["early", "late"]);
    let again = home.jeton(&["restore", "--replace", "copy.redb"]);
    again.assert_one_line(80, "1 change after audit record");
}

#[test]
fn the_data_of_another_server_are_not_replaced_by_mistake() {
    let home = home_with_backup();
    let other = Home::empty();
    fs::create_dir(other.path("data")).unwrap();
    fs::copy(home.path("data/master.key"), other.path("data/master.key")).unwrap();
    other.jeton(&["init"]).assert(0);
    let backup = home.path("backup.redb");

    other
        .jeton(&["restore", "--replace", backup.to_str().unwrap()])
        .assert_one_line(80, "of another server");
}

#[test]
fn one_time_links_do_not_come_back_with_a_backup() {
    let home = Home::with_data();
    home.jeton(&["client", "create", "Early", "--id", "early"])
        .assert(0);
    home.jeton(&["handover", "offer", "early"]).assert(0);
    home.jeton(&["operator", "invite", "bo@example.com", "--role", "viewer"])
        .assert(0);
    home.jeton(&["backup", "backup.redb"]).assert(0);

    let words = [
        "restore",
        "--replace",
        "--accept-data-loss",
        "backup.redb",
        "--json",
    ];
    let restored = home.jeton(&words).assert(0).json();

    assert_eq!(restored["links_voided"], 2);
    let links = home.jeton(&["handover", "list", "early", "--json"]).json();
    assert_eq!(links["data"][0]["status"], "withdrawn", "{links}");
}

#[test]
fn nothing_is_restored_under_a_running_server() {
    let server = ServerProcess::start();
    let backup = server.home().join("backup.redb");
    server.jeton(&["backup", backup.to_str().unwrap()]);

    let refused = server.run(&[
        "restore",
        "--replace",
        "--accept-data-loss",
        backup.to_str().unwrap(),
    ]);

    assert_eq!(refused.status.code(), Some(73), "{refused:?}");
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.contains("is in use by another process; stop the server first"),
        "{said}"
    );
    server.jeton(&["status"]);
}

#[test]
fn a_server_serves_what_was_restored() {
    let mut server = ServerProcess::start();
    server.jeton(&["client", "create", "Early", "--id", "early"]);
    let backup = server.home().join("backup.redb");
    let backup = backup.to_str().unwrap();
    server.jeton(&["backup", backup]);
    server.jeton(&["client", "create", "Late", "--id", "late"]);
    server.ask_to_end();
    assert!(server.ended().success());

    server.jeton(&["restore", "--replace", "--accept-data-loss", backup]);
    server.start_again();

    let list = server.jeton(&["client", "list"]);
    assert_eq!(list["data"].as_array().unwrap().len(), 1, "{list}");
    assert_eq!(server.jeton(&["status"])["epoch"], 2);
}

#[test]
fn whenever_a_restore_is_killed_the_data_are_the_old_or_the_new() {
    let home = home_with_backup();
    let original = fs::read(home.file()).unwrap();
    let (mut old, mut new) = (0, 0);
    for attempt in 0..24_u64 {
        fs::write(home.file(), &original).unwrap();
        let mut restore = deaf(Command::new(env!("CARGO_BIN_EXE_jeton")))
            .args([
                "--data",
                "data",
                "restore",
                "--replace",
                "--accept-data-loss",
                "backup.redb",
            ])
            .current_dir(home.terminal.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(attempt * 12));
        // It may be through already.
        let _ = restore.kill();
        restore.wait().unwrap();

        match clients(&home).as_slice() {
            [early, late] if early == "early" && late == "late" => old += 1,
            [early] if early == "early" => new += 1,
            other => panic!("attempt {attempt}: {other:?}"),
        }
        home.jeton(&["audit", "verify"]).assert(0);
    }
    assert!(old > 0, "{old} old, {new} new");
}

#[test]
fn a_backup_older_than_a_checkpoint_is_refused() {
    let mut home = Home::empty();
    home.terminal = home.terminal.with("JETON_AUDIT_CHECKPOINTS", "checkpoints");
    home.jeton(&["init"]).assert(0);
    home.jeton(&["backup", "backup.redb"]).assert(0);
    home.jeton(&["client", "create", "Late", "--id", "late"])
        .assert(0);
    fs::remove_file(home.file()).unwrap();
    let about = "and the log ends before it";

    home.jeton(&["restore", "backup.redb"])
        .assert_one_line(80, about);
    let elsewhere = Home::empty();
    elsewhere.jeton(&["restore", "/dev/null"]).assert(78);
    fs::copy(home.path("checkpoints"), home.path("anchors")).unwrap();
    fs::remove_file(home.path("checkpoints")).unwrap();
    home.jeton(&["restore", "--anchors", "anchors", "backup.redb"])
        .assert_one_line(80, about);
    home.jeton(&["restore", "--anchors", "nowhere", "backup.redb"])
        .assert_one_line(80, "there is no file of checkpoints nowhere");
    fs::rename(home.path("anchors"), home.path("checkpoints")).unwrap();
    home.jeton(&["restore", "--accept-data-loss", "backup.redb"])
        .assert(0);

    let verified = home.jeton(&["audit", "verify", "--json"]).assert(0).json();
    assert!(
        verified["checkpoints"]["given_up"].as_u64() > Some(0),
        "{verified}"
    );
}
