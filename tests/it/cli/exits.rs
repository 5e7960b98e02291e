//! The exit codes of README's table, each with one clear line, and nothing touched.

use std::fs::{self, File};
use std::net::TcpListener;

use crate::cli::kit::{Home, Terminal, set_mode};
use crate::harness::process::{ServerProcess, free_address};

/// Commands that need a data file, whatever they do with it.
const NEED_DATA: [&[&str]; 6] = [
    &["client", "list"],
    &["client", "create", "A"],
    &["secret", "rotate", "a"],
    &["audit", "verify"],
    &["backup", "copy.redb"],
    &["status"],
];

/// Commands that make a data file where there is none.
const MAKE_DATA: [&[&str]; 3] = [&["init"], &["demo"], &["serve", "--listen", "127.0.0.1:0"]];

#[test]
fn what_was_done_ends_with_0() {
    let home = Home::empty();

    let made = home.jeton(&["init"]);
    let listed = home.jeton(&["client", "list"]);
    let again = home.jeton(&["init"]);

    for ended in [made, listed, again] {
        ended.assert(0);
        assert_eq!(ended.err, "", "{}", ended.out);
    }
}

#[test]
fn what_was_refused_ends_with_1() {
    let home = Home::with_data();
    home.jeton(&["client", "create", "A", "--id", "a"])
        .assert(0);
    let before = home.jeton(&["audit", "list", "--json"]).json();

    let cases: [(&[&str], &str); 8] = [
        (&["client", "show", "nobody"], "there is no client nobody"),
        (
            &["client", "create", "B", "--id", "a"],
            "there is a client a already",
        ),
        (
            &["client", "create", "B", "--grant", "https://a.test=x"],
            "https://a.test",
        ),
        (&["api", "create", "here", "--name", "A"], "absolute URI"),
        (&["secret", "retire", "a"], "no rotation is under way"),
        (&["secret", "rotate", "a", "--overlap", "31d"], "30 days"),
        (&["backup", "data/jeton.redb"], "already"),
        (&["backup", "nowhere/copy"], "no directory"),
    ];
    for (words, about) in cases {
        home.jeton(words).assert_one_line(1, about);
    }
    let after = home.jeton(&["audit", "list", "--json"]).json();
    assert_eq!(after, before);
}

#[test]
fn each_bad_field_has_a_line_of_its_own() {
    let home = Home::with_data();

    let ended = home.jeton(&["api", "create", "here", "--name", "A", "--scope", "a b"]);

    ended.assert(1);
    let lines: Vec<&str> = ended.err.lines().collect();
    assert_eq!(lines.len(), 3, "{}", ended.err);
    assert!(lines[1].starts_with("  identifier: "), "{}", lines[1]);
    assert!(lines[2].starts_with("  scopes[0].name: "), "{}", lines[2]);
}

#[test]
fn a_command_line_that_makes_no_sense_ends_with_2_and_touches_nothing() {
    let home = Home::empty();

    let cases: [(&[&str], &str); 9] = [
        (&[], "Usage"),
        (&["clients"], "client"),
        (&["client"], "Usage"),
        (&["client", "show"], "<ID>"),
        (&["client", "list", "--colour"], "--colour"),
        (&["client", "edit", "a"], "--name"),
        (
            &["client", "create", "A", "--grant", "read"],
            "IDENTIFIER=SCOPE,SCOPE",
        ),
        (&["serve", "--listen", "8080"], "127.0.0.1:8080"),
        (&["operator", "add", "a@b.test", "--role", "king"], "viewer"),
    ];
    for (words, about) in cases {
        let ended = home.jeton(words);
        ended.assert(2);
        assert_eq!(ended.out, "", "{words:?}");
        assert!(ended.err.contains(about), "{words:?}: {}", ended.err);
    }
    assert!(home.content().is_empty());
}

#[test]
fn a_missing_data_file_ends_with_65_and_none_is_made() {
    let home = Home::empty();

    for words in NEED_DATA {
        home.jeton(words)
            .assert_one_line(65, "there is no data file in data");
    }

    assert!(home.content().is_empty());
}

#[test]
fn an_empty_data_file_ends_with_65_and_stays_empty() {
    assert_refused_untouched(&Home::with_file(b""), "is empty");
}

#[test]
fn a_foreign_data_file_ends_with_65_and_is_not_touched() {
    assert_refused_untouched(
        &Home::with_file("somebody's letters\n".repeat(1000).as_bytes()),
        "not a data file of Jeton",
    );
}

#[test]
fn a_truncated_data_file_ends_with_65_and_is_not_touched() {
    let home = Home::with_data();
    let whole = fs::read(home.file()).unwrap();
    fs::write(home.file(), &whole[..whole.len() / 2]).unwrap();

    assert_refused_untouched(&home, "damaged");
}

#[test]
fn a_damaged_data_file_ends_with_65_and_is_not_touched() {
    let home = Home::with_data();
    let mut content = fs::read(home.file()).unwrap();
    // Everything but the head, so that some of it is in use.
    for byte in content.iter_mut().skip(4096) {
        *byte ^= 0x5a;
    }
    fs::write(home.file(), content).unwrap();

    assert_refused_untouched(&home, "damaged");
}

#[test]
fn a_data_file_is_refused_without_its_master_key_in_the_words_of_its_worse_problem() {
    let home = Home::with_file(b"");
    fs::remove_file(home.path("data/master.key")).unwrap();

    assert_refused_untouched(&home, "is empty");
}

#[test]
fn a_server_that_cannot_be_reached_ends_with_69() {
    let home = Home::empty();
    fs::write(home.path("secret"), "guess").unwrap();
    let issuer = format!("http://{}", free_address());

    let token = [
        "token",
        "--issuer",
        &issuer,
        "--client-id",
        "a",
        "--client-secret-file",
        "secret",
    ];
    home.jeton(&token).assert_one_line(69, "cannot reach");
}

#[test]
fn an_address_that_is_taken_ends_with_69_and_says_so() {
    let home = Home::empty();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let ended = home.jeton(&["serve", "--listen", &address]);

    ended.assert_one_line(69, &format!("another program listens on {address}"));
}

#[test]
fn a_second_server_on_the_same_file_ends_with_73_and_the_first_goes_on() {
    let server = ServerProcess::start();
    let data = server.data().display().to_string();
    let terminal = Terminal::at(server.home());

    let second = terminal.jeton(&["serve", "--data", &data, "--listen", "127.0.0.1:0"]);

    second.assert_one_line(73, "in use by another process");
    assert_eq!(
        server.jeton(&["client", "list"])["data"],
        serde_json::json!([])
    );
}

#[test]
fn a_file_that_another_process_holds_ends_with_73_for_every_command() {
    let home = Home::with_data();
    let before = home.content();
    let held = File::open(home.file()).unwrap();
    held.lock().unwrap();

    home.jeton(&["serve", "--listen", "127.0.0.1:0"])
        .assert_one_line(73, "in use by another process");
    home.jeton(&["client", "list"])
        .assert_one_line(73, "in use by another process");
    home.jeton(&["check"])
        .assert_one_line(73, "in use by another process");

    assert_eq!(home.content(), before);
}

#[test]
fn a_command_waits_for_another_one_that_is_about_to_end() {
    let home = Home::with_data();
    let held = File::open(home.file()).unwrap();
    held.lock().unwrap();

    let waiting = std::thread::spawn({
        let terminal = home.terminal.clone();
        move || terminal.jeton(&["client", "list"])
    });
    std::thread::sleep(std::time::Duration::from_millis(500));
    held.unlock().unwrap();

    waiting.join().unwrap().assert(0);
}

#[test]
fn a_directory_that_may_not_be_written_ends_with_73_and_nothing_is_made() {
    let home = Home::empty();
    let stranger = home.stranger();
    fs::create_dir(home.path("data")).unwrap();
    set_mode(&home.path("data"), 0o555);
    let before = home.content();

    for words in MAKE_DATA {
        stranger.jeton(words).assert_one_line(73, "data");
    }
    for words in MAKE_DATA {
        let below = stranger.with("JETON_DATA", "data/below");
        below.jeton(words).assert_one_line(73, "data/below");
    }

    assert_eq!(home.content(), before);
}

#[test]
fn a_data_directory_that_is_a_file_ends_with_73() {
    let home = Home::empty();
    fs::write(home.path("data"), "mine").unwrap();
    let before = home.content();

    for words in MAKE_DATA.into_iter().chain(NEED_DATA) {
        home.jeton(words).assert_one_line(73, "data");
    }

    assert_eq!(home.content(), before);
}

#[test]
fn who_may_not_enter_the_data_directory_ends_with_77() {
    let home = Home::with_data();
    let stranger = home.stranger();
    set_mode(&home.path("data"), 0o000);

    let refused: Vec<_> = NEED_DATA
        .iter()
        .map(|words| stranger.jeton(words))
        .collect();
    set_mode(&home.path("data"), 0o700);

    for ended in refused {
        ended.assert_one_line(77, "you may not enter data");
    }
}

#[test]
fn a_file_that_may_not_be_written_ends_with_77_before_a_secret_is_made() {
    let home = Home::with_data();
    let stranger = home.stranger();
    fs::create_dir(home.path("closed")).unwrap();
    set_mode(&home.path("closed"), 0o555);
    let own = stranger.with("JETON_DATA", "own");
    fs::create_dir(home.path("own")).unwrap();
    set_mode(&home.path("own"), 0o777);
    own.jeton(&["init"]).assert(0);

    let create = ["client", "create", "A", "--secret-file", "closed/secret"];
    own.jeton(&create).assert_one_line(77, "closed/secret");

    assert_eq!(
        own.jeton(&["client", "list", "--json"]).json()["data"],
        serde_json::json!([])
    );
}

#[test]
fn a_lost_wrong_or_open_master_key_ends_with_78_and_the_file_is_not_touched() {
    let home = Home::with_data();
    let key = home.path("data/master.key");
    let right = fs::read_to_string(&key).unwrap();
    let other = Home::with_data();
    let wrong = fs::read_to_string(other.path("data/master.key")).unwrap();

    let cases: [(Option<&str>, u32, &str); 4] = [
        (None, 0, "master.key is missing"),
        (Some(&wrong), 0o600, "is sealed under the master key"),
        (Some("abc"), 0o600, "master key"),
        (Some(&right), 0o644, "can be read by others"),
    ];
    for (content, mode, about) in cases {
        let _gone = fs::remove_file(&key);
        if let Some(content) = content {
            fs::write(&key, content).unwrap();
            set_mode(&key, mode);
        }
        let before = home.content();
        for words in NEED_DATA.into_iter().chain(MAKE_DATA) {
            home.jeton(words).assert_one_line(78, about);
        }
        assert_eq!(home.content(), before);
    }
}

/// Every command refuses the data file with 65, and leaves everything as it was.
#[track_caller]
fn assert_refused_untouched(home: &Home, about: &str) {
    let before = home.content();
    for words in NEED_DATA
        .into_iter()
        .chain(MAKE_DATA)
        .chain([&["check"] as &[&str]])
    {
        home.jeton(words).assert_one_line(65, about);
    }
    assert_eq!(home.content(), before);
}
