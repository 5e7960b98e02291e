//! Arbitrary rules of clients and APIs.

use proptest::{collection, option, prelude::*, sample::select};

use super::{api_identifier, description, time};
use crate::domain::{
    api::{ApiRules, TokenFormat},
    claims::Claims,
    client::{Binding, ClientRules},
    details::{DetailType, Schema, TypeDetail},
    halt::Halt,
    limits::{ClientLimits, Networks, Per, QuotaMode, TokenQuota},
};

pub(super) fn client_rules() -> impl Strategy<Value = ClientRules> {
    let types = collection::btree_set(detail_type(), 1..3);
    let details = collection::btree_map(api_identifier(), types, 0..3);
    (
        select(Binding::ALL.to_vec()),
        claims(),
        any::<(bool, bool)>(),
        details,
        limits(),
    )
        .prop_map(|(binding, claims, flags, details, limits)| {
            let (legacy_assertion_audience, token_exchange) = flags;
            ClientRules {
                binding,
                claims,
                legacy_assertion_audience,
                details,
                token_exchange,
                limits,
            }
        })
}

fn limits() -> impl Strategy<Value = ClientLimits> {
    let networks = [
        vec![],
        vec!["10.0.0.0/8"],
        vec!["2001:db8::/32", "192.0.2.7"],
    ];
    let networks = select(networks.to_vec()).prop_map(|texts| {
        let texts: Vec<String> = texts.into_iter().map(str::to_owned).collect();
        Networks::try_from(texts).unwrap()
    });
    let quota = (
        1..=TokenQuota::MOST,
        select(Per::ALL.to_vec()),
        select(QuotaMode::ALL.to_vec()),
    );
    let quota =
        quota.prop_map(|(tokens, per, mode)| TokenQuota::new(tokens, per, Some(1), mode).unwrap());
    (networks, option::of(quota)).prop_map(|(networks, quota)| ClientLimits { networks, quota })
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
    let rules = (format, claims(), details, option::of(halt()));
    rules.prop_map(|(format, claims, details, halt)| ApiRules {
        format,
        claims,
        details,
        halt,
    })
}

pub(super) fn halt() -> impl Strategy<Value = Halt> {
    let reason = "[!-~]{1,40}".prop_map(|text| text.parse().unwrap());
    (time(), reason, "[ -~]{0,20}").prop_map(|(since, reason, by)| Halt { since, reason, by })
}

fn claims() -> impl Strategy<Value = Claims> {
    let claims = collection::btree_map("x[a-z]{1,8}", any::<i64>().prop_map(Into::into), 0..3);
    claims.prop_map(|claims| Claims::new(claims).unwrap())
}
