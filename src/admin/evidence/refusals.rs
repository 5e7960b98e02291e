//! Refused requests of the last 24 hours, by reason and by address.

use std::{cmp::Reverse, collections::BTreeMap, net::IpAddr, sync::Arc};

use super::{Whose, words};
use crate::domain::{
    order,
    time::{Span, Timestamp},
    usage::{Outcome, Tally},
};

/// What was refused in the last 24 hours.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Refusals {
    /// How many in all.
    pub total: u64,
    /// By reason, most first.
    pub outcomes: Vec<RefusedOutcome>,
    /// By address, latest first.
    pub addresses: Vec<RefusedAddress>,
}

/// Refusals for one reason.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RefusedOutcome {
    /// The reason.
    pub outcome: Outcome,
    /// How many.
    pub count: u64,
}

/// An address that was refused in the last 24 hours.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RefusedAddress {
    /// The address.
    pub address: IpAddr,
    /// What it called itself latest.
    pub agent: Option<Arc<str>>,
    /// How often it was refused in 90 days: by address, days are not told apart.
    pub in_90_days: u64,
    /// When last.
    pub last: Timestamp,
}

impl Refusals {
    /// What `tally` knows at `now`, to the hour.
    pub fn of(tally: &Tally, whose: Whose<'_>, now: Timestamp) -> Self {
        let outcomes = outcomes(tally, whose, now);
        Self {
            total: outcomes.iter().map(|group| group.count).sum(),
            outcomes,
            addresses: addresses(tally, whose, now.minus(Span::hours(24))),
        }
    }

    /// All of it in a sentence: `38 from one address: 10.0.9.7.`
    pub fn in_words(&self) -> String {
        let total = words::number(self.total);
        match self.addresses.as_slice() {
            _ if self.total == 0 => "None in the last 24 hours.".to_owned(),
            [] => format!("{total} in the last 24 hours."),
            [only] => format!("{total} from one address: {}.", only.address),
            several => {
                let listed: Vec<IpAddr> = several.iter().map(|group| group.address).collect();
                let count = words::addresses(several.len());
                format!("{total} from {count}: {}.", words::listed(&listed))
            }
        }
    }
}

impl RefusedOutcome {
    /// The reason for people.
    pub const fn words(&self) -> &'static str {
        words::outcome(self.outcome)
    }

    /// What the caller was told.
    pub const fn code(&self) -> &'static str {
        match words::code(self.outcome) {
            Some(code) => code,
            None => "",
        }
    }
}

fn outcomes(tally: &Tally, whose: Whose<'_>, now: Timestamp) -> Vec<RefusedOutcome> {
    let first = now.minus(Span::hours(23));
    let mut counts: BTreeMap<Outcome, u64> = BTreeMap::new();
    for ((subject, day), hours) in &tally.days {
        if *day < first.day() || *day > now.day() || !whose.is(subject) {
            continue;
        }
        for (at, count) in hours {
            let before = *day == first.day() && at.hour < first.hour();
            let after = *day == now.day() && at.hour > now.hour();
            if at.outcome.is_refusal() && !before && !after {
                *counts.entry(at.outcome).or_default() += u64::from(*count);
            }
        }
    }
    let mut groups: Vec<_> = counts
        .into_iter()
        .map(|(outcome, count)| RefusedOutcome { outcome, count })
        .collect();
    order::by_key(&mut groups, |group| Reverse(group.count));
    groups
}

/// Who was refused since then, latest first.
pub(super) fn addresses(tally: &Tally, whose: Whose<'_>, since: Timestamp) -> Vec<RefusedAddress> {
    let mut found: BTreeMap<IpAddr, RefusedAddress> = BTreeMap::new();
    for ((subject, address), usage) in &tally.addresses {
        if usage.refused == 0 || usage.last_refused < since || !whose.is(subject) {
            continue;
        }
        let group = found.entry(*address).or_insert_with(|| RefusedAddress {
            address: *address,
            agent: None,
            in_90_days: 0,
            last: usage.last_refused,
        });
        if group.agent.is_none() || usage.last_refused >= group.last {
            group.agent.clone_from(&usage.agent);
        }
        group.last = group.last.max(usage.last_refused);
        group.in_90_days += usage.refused;
    }
    let mut groups: Vec<_> = found.into_values().collect();
    order::by_key(&mut groups, |group| Reverse(group.last));
    groups
}
