//! `jeton token` and `jeton inspect`: what a service would do, and what it got.

use std::fs;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::cli::kit::{Ended, Home, Terminal, text};
use crate::harness::process::{ServerProcess, free_address};

const API: &str = "https://sales.test";

/// A server with an API and a client whose secret is in the file `secret`.
struct Service {
    server: ServerProcess,
    terminal: Terminal,
}

impl Service {
    fn start() -> Self {
        let server = ServerProcess::start();
        let terminal = Terminal::at(server.home()).with("JETON_DATA", "data");
        let api = [
            "api", "create", API, "--name", "Sales", "--scope", "read", "--scope", "write",
        ];
        terminal.jeton(&api).assert(0);
        let grant = format!("{API}=read");
        let client = [
            "client",
            "create",
            "A",
            "--id",
            "a",
            "--grant",
            &grant,
            "--secret-file",
            "secret",
        ];
        terminal.jeton(&client).assert(0);
        Self { server, terminal }
    }

    /// `jeton token` as the client, with further flags.
    fn ask(&self, more: &[&str]) -> Ended {
        let words = [
            "token",
            "--issuer",
            self.server.issuer(),
            "--client-id",
            "a",
        ];
        self.terminal.jeton(&[&words, more].concat())
    }

    #[track_caller]
    fn token(&self) -> String {
        let ended = self.ask(&["--client-secret-file", "secret"]);
        ended.assert(0).out.trim().to_owned()
    }

    fn inspect(&self, token: &str, more: &[&str]) -> Ended {
        self.terminal
            .jeton_reading(token, &[&["inspect"], more].concat())
    }
}

#[test]
fn a_token_is_printed_alone_and_with_json_the_whole_answer() {
    let service = Service::start();

    let alone = service.ask(&[
        "--client-secret-file",
        "secret",
        "--scope",
        "read",
        "--resource",
        API,
    ]);
    let whole = service.ask(&["--client-secret-file", "secret", "--json"]);

    assert_eq!(alone.assert(0).err, "");
    assert_eq!(alone.out.lines().count(), 1);
    assert_eq!(alone.out.split('.').count(), 3);
    let whole = whole.assert(0).json();
    assert_eq!(whole["token_type"], "Bearer");
    assert_eq!(whole["expires_in"], 3600);
    assert_eq!(whole["scope"], "read");
}

#[test]
fn a_secret_may_come_on_standard_input() {
    let service = Service::start();
    let secret = fs::read_to_string(service.server.home().join("secret")).unwrap();
    let words = [
        "token",
        "--issuer",
        service.server.issuer(),
        "--client-id",
        "a",
        "--client-secret-file",
        "-",
    ];

    service.terminal.jeton_reading(&secret, &words).assert(0);
}

#[test]
fn a_refused_token_ends_with_1_and_one_line_that_explains_the_code() {
    let service = Service::start();
    let home = service.server.home();
    fs::write(home.join("wrong"), "jtn_guess").unwrap();
    fs::write(home.join("empty"), "\n").unwrap();

    let cases: [(&[&str], &str); 6] = [
        (&["--client-secret-file", "wrong"], "invalid_client"),
        (
            &["--client-secret-file", "secret", "--scope", "write"],
            "invalid_scope",
        ),
        (
            &[
                "--client-secret-file",
                "secret",
                "--resource",
                "https://b.test",
            ],
            "invalid_target",
        ),
        (&["--client-secret-file", "empty"], "empty is empty"),
        (&["--client-secret-file", "nowhere"], "nowhere"),
        (
            &["--client-secret-file", "wrong", "--scope", "read"],
            "none of its live secrets",
        ),
    ];
    for (more, about) in cases {
        service.ask(more).assert_one_line(1, about);
    }
    let failure = service.ask(&["--client-secret-file", "wrong", "--json"]);
    assert_eq!(failure.assert(1).failure()["error"], "invalid_client");
}

#[test]
fn an_issuer_must_be_the_one_that_the_server_names() {
    let service = Service::start();
    let by_name = service.server.issuer().replace("127.0.0.1", "localhost");
    let words = [
        "token",
        "--issuer",
        &by_name,
        "--client-id",
        "a",
        "--client-secret-file",
        "secret",
    ];

    let ended = service.terminal.jeton(&words);

    ended.assert_one_line(
        1,
        &format!("is the metadata of \"{}\"", service.server.issuer()),
    );
}

#[test]
fn a_good_token_is_explained_and_believed() {
    let service = Service::start();
    let token = service.token();

    let by_data = service.inspect(&token, &["-"]);
    let by_issuer = service.inspect(&token, &["--issuer", service.server.issuer()]);
    let as_header = service.inspect(&format!("Bearer {token}\n"), &["--json"]);

    for ended in [by_data, by_issuer] {
        assert_eq!(ended.assert(0).err, "");
        assert!(
            ended
                .out
                .starts_with("Good: signed by a key that was checked; it expires in "),
            "{}",
            ended.out
        );
        for word in [API, "at+jwt", "ES256", "read", "client_id"] {
            assert!(ended.out.contains(word), "{word}: {}", ended.out);
        }
        assert!(!ended.out.contains(&token));
    }
    let seen = as_header.assert(0).json();
    assert_eq!(
        (&seen["signature"], &seen["validity"]),
        (&json!("good"), &json!("current"))
    );
    assert_eq!(seen["claims"]["client_id"], "a");
    assert_eq!(seen["header"]["typ"], "at+jwt");
}

#[test]
fn a_token_is_checked_on_the_file_when_no_server_runs() {
    let mut service = Service::start();
    let token = service.token();
    service.server.ask_to_end();
    assert!(service.server.ended().success());

    let ended = service.inspect(&token, &[]);

    assert!(ended.assert(0).out.starts_with("Good: "), "{}", ended.out);
}

#[test]
fn without_keys_a_token_is_explained_and_called_unchecked() {
    let service = Service::start();
    let token = service.token();

    let ended = Home::empty().terminal.jeton_reading(&token, &["inspect"]);

    assert!(
        ended
            .assert(0)
            .out
            .contains("Signature not checked: give --issuer"),
        "{}",
        ended.out
    );
}

#[test]
fn a_token_that_was_changed_or_is_anothers_is_not_believed() {
    let service = Service::start();
    let other = Service::start();
    let token = service.token();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let turned: String = signature.chars().rev().collect();

    for bad in [format!("{signed}.{turned}"), other.token()] {
        for more in [["--issuer", service.server.issuer()].as_slice(), &[]] {
            let ended = service.inspect(&bad, more);
            ended.assert(1);
            assert!(
                ended.out.starts_with("Do not believe it: "),
                "{}",
                ended.out
            );
            assert_eq!(
                ended.err,
                "jeton: do not believe this token: its signature is wrong\n"
            );
        }
    }
}

#[test]
fn an_expired_or_early_token_is_told_apart() {
    let home = Home::empty();
    let expired = signed(&json!({ "exp": 1_000_000_000, "iat": 999_996_400 }));
    let early = signed(&json!({ "exp": 9_000_000_000_u64, "nbf": 8_999_996_400_u64 }));

    let expired = home
        .terminal
        .jeton_reading(&expired, &["inspect", "--json"]);
    let early = home.terminal.jeton_reading(&early, &["inspect"]);

    assert_eq!(expired.assert(1).json()["validity"], "expired");
    assert!(
        early.assert(1).err.contains("not valid before"),
        "{}",
        early.err
    );
}

#[test]
fn what_is_no_token_is_told_what_it_is() {
    let service = Service::start();
    let secret = fs::read_to_string(service.server.home().join("secret")).unwrap();
    let id = &secret["jtn_".len()..][..8];

    service
        .inspect("", &[])
        .assert_one_line(1, "nothing to inspect");
    service
        .inspect("abc.def", &[])
        .assert_one_line(1, "this has 2");
    service
        .inspect("a.b.c", &[])
        .assert_one_line(1, "has it been cut");
    let ended = service.inspect(&secret, &[]);
    ended.assert_one_line(1, &format!("the client secret jtn_{id}."));
    assert!(!ended.err.contains(secret.trim()), "{}", ended.err);
}

#[test]
fn a_token_on_the_command_line_is_inspected_with_a_warning() {
    let service = Service::start();

    let ended = service.terminal.jeton(&["inspect", &service.token()]);

    assert!(ended.assert(0).err.starts_with("Note: "), "{}", ended.err);
}

#[test]
fn an_issuer_that_is_not_there_cannot_check_a_token() {
    let service = Service::start();
    let nobody = format!("http://{}", free_address());

    let ended = service.inspect(&service.token(), &["--issuer", &nobody]);

    ended.assert_one_line(69, "cannot reach");
}

#[test]
fn the_demo_sets_up_a_story_that_runs() {
    let service = Service::start();

    let story = service.terminal.jeton(&["demo", "--json"]).assert(0).json();
    fs::write(
        service.server.home().join("demo"),
        text(&story["client_secret"]),
    )
    .unwrap();
    let words = [
        "token",
        "--issuer",
        story["issuer"].as_str().unwrap(),
        "--client-id",
        story["client_id"].as_str().unwrap(),
        "--client-secret-file",
        "demo",
        "--json",
    ];
    let token = service.terminal.jeton(&words).assert(0).json();
    let again = service.terminal.jeton(&["demo", "--json"]).assert(0).json();

    assert_eq!(token["scope"], story["scope"]);
    assert_eq!(again["client_secret"], Value::Null);
}

/// A token by a key that nobody publishes.
fn signed(claims: &Value) -> String {
    let key = EncodingKey::from_secret(b"a key of thirty-two bytes or more");
    encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
}
