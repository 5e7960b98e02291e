//! After a secret has stopped: who still sends it, and is refused.

use super::{
    Whose,
    refusals::{RefusedAddress, addresses},
    words,
};
use crate::domain::{
    secret::Secret,
    time::Timestamp,
    usage::{Outcome, Tally},
};

/// What happened with a secret since it stopped.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Aftermath {
    /// When it stopped.
    pub ended: Timestamp,
    /// How many requests were refused for it, to the hour.
    pub refused: u64,
    /// Who sent them, latest first.
    pub addresses: Vec<RefusedAddress>,
}

impl Aftermath {
    /// That of `secret`, as `tally` knows it at `now`; nothing while it works.
    pub fn of(secret: &Secret, tally: &Tally, now: Timestamp) -> Option<Self> {
        let ended = secret.ended(now)?;
        let whose = Whose::Secret(&secret.id);
        let mut refused = 0;
        for ((subject, day), hours) in &tally.days {
            if *day < ended.day() || !whose.is(subject) {
                continue;
            }
            for (at, count) in hours {
                let is_before = *day == ended.day() && at.hour < ended.hour();
                if is_of_the_dead(at.outcome) && !is_before {
                    refused += u64::from(*count);
                }
            }
        }
        Some(Self {
            ended,
            refused,
            addresses: addresses(tally, whose, ended),
        })
    }

    /// In a sentence: `3 refused from 10.0.4.31, last 12 seconds ago.`
    pub fn in_words(&self, now: Timestamp) -> String {
        let Some(latest) = self.addresses.first().filter(|_| self.refused > 0) else {
            return "No refusals since.".to_owned();
        };
        let from: Vec<_> = self.addresses.iter().map(|one| one.address).collect();
        format!(
            "{} refused from {}, last {} ago.",
            words::number(self.refused),
            words::listed(&from),
            now.since(latest.last).in_words()
        )
    }
}

const fn is_of_the_dead(outcome: Outcome) -> bool {
    match outcome {
        Outcome::RetiredSecret | Outcome::RevokedSecret | Outcome::ExpiredSecret => true,
        Outcome::Issued
        | Outcome::Introspected
        | Outcome::TokenRevoked
        | Outcome::UnknownClient
        | Outcome::WrongSecret
        | Outcome::DisabledClient
        | Outcome::InvalidRequest
        | Outcome::UnsupportedGrantType
        | Outcome::InvalidScope
        | Outcome::InvalidTarget
        | Outcome::Unavailable
        | Outcome::Halted
        | Outcome::AddressNotAllowed
        | Outcome::Throttled
        | Outcome::OverQuota => false,
    }
}
