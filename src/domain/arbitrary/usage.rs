//! Arbitrary observations.

use proptest::{option, prelude::*, sample::select};

use super::{api_identifier, client_id, scopes, secret_id};
use crate::domain::{
    time::Timestamp,
    usage::{Asked, Observation, Outcome, Seen},
};

/// Something that was seen within `days` of the 100th day.
pub(crate) fn observation(days: i64) -> impl Strategy<Value = Observation> {
    let seen = seen(days);
    let issued = (client_id(), secret_id(), api_identifier(), scopes());
    let asked = select(vec![Asked::ByName, Asked::ByDefault]);
    prop_oneof![
        6 => (issued, asked, seen.clone()).prop_map(|((client, secret, api, scopes), asked, seen)| {
            Observation::Issued { client, secret, api, scopes, asked, seen }
        }),
        3 => refused(seen.clone()),
        2 => answered(seen.clone()),
        2 => (client_id(), api_identifier(), scopes(), seen.clone()).prop_map(|(client, api, scopes, seen)| {
            Observation::Exercised { client, api, scopes, at: seen.at }
        }),
        1 => (select(vec!["k1", "k2"]), seen).prop_map(|(newest, seen)| {
            Observation::KeysFetched { newest: newest.parse().unwrap(), seen }
        }),
    ]
}

fn answered(seen: impl Strategy<Value = Seen>) -> impl Strategy<Value = Observation> {
    let outcome = select(vec![Outcome::Introspected, Outcome::TokenRevoked]);
    (client_id(), secret_id(), outcome, seen).prop_map(|(client, secret, outcome, seen)| {
        Observation::Answered {
            client,
            secret,
            outcome,
            seen,
        }
    })
}

fn refused(seen: impl Strategy<Value = Seen>) -> impl Strategy<Value = Observation> {
    let refusals = Outcome::ALL.into_iter().filter(|it| it.is_refusal());
    let outcome = select(refusals.collect::<Vec<_>>());
    let whose = option::of((client_id(), option::of(secret_id())));
    (whose, outcome, seen).prop_map(|(whose, outcome, seen)| {
        let (client, secret) = match whose {
            Some((client, secret)) => (Some(client), secret),
            None => (None, None),
        };
        Observation::Refused {
            client,
            secret,
            outcome,
            hint: None,
            seen,
        }
    })
}

fn seen(days: i64) -> impl Strategy<Value = Seen> + Clone {
    let at = (8_640_000..8_640_000 + days * 86_400).prop_map(Timestamp);
    let addresses = ["192.0.2.1", "192.0.2.2", "198.51.100.7", "2001:db8::1"];
    let address = select(addresses.to_vec()).prop_map(|address| address.parse().unwrap());
    let agent = option::of(select(vec!["curl/8.7", "python-requests/2.32"]));
    (at, address, agent).prop_map(|(at, address, agent)| Seen {
        at,
        address,
        agent: agent.map(Into::into),
        request: None,
    })
}
