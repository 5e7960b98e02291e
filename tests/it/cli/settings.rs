//! Where settings come from, which wins, and how a wrong one is named.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cli::kit::{Ended, Home, set_mode};
use crate::harness::process::ServerProcess;

/// `data/jeton.toml` with these lines, and nothing else.
fn home_with(toml: &str) -> Home {
    let home = Home::empty();
    fs::create_dir(home.path("data")).unwrap();
    fs::write(home.path("data/jeton.toml"), toml).unwrap();
    home
}

fn issuer(ended: &Ended) -> Value {
    ended.assert(0).json()["settings"]["issuer"].take()
}

#[test]
fn a_flag_wins_over_a_variable_that_over_the_file_that_over_the_default() {
    let home = home_with("issuer = 'https://file.test'\n");
    let check = ["check", "--json"];
    let set = home.terminal.with("JETON_ISSUER", "https://variable.test");

    let flag = set.jeton(&["check", "--json", "--issuer", "https://flag.test"]);
    let variable = set.jeton(&check);
    let file = home.jeton(&check);
    let default = Home::empty().jeton(&check);

    assert_eq!(issuer(&flag), "https://flag.test");
    assert_eq!(issuer(&variable), "https://variable.test");
    assert_eq!(issuer(&file), "https://file.test");
    assert_eq!(issuer(&default), "http://127.0.0.1:8080");
}

#[test]
fn the_data_directory_and_the_settings_file_may_be_named_by_flag_and_variable() {
    let home = Home::empty();
    fs::write(
        home.path("other.toml"),
        "data = 'of-file'\nissuer = 'https://other.test'\n",
    )
    .unwrap();
    let data = |ended: Ended| ended.assert(0).json()["settings"]["data"].take();
    let set = home.terminal.with("JETON_CONFIG", "other.toml");

    let variable = home.jeton(&["check", "--json"]);
    let flag = home.jeton(&["check", "--json", "--data", "elsewhere"]);
    let by_flag = home.jeton(&["--config", "other.toml", "check", "--json"]);

    assert_eq!(data(variable), "data");
    assert_eq!(data(flag), "elsewhere");
    assert_eq!(issuer(&by_flag), "https://other.test");
    assert_eq!(
        issuer(&set.jeton(&["check", "--json"])),
        "https://other.test"
    );
}

#[test]
fn commands_without_settings_of_their_own_heed_the_variables_and_the_file() {
    let home = Home::with_data();
    let set = home.terminal.with("JETON_ISSUER", "https://variable.test");

    let variable = set.jeton(&["status", "--json"]);
    fs::write(
        home.path("data/jeton.toml"),
        "issuer = 'https://file.test'\n",
    )
    .unwrap();
    let file = home.jeton(&["status", "--json"]);

    assert_eq!(variable.assert(0).json()["issuer"], "https://variable.test");
    assert_eq!(file.assert(0).json()["issuer"], "https://file.test");
}

#[test]
fn a_wrong_variable_is_named_with_its_value_for_every_command() {
    let home = Home::with_data();
    let cases = [
        ("JETON_LISTEN", "8080", "JETON_LISTEN is \"8080\": "),
        ("JETON_ISSUER", "auth", "JETON_ISSUER is \"auth\": "),
        (
            "JETON_IDLE_TIMEOUT",
            "soon",
            "JETON_IDLE_TIMEOUT is \"soon\": ",
        ),
        ("JETON_LOG_FORMAT", "xml", "JETON_LOG_FORMAT is \"xml\""),
        (
            "JETON_MAX_CONNECTIONS",
            "-1",
            "JETON_MAX_CONNECTIONS is \"-1\"",
        ),
    ];

    for (name, value, about) in cases {
        let set = home.terminal.with(name, value);
        set.jeton(&["serve"]).assert_one_line(78, about);
        set.jeton(&["client", "list"]).assert_one_line(78, about);
        set.jeton(&["check"]).assert_one_line(78, about);
    }
}

#[test]
fn what_is_said_for_one_start_has_its_variable() {
    let home = Home::empty();

    for name in ["JETON_DEMO", "JETON_ACCEPT_REPAIR"] {
        let set = home.terminal.with(name, "maybe");
        set.jeton(&["serve"])
            .assert_one_line(78, &format!("{name} is \"maybe\""));
    }
    assert!(home.content().is_empty());
}

#[test]
fn a_server_whose_settings_file_says_so_has_the_story() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("demo.toml");
    fs::write(&file, "demo = true\n").unwrap();

    let server = ServerProcess::start_with(&["--config", file.to_str().unwrap()]);

    // The story is set up while the server is ready already.
    let deadline = Instant::now() + Duration::from_secs(20);
    let has_story = || {
        let clients = server.jeton(&["client", "list"]).to_string();
        clients.contains("Report Service")
    };
    while !has_story() {
        assert!(Instant::now() < deadline, "{}", server.log());
    }
}

#[test]
fn a_mistake_in_the_settings_file_is_named_with_its_place() {
    let cases = [
        (
            "\nlisten = '8080'\n",
            "data/jeton.toml:2:10: an address and a port",
        ),
        (
            "lisen = '127.0.0.1:1'\n",
            "data/jeton.toml:1:1: there is no setting `lisen`; did you mean `listen`?",
        ),
        ("issuer = \n", "data/jeton.toml:1:"),
        ("max_body_bytes = 'much'\n", "data/jeton.toml:1:18: "),
        (
            "behind_proxy = ['10.0.0.0/8',\n  'here']\n",
            "data/jeton.toml:2:3: a network or an address",
        ),
        ("data = 'there'\n", "cannot say where that is"),
    ];

    for (toml, about) in cases {
        let home = home_with(toml);
        for words in [
            ["serve", "--json"].as_slice(),
            &["client", "list", "--json"],
            &["check", "--json"],
        ] {
            let failure = home.jeton(words).assert(78).failure();
            let message = failure["message"].as_str().unwrap();
            assert!(message.contains(about), "{message}");
        }
        home.jeton(&["check"]).assert_one_line(78, about);
    }
}

#[test]
fn a_settings_file_that_is_named_must_be_there() {
    let home = Home::empty();

    let ended = home.jeton(&["check", "--config", "nowhere.toml"]);

    ended.assert_one_line(78, "nowhere.toml");
}

/// AD-05
#[test]
fn settings_that_would_show_secrets_to_the_network_end_with_78_and_make_nothing() {
    let home = Home::empty();
    let cases: [(&[&str], &str); 6] = [
        (&["--listen", "0.0.0.0:0"], "--issuer"),
        (
            &["--listen", "0.0.0.0:0", "--issuer", "https://auth.test"],
            "--behind-proxy",
        ),
        (&["--operator-listen", "0.0.0.0:0"], "--behind-proxy"),
        (
            &["--listen", "127.0.0.1:0", "--issuer", "http://auth.test"],
            "https://",
        ),
        (&["--console-url", "http://console.test"], "--console-url"),
        (
            &[
                "--listen",
                "127.0.0.1:81",
                "--operator-listen",
                "127.0.0.1:81",
            ],
            "--operator-listen",
        ),
    ];

    for (flags, about) in cases {
        home.jeton(&[&["serve"], flags].concat())
            .assert_one_line(78, about);
        home.jeton(&[&["check"], flags].concat())
            .assert_one_line(78, about);
    }

    assert!(home.content().is_empty());
}

#[test]
fn a_master_key_may_come_from_the_environment_and_is_not_written_down() {
    let home = Home::with_data();
    let key = fs::read_to_string(home.path("data/master.key")).unwrap();
    fs::remove_file(home.path("data/master.key")).unwrap();

    home.terminal
        .with("JETON_MASTER_KEY", key.trim())
        .jeton(&["client", "list"])
        .assert(0);
    home.terminal
        .jeton_reading(&key, &["client", "list", "--master-key-file", "-"])
        .assert(0);
    let twice = home.terminal.with("JETON_MASTER_KEY", key.trim());
    let twice = twice.jeton(&["client", "list", "--master-key-file", "elsewhere"]);

    twice.assert_one_line(78, "given twice");
    assert!(!twice.err.contains(key.trim()));
    assert!(!home.path("data/master.key").exists());
}

#[test]
fn a_master_key_may_be_a_credential_of_the_service_manager() {
    let home = Home::with_data();
    let credentials = home.path("credentials");
    fs::create_dir(&credentials).unwrap();
    fs::rename(home.path("data/master.key"), credentials.join("master-key")).unwrap();
    // As systemd leaves it where access is given by a list: to others by their name alone.
    set_mode(&credentials.join("master-key"), 0o440);

    home.terminal
        .with("CREDENTIALS_DIRECTORY", credentials.to_str().unwrap())
        .jeton(&["client", "list"])
        .assert(0);

    assert!(!home.path("data/master.key").exists());
    home.jeton(&["client", "list"])
        .assert_one_line(78, "master.key is missing");
}
