//! Another master key: while the server serves, at a start, and after a crash in the middle of it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::cli::kit::{Home, text};
use crate::harness::{
    curl::curl,
    process::{ServerProcess, deaf, free_address, wait_for},
};

fn master_key(home: &Home) -> String {
    let status = home.jeton(&["status", "--json"]);
    text(&status.assert(0).json()["master_key_id"])
}

fn newest(records: &Value, action: &str) -> Value {
    let records = records["data"].as_array().unwrap().iter();
    let mut found = records.filter(|record| record["action"] == action);
    found.next().expect("a record of it").clone()
}

#[test]
fn the_master_key_changes_while_the_server_serves_and_clients_notice_nothing() {
    let mut server = ServerProcess::start();
    let api = "https://sales.example.com";
    server.jeton(&["api", "create", api, "--name", "Sales", "--scope", "read"]);
    let grant = format!("{api}=read");
    let client = server.jeton(&["client", "create", "A", "--id", "a", "--grant", &grant]);
    let secret = text(&client["client_secret"]);
    let token = |server: &ServerProcess| {
        let url = format!("{}/oauth2/token", server.issuer());
        let form = ["--data", "grant_type=client_credentials", &url];
        curl(&[&["--user", &format!("a:{secret}")], &form[..]].concat()).status
    };
    server.jeton(&["settings", "set", "--master-key-kept", "true"]);
    let before = text(&server.jeton(&["status"])["master_key_id"]);

    let done = server.jeton(&["rekey"]);

    assert_eq!(token(&server), 200);
    let now = text(&server.jeton(&["status"])["master_key_id"]);
    assert_ne!(now, before);
    assert_eq!(
        (&done["master_key_id"], &done["previous_master_key_id"]),
        (&now.clone().into(), &before.clone().into())
    );
    for file in ["master_key_file", "previous_master_key_file"] {
        let mode = fs::metadata(text(&done[file])).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{file}");
    }
    let record = newest(&server.jeton(&["audit", "list"]), "server.rekey");
    let change = &record["changes"][0];
    assert_eq!(change["field"], "master_key");
    assert_eq!(change["before"], before.as_str());
    assert_eq!(change["after"], now.as_str());
    let kept = &server.jeton(&["settings", "show"])["master_key_kept_at"];
    assert_eq!(*kept, Value::Null, "of the new key nobody said so");
    server.restart();
    assert_eq!(token(&server), 200);
    server.jeton(&["rekey"]);
    server.restart();
    assert_eq!(token(&server), 200);
    server.jeton(&["audit", "verify"]);
}

#[test]
fn a_backup_from_before_is_restored_and_wants_the_new_key_from_then_on() {
    let home = Home::with_data();
    home.jeton(&["client", "create", "Early", "--id", "early"])
        .assert(0);
    home.jeton(&["backup", "backup.redb"]).assert(0);
    home.jeton(&["rekey"]).assert(0);
    let now = master_key(&home);

    let words = ["restore", "--replace", "--accept-data-loss", "backup.redb"];
    home.jeton(&words).assert(0);

    assert_eq!(master_key(&home), now);
    fs::remove_file(home.path("data/master.key.previous")).unwrap();
    home.jeton(&["client", "show", "early"]).assert(0);
    home.jeton(&words)
        .assert_one_line(79, "sealed under the master key");
}

#[test]
fn a_restore_in_the_middle_of_a_change_keeps_the_key_of_what_it_replaces() {
    let home = Home::with_data();
    home.jeton(&["backup", "backup.redb"]).assert(0);
    home.jeton(&["client", "create", "Late", "--id", "late"])
        .assert(0);
    home.jeton(&["rekey"]).assert(0);
    let now = master_key(&home);
    let key = home.path("data/master.key");
    // As a crash leaves them, once the data want the new key.
    fs::rename(&key, home.path("data/master.key.next")).unwrap();
    fs::rename(home.path("data/master.key.previous"), &key).unwrap();

    let words = ["restore", "--replace", "--accept-data-loss", "backup.redb"];
    let restored = home.jeton(&[&words[..], &["--json"]].concat());

    let kept = text(&restored.assert(0).json()["replaced"]);
    home.jeton(&["client", "show", "late"]).assert(1);
    assert_eq!(master_key(&home), now);
    fs::rename(home.terminal.folder().join(&kept), home.file()).unwrap();
    home.jeton(&["client", "show", "late"]).assert(0);
    assert_eq!(master_key(&home), now);
}

#[test]
fn after_a_crash_in_the_middle_the_data_open_with_the_key_that_they_want() {
    let home = Home::with_data();
    let [key, next, previous] =
        ["", ".next", ".previous"].map(|tail| home.path("data").join(format!("master.key{tail}")));
    let old = fs::read(&key).unwrap();
    home.jeton(&["rekey"]).assert(0);
    let new = fs::read(&key).unwrap();
    assert_ne!(old, new);
    let is_settled = || {
        home.jeton(&["client", "list"]).assert(0);
        assert_eq!(fs::read(&key).unwrap(), new);
        assert!(!next.exists());
    };

    // The data wanted the new key, and it had not taken its place.
    fs::rename(&key, &next).unwrap();
    fs::rename(&previous, &key).unwrap();
    is_settled();
    assert_eq!(fs::read(&previous).unwrap(), old, "and the old one is kept");
    // The same, with the old one kept already.
    fs::rename(&key, &next).unwrap();
    fs::copy(&previous, &key).unwrap();
    is_settled();
    // A new one was made, and the data never wanted it.
    fs::write(&next, "jtnmk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n").unwrap();
    is_settled();
}

#[test]
fn a_master_key_from_the_environment_is_changed_at_a_start_and_hidden_like_the_one_before() {
    let home = Home::with_data();
    let old = fs::read_to_string(home.path("data/master.key")).unwrap();
    fs::remove_file(home.path("data/master.key")).unwrap();
    let (new, other) = (
        "jtnmk_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE",
        "jtnmk_AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI",
    );
    let with = |key: &str| home.terminal.with("JETON_MASTER_KEY", key);
    with(old.trim())
        .jeton(&["rekey"])
        .assert_one_line(1, "in no file that this server could replace");
    with(new)
        .with("JETON_PREVIOUS_MASTER_KEY", other)
        .jeton(&["client", "list"])
        .assert_one_line(78, "sealed under the master key");

    let address = free_address();
    let mut server = deaf(Command::new(env!("CARGO_BIN_EXE_jeton")))
        .args(["serve", "--data", "data", "--listen", &address.to_string()])
        .current_dir(home.terminal.folder())
        .env("JETON_MASTER_KEY", new)
        .env("JETON_PREVIOUS_MASTER_KEY", old.trim())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let ready = format!("http://{address}/health/ready");
    wait_for("the server", || {
        let mut ask = Command::new("curl");
        ask.args(["--silent", "--fail", &ready]);
        ask.output().is_ok_and(|it| it.status.success())
    });
    let environment = fs::read(format!("/proc/{}/environ", server.id())).unwrap_or_default();
    server.kill().unwrap();
    server.wait().unwrap();

    let environment = String::from_utf8_lossy(&environment);
    assert!(!environment.contains("jtnmk_"), "it can be read in /proc");
    with(new).jeton(&["client", "list"]).assert(0);
    with(old.trim())
        .jeton(&["client", "list"])
        .assert_one_line(78, "sealed under the master key");
    home.terminal
        .jeton_reading(
            &format!("{other}\n{new}\n"),
            &[
                "client",
                "list",
                "--master-key-file=-",
                "--previous-master-key-file=-",
            ],
        )
        .assert(0);
}
