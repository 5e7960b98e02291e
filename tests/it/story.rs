//! The story that must always run: a report service asks for a token and reads the sales analytics, while its
//! secret and the signing key are rotated under it.
//!
//! Everything is real: the binary, curl, and the two programs of `examples/`.

mod sales;

use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::harness::process::ServerProcess;
use sales::{ELSEWHERE, HERE, Sales, bearer, kid, rotation_of};

#[test]
fn the_report_service_reads_the_sales_analytics() {
    let sales = Sales::open("1h");

    let answer = sales.ask(&sales.secret(), HERE);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    let answer = answer.json();
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 3600);
    assert_eq!(answer["scope"], "read:analytics");

    let figures = sales.call(&[&bearer(&answer)]);
    assert_eq!(figures.status, 200, "{figures:?}");
    assert_eq!(figures.json()["asked_by"], sales.client.as_str());

    let reported: Value = serde_json::from_str(&sales.report()).unwrap();
    assert_eq!(reported, figures.json());
}

#[test]
fn the_api_turns_away_everything_else_in_the_words_of_rfc_6750() {
    let sales = Sales::open("1h");
    let elsewhere = Sales::open("1h");
    sales.create_api("https://wages.test", &["read:analytics"]);
    sales.grant("https://wages.test", &["read:analytics"]);
    sales.grant(sales::API, &["read:analytics", "write:analytics"]);
    let basic = sales.call(&["--user", "a:b"]);
    let cases = [
        (sales.call(&[]), 401, "Bearer"),
        (basic, 401, "Bearer"),
        (
            sales.call_with(&sales.token_for("https://wages.test", "read:analytics")),
            401,
            r#"Bearer error="invalid_token""#,
        ),
        (
            sales.call_with(&elsewhere.token_for(sales::API, "read:analytics")),
            401,
            r#"Bearer error="invalid_token""#,
        ),
        (
            sales.call_with(&sales::damaged(
                &sales.token_for(sales::API, "read:analytics"),
            )),
            401,
            r#"Bearer error="invalid_token""#,
        ),
        (
            sales.call_with(&sales.token_for(sales::API, "write:analytics")),
            403,
            r#"Bearer error="insufficient_scope", scope="read:analytics""#,
        ),
        (
            sales.call_with(&sales.token_for(sales::API, "read:analytics write:analytics")),
            200,
            "",
        ),
    ];
    for (answer, status, challenge) in cases {
        assert_eq!(
            (answer.status, answer.header("www-authenticate")),
            (status, challenge),
            "{answer:?}"
        );
    }
}

#[test]
fn a_secret_is_rotated_without_an_outage() {
    let mut sales = Sales::open("1h");
    let old = sales.secret();
    sales.assert_works(&old, ELSEWHERE);

    // Two secrets work, and it is known who has not moved.
    let new = sales.rotate();
    assert_eq!(sales.verdict()["word"], "new_unused");
    // Within one second it cannot be told which use came later.
    thread::sleep(Duration::from_millis(1100));
    sales.assert_works(&new, HERE);
    sales.assert_works(&old, ELSEWHERE);
    let verdict = sales.verdict();
    assert_eq!(
        (&verdict["word"], &verdict["safe"]),
        (&"in_use".into(), &false.into())
    );
    let sentence = verdict["sentence"].as_str().unwrap();
    assert!(
        sentence.contains("127.0.0.2 used the old secret"),
        "{sentence}"
    );

    // A restart forgets none of it.
    sales.server.restart();
    assert_eq!(sales.verdict()["word"], "in_use");
    sales.assert_works(&old, ELSEWHERE);

    // Once both addresses have moved, it is quiet; but a server just started has not watched it be so.
    thread::sleep(Duration::from_millis(1100));
    sales.assert_works(&new, HERE);
    assert_eq!(sales.verdict()["addresses"], serde_json::json!([ELSEWHERE]));
    sales.assert_works(&new, ELSEWHERE);
    assert_eq!(sales.verdict()["word"], "cannot_be_sure");

    // Retired, it is refused; undone, it works again; revoked, it never comes back.
    let old_id = sales.old_secret_id();
    sales.secrets(&["retire"]);
    sales.assert_refused(&old);
    sales.secrets(&["undo"]);
    sales.assert_works(&old, HERE);
    sales.secrets(&["revoke", &old_id]);
    sales.assert_refused(&old);
    assert!(!sales.tried(&["undo"]).status.success());
    sales.assert_refused(&old);
    sales.assert_works(&new, HERE);
    sales.server.restart();
    sales.assert_refused(&old);
    sales.assert_works(&new, HERE);
}

#[test]
fn secret_list_says_in_words_who_still_uses_the_old_secret() {
    let sales = Sales::open("1h");
    let old = sales.secret();
    let new = sales.rotate();
    thread::sleep(Duration::from_millis(1100));
    sales.assert_works(&new, HERE);
    sales.assert_works(&old, ELSEWHERE);

    let listed = sales.in_words(&["secret", "list", &sales.client]);

    assert!(listed.contains("127.0.0.2 used the old secret"), "{listed}");
    assert!(!listed.contains(&old) && !listed.contains(&new), "{listed}");
}

#[test]
fn a_running_service_notices_nothing_of_either_rotation() {
    // Tokens that live a minute are replaced at once, so every report asks for a new one.
    let sales = Sales::open("1m");
    let before = sales.token_for(sales::API, "read:analytics");
    let service = sales.service("0.1");
    service.line_with("revenue");

    // The secret: rotated, handed over in the file, retired.
    let old = sales.secret();
    sales.rotate();
    let rotation = rotation_of(&sales);
    sales.wait_until("the service has moved", |sales| {
        sales.secret_count(&rotation.new) > 2
    });
    sales.secrets(&["retire"]);
    sales.assert_refused(&old);

    // The signing key: published, fetched by the API, put to use.
    let key = sales.server.jeton(&["key", "generate"]);
    let key = key["kid"].as_str().unwrap();
    // Longer than the API takes to fetch the keys again.
    thread::sleep(Duration::from_millis(2500));
    sales
        .server
        .jeton(&["key", "activate", key, "--when", "now"]);
    let after = sales.token_for(sales::API, "read:analytics");
    assert_ne!(kid(&before), key);
    assert_eq!(kid(&after), key);

    // Tokens of both keys are accepted, and the service has not missed a report.
    assert_eq!(sales.call_with(&before).status, 200);
    assert_eq!(sales.call_with(&after).status, 200);
    let reports = service.lines().len();
    sales.wait_until("the service makes reports", |_| {
        service.lines().len() > reports + 4
    });
    let missed: Vec<String> = service
        .lines()
        .into_iter()
        .filter(|line| line.contains("no report"))
        .collect();
    assert_eq!(missed, Vec::<String>::new());
}

#[test]
fn the_examples_say_what_they_miss() {
    let server = ServerProcess::start();
    let file = server.home().join("secret");
    std::fs::write(&file, "wrong").unwrap();
    let file = file.to_str().unwrap();
    let settings = [
        ("ISSUER", server.issuer()),
        ("CLIENT_ID", "nobody"),
        ("CLIENT_SECRET_FILE", file),
        ("AUDIENCE", sales::API),
    ];

    let refused = sales::complaint("report_service", &settings);
    let unset = sales::complaint("report_service", &settings[..1]);
    let no_issuer = sales::complaint(
        "sales_analytics_api",
        &[("ISSUER", "http://127.0.0.1:1"), ("AUDIENCE", sales::API)],
    );

    assert!(refused.contains("invalid_client"), "{refused}");
    assert!(unset.contains("set CLIENT_ID"), "{unset}");
    assert!(no_issuer.contains("is it running?"), "{no_issuer}");
}
