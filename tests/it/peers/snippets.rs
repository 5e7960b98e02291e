//! The programs on a client's page in the console: each is copied from the page, and run.

mod keyless;

use std::{fs, path::PathBuf, process::Command};

use super::{
    kit::{SET_UP, installed, run},
    world::{World, claims},
};
use crate::harness::{
    browser::{PASSWORD, Page},
    process::ServerProcess,
    reply::Reply,
};

#[expect(
    clippy::disallowed_methods,
    reason = "the program that the page shows reads its own environment"
)]
mod program {
    // As the page shows it for this issuer.
    include!("../../fixtures/snippet.rs");

    pub(super) async fn run() -> String {
        token().await.unwrap()
    }
}

const ISSUER_OF_FIXTURE: &str = "http://auth.example.com";

/// What the page of the report service shows for a language.
async fn shown(world: &World, language: &str) -> String {
    let id = &world.report_service.id;
    let page = open(&world.server, &format!("/clients/{id}")).await;
    page.element(&format!("snippet-{language}"))
}

/// A page of the console, to an Operator.
async fn open(server: &ServerProcess, path: &str) -> Page {
    let password = server.home().join("password");
    fs::write(&password, PASSWORD).unwrap();
    let password = password.to_str().unwrap();
    let operator = ["operator", "add", "ben@example.com", "--role", "operator"];
    let by_password = ["--name", "Ben", "--password-file", password];
    server.jeton(&[operator.as_slice(), &by_password].concat());
    let browser = reqwest::Client::builder();
    let browser = browser.redirect(reqwest::redirect::Policy::none());
    // A test's authority is nobody's.
    let browser = browser.tls_danger_accept_invalid_certs(true);
    let browser = browser.build().unwrap();
    let console = format!("{}/console", server.issuer());
    let signed_in = browser
        .post(format!("{console}/sign-in"))
        .header("sec-fetch-site", "same-origin")
        .form(&[("email", "ben@example.com"), ("password", PASSWORD)])
        .send()
        .await
        .unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let page = browser.get(format!("{console}{path}"));
    let page = page.header("cookie", cookie).send().await.unwrap();
    Page {
        path: path.to_owned(),
        reply: Reply {
            status: page.status(),
            headers: page.headers().clone(),
            body: page.bytes().await.unwrap(),
        },
    }
}

/// The program in a file of its own.
fn saved(world: &World, name: &str, text: &str) -> PathBuf {
    let file = world.server.home().join(name);
    fs::write(&file, text).unwrap();
    file
}

/// Runs a program with the client's id and secret in its environment: it prints a token of the
/// client.
#[track_caller]
fn assert_prints_a_token(world: &World, mut command: Command, input: &str) {
    let client = &world.report_service;
    command
        .env("JETON_ID", &client.id)
        .env("JETON_SECRET", &client.secret);
    let output = run(command, input).expect(SET_UP);
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{errors}");
    let answer: Option<serde_json::Value> = serde_json::from_str(&printed).ok();
    let token = match &answer {
        Some(answer) => answer["access_token"].as_str().unwrap(),
        None => printed
            .split_whitespace()
            .find(|word| word.starts_with("ey") && word.split('.').count() == 3)
            .unwrap_or_else(|| panic!("no token: {printed}{errors}")),
    };
    let claims = claims(token);
    assert_eq!(claims["client_id"], client.id);
    assert_eq!(claims["scope"], "read:analytics");
}

/// Console 21.
#[tokio::test]
async fn the_curl_command_on_the_page_gets_a_token() {
    let world = World::new();
    let text = shown(&world, "curl").await;

    let mut command = Command::new("bash");
    command.args(["-c", &text]);

    let secret = format!("{}\n", world.report_service.secret);
    assert_prints_a_token(&world, command, &secret);
}

/// Console 21.
#[tokio::test]
async fn the_python_program_on_the_page_gets_a_token() {
    let world = World::new();
    let text = shown(&world, "python").await;

    let mut command = Command::new(installed().join("python/bin/python"));
    command.arg(saved(&world, "get_token.py", &text));

    assert_prints_a_token(&world, command, "");
}

/// Console 21.
#[tokio::test]
async fn the_node_program_on_the_page_gets_a_token() {
    let world = World::new();
    let text = shown(&world, "node").await;

    let mut command = Command::new("node");
    command.arg(saved(&world, "token.mjs", &text));

    assert_prints_a_token(&world, command, "");
}

#[tokio::test]
async fn the_go_program_on_the_page_gets_a_token() {
    let world = World::new();
    let text = shown(&world, "go").await;

    let mut command = Command::new("go");
    command
        .arg("run")
        .arg(saved(&world, "token.go", &text))
        .env("GO111MODULE", "off")
        .env("GOFLAGS", "")
        .env("GOPATH", "/usr/share/gocode")
        .env("GOCACHE", installed().join("go-cache"));

    assert_prints_a_token(&world, command, "");
}

#[tokio::test]
async fn the_java_program_on_the_page_gets_a_token() {
    let world = World::new();
    let text = shown(&world, "java").await;

    let mut command = Command::new("java");
    command.arg(saved(&world, "Token.java", &text));

    assert_prints_a_token(&world, command, "");
}

/// The program on the page is the one that is compiled into this test, but for the issuer. It runs
/// in a process of its own, with the server as the proxy in front of that issuer.
#[tokio::test]
async fn the_rust_program_on_the_page_gets_a_token() {
    let world = World::new();
    let text = shown(&world, "rust").await;
    let text = text.replace(world.server.issuer(), ISSUER_OF_FIXTURE);
    assert_eq!(text, include_str!("../../fixtures/snippet.rs").trim_end());

    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "peers::snippets::the_rust_program"])
        .args(["--ignored", "--nocapture"])
        .env("http_proxy", world.server.issuer())
        .env_remove("no_proxy")
        .env_remove("NO_PROXY");

    assert_prints_a_token(&world, command, "");
}

#[tokio::test]
#[ignore = "run by the test above, with a client in the environment"]
async fn the_rust_program() {
    println!("{}", program::run().await);
}
