//! F5: authorization details (RFC 9396), and the schemas that they are held against. Whatever is granted is what was
//! asked for, and has the form that a check by hand finds.

#![no_main]

use std::sync::LazyLock;

use jeton::{
    domain::{api::Api, client::Client, details::Schema},
    oauth::authorization_details::grant,
};
use jeton_fuzz::{
    bytes::Bytes,
    json::nearly,
    world::{API, World, parsed},
};
use serde_json::{Value, json};

/// What the API understands: payments, and anything that lets itself be called free.
static SCENE: LazyLock<(Api, Client)> = LazyLock::new(|| {
    let mut world = World::new();
    let payment = json!({
        "type": "object",
        "properties": {
            "type": { "type": "string" },
            "locations": { "type": "array", "items": { "type": "string" } },
            "amount": { "type": "integer", "minimum": 1, "maximum": 1000 },
            "currency": { "enum": ["EUR", "USD"] },
        },
        "required": ["amount"],
    });
    world.detail_type(json!({ "type": "payment", "schema": payment }));
    world.detail_type(json!({ "type": "free", "schema": { "additionalProperties": true } }));
    world.detail_type(json!({ "type": "secret", "schema": {} }));
    let grants = json!([{
        "api": API, "scopes": ["read:orders"], "authorization_details_types": ["payment", "free"],
    }]);
    let client = world.client("payer", &json!({ "grants": grants }));
    let api = world
        .registry
        .find_api(&parsed(API))
        .expect("it was defined");
    let client = world
        .registry
        .find_client(&client)
        .expect("it was registered");
    (Api::clone(api), Client::clone(client))
});

jeton_fuzz::target!(|data| {
    let mut bytes = Bytes::new(data);
    let is_schema = bytes.below(4) == 3;
    let Ok(text) = std::str::from_utf8(bytes.rest()) else {
        return;
    };
    if is_schema {
        schema(text)
    } else {
        details(text)
    }
});

fn details(text: &str) {
    let (api, client) = &*SCENE;
    let Ok(granted) = grant(api, client, text) else {
        return;
    };
    let asked: Value = serde_json::from_str(text).expect("what is granted is JSON");
    let written: Value = serde_json::from_str(&granted).expect("what is granted is JSON");
    assert!(nearly(&asked, &written), "{asked} {written}");
    let again = grant(api, client, &granted).expect("what was granted is granted again");
    let again: Value = serde_json::from_str(&again).expect("what is granted is JSON");
    assert!(nearly(&written, &again), "{written} {again}");
    let all = asked.as_array().expect("a list");
    assert!((1..=32).contains(&all.len()));
    for one in all {
        check(one);
    }
}

/// One of them, by hand.
fn check(one: &Value) {
    let members = one.as_object().expect("an object");
    let kind = members["type"].as_str().expect("it has a type");
    if let Some(locations) = members.get("locations") {
        let here = Value::from(API);
        assert!(locations.as_array().is_some_and(|all| all.contains(&here)));
    }
    if kind == "free" {
        return;
    }
    assert_eq!(kind, "payment");
    let known = ["type", "locations", "amount", "currency"];
    assert!(members.keys().all(|name| known.contains(&name.as_str())));
    let amount = members["amount"].as_f64().expect("a number");
    assert!((1.0..=1000.0).contains(&amount) && amount.fract() == 0.0);
    let currency = members.get("currency").map(Value::as_str);
    assert!(currency.is_none_or(|it| [Some("EUR"), Some("USD")].contains(&it)));
}

fn schema(text: &str) {
    let Ok(schema) = Schema::parse(text) else {
        return;
    };
    let source: Value = serde_json::from_str(text).expect("a schema is JSON");
    assert_eq!(*schema.to_json(), source);
    let again = Schema::parse(&schema.to_string()).expect("what was taken is taken again");
    assert!(nearly(again.to_json(), schema.to_json()));
    for details in [
        json!({}),
        json!({ "type": "a" }),
        json!([]),
        json!({ "type": "a", "b": 1 }),
    ] {
        assert_eq!(schema.admits(&details), again.admits(&details));
        let has_type = details["type"].is_string();
        assert!(
            has_type || !schema.admits(&details),
            "all details have a type"
        );
    }
}
