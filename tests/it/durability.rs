//! What was acknowledged stays, whatever ends the process: `kill -9` in the middle of changes, and a clean stop
//! in the middle of requests.

mod changes;
mod flight;
mod full_disk;
mod writer;

use std::thread;
use std::time::Duration;

use jeton::crypto::{jws::decode_unverified, random::Entropy};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

use crate::harness::curl::curl;
use crate::harness::process::ServerProcess;
use crate::harness::socket::AdminSocket;
use changes::{API, CHANGES, Change};
use flight::{Flight, Login};
use writer::Writer;

/// Two hundred changes under fire; more often until as many kills are reached as `JETON_TEST_SERVER_KILLS` says.
#[test]
fn what_was_acknowledged_is_there_after_kill_9_and_nothing_is_half_there() {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let wanted = std::env::var("JETON_TEST_SERVER_KILLS");
    let wanted = wanted.map_or(1, |told| told.parse().unwrap());
    let mut kills = 0;
    while kills < wanted {
        kills += survive_kills();
    }
}

/// How often the server was killed until all its changes were acknowledged.
fn survive_kills() -> usize {
    let mut server = ServerProcess::start_with(&["--audit-tokens", "durable"]);
    changes::create_api(&server);
    let admin = AdminSocket::of(&server.data());
    let before = admin.list("/audit").len();

    let writer = Writer::start(admin.clone(), server.address());
    let kills = kill_until_done(&mut server, &writer);
    let tokens = writer.tokens();
    server.kill();
    server.start_again();

    assert!(kills >= 5, "only {kills} kills: the changes were too fast");
    for change in Change::all().filter(|change| change.is_last()) {
        let found = change.look(&admin).unwrap();
        assert!(change.is_there(&found), "{change:?}: {found:?}");
    }
    assert_audited_once_each(&admin, before);
    assert!(!tokens.is_empty(), "the server was killed before any token");
    for token in &tokens {
        assert_verifies(&server, token);
        assert_on_record(&admin, token);
    }
    server.ask_to_end();
    assert!(server.ended().success());
    server.jeton(&["check"]);
    kills
}

#[test]
fn a_clean_stop_loses_no_request_in_flight_and_no_count() {
    let mut server = ServerProcess::start();
    let login = Login::of_a_new_client(&server);
    for _ in 0..30 {
        login.ask(&server);
    }

    let flight = Flight::of(50, &login, &server);
    thread::sleep(Duration::from_millis(300));
    server.ask_to_end();
    thread::sleep(Duration::from_millis(100));
    let answers = flight.land();
    let status = server.ended();
    server.start_again();

    assert!(status.success(), "{status}");
    for answer in &answers {
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.contains("access_token"), "{answer}");
    }
    assert_eq!(login.count(&server), 30 + 50);
}

/// Kills the server again and again, sometimes while it is still starting.
fn kill_until_done(server: &mut ServerProcess, writer: &Writer) -> usize {
    let entropy = Entropy::os();
    let mut kills = 0;
    while !writer.is_done() {
        thread::sleep(moment(&entropy));
        server.kill();
        kills += 1;
        if kills % 4 == 0 {
            server.spawn_again();
            thread::sleep(moment(&entropy) / 4);
            server.kill();
            kills += 1;
        }
        server.start_again();
    }
    kills
}

/// 20 to 200 ms.
fn moment(entropy: &Entropy) -> Duration {
    let random = u64::from_le_bytes(entropy.bytes());
    Duration::from_millis(20 + random % 181)
}

/// No token was handed out that is not on record.
#[track_caller]
fn assert_on_record(admin: &AdminSocket, token: &str) {
    let (_, claims) = decode_unverified(token).unwrap();
    let id = claims["jti"].as_str().unwrap();
    let found = admin.get(&format!("/audit/tokens?token_id={id}"));
    let found = found["data"].as_array().unwrap();
    assert_eq!(found.len(), 1, "{id}: {found:?}");
    assert_eq!(found[0]["client"], claims["client_id"]);
}

/// Each change has one entry, in the order in which they were made; each revision has its own.
#[track_caller]
fn assert_audited_once_each(admin: &AdminSocket, before: usize) {
    let mut records = admin.list("/audit");
    records.reverse();
    let of_changes = &records[before..];

    let found: Vec<(&str, &str)> = of_changes.iter().map(audited).collect();
    let expected: Vec<(String, &str)> = Change::all().map(Change::audited).collect();
    let expected: Vec<(&str, &str)> = expected
        .iter()
        .map(|(client, action)| (client.as_str(), *action))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(found.len(), CHANGES);

    let revisions: Vec<u64> = of_changes
        .iter()
        .map(|record| number(&record["revision"]))
        .collect();
    assert!(
        revisions.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "{revisions:?}"
    );
    let verified = admin.get("/audit/verify");
    assert_eq!(number(&verified["records"]), records.len() as u64);
}

fn audited(record: &Value) -> (&str, &str) {
    (
        record["object"]["id"].as_str().unwrap(),
        record["action"].as_str().unwrap(),
    )
}

/// The token is good by what the server publishes now.
#[track_caller]
fn assert_verifies(server: &ServerProcess, token: &str) {
    let published = curl(&[&format!("{}/oauth2/jwks", server.issuer())]).json();
    let keys: JwkSet = serde_json::from_value(published).unwrap();
    let kid = decode_header(token).unwrap().kid.unwrap();
    let key = keys.find(&kid).expect("the key is still published");
    let key = DecodingKey::from_jwk(key).unwrap();
    let mut expected = Validation::new(Algorithm::ES256);
    expected.set_audience(&[API]);
    expected.set_issuer(&[server.issuer()]);
    decode::<Value>(token, &key, &expected).unwrap();
}

#[track_caller]
fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}
