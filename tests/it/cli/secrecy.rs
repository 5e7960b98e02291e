//! Secrets are shown once, on standard output, and nowhere else.

use std::{fs, os::unix::process::ExitStatusExt};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::cli::kit::{Home, Terminal, text};
use crate::harness::curl::curl;
use crate::harness::process::ServerProcess;

/// A secret of the kind that people choose.
const CHOSEN: &str = "correct-horse-battery-staple-4711";

#[test]
fn a_secret_is_printed_once_and_nothing_says_it_again() {
    let home = Home::with_data();

    let created = home.jeton(&["client", "create", "A", "--id", "a", "--json"]);
    let rotated = home.jeton(&["secret", "rotate", "a", "--json"]);
    let later: [&[&str]; 6] = [
        &["client", "show", "a"],
        &["client", "list"],
        &["secret", "list", "a"],
        &["audit", "list"],
        &["secret", "retire", "a"],
        &["check"],
    ];

    let secrets = [&created, &rotated].map(|ended| {
        assert_eq!(ended.assert(0).err, "");
        text(&ended.json()["client_secret"])
    });
    for words in later {
        for more in [&[] as &[&str], &["--json"]] {
            let ended = home.jeton(&[words, more].concat());
            for secret in &secrets {
                assert!(!format!("{ended:?}").contains(secret), "{words:?}");
            }
        }
    }
}

#[test]
fn a_secret_in_a_file_is_not_printed_for_people() {
    let home = Home::with_data();

    let created = home.jeton(&[
        "client",
        "create",
        "A",
        "--id",
        "a",
        "--secret-file",
        "first",
    ]);
    let rotated = home.jeton(&["secret", "rotate", "a", "--secret-file", "second"]);

    for (ended, file) in [(created, "first"), (rotated, "second")] {
        ended.assert(0);
        let secret = fs::read_to_string(home.path(file)).unwrap();
        assert!(
            secret.starts_with("jtn_") && secret.ends_with('\n'),
            "{file}"
        );
        assert!(!format!("{ended:?}").contains(secret.trim()), "{file}");
    }
}

#[test]
fn a_chosen_secret_is_taken_from_its_file_and_never_said() {
    let home = Home::with_data();
    fs::write(home.path("chosen"), format!("{CHOSEN}\n")).unwrap();

    let create = [
        "client",
        "create",
        "A",
        "--id",
        "a",
        "--secret-file",
        "chosen",
    ];
    let ended = home.jeton(&create);
    let taken = home.jeton(&create);

    ended.assert(0);
    taken.assert(1);
    assert!(!format!("{ended:?}{taken:?}").contains(CHOSEN));
    assert_eq!(
        fs::read_to_string(home.path("chosen")).unwrap(),
        format!("{CHOSEN}\n")
    );
}

#[test]
fn a_chosen_secret_that_is_refused_is_not_said_either() {
    let home = Home::with_data();
    fs::write(home.path("bad"), "hunter2 \u{fc}").unwrap();

    for more in [&[] as &[&str], &["--json"]] {
        let words = ["client", "create", "A", "--secret-file", "bad"];
        let ended = home.jeton(&[&words, more].concat());
        ended.assert(1);
        assert!(!format!("{ended:?}").contains("hunter2"), "{ended:?}");
    }
}

#[test]
fn a_secret_is_made_only_if_there_is_a_place_for_it() {
    let home = Home::with_data();
    home.jeton(&[
        "client",
        "create",
        "A",
        "--id",
        "a",
        "--secret-file",
        "secret",
    ])
    .assert(0);

    home.jeton(&["secret", "rotate", "a", "--secret-file", "secret"])
        .assert_one_line(1, "name a file that does not exist");
    home.jeton(&["secret", "rotate", "nobody", "--secret-file", "none"])
        .assert_one_line(1, "there is no client nobody");

    assert!(!home.path("none").exists());
    let secrets = home.jeton(&["secret", "list", "a", "--json"]).json();
    assert_eq!(secrets["data"].as_array().unwrap().len(), 1);
}

#[test]
fn an_operators_password_is_read_from_a_file_and_never_said() {
    let home = Home::with_data();
    fs::write(home.path("password"), CHOSEN).unwrap();
    fs::write(home.path("short"), "abc").unwrap();
    let add = [
        "operator",
        "add",
        "ana@example.com",
        "--role",
        "owner",
        "--password-file",
    ];

    let refused = home.jeton(&[&add[..], &["short"]].concat());
    let added = home.jeton(&[&add[..], &["password"]].concat());
    let changed = home.terminal.jeton_reading(
        &CHOSEN.to_uppercase(),
        &[
            "operator",
            "password",
            "ana@example.com",
            "--password-file",
            "-",
        ],
    );
    let asked = home.jeton(&["operator", "password", "ana@example.com"]);

    refused.assert_one_line(1, "password");
    added.assert(0);
    changed.assert(0);
    asked.assert_one_line(2, "--password-file");
    let said = format!("{refused:?}{added:?}{changed:?}{asked:?}");
    assert!(!said.to_uppercase().contains(&CHOSEN.to_uppercase()));
}

/// ST-03
#[test]
fn a_server_logs_no_secret_whatever_it_is_asked() {
    let mut server = ServerProcess::start_with(&["--log-level", "trace"]);
    let terminal = Terminal::at(server.home()).with("JETON_DATA", "data");
    let create = ["client", "create", "A", "--id", "a", "--json"];
    let secret = text(&terminal.jeton(&create).assert(0).json()["client_secret"]);
    let rotated = terminal.jeton(&["secret", "rotate", "a", "--json"]);
    let other = text(&rotated.assert(0).json()["client_secret"]);
    let url = format!("{}/oauth2/token", server.issuer());
    let grant = "grant_type=client_credentials";

    curl(&["--user", &format!("a:{secret}"), "--data", grant, &url]);
    curl(&[
        "--data",
        &format!("{grant}&client_id=a&client_secret={other}"),
        &url,
    ]);
    curl(&["--user", &format!("b:{CHOSEN}"), "--data", grant, &url]);
    server.ask_to_end();
    assert!(server.ended().success());

    let log = server.log();
    assert!(log.contains("refused a client"), "{log}");
    for secret in [secret.as_str(), &other, CHOSEN] {
        assert!(!log.contains(secret), "{log}");
    }
    let master = fs::read_to_string(server.data().join("master.key")).unwrap();
    assert!(!log.contains(master.trim()));
}

#[test]
fn a_server_that_breaks_down_leaves_no_image_of_its_memory() {
    let allowed = getrlimit(Resource::Core);
    let all = Rlimit {
        current: allowed.maximum,
        ..allowed
    };
    setrlimit(Resource::Core, all).unwrap();
    let mut server = ServerProcess::start();

    let limits = fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
    server.abort();
    let ended = server.ended();

    let core = limits.lines().find(|line| line.contains("core file size"));
    let words: Vec<&str> = core.unwrap().split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{core:?}");
    assert_eq!(ended.signal(), Some(6));
    assert!(!ended.core_dumped());
}
