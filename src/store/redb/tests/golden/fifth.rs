//! What was put into the file of format 5 beside all that was in the file of format 4.

use super::{
    first::{self, NOW},
    fourth, second,
};
use crate::{
    crypto::mac::MacKey,
    domain::{
        audit::Action,
        change::{Change, Effect},
        halt::Halt,
        limits::{ClientLimits, Networks, Per, QuotaMode, TokenQuota},
        policy::Policy,
        usage::{Observation, Outcome, Seen, Tally},
    },
};

/// One of everything that format 5 added, after the history of format 4.
pub(super) fn history(pepper: &MacKey) -> Vec<Vec<Change>> {
    let mut history = fourth::history(pepper);
    let halt = |reason: &str| Halt {
        since: NOW,
        reason: reason.parse().unwrap(),
        by: "operator:ana@example.com".to_owned(),
    };
    let mut client = first::report_service(pepper);
    client.id = "limited-service".parse().unwrap();
    client.secrets = Vec::new();
    let networks = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"];
    let networks = networks.map(str::to_owned).to_vec();
    client.rules.limits = ClientLimits {
        networks: Networks::try_from(networks).unwrap(),
        quota: Some(TokenQuota::new(600, Per::Minute, Some(100), QuotaMode::Enforce).unwrap()),
    };
    let mut api = first::sales_api();
    api.identifier = "urn:halted".parse().unwrap();
    api.rules.halt = Some(halt("it is being moved"));
    let policy = Policy {
        halt: Some(halt("a signing key may be known")),
        ..second::policy()
    };
    history.push(vec![
        Change {
            action: Action::ClientCreate,
            effect: Effect::Client(client.id.clone(), Some(client.into())),
        },
        Change {
            action: Action::ApiHalt,
            effect: Effect::Api(api.identifier.clone(), Some(api.into())),
        },
        Change {
            action: Action::IssuanceHalt,
            effect: Effect::Policy(policy.into()),
        },
    ]);
    history
}

/// What format 4 could not count.
pub(super) fn usage() -> Tally {
    let mut tally = fourth::usage();
    for outcome in [
        Outcome::Halted,
        Outcome::AddressNotAllowed,
        Outcome::Throttled,
        Outcome::OverQuota,
    ] {
        tally.add(Observation::Refused {
            client: Some("limited-service".parse().unwrap()),
            secret: None,
            outcome,
            hint: None,
            seen: Seen {
                at: NOW,
                address: [192, 0, 2, 7].into(),
                agent: None,
                request: None,
            },
        });
    }
    tally
}
