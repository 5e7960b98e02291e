//! Usage as it is stored: six kinds of rows, each whole in itself.
//!
//! A row holds everything that its key was made from, so its key may be a hash. The layouts are
//! frozen: postcard reads by position. What must be told apart later becomes another kind of row.

mod spans;

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

pub(in crate::store) use self::spans::first_of;
use self::spans::{StoredDays, StoredScopes, first};
use super::{RecordError, from_postcard, to_postcard};
use crate::domain::{
    id::{ApiIdentifier, ClientId, KeyId, SecretId},
    scope::Scope,
    time::{Day, Span, Timestamp},
    usage::{
        AddressUse, DayCounts, HourOutcome, KeyFetch, LastUse, Outcome, ScopeCount, Subject, Tally,
    },
};

/// One row, of the kind that its table holds.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::store) enum UsageRow {
    /// How requests ended in the hours of some days.
    Days(Subject, BTreeMap<Day, DayCounts>),
    /// What one address did with one secret.
    Address(Subject, IpAddr, AddressUse),
    /// How often one scope was asked for on some days.
    Scopes((ClientId, ApiIdentifier, Scope), BTreeMap<Day, ScopeCount>),
    /// How often one scope was exercised on one day.
    Exercised((ClientId, ApiIdentifier, Scope, Day), u32),
    /// The latest use of one secret, and the client it belongs to.
    Last(Option<ClientId>, SecretId, LastUse),
    /// What one address fetched of the JWK set.
    Fetch(IpAddr, KeyFetch),
}

/// The rows that `tally` is made of.
pub(in crate::store) fn rows_of(tally: Tally) -> impl Iterator<Item = UsageRow> {
    let owners = owners(&tally);
    rows_owned(tally, owners)
}

fn rows_owned(
    tally: Tally,
    owners: BTreeMap<SecretId, ClientId>,
) -> impl Iterator<Item = UsageRow> {
    let days = spans(tally.days.into_iter());
    let addresses = tally.addresses.into_iter();
    let scopes = tally.scopes.into_iter();
    let scopes = scopes.map(|((client, api, scope, day), it)| (((client, api, scope), day), it));
    let scopes = spans(scopes);
    let exercised = tally.exercised.into_iter();
    let last = tally.last.into_iter();
    let fetches = tally.fetches.into_iter();
    days.map(|(subject, days)| UsageRow::Days(subject, days))
        .chain(addresses.map(|((subject, ip), usage)| UsageRow::Address(subject, ip, usage)))
        .chain(scopes.map(|(key, days)| UsageRow::Scopes(key, days)))
        .chain(exercised.map(|(key, count)| UsageRow::Exercised(key, count)))
        .chain(
            last.map(move |(secret, last)| {
                UsageRow::Last(owners.get(&secret).cloned(), secret, last)
            }),
        )
        .chain(fetches.map(|(address, fetch)| UsageRow::Fetch(address, fetch)))
}

/// What belongs into one row each: what there is of the same on days that one row holds.
fn spans<K: PartialEq, T>(
    all: impl Iterator<Item = ((K, Day), T)>,
) -> impl Iterator<Item = (K, BTreeMap<Day, T>)> {
    let mut all = all.peekable();
    std::iter::from_fn(move || {
        let ((key, day), it) = all.next()?;
        let mut days = BTreeMap::from([(day, it)]);
        let is_near = |next: &((K, Day), T)| next.0.0 == key && first_of(next.0.1) == first_of(day);
        while let Some(((_, day), it)) = all.next_if(is_near) {
            days.insert(day, it);
        }
        Some((key, days))
    })
}

/// Whose the secrets are that `tally` tells of.
fn owners(tally: &Tally) -> BTreeMap<SecretId, ClientId> {
    let subjects = tally.days.keys().map(|(subject, _)| subject);
    subjects
        .filter_map(|subject| Some((subject.secret.clone()?, subject.client.clone()?)))
        .collect()
}

impl UsageRow {
    /// The row as a tally of its own.
    pub(in crate::store) fn into_tally(self) -> Tally {
        let mut tally = Tally::default();
        match self {
            Self::Days(subject, days) => {
                let days = days.into_iter();
                tally.days = days
                    .map(|(day, counts)| ((subject.clone(), day), counts))
                    .collect();
            }
            Self::Address(subject, address, usage) => {
                tally.addresses.insert((subject, address), usage);
            }
            Self::Scopes((client, api, scope), days) => {
                let days = days.into_iter();
                let key = |day| (client.clone(), api.clone(), scope.clone(), day);
                tally.scopes = days.map(|(day, count)| (key(day), count)).collect();
            }
            Self::Exercised(key, count) => {
                tally.exercised.insert(key, count);
            }
            Self::Last(_, secret, last) => {
                tally.last.insert(secret, last);
            }
            Self::Fetch(address, fetch) => {
                tally.fetches.insert(address, fetch);
            }
        }
        tally
    }

    /// This row and `other`, which has the same key, added up as [`Tally::merge`] adds up.
    pub(in crate::store) fn merged(self, other: Self) -> Self {
        let owners = match &self {
            Self::Last(Some(client), secret, _) => [(secret.clone(), client.clone())].into(),
            Self::Last(None, ..)
            | Self::Days(..)
            | Self::Address(..)
            | Self::Scopes(..)
            | Self::Exercised(..)
            | Self::Fetch(..) => BTreeMap::new(),
        };
        let mut tally = self.into_tally();
        tally.merge(other.into_tally());
        let mut rows = rows_owned(tally, owners);
        rows.next().expect("a tally of one row has a row")
    }

    /// As bytes.
    pub(in crate::store) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Days(subject, days) => to_postcard(&StoredDays::new(subject.into(), days)),
            Self::Address(subject, address, usage) => {
                to_postcard(&StoredAddress::new(subject, *address, usage))
            }
            Self::Scopes(key, days) => to_postcard(&StoredScopes::new(key, days)),
            Self::Exercised((client, api, scope, day), count) => to_postcard(&StoredExercise {
                client: client.clone(),
                api: api.clone(),
                scope: scope.clone(),
                day: day.0,
                count: *count,
            }),
            Self::Last(client, secret, last) => to_postcard(&StoredLast {
                client: client.clone(),
                secret: secret.clone(),
                at: last.at.0,
                address: last.address,
                agent: last.agent.clone(),
                count: last.count,
            }),
            Self::Fetch(address, fetch) => to_postcard(&StoredFetch {
                address: *address,
                at: fetch.at.0,
                newest: fetch.newest.clone(),
                agent: fetch.agent.clone(),
                count: fetch.count,
            }),
        }
    }

    /// The same without what was before `oldest`; nothing if all was.
    pub(in crate::store) fn since(mut self, oldest: Day) -> Option<Self> {
        let is_left = match &mut self {
            Self::Days(_, days) => {
                days.retain(|day, _| *day >= oldest);
                !days.is_empty()
            }
            Self::Scopes(_, days) => {
                days.retain(|day, _| *day >= oldest);
                !days.is_empty()
            }
            Self::Exercised((_, _, _, day), _) => *day >= oldest,
            Self::Address(_, _, usage) => usage.latest() >= oldest.start(),
            Self::Last(..) | Self::Fetch(..) => true,
        };
        is_left.then_some(self)
    }

    /// The first of the days that its key names, if it names any.
    pub(in crate::store) fn first_day(&self) -> Option<Day> {
        match self {
            Self::Days(_, days) => Some(first(days)),
            Self::Scopes(_, days) => Some(first(days)),
            Self::Exercised((_, _, _, day), _) => Some(*day),
            Self::Address(..) | Self::Last(..) | Self::Fetch(..) => None,
        }
    }

    /// A row of [`UsageRow::Days`].
    pub(in crate::store) fn read_days(bytes: &[u8]) -> Result<Self, RecordError> {
        StoredDays::read(bytes)
    }

    /// A row of [`UsageRow::Scopes`].
    pub(in crate::store) fn read_scopes(bytes: &[u8]) -> Result<Self, RecordError> {
        StoredScopes::read(bytes)
    }

    /// A row of one day, as formats 1 to 5 had it.
    pub(in crate::store) fn read_day(bytes: &[u8]) -> Result<Self, RecordError> {
        let stored: StoredDay = from_postcard(bytes)?;
        let mut counts = DayCounts::new();
        for (hour, outcome, count) in stored.hours {
            let outcome = Outcome::from_number(outcome)
                .ok_or_else(|| RecordError(format!("there is no outcome {outcome}")))?;
            if hour > 23 {
                return Err(RecordError(format!("a day has no hour {hour}")));
            }
            counts.insert(HourOutcome { hour, outcome }, count);
        }
        let days = BTreeMap::from([(Day(stored.day), counts)]);
        Ok(Self::Days(stored.subject.into(), days))
    }

    /// A row of [`UsageRow::Address`].
    pub(in crate::store) fn read_address(bytes: &[u8]) -> Result<Self, RecordError> {
        let stored: StoredAddress = from_postcard(bytes)?;
        let usage = AddressUse {
            count: stored.count,
            first: Timestamp(stored.first),
            last: Timestamp(stored.last),
            gap: Span(stored.gap),
            refused: stored.refused,
            last_refused: Timestamp(stored.last_refused),
            agent: stored.agent,
        };
        Ok(Self::Address(stored.subject.into(), stored.address, usage))
    }

    /// A row of one day, as formats 1 to 5 had it.
    pub(in crate::store) fn read_scope(bytes: &[u8]) -> Result<Self, RecordError> {
        let stored: StoredScope = from_postcard(bytes)?;
        let count = ScopeCount {
            named: stored.named,
            default: stored.default,
        };
        let days = BTreeMap::from([(Day(stored.day), count)]);
        let key = (stored.client, stored.api, stored.scope);
        Ok(Self::Scopes(key, days))
    }

    /// A row of [`UsageRow::Exercised`].
    pub(in crate::store) fn read_exercised(bytes: &[u8]) -> Result<Self, RecordError> {
        let stored: StoredExercise = from_postcard(bytes)?;
        let key = (stored.client, stored.api, stored.scope, Day(stored.day));
        Ok(Self::Exercised(key, stored.count))
    }

    /// A row of [`UsageRow::Last`].
    pub(in crate::store) fn read_last(bytes: &[u8]) -> Result<Self, RecordError> {
        let stored: StoredLast = from_postcard(bytes)?;
        let last = LastUse {
            at: Timestamp(stored.at),
            address: stored.address,
            agent: stored.agent,
            count: stored.count,
        };
        Ok(Self::Last(stored.client, stored.secret, last))
    }

    /// A row of [`UsageRow::Fetch`].
    pub(in crate::store) fn read_fetch(bytes: &[u8]) -> Result<Self, RecordError> {
        let stored: StoredFetch = from_postcard(bytes)?;
        let fetch = KeyFetch {
            at: Timestamp(stored.at),
            newest: stored.newest,
            agent: stored.agent,
            count: stored.count,
        };
        Ok(Self::Fetch(stored.address, fetch))
    }
}

#[derive(Deserialize, Serialize)]
struct StoredSubject {
    client: Option<ClientId>,
    secret: Option<SecretId>,
}

#[derive(Deserialize)]
struct StoredDay {
    subject: StoredSubject,
    day: u32,
    /// Hour, outcome, count.
    hours: Vec<(u8, u8, u32)>,
}

#[derive(Deserialize, Serialize)]
struct StoredAddress {
    subject: StoredSubject,
    address: IpAddr,
    count: u64,
    first: i64,
    last: i64,
    gap: u64,
    refused: u64,
    last_refused: i64,
    agent: Option<Arc<str>>,
}

#[derive(Deserialize)]
struct StoredScope {
    client: ClientId,
    api: ApiIdentifier,
    scope: Scope,
    day: u32,
    named: u32,
    default: u32,
}

#[derive(Deserialize, Serialize)]
struct StoredExercise {
    client: ClientId,
    api: ApiIdentifier,
    scope: Scope,
    day: u32,
    count: u32,
}

#[derive(Deserialize, Serialize)]
struct StoredLast {
    client: Option<ClientId>,
    secret: SecretId,
    at: i64,
    address: IpAddr,
    agent: Option<Arc<str>>,
    count: u64,
}

#[derive(Deserialize, Serialize)]
struct StoredFetch {
    address: IpAddr,
    at: i64,
    newest: KeyId,
    agent: Option<Arc<str>>,
    count: u64,
}

impl StoredAddress {
    fn new(subject: &Subject, address: IpAddr, usage: &AddressUse) -> Self {
        Self {
            subject: subject.into(),
            address,
            count: usage.count,
            first: usage.first.0,
            last: usage.last.0,
            gap: usage.gap.0,
            refused: usage.refused,
            last_refused: usage.last_refused.0,
            agent: usage.agent.clone(),
        }
    }
}

impl From<&Subject> for StoredSubject {
    fn from(subject: &Subject) -> Self {
        Self {
            client: subject.client.clone(),
            secret: subject.secret.clone(),
        }
    }
}

impl From<StoredSubject> for Subject {
    fn from(stored: StoredSubject) -> Self {
        Self {
            client: stored.client,
            secret: stored.secret,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::records::to_postcard;

    /// As formats 1 to 5 had it.
    fn day(hour: u8, outcome: u8) -> Result<UsageRow, RecordError> {
        let subject = StoredSubject {
            client: None,
            secret: None,
        };
        let hours: Vec<(u8, u8, u32)> = vec![(hour, outcome, 5)];
        UsageRow::read_day(&to_postcard(&(subject, 20_000_u32, hours)))
    }

    #[test]
    fn a_day_has_the_hours_from_0_to_23() {
        for hour in [0, 23] {
            let UsageRow::Days(_, days) = day(hour, 0).unwrap() else {
                panic!()
            };
            let counts: Vec<_> = days[&Day(20_000)]
                .iter()
                .map(|(at, n)| (at.hour, *n))
                .collect();
            assert_eq!(counts, [(hour, 5)]);
        }
        let problem = day(24, 0).unwrap_err().to_string();
        assert_eq!(problem, "a day has no hour 24");
        assert!(day(0, 255).is_err());
    }
}
