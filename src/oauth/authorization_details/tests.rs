use serde_json::json;

use super::*;
use crate::{
    domain::{
        api::TokenFormat,
        details::{Schema, TypeDetail},
        name::Description,
    },
    oauth::{
        access_token::believe,
        fixtures::{SALES, World, api, body, client, escaped},
        reason::{ErrorCode, Reason},
        token,
    },
};

const PAYMENT: &str = r#"{"properties":{"amount":{"type":"integer"},"note":{"type":"string"},
    "locations":{"type":"array"},"more":{}},"required":["amount"]}"#;

fn with_types(names: &[&str]) -> Api {
    let mut sales = api(SALES, "read");
    for name in names {
        let detail = TypeDetail {
            description: Description::default(),
            schema: Schema::parse(PAYMENT).unwrap(),
        };
        sales.rules.details.insert(name.parse().unwrap(), detail);
    }
    sales
}

fn granted(names: &[&str]) -> Client {
    let mut svc = client("svc", &[(SALES, "read")]);
    let types = names.iter().map(|name| name.parse().unwrap());
    svc.rules
        .details
        .insert(SALES.parse().unwrap(), types.collect());
    svc
}

fn asked(text: &str) -> Result<String, DetailsError> {
    grant(
        &with_types(&["payment", "refund"]),
        &granted(&["payment"]),
        text,
    )
}

/// RAR-01
#[test]
fn details_are_an_array_of_objects_with_a_type_each() {
    for bad in [
        "x",
        "{}",
        "[]",
        "[1]",
        "[[]]",
        "null",
        r#"{"type":"payment","amount":1}"#,
        r#"[{"amount":1}]"#,
        r#"[{"type":7,"amount":1}]"#,
        r#"[{"type":null}]"#,
        r#"[{"type":"payment","amount":1},{}]"#,
        r#"[{"type":"payment","amount":1}] x"#,
    ] {
        assert_eq!(asked(bad), Err(DetailsError::Malformed), "{bad}");
    }
    let good = asked(" [ {\"type\" : \"payment\",\n \"amount\": 1 } ] ");
    assert_eq!(good.unwrap(), r#"[{"amount":1,"type":"payment"}]"#);
}

/// RAR-02
#[test]
fn only_types_that_the_api_knows_and_the_client_was_granted_in_the_form_they_have() {
    let payment: DetailType = "payment".parse().unwrap();
    for (text, expected) in [
        (
            r#"[{"type":"other","amount":1}]"#,
            DetailsError::UnknownType,
        ),
        (
            r#"[{"type":"Payment","amount":1}]"#,
            DetailsError::UnknownType,
        ),
        (
            r#"[{"type":"refund","amount":1}]"#,
            DetailsError::TypeNotGranted("refund".parse().unwrap()),
        ),
        (
            r#"[{"type":"payment"}]"#,
            DetailsError::Form(payment.clone()),
        ),
        (
            r#"[{"type":"payment","amount":"1"}]"#,
            DetailsError::Form(payment.clone()),
        ),
        (
            r#"[{"type":"payment","amount":1,"unknown":1}]"#,
            DetailsError::Form(payment.clone()),
        ),
        (
            r#"[{"type":"payment","amount":1},{"type":"refund","amount":1}]"#,
            DetailsError::TypeNotGranted("refund".parse().unwrap()),
        ),
    ] {
        assert_eq!(asked(text), Err(expected), "{text}");
    }
    let unknown = DetailsError::UnknownType.description();
    let foreign = DetailsError::TypeNotGranted(payment).description();
    assert_eq!(unknown, foreign);
}

/// RAR-04
#[test]
fn locations_name_the_api_that_the_token_is_for() {
    let at = |locations: &str| {
        asked(&format!(
            r#"[{{"type":"payment","amount":1,"locations":{locations}}}]"#
        ))
    };
    assert!(at(&format!(r#"["{SALES}"]"#)).is_ok());
    assert!(at(&format!(r#"["https://other.example","{SALES}"]"#)).is_ok());
    for elsewhere in [r#"["https://other.example"]"#, "[]", "[1]"] {
        assert!(
            matches!(at(elsewhere), Err(DetailsError::Elsewhere(_))),
            "{elsewhere}"
        );
    }
}

/// RAR-05
#[test]
fn details_have_bounds_and_say_nothing_twice() {
    let twice = r#"[{"type":"payment","amount":1,"amount":2}]"#;
    assert_eq!(asked(twice), Err(DetailsError::Malformed));
    let within = r#"[{"type":"payment","amount":1,"more":{"a":1,"a":1}}]"#;
    assert_eq!(asked(within), Err(DetailsError::Malformed));
    let nested = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        asked(&format!(
            r#"[{{"type":"payment","amount":1,"more":{open}{close}}}]"#
        ))
    };
    assert!(nested(DEEPEST - 2).is_ok());
    assert_eq!(nested(DEEPEST - 1), Err(DetailsError::Malformed));
    let one = r#"{"type":"payment","amount":1}"#;
    assert!(asked(&format!("[{}]", vec![one; MOST].join(","))).is_ok());
    let many = asked(&format!("[{}]", vec![one; MOST + 1].join(",")));
    assert_eq!(many, Err(DetailsError::TooMuch));
    let padded = |length: usize| asked(&format!("{:<length$}", format!("[{one}]")));
    assert!(padded(16_384).is_ok());
    assert_eq!(padded(16_385), Err(DetailsError::TooMuch));
    let unicode = r#"[{"type":"payment","amount":1,"note":"é€😀 \"quoted\" % + &"}]"#;
    let echoed: Value = serde_json::from_str(&asked(unicode).unwrap()).unwrap();
    assert_eq!(echoed, serde_json::from_str::<Value>(unicode).unwrap());
}

fn request(world: &World, secret: &str, details: &str) -> Result<crate::oauth::Issued, Reason> {
    let form = format!(
        "grant_type=client_credentials&client_id=svc&client_secret={}&authorization_details={}",
        escaped(secret),
        escaped(details)
    );
    token(&world.registry, &body(&form), &world.context()).map_err(|refused| refused.reason)
}

/// RAR-03, T-25
#[test]
fn what_is_granted_stands_in_the_answer_and_in_the_token_of_either_form() {
    let details = r#"[{"type":"payment","amount":1,"note":"for ☕"}]"#;
    let expected = json!([{"type": "payment", "amount": 1, "note": "for ☕"}]);
    for format in [TokenFormat::Jwt, TokenFormat::Opaque] {
        let mut world = World::new();
        let mut sales = with_types(&["payment"]);
        sales.rules.format = format;
        world.put_api(sales);
        let secret = world.put_client(granted(&["payment"]));

        let issued = request(&world, &secret, details).unwrap();

        let answer: Value = serde_json::from_str(&issued.to_json()).unwrap();
        assert_eq!(answer["authorization_details"], expected);
        let said = believe(&world.registry, &issued.access_token, &world.expected()).unwrap();
        assert_eq!(said.details, Some(expected.clone()));
        assert!(said.claims.is_empty());
    }
}

#[test]
fn nobody_is_granted_any_type_until_an_operator_says_so() {
    let mut world = World::new();
    world.put_api(with_types(&["payment"]));
    let secret = world.put_client(client("svc", &[(SALES, "read")]));

    let refused = request(&world, &secret, r#"[{"type":"payment","amount":1}]"#).unwrap_err();

    assert_eq!(refused.code(), ErrorCode::InvalidAuthorizationDetails);
}

#[test]
fn details_that_make_a_token_too_long_are_refused_as_such() {
    let mut world = World::new();
    world.put_api(with_types(&["payment"]));
    let secret = world.put_client(granted(&["payment"]));
    let note = "x".repeat(9000);

    let details = format!(r#"[{{"type":"payment","amount":1,"note":"{note}"}}]"#);
    let refused = request(&world, &secret, &details).unwrap_err();

    assert_eq!(refused, Reason::Details(DetailsError::TokenTooLong));
}
