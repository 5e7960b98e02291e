//! What is written, read and misread.

use super::*;
use crate::{
    admin::{clients::RegisterClient, keys::When},
    domain::{policy::Policy, rotation::Overlap, secret::IfUsed},
};

fn read<T: de::DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}"))
}

/// The fields that are wrong; panics if none is.
#[track_caller]
fn wrong<T>(parsed: Result<T, FieldErrors>) -> Vec<String> {
    let Err(errors) = parsed else {
        panic!("this should have been refused");
    };
    errors.iter().map(|(field, _)| field.to_owned()).collect()
}

fn client(json: &str) -> Result<RegisterClient, FieldErrors> {
    read::<ClientInput>(json).parse()
}

#[test]
fn all_that_is_wrong_with_a_client_is_said_at_once() {
    let json = r#"{
        "name": " ", "client_id": " x", "description": "a\u0000b", "owner": "\u202e",
        "grants": [{"api": "nothing", "scopes": []}, {"api": "urn:a", "scopes": ["a b"]}],
        "default_scopes": ["\"x\""], "token_lifetime": "59s",
        "secret": {"value": "line\n", "expires_in": 5, "note": "\u0007"}
    }"#;

    assert_eq!(
        wrong(client(json)),
        [
            "client_id",
            "default_scopes",
            "description",
            "grants[0].api",
            "grants[0].scopes",
            "grants[1].scopes",
            "name",
            "owner",
            "secret.expires_in",
            "secret.note",
            "secret.value",
            "token_lifetime",
        ]
    );
    assert_eq!(wrong(client("{}")), ["name"]);
    let twice = r#"{"name": "x", "grants": [{"api": "urn:a", "scopes": ["a"]}, {"api": "urn:a", "scopes": ["b"]}]}"#;
    assert_eq!(wrong(client(twice)), ["grants[1].api"]);
}

#[test]
fn a_client_is_read_as_it_is_written() {
    let json = r#"{
        "name": "Report Service", "grants": [{"api": "urn:a", "scopes": ["b", "a"]}],
        "default_scopes": ["a"], "token_lifetime": 300,
        "secret": {"value": "brought along from somewhere else", "expires_in": "90d", "note": "vault"}
    }"#;

    let Ok(command) = client(json) else {
        panic!("this is as it should be");
    };

    assert_eq!(command.name.as_str(), "Report Service");
    assert_eq!(command.grants["urn:a"].as_str(), "a b");
    assert_eq!(command.token_lifetime.unwrap().seconds(), 300);
    assert_eq!(command.secret.expires_in, Some(Span::days(90)));
    let again = serde_json::to_string(&read::<ClientInput>(json)).unwrap();
    assert!(
        client(&again).is_ok(),
        "what is written for programs is read again"
    );
}

#[test]
fn members_that_nobody_knows_and_those_that_come_twice_are_refused() {
    for (json, named) in [
        (r#"{"name": "x", "colour": "red"}"#, "`colour`"),
        (r#"{"name": "x", "name": "y"}"#, "`name`"),
        (r#"{"name": "x", "secret": {"valu": "y"}}"#, "`valu`"),
    ] {
        let Err(error) = serde_json::from_str::<ClientInput>(json) else {
            panic!("{json}");
        };
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[test]
fn an_edit_keeps_what_it_does_not_name_and_empties_what_is_null() {
    let edit = |json: &str| read::<ClientEditInput>(json).parse("c".parse().unwrap());

    let nothing = edit("{}").unwrap();
    assert!(nothing.name.is_none() && nothing.token_lifetime.is_none());
    let cleared = r#"{"token_lifetime": null, "description": null, "default_scopes": null}"#;
    let cleared = edit(cleared).unwrap();
    assert_eq!(cleared.token_lifetime, Some(None));
    assert_eq!(cleared.description.unwrap().as_str(), "");
    assert!(cleared.default_scopes.unwrap().is_empty());
    assert_eq!(
        wrong(edit(r#"{"name": null, "token_lifetime": "2d"}"#)),
        ["name", "token_lifetime"]
    );
    let text = serde_json::to_string(&read::<ClientEditInput>(r#"{"owner": "Ana"}"#)).unwrap();
    assert_eq!(text, r#"{"owner":"Ana"}"#);
}

#[test]
fn a_rotation_has_sensible_defaults() {
    let rotate =
        |json: &str| read::<RotateInput>(json).parse("c".parse().unwrap(), &Policy::default());

    let Ok(plain) = rotate("{}") else { panic!() };
    assert_eq!(
        (plain.overlap, plain.if_used),
        (Overlap::For(Span::hours(24)), IfUsed::Hold)
    );
    let Ok(now) = rotate(r#"{"overlap": 0, "if_used": "stop"}"#) else {
        panic!()
    };
    assert_eq!((now.overlap, now.if_used), (Overlap::None, IfUsed::Stop));
    assert_eq!(
        wrong(rotate(
            r#"{"overlap": "31d", "if_used": "maybe", "expires_in": "11y"}"#
        )),
        ["expires_in", "if_used", "overlap"]
    );
    let by = |json: &str| read::<ExtendInput>(json).parse("c".parse().unwrap());
    assert_eq!(by("{}").unwrap().by, Span::hours(24));
    assert_eq!(by(r#"{"by": "2h"}"#).unwrap().by, Span::hours(2));
    assert_eq!(wrong(by(r#"{"by": 0}"#)), ["by"]);
    assert_eq!(wrong(by(r#"{"by": "31d"}"#)), ["by"]);
    let choice: SecretChoiceInput = read(r#"{"secret_id": "lower"}"#);
    assert_eq!(wrong(choice.revoke("c".parse().unwrap())), ["secret_id"]);
}

#[test]
fn all_that_is_wrong_with_an_api_is_said_at_once() {
    let define = |json: &str| read::<ApiInput>(json).parse(&Policy::default());

    let json = r#"{
        "identifier": "x", "algorithm": "none", "token_lifetime": "1y",
        "scopes": [{"name": "a b"}, {"name": "a"}, {"name": "a", "description": "\u0000"}]
    }"#;
    assert_eq!(
        wrong(define(json)),
        [
            "algorithm",
            "identifier",
            "name",
            "scopes[0].name",
            "scopes[2].description",
            "scopes[2].name",
            "token_lifetime",
        ]
    );
    let plain = define(r#"{"identifier": "urn:a", "name": "A"}"#).unwrap();
    assert_eq!(plain.token_lifetime.seconds(), 3600);
    assert_eq!(plain.algorithm.as_str(), "ES256");
    let edit: ApiEditInput = read(r#"{"algorithm": null, "token_lifetime": 1}"#);
    assert_eq!(
        wrong(edit.parse("urn:a".parse().unwrap())),
        ["algorithm", "token_lifetime"]
    );
}

#[test]
fn keys_and_operators_name_their_wrong_fields() {
    let key = |json: &str| read::<KeyInput>(json).parse();
    assert_eq!(key("{}").unwrap().when, When::Scheduled);
    assert_eq!(
        key(r#"{"when": "now", "algorithm": "EdDSA"}"#)
            .unwrap()
            .when,
        When::Now
    );
    assert_eq!(
        wrong(key(r#"{"when": "later", "algorithm": "X"}"#)),
        ["algorithm", "when"]
    );
    let activate: ActivateInput = read(r#"{"when": "scheduled"}"#);
    assert_eq!(wrong(activate.parse("k".parse().unwrap())), ["when"]);

    let operator: OperatorInput = read(r#"{"email": "x", "role": "boss", "password": "short"}"#);
    assert_eq!(
        wrong(operator.parse()),
        ["email", "name", "password", "role"]
    );
}
