//! `tests/fixtures/cli/commands.txt` is what the command line says, command by command: on a running server
//! and on the file, in the same words.

mod tame;

use std::fs;

use crate::cli::kit::{Ended, Home, Terminal};
use crate::harness::curl::curl;
use crate::harness::process::ServerProcess;
use tame::Names;

const FILE: &str = "tests/fixtures/cli/commands.txt";

/// To bring the transcript up to date: `UPDATE=1 cargo nextest run transcript`.
#[test]
fn on_the_file_every_command_says_what_the_transcript_has() {
    let home = Home::with_data();

    let said = in_words(&home.terminal);

    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    if std::env::var("UPDATE").is_ok() {
        fs::write(FILE, said).unwrap();
    } else {
        assert_same(&said, &expected());
    }
}

#[test]
fn on_a_running_server_every_command_says_what_the_transcript_has() {
    let server = ServerProcess::start();

    let said = in_words(&terminal_of(&server));

    assert_same(&said, &expected());
}

#[test]
fn every_command_answers_in_the_same_json_with_and_without_a_server() {
    let server = ServerProcess::start();
    let home = Home::with_data();

    let online = in_json(&terminal_of(&server));
    let offline = in_json(&home.terminal);

    assert_same(&online, &offline);
}

#[test]
fn what_a_server_counted_is_told_in_the_same_words_when_it_has_ended() {
    let mut server = ServerProcess::start();
    let terminal = terminal_of(&server);
    use_the_token_endpoint(&server, &terminal);
    let questions: [&[&str]; 5] = [
        &["usage", "show"],
        &["usage", "show", "a"],
        &["usage", "jwks"],
        &["secret", "list", "a"],
        &["client", "show", "a"],
    ];
    let ask = || {
        let mut names = Names::at(terminal.folder());
        let answers = questions.map(|words| names.tame(&terminal.jeton(words).assert(0).out));
        // How long ago a secret was used is told by the second.
        let answers = answers.concat();
        let lines = answers.lines().filter(|line| !line.contains(" advice "));
        lines.collect::<Vec<_>>().join("\n")
    };

    let before = ask();
    server.ask_to_end();
    assert!(server.ended().success());
    let after = ask();

    assert!(before.contains("1 use in all"), "{before}");
    assert_eq!(before.matches("127.0.0.1  ").count(), 3, "{before}");
    assert_same(&before, &after);
}

/// A token issued, one refused, one asked for by nobody known, and the keys fetched.
#[track_caller]
fn use_the_token_endpoint(server: &ServerProcess, terminal: &Terminal) {
    let api = "api create https://a.test --name A --scope read";
    terminal.jeton(&slices(&words(api))).assert(0);
    let client = "client create A --id a --grant https://a.test=read --secret-file secret";
    terminal.jeton(&slices(&words(client))).assert(0);
    let secret = fs::read_to_string(server.home().join("secret")).unwrap();

    let right = format!("a:{}", secret.trim());
    let token = format!("{}/oauth2/token", server.issuer());
    for login in [right.as_str(), "a:wrong", "b:c"] {
        curl(&[
            "--user",
            login,
            "--data",
            "grant_type=client_credentials",
            &token,
        ]);
    }
    curl(&[&format!("{}/oauth2/jwks", server.issuer())]);
}

fn terminal_of(server: &ServerProcess) -> Terminal {
    Terminal::at(server.home()).with("JETON_DATA", "data")
}

fn expected() -> String {
    fs::read_to_string(FILE).unwrap()
}

/// The transcript again, as this terminal has it.
fn in_words(terminal: &Terminal) -> String {
    let mut names = Names::at(terminal.folder());
    let again = |line: &str| match line.strip_prefix("$ jeton ") {
        Some(command) => {
            let ended = terminal.jeton(&slices(&words(&names.real(command))));
            Some(format!("{line}\n{}", shown(&ended, &mut names)))
        }
        None => line.starts_with('#').then(|| format!("{line}\n")),
    };
    let blocks: Vec<String> = expected().lines().filter_map(again).collect();
    blocks.join("\n")
}

/// The commands of the transcript, each with its answer in JSON.
fn in_json(terminal: &Terminal) -> String {
    let mut names = Names::at(terminal.folder());
    let answered = |command: &str| {
        let mut words = words(&names.real(command));
        words.push("--json".to_owned());
        let ended = terminal.jeton(&slices(&words));
        match ended.code {
            0 => ended.json(),
            _ => ended.failure(),
        };
        format!("$ jeton {command}\n{}", shown(&ended, &mut names))
    };
    let transcript = expected();
    let commands = transcript
        .lines()
        .filter_map(|line| line.strip_prefix("$ jeton "));
    commands.map(answered).collect::<Vec<_>>().join("\n")
}

fn slices(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// What was printed, what was said beside it, and the exit code unless it is 0.
fn shown(ended: &Ended, names: &mut Names) -> String {
    let code = match ended.code {
        0 => String::new(),
        code => format!("[{code}]\n"),
    };
    names.tame(&format!("{}{}{code}", ended.out, ended.err))
}

/// A line as the shell splits it that knows nothing but single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (n, part) in line.split('\'').enumerate() {
        if n % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Says where two transcripts part.
#[track_caller]
fn assert_same(one: &str, two: &str) {
    let blocks = |text: &str| text.split("\n$ ").map(str::to_owned).collect::<Vec<_>>();
    for (one, two) in blocks(one).iter().zip(&blocks(two)) {
        assert!(one == two, "--- this\n{one}\n--- is not\n{two}");
    }
    assert_eq!(one.len(), two.len());
}
