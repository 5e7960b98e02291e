//! Arbitrary rules of clients and APIs.

use proptest::{collection, prelude::*, sample::select};

use super::{api_identifier, description};
use crate::domain::{
    api::{ApiRules, TokenFormat},
    claims::Claims,
    client::{Binding, ClientRules},
    details::{DetailType, Schema, TypeDetail},
};

pub(super) fn client_rules() -> impl Strategy<Value = ClientRules> {
    let types = collection::btree_set(detail_type(), 1..3);
    let details = collection::btree_map(api_identifier(), types, 0..3);
    (
        select(Binding::ALL.to_vec()),
        claims(),
        any::<(bool, bool)>(),
        details,
    )
        .prop_map(|(binding, claims, flags, details)| {
            let (legacy_assertion_audience, token_exchange) = flags;
            ClientRules {
                binding,
                claims,
                legacy_assertion_audience,
                details,
                token_exchange,
            }
        })
}

fn detail_type() -> impl Strategy<Value = DetailType> {
    "[!#-\\[\\]-~]{1,12}".prop_map(|name| name.parse().unwrap())
}

fn type_detail() -> impl Strategy<Value = TypeDetail> {
    let schemas = [
        "{}",
        r#"{"additionalProperties":true}"#,
        r#"{"properties":{"amount":{"type":"integer"}},"required":["amount"]}"#,
    ];
    let schema = select(schemas.to_vec()).prop_map(|text| Schema::parse(text).unwrap());
    (description(), schema).prop_map(|(description, schema)| TypeDetail {
        description,
        schema,
    })
}

pub(super) fn api_rules() -> impl Strategy<Value = ApiRules> {
    let format = select(vec![TokenFormat::Jwt, TokenFormat::Opaque]);
    let details = collection::btree_map(detail_type(), type_detail(), 0..3);
    (format, claims(), details).prop_map(|(format, claims, details)| ApiRules {
        format,
        claims,
        details,
    })
}

fn claims() -> impl Strategy<Value = Claims> {
    let claims = collection::btree_map("x[a-z]{1,8}", any::<i64>().prop_map(Into::into), 0..3);
    claims.prop_map(|claims| Claims::new(claims).unwrap())
}
