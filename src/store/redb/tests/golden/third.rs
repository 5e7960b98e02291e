//! What was put into the file of format 3 beside all that was in the file of format 2.

use crate::{
    crypto::mac::MacKey,
    domain::{
        audit::Action,
        change::{Change, Effect},
        revocation::Revocation,
        usage::{Observation, Outcome, Seen, Tally},
    },
};

use super::{
    first::{self, NOW},
    second,
};

/// One of everything that format 3 added, after the history of format 2.
pub(super) fn history(pepper: &MacKey) -> Vec<Vec<Change>> {
    let mut history = second::history(pepper);
    let mut client = first::report_service(pepper);
    client.introspects = ["https://sales.example.com".parse().unwrap()].into();
    client.tokens_void_until = Some(NOW);
    history.push(vec![Change {
        action: Action::TokenRevoke,
        effect: Effect::Client(client.id.clone(), Some(client.into())),
    }]);
    history
}

/// A token that was revoked.
pub(super) fn revocation() -> Revocation {
    Revocation {
        token: "PxGVDJ17QrBWULKjiiU6IQ".to_owned(),
        expires: NOW,
    }
}

/// What format 2 could not count.
pub(super) fn usage() -> Tally {
    let mut tally = first::usage();
    for outcome in [Outcome::Introspected, Outcome::TokenRevoked] {
        tally.add(Observation::Answered {
            client: "report-service".parse().unwrap(),
            secret: "K7QD2M4A".parse().unwrap(),
            outcome,
            seen: Seen {
                at: NOW,
                address: "192.0.2.7".parse().unwrap(),
                agent: None,
                request: None,
            },
        });
    }
    tally
}
