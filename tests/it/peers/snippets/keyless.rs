//! The programs on the page of a client that sends no secret, as it signs with it or has a key, a certificate, or
//! its platform's tokens; and of every client whose tokens must be bound to a key.

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use jeton::crypto::signer::Typ;
use rcgen::KeyPair;
use serde_json::{Value, json};

use super::open;
use crate::{
    harness::{
        assertion::signer,
        browser::Page,
        certificates::{Authority, Wanted, secure, text},
        process::ServerProcess,
    },
    peers::{
        kit::{SET_UP, installed, run},
        world::claims,
    },
};

const SALES: &str = "https://sales.test";

/// Makes a client that may read, with what these words give it; its page.
async fn made(server: &ServerProcess, words: &[&str]) -> Page {
    create(server, words);
    open(server, "/clients/peer").await
}

/// Makes a client that may read, with what these words give it; what the command says.
fn create(server: &ServerProcess, words: &[&str]) -> Value {
    server.jeton(&["api", "create", SALES, "--name", "Sales", "--scope", "read"]);
    let grant = format!("{SALES}=read");
    let client = [
        "client", "create", "Peer", "--id", "peer", "--grant", &grant,
    ];
    server.jeton(&[&client, words].concat())
}

/// Makes a client that has a secret; its page, and the secret.
async fn with_secret(server: &ServerProcess, words: &[&str]) -> (Page, String) {
    let made = create(server, words);
    let secret = made["client_secret"].as_str().unwrap().to_owned();
    (open(server, "/clients/peer").await, secret)
}

/// Runs the program of a language that the page shows, in this environment; the claims of the token that it prints.
#[track_caller]
fn token(home: &Path, page: &Page, language: &str, environment: &[(&str, &str)]) -> Value {
    let program = page.element(&format!("snippet-{language}"));
    let file = home.join(format!("token.{language}.mjs"));
    fs::write(&file, &program).unwrap();
    let mut command = match language {
        "curl" => {
            let mut command = Command::new("bash");
            command.args(["-c", &program]);
            command
        }
        "python" => {
            let mut command = Command::new(installed().join("python/bin/python"));
            command.arg(&file);
            command
        }
        _ => {
            let modules = home.join("node_modules");
            if !modules.exists() {
                symlink(installed().join("node/node_modules"), modules).unwrap();
            }
            let mut command = Command::new("node");
            command.arg(&file);
            command
        }
    };
    command.env("JETON_ID", "peer");
    command.envs(environment.iter().copied());
    let output = run(command, "").expect(SET_UP);
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{language}: {printed}{errors}\n{program}"
    );
    let answer: Option<Value> = serde_json::from_str(&printed).ok();
    let token = match &answer {
        Some(answer) => answer["access_token"].as_str().unwrap_or_default(),
        None => printed.trim(),
    };
    assert_eq!(token.split('.').count(), 3, "{language}: {printed}{errors}");
    let claims = claims(token);
    assert_eq!(claims["client_id"], "peer", "{language}");
    assert_eq!(claims["scope"], "read", "{language}");
    claims
}

/// Console 21, CJ-03
#[tokio::test]
async fn the_programs_for_a_key_get_a_token() {
    let server = ServerProcess::start();
    let key = KeyPair::generate().unwrap();
    let public = server.home().join("key.pub.pem");
    let private = server.home().join("key.pem");
    fs::write(&public, key.public_key_pem()).unwrap();
    fs::write(&private, key.serialize_pem()).unwrap();
    let page = made(&server, &["--jwks", text(&public)]).await;

    for language in ["python", "node"] {
        let claims = token(
            server.home(),
            &page,
            language,
            &[("JETON_KEY", text(&private))],
        );
        assert_eq!(claims.get("cnf"), None, "{language}");
    }
}

/// What makes each language trust a test's authority.
const TRUST: [&str; 3] = [
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
];

/// Console 21, FP-05: on a strict server, the token is bound to a key that the program makes.
#[tokio::test]
async fn the_programs_for_a_key_get_a_bound_token_where_it_must_be() {
    let authority = Authority::new();
    let (server, _) = secure(&authority, &["--profile", "fapi2"]);
    let key = KeyPair::generate().unwrap();
    let public = authority.write("key.pub.pem", &key.public_key_pem());
    let private = authority.write("key.pem", &key.serialize_pem());
    let page = made(&server, &["--jwks", text(&public)]).await;
    let ca = authority.file();

    for language in ["python", "node"] {
        let mut environment = vec![("JETON_KEY", text(&private))];
        environment.extend(TRUST.map(|name| (name, text(&ca))));
        let claims = token(server.home(), &page, language, &environment);
        assert!(claims["cnf"]["jkt"].is_string(), "{language}: {claims}");
    }
}

/// Console 21, CM-01
#[tokio::test]
async fn the_programs_for_a_certificate_get_a_token() {
    let authority = Authority::new();
    let (server, _) = secure(&authority, &[]);
    let own = authority.self_signed(Wanted::client("own"));
    let page = made(&server, &["--cert", text(&own.certificate)]).await;
    let ca = authority.file();

    for language in ["curl", "python", "node"] {
        let mut environment = vec![
            ("JETON_CERT", text(&own.certificate)),
            ("JETON_KEY", text(&own.key)),
        ];
        environment.extend(TRUST.map(|name| (name, text(&ca))));
        let claims = token(server.home(), &page, language, &environment);
        assert!(
            claims["cnf"]["x5t#S256"].is_string(),
            "{language}: {claims}"
        );
    }
}

/// Console 21, CJ-19
#[tokio::test]
async fn the_programs_for_a_secret_that_signs_get_a_token() {
    for (words, is_bound) in [(&[][..], false), (BOUND, true)] {
        let server = ServerProcess::start();
        let words = [&["--auth-method", "client_secret_jwt"], words].concat();
        let (page, secret) = with_secret(&server, &words).await;
        assert!(!page.html().contains("snippet-curl"));

        for language in ["python", "node"] {
            let environment = [("JETON_SECRET", secret.as_str())];
            let claims = token(server.home(), &page, language, &environment);
            assert_eq!(claims["cnf"]["jkt"].is_string(), is_bound, "{language}");
        }
    }
}

/// A client all of whose tokens are bound to a key.
const BOUND: &[&str] = &["--dpop-required"];

/// Console 21, DP-01, DP-02
#[tokio::test]
async fn the_programs_for_a_secret_get_a_bound_token_where_it_must_be() {
    let server = ServerProcess::start();
    server.jeton(&["settings", "set", "--dpop-nonces", "true"]);
    let (page, secret) = with_secret(&server, BOUND).await;
    assert!(!page.html().contains("snippet-curl"), "it could not prove");

    for language in ["python", "node"] {
        let environment = [("JETON_SECRET", secret.as_str())];
        let claims = token(server.home(), &page, language, &environment);
        assert!(claims["cnf"]["jkt"].is_string(), "{language}: {claims}");
    }
}

/// Console 21, DP-01, CM-01
#[tokio::test]
async fn the_programs_for_a_certificate_get_a_token_bound_to_a_key_where_it_must_be() {
    let authority = Authority::new();
    let (server, _) = secure(&authority, &[]);
    server.jeton(&["settings", "set", "--dpop-nonces", "true"]);
    let own = authority.self_signed(Wanted::client("own"));
    let words = [&["--cert", text(&own.certificate)], BOUND].concat();
    let page = made(&server, &words).await;
    let ca = authority.file();

    for language in ["python", "node"] {
        let mut environment = vec![
            ("JETON_CERT", text(&own.certificate)),
            ("JETON_KEY", text(&own.key)),
        ];
        environment.extend(TRUST.map(|name| (name, text(&ca))));
        let claims = token(server.home(), &page, language, &environment);
        assert!(claims["cnf"]["jkt"].is_string(), "{language}: {claims}");
    }
}

/// Console 21, CF-01
#[tokio::test]
async fn the_programs_for_a_platforms_token_get_a_token() {
    for (more, languages) in [
        (&[][..], &["curl", "python", "node"][..]),
        (BOUND, &["python", "node"]),
    ] {
        of_a_platform(more, languages).await;
    }
}

/// Runs the programs in these languages of a client with these flags that shows its platform's tokens.
async fn of_a_platform(more: &[&str], languages: &[&str]) {
    let server = ServerProcess::start();
    let platform = signer(5);
    let keys = json!({ "keys": [platform.public_jwk().unwrap()] }).to_string();
    let file = server.home().join("keys.json");
    fs::write(&file, keys).unwrap();
    let trust = [
        "--federated-issuer",
        "https://idp.test",
        "--federated-subject",
        "shop:reports",
        "--federated-audience",
        server.issuer(),
        "--federated-jwks",
        text(&file),
    ];
    let page = made(&server, &[&trust, more].concat()).await;
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let assertion = json!({
        "iss": "https://idp.test", "sub": "shop:reports", "aud": server.issuer(), "iat": now, "exp": now + 300,
    });
    let assertion = platform
        .sign(Typ::ClientAuthentication, assertion.to_string().as_bytes())
        .unwrap();

    for language in languages {
        let environment = [("JETON_ASSERTION", assertion.as_str())];
        let claims = token(server.home(), &page, language, &environment);
        let is_bound = claims["cnf"]["jkt"].is_string();
        assert_eq!(is_bound, !more.is_empty(), "{language}: {claims}");
    }
}
