//! The programs on the page of a client that has no secret: a key, a certificate, or its platform's tokens.

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
    server.jeton(&["api", "create", SALES, "--name", "Sales", "--scope", "read"]);
    let grant = format!("{SALES}=read");
    let client = [
        "client", "create", "Peer", "--id", "peer", "--grant", &grant,
    ];
    server.jeton(&[&client, words].concat());
    open(server, "/clients/peer").await
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

/// Console 21, CF-01
#[tokio::test]
async fn the_programs_for_a_platforms_token_get_a_token() {
    let server = ServerProcess::start();
    let platform = signer(5);
    let keys = json!({ "keys": [platform.public_jwk().unwrap()] }).to_string();
    let file = server.home().join("keys.json");
    fs::write(&file, keys).unwrap();
    let page = made(
        &server,
        &[
            "--federated-issuer",
            "https://idp.test",
            "--federated-subject",
            "shop:reports",
            "--federated-audience",
            server.issuer(),
            "--federated-jwks",
            text(&file),
        ],
    )
    .await;
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let assertion = json!({
        "iss": "https://idp.test", "sub": "shop:reports", "aud": server.issuer(), "iat": now, "exp": now + 300,
    });
    let assertion = platform
        .sign(Typ::ClientAuthentication, assertion.to_string().as_bytes())
        .unwrap();

    for language in ["curl", "python", "node"] {
        token(
            server.home(),
            &page,
            language,
            &[("JETON_ASSERTION", &assertion)],
        );
    }
}
