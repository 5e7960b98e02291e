//! Usage: what was seen on the endpoints that clients authenticate at, counted and mergeable in any order.
//!
//! Recorded off the request's path, kept for 90 days (JWK set fetches for 7), never needed to
//! decide a request. It is the evidence for "safe to retire" and for unused scopes.

mod observation;

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

pub use self::observation::{Asked, Observation, Outcome, Seen};
use super::{
    id::{ApiIdentifier, ClientId, KeyId, SecretId},
    scope::{Scope, ScopeSet},
    time::{Day, Span, Timestamp},
};

/// For how many days usage is kept.
pub const KEPT_DAYS: u32 = 90;

/// For how many days fetches of the JWK set are kept.
pub const FETCHES_KEPT_DAYS: u32 = 7;

/// How many addresses are kept apart for one secret; further ones are only counted.
pub const MOST_ADDRESSES: usize = 256;

/// Whose usage a count is: a client's with one of its secrets, or with none that was recognised,
/// or nobody's that is known.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
pub struct Subject {
    /// The client.
    pub client: Option<ClientId>,
    /// The secret.
    pub secret: Option<SecretId>,
}

/// An hour of a day, and how requests ended in it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
pub struct HourOutcome {
    /// 0 to 23, UTC.
    pub hour: u8,
    /// How they ended.
    pub outcome: Outcome,
}

/// How requests ended in the hours of one day.
pub type DayCounts = BTreeMap<HourOutcome, u32>;

/// What one address did with one secret.
#[derive(Clone, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
pub struct AddressUse {
    /// Its requests that were answered, with tokens for the most part; `first`, `last` and `gap` say
    /// nothing while this is 0.
    pub count: u64,
    /// The first of them.
    pub first: Timestamp,
    /// The latest of them.
    pub last: Timestamp,
    /// The longest time between two of them.
    pub gap: Span,
    /// Requests of it that were refused.
    pub refused: u64,
    /// The latest of them.
    pub last_refused: Timestamp,
    /// What it called itself latest.
    pub agent: Option<Arc<str>>,
}

impl AddressUse {
    /// Adds what another stretch of time saw of the same address.
    pub fn merge(&mut self, other: &Self) {
        if self.agent.is_none() || other.latest() >= self.latest() {
            self.agent = other.agent.clone().or_else(|| self.agent.take());
        }
        if self.count == 0 {
            (self.first, self.last, self.gap) = (other.first, other.last, other.gap);
        } else if other.count > 0 {
            let between = if other.first >= self.last {
                other.first.since(self.last)
            } else {
                self.first.since(other.last)
            };
            self.gap = self.gap.max(other.gap).max(between);
            self.first = self.first.min(other.first);
            self.last = self.last.max(other.last);
        }
        self.count += other.count;
        self.refused += other.refused;
        self.last_refused = self.last_refused.max(other.last_refused);
    }

    /// When it was last heard of.
    pub fn latest(&self) -> Timestamp {
        self.last.max(self.last_refused)
    }
}

/// How often a scope was asked for on one day.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
pub struct ScopeCount {
    /// By name.
    pub named: u32,
    /// As part of the default.
    pub default: u32,
}

/// The latest use of a secret.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct LastUse {
    /// When.
    pub at: Timestamp,
    /// From where.
    pub address: IpAddr,
    /// What called itself so.
    pub agent: Option<Arc<str>>,
    /// How many tokens it gave in all.
    pub count: u64,
}

/// What one address fetched of the JWK set.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct KeyFetch {
    /// Latest when.
    pub at: Timestamp,
    /// The youngest key it then got.
    pub newest: KeyId,
    /// What it called itself.
    pub agent: Option<Arc<str>>,
    /// How often.
    pub count: u64,
}

/// Many observations added up. Merging is commutative and associative.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Issued and refused, by hour.
    pub days: BTreeMap<(Subject, Day), DayCounts>,
    /// What each address did.
    pub addresses: BTreeMap<(Subject, IpAddr), AddressUse>,
    /// Which scopes were asked for, by day.
    pub scopes: BTreeMap<(ClientId, ApiIdentifier, Scope, Day), ScopeCount>,
    /// Which scopes were exercised, by day: how many requests that needed them were let through.
    pub exercised: BTreeMap<(ClientId, ApiIdentifier, Scope, Day), u32>,
    /// The latest use of each secret.
    pub last: BTreeMap<SecretId, LastUse>,
    /// Who fetched the JWK set.
    pub fetches: BTreeMap<IpAddr, KeyFetch>,
}

impl Tally {
    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.days.is_empty() && self.fetches.is_empty() && self.exercised.is_empty()
    }

    /// Counts one observation.
    pub fn add(&mut self, observation: Observation) {
        match observation {
            Observation::Issued {
                client,
                secret,
                api,
                scopes,
                asked,
                seen,
            } => {
                for scope in &scopes {
                    let key = (client.clone(), api.clone(), scope.clone(), seen.at.day());
                    let count = self.scopes.entry(key).or_default();
                    match asked {
                        Asked::ByName => count.named += 1,
                        Asked::ByDefault => count.default += 1,
                    }
                }
                self.add_last(&secret, &seen);
                let subject = Subject {
                    client: Some(client),
                    secret: Some(secret),
                };
                self.add_outcome(subject, Outcome::Issued, seen);
            }
            Observation::Answered {
                client,
                secret,
                outcome,
                seen,
            } => {
                self.add_last(&secret, &seen);
                let subject = Subject {
                    client: Some(client),
                    secret: Some(secret),
                };
                self.add_outcome(subject, outcome, seen);
            }
            Observation::Refused {
                client,
                secret,
                outcome,
                hint: _,
                seen,
            } => {
                self.add_outcome(Subject { client, secret }, outcome, seen);
            }
            Observation::Exercised {
                client,
                api,
                scopes,
                at,
            } => self.add_exercised((&client, &api), &scopes, at.day()),
            Observation::KeysFetched { newest, seen } => {
                self.add_fetch(newest, seen);
            }
        }
    }

    fn add_outcome(&mut self, subject: Subject, outcome: Outcome, seen: Seen) {
        let hours = self
            .days
            .entry((subject.clone(), seen.at.day()))
            .or_default();
        let count = hours
            .entry(HourOutcome {
                hour: seen.at.hour(),
                outcome,
            })
            .or_default();
        *count = count.saturating_add(1);
        let used = AddressUse {
            count: 1,
            first: seen.at,
            last: seen.at,
            ..AddressUse::default()
        };
        let refused = AddressUse {
            refused: 1,
            last_refused: seen.at,
            ..AddressUse::default()
        };
        let mut one = if outcome.is_refusal() { refused } else { used };
        one.agent = seen.agent;
        self.addresses
            .entry((subject, seen.address))
            .or_default()
            .merge(&one);
    }

    fn add_fetch(&mut self, newest: KeyId, seen: Seen) {
        let fetch = KeyFetch {
            at: seen.at,
            newest,
            agent: seen.agent,
            count: 1,
        };
        merge_fetch(&mut self.fetches, seen.address, fetch);
    }

    fn add_exercised(
        &mut self,
        (client, api): (&ClientId, &ApiIdentifier),
        scopes: &ScopeSet,
        day: Day,
    ) {
        for scope in scopes {
            let key = (client.clone(), api.clone(), scope.clone(), day);
            let count = self.exercised.entry(key).or_default();
            *count = count.saturating_add(1);
        }
    }

    fn add_last(&mut self, secret: &SecretId, seen: &Seen) {
        let last = LastUse {
            at: seen.at,
            address: seen.address,
            agent: seen.agent.clone(),
            count: 1,
        };
        merge_last(&mut self.last, secret, last);
    }

    /// Adds another tally.
    pub fn merge(&mut self, other: Self) {
        for (key, hours) in other.days {
            let mine = self.days.entry(key).or_default();
            for (hour, count) in hours {
                let total = mine.entry(hour).or_default();
                *total = total.saturating_add(count);
            }
        }
        for (key, usage) in other.addresses {
            self.addresses.entry(key).or_default().merge(&usage);
        }
        for (key, count) in other.scopes {
            let mine = self.scopes.entry(key).or_default();
            mine.named = mine.named.saturating_add(count.named);
            mine.default = mine.default.saturating_add(count.default);
        }
        for (key, count) in other.exercised {
            let mine = self.exercised.entry(key).or_default();
            *mine = mine.saturating_add(count);
        }
        for (secret, last) in other.last {
            merge_last(&mut self.last, &secret, last);
        }
        for (address, fetch) in other.fetches {
            merge_fetch(&mut self.fetches, address, fetch);
        }
    }

    /// What is known of one secret's use.
    pub fn of_secret(&self, secret: &SecretId) -> SecretUsage {
        let addresses = self
            .addresses
            .iter()
            .filter(|((subject, _), _)| subject.secret.as_ref() == Some(secret))
            .map(|((_, address), usage)| (*address, usage.clone()))
            .collect();
        SecretUsage {
            last: self.last.get(secret).cloned(),
            addresses,
        }
    }
}

/// What is known of one secret's use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SecretUsage {
    /// Its latest use, and how many tokens it gave.
    pub last: Option<LastUse>,
    /// Which addresses used it, or were refused with it.
    pub addresses: BTreeMap<IpAddr, AddressUse>,
}

impl SecretUsage {
    /// How many tokens it gave.
    pub fn count(&self) -> u64 {
        self.last.as_ref().map_or(0, |last| last.count)
    }
}

/// Keeps the later of two last uses, and the sum of their counts.
pub fn merge_last(all: &mut BTreeMap<SecretId, LastUse>, secret: &SecretId, other: LastUse) {
    match all.get_mut(secret) {
        None => {
            all.insert(secret.clone(), other);
        }
        Some(mine) => {
            let count = mine.count + other.count;
            if other.at >= mine.at {
                *mine = other;
            }
            mine.count = count;
        }
    }
}

fn merge_fetch(all: &mut BTreeMap<IpAddr, KeyFetch>, address: IpAddr, other: KeyFetch) {
    match all.get_mut(&address) {
        None => {
            all.insert(address, other);
        }
        Some(mine) => {
            let count = mine.count + other.count;
            if other.at >= mine.at {
                *mine = other;
            }
            mine.count = count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issued(at: i64, host: u8) -> Observation {
        Observation::Issued {
            client: "c".parse().unwrap(),
            secret: "AAAAAAAA".parse().unwrap(),
            api: "urn:x:y".parse().unwrap(),
            scopes: "read".parse().unwrap(),
            asked: Asked::ByName,
            seen: Seen {
                at: Timestamp(at),
                address: [10, 0, 0, host].into(),
                agent: None,
                request: None,
            },
        }
    }

    fn tally(times: &[(i64, u8)]) -> Tally {
        let mut tally = Tally::default();
        for (at, host) in times {
            tally.add(issued(*at, *host));
        }
        tally
    }

    #[test]
    fn merging_two_stretches_gives_what_one_long_stretch_would() {
        let whole = tally(&[(10, 1), (20, 1), (100, 1), (130, 1), (50, 2)]);
        let mut forth = tally(&[(10, 1), (20, 1), (50, 2)]);
        forth.merge(tally(&[(100, 1), (130, 1)]));
        let mut back = tally(&[(100, 1), (130, 1)]);
        back.merge(tally(&[(10, 1), (20, 1), (50, 2)]));
        assert_eq!(forth, whole);
        assert_eq!(back, whole);
        let usage = whole.of_secret(&"AAAAAAAA".parse().unwrap());
        assert_eq!(usage.count(), 5);
        assert_eq!(usage.addresses[&IpAddr::from([10, 0, 0, 1])].gap, Span(80));
    }

    #[test]
    fn outcomes_keep_their_numbers() {
        for (number, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, number);
            assert_eq!(
                Outcome::from_number(u8::try_from(number).unwrap()),
                Some(outcome)
            );
        }
        assert_eq!(Outcome::from_number(200), None);
    }
}
