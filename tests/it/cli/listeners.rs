//! What a server says and where it listens, from outside.

use std::fs;

use rustix::process::{Resource, Rlimit, setrlimit};
use serde_json::Value;

use crate::cli::kit::{Home, Terminal};
use crate::harness::curl::curl;
use crate::harness::process::{ServerProcess, free_address};

/// AD-05
#[test]
fn operators_have_an_address_of_their_own_and_clients_another() {
    let operators = free_address().to_string();
    let server = ServerProcess::start_with(&["--operator-listen", &operators]);
    let public = server.issuer();
    let operators = format!("http://{operators}");

    let status = |base: &str, path: &str| curl(&[&format!("{base}{path}")]).status;
    let ask = |base: &str| {
        curl(&[
            "--data",
            "grant_type=client_credentials",
            &format!("{base}/oauth2/token"),
        ])
        .status
    };

    assert_eq!(status(public, "/admin/v1/clients"), 404);
    assert_eq!(status(public, "/admin/v1/openapi.json"), 404);
    assert_eq!(status(&operators, "/admin/v1/clients"), 401);
    assert_eq!(status(&operators, "/admin/v1/openapi.json"), 200);
    assert_eq!(ask(public), 401);
    assert_eq!(ask(&operators), 404);
    assert_eq!(status(&operators, "/oauth2/jwks"), 404);
    // The socket serves the command line either way.
    server.jeton(&["client", "list"]);
}

#[test]
fn a_token_for_the_admin_api_works_on_the_operators_address_alone() {
    let operators = free_address().to_string();
    let server = ServerProcess::start_with(&["--operator-listen", &operators]);
    let terminal = Terminal::at(server.home()).with("JETON_DATA", "data");
    let create = [
        "client",
        "create",
        "Robot",
        "--id",
        "robot",
        "--grant",
        "urn:jeton:admin=clients:read",
        "--secret-file",
        "secret",
    ];
    terminal.jeton(&create).assert(0);
    let words = [
        "token",
        "--issuer",
        server.issuer(),
        "--client-id",
        "robot",
        "--client-secret-file",
        "secret",
    ];
    let bearer = format!(
        "Authorization: Bearer {}",
        terminal.jeton(&words).assert(0).out.trim()
    );

    let listed = curl(&[
        "--header",
        &bearer,
        &format!("http://{operators}/admin/v1/clients"),
    ]);
    let hidden = curl(&[
        "--header",
        &bearer,
        &format!("{}/admin/v1/clients", server.issuer()),
    ]);

    assert_eq!(listed.json()["data"][0]["client_id"], "robot");
    assert_eq!(hidden.status, 404);
}

#[test]
fn without_an_operators_address_the_admin_api_is_beside_the_token_endpoint() {
    let server = ServerProcess::start();

    let answer = curl(&[&format!("{}/admin/v1/clients", server.issuer())]);

    assert_eq!(answer.status, 401);
}

/// ST-06
#[test]
fn a_json_log_has_one_object_on_each_line_and_nothing_else() {
    let mut server = ServerProcess::start_with(&["--log-format", "json"]);
    curl(&[
        "--data",
        "grant_type=client_credentials",
        &format!("{}/oauth2/token", server.issuer()),
    ]);
    server.jeton(&["client", "create", "A"]);
    server.ask_to_end();
    assert!(server.ended().success());

    let log = server.log();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();

    assert!(lines.len() >= 4, "{log}");
    for line in &lines {
        assert!(
            line["level"].is_string() && line["message"].is_string(),
            "{line}"
        );
        assert!(
            line["timestamp"]
                .as_str()
                .is_some_and(|at| at.ends_with('Z')),
            "{line}"
        );
    }
    let says = |text: &str| {
        lines
            .iter()
            .any(|line| line["message"].as_str().unwrap().contains(text))
    };
    assert!(says("serves http://") && says("stopped"), "{log}");
}

#[test]
fn a_log_may_be_turned_off() {
    let mut server = ServerProcess::start_with(&["--log-format", "json", "--log-level", "off"]);
    server.ask_to_end();
    assert!(server.ended().success());

    assert_eq!(server.log(), "");
}

#[test]
fn a_first_start_says_what_to_do_next_in_lines_that_work() {
    let server = ServerProcess::start();
    let log = server.log();
    let (_, next) = log
        .split_once("Next, in another terminal:\n")
        .expect("it says what is next");
    let commands = next.replace("\\\n", " ");
    let commands: Vec<&str> = commands
        .lines()
        .take_while(|line| line.starts_with("  "))
        .collect();
    assert_eq!(commands.len(), 3, "{log}");

    let script = format!("set -e\n{}\n", commands.join("\n"));
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(server.home())
        .output()
        .unwrap();

    assert!(output.status.success(), "{script}{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let token = printed.lines().last().unwrap();
    assert_eq!(token.split('.').count(), 3, "{printed}");
}

/// ST-03
#[test]
fn the_socket_and_all_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let server = ServerProcess::start();
    let mode =
        |path: &std::path::Path| path.symlink_metadata().unwrap().permissions().mode() & 0o777;

    assert_eq!(mode(&server.data()), 0o700);
    for name in ["jeton.redb", "master.key", "jeton.sock"] {
        assert_eq!(mode(&server.data().join(name)), 0o600, "{name}");
    }
}

#[test]
fn init_makes_everything_but_serves_nothing() {
    let home = Home::empty();

    let made = home.jeton(&["init", "--json"]).assert(0).json();

    assert_eq!(made["made"], true);
    let names: Vec<String> = home
        .content()
        .keys()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names, ["data", "jeton.redb", "master.key"]);
    assert_eq!(
        home.jeton(&["key", "list", "--json"]).json()["data"][0]["age"],
        "active"
    );
}

#[test]
fn a_server_opens_as_many_files_as_it_may_and_says_if_they_are_too_few() {
    // Of this process and those that it starts.
    let few = Rlimit {
        current: Some(200),
        maximum: Some(1000),
    };
    setrlimit(Resource::Nofile, few).unwrap();

    let wide = ServerProcess::start_with(&["--max-connections", "900"]);
    let narrow = ServerProcess::start_with(&["--max-connections", "901"]);

    let limits = fs::read_to_string(format!("/proc/{}/limits", wide.pid())).unwrap();
    let files = limits.lines().find(|it| it.starts_with("Max open files"));
    let files: Vec<&str> = files.unwrap().split_whitespace().collect();
    assert_eq!(files[3..5], ["1000", "1000"], "{limits}");
    assert!(!wide.log().contains("open files"), "{}", wide.log());
    let said = "the system allows 1000 open files, too few for 901 connections";
    assert!(narrow.log().contains(said), "{}", narrow.log());
}
