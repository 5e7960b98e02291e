//! Usage, as it is shown: by day and hour, by scope, by address.

use std::{cmp::Reverse, collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment;
use crate::domain::{
    client::Client,
    id::ApiIdentifier,
    order,
    scope::Scope,
    time::{Day, Timestamp},
    usage::{DayCounts, KEPT_DAYS, KeyFetch, Outcome, Subject, Tally},
};

/// For how many days scopes are counted.
const SCOPE_DAYS: u32 = 30;

/// What a client did.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ClientUsageView {
    /// Issued and refused by day and secret, latest day first.
    pub days: Vec<DayView>,
    /// Which scopes it asked for.
    pub scopes: Vec<ScopeUseView>,
    /// Scopes that it has and did not get a token with in 90 days.
    pub unused: Vec<UnusedView>,
    /// Who was refused with one of its secrets, or with none that was recognised.
    pub refused: Vec<RefusedView>,
}

/// One day.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct DayView {
    /// As `2026-11-23`, in UTC.
    pub date: String,
    /// With which secret; `null`: with none that was recognised, or all together.
    pub secret_id: Option<String>,
    /// The hours in which anything happened.
    pub hours: Vec<HourView>,
}

/// One hour.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct HourView {
    /// 0 to 23, in UTC.
    pub hour: u8,
    /// Tokens issued.
    pub issued: u64,
    /// Other requests that were answered: introspections and revocations.
    #[serde(default)]
    pub answered: u64,
    /// Requests refused, by reason.
    pub refused: BTreeMap<String, u64>,
}

/// How often a granted scope was asked for.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ScopeUseView {
    /// On which API.
    pub api: String,
    /// Which.
    pub scope: String,
    /// The latest day on which it was named in a request.
    pub last_asked_on: Option<String>,
    /// How often it was named in 30 days.
    pub named_30d: u64,
    /// How often it was given by default in 30 days.
    pub default_30d: u64,
    /// The latest day on which a proxy let a request through to the API that needed it.
    #[serde(default)]
    pub last_exercised_on: Option<String>,
    /// How many such requests there were in 30 days.
    #[serde(default)]
    pub exercised_30d: u64,
}

/// A scope that is granted and not used.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct UnusedView {
    /// On which API.
    pub api: String,
    /// Which.
    pub scope: String,
    /// Since when at least, as far as is on record.
    pub since: String,
}

/// An address that was refused.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct RefusedView {
    /// With which secret; `null`: with none that was recognised.
    pub secret_id: Option<String>,
    /// The address.
    pub address: String,
    /// How often.
    pub count: u64,
    /// When last.
    pub last_at: String,
}

impl ClientUsageView {
    /// What `tally` knows of `client` at `now`.
    pub fn of(client: &Client, tally: &Tally, now: Timestamp) -> Self {
        let is_its = |subject: &Subject| subject.client.as_ref() == Some(&client.id);
        let days = tally
            .days
            .iter()
            .rev()
            .filter(|((subject, _), _)| is_its(subject));
        let mut days: Vec<(Day, DayView)> = days
            .map(|((subject, day), counts)| {
                let secret_id = subject.secret.as_ref().map(ToString::to_string);
                (*day, DayView::of(*day, secret_id, counts))
            })
            .collect();
        order::by_key(&mut days, |(day, _)| Reverse(*day));
        let addresses = tally.addresses.iter();
        let refused = addresses
            .filter(|((subject, _), usage)| is_its(subject) && usage.refused > 0)
            .map(|((subject, address), usage)| RefusedView {
                secret_id: subject.secret.as_ref().map(ToString::to_string),
                address: address.to_string(),
                count: usage.refused,
                last_at: moment(usage.last_refused),
            });
        Self {
            days: days.into_iter().map(|(_, view)| view).collect(),
            scopes: ScopeUseView::all_of(client, tally, now),
            unused: UnusedView::all_of(client, tally, now),
            refused: refused.collect(),
        }
    }
}

impl DayView {
    fn of(day: Day, secret_id: Option<String>, counts: &DayCounts) -> Self {
        let mut hours: BTreeMap<u8, HourView> = BTreeMap::new();
        for (at, count) in counts {
            let hour = hours.entry(at.hour).or_insert_with(|| HourView {
                hour: at.hour,
                issued: 0,
                answered: 0,
                refused: BTreeMap::new(),
            });
            let count = u64::from(*count);
            if at.outcome == Outcome::Issued {
                hour.issued += count;
            } else if at.outcome.is_refusal() {
                *hour
                    .refused
                    .entry(at.outcome.as_str().to_owned())
                    .or_default() += count;
            } else {
                hour.answered += count;
            }
        }
        Self {
            date: date(day),
            secret_id,
            hours: hours.into_values().collect(),
        }
    }
}

fn date(day: Day) -> String {
    let mut text = moment(day.start());
    text.truncate("2026-11-23".len());
    text
}

impl ScopeUseView {
    fn all_of(client: &Client, tally: &Tally, now: Timestamp) -> Vec<Self> {
        let recent = now.day().minus(SCOPE_DAYS);
        let mut views = Vec::new();
        for (api, scope) in granted(client) {
            let mut view = Self {
                api: api.to_string(),
                scope: scope.to_string(),
                last_asked_on: None,
                named_30d: 0,
                default_30d: 0,
                last_exercised_on: None,
                exercised_30d: 0,
            };
            let uses = tally
                .scopes
                .iter()
                .filter(|((of, at, named, _), _)| *of == client.id && at == api && named == scope);
            for ((_, _, _, day), count) in uses {
                if count.named > 0 {
                    view.last_asked_on = Some(date(*day));
                }
                if *day > recent {
                    view.named_30d += u64::from(count.named);
                    view.default_30d += u64::from(count.default);
                }
            }
            let exercised = tally
                .exercised
                .iter()
                .filter(|((of, at, named, _), _)| *of == client.id && at == api && named == scope);
            for ((_, _, _, day), count) in exercised {
                view.last_exercised_on = Some(date(*day));
                if *day > recent {
                    view.exercised_30d += u64::from(*count);
                }
            }
            views.push(view);
        }
        views
    }
}

fn granted(client: &Client) -> impl Iterator<Item = (&ApiIdentifier, &Scope)> {
    let grants = client.grants.iter();
    grants.flat_map(|(api, scopes)| scopes.iter().map(move |scope| (api, scope)))
}

impl UnusedView {
    fn all_of(client: &Client, tally: &Tally, now: Timestamp) -> Vec<Self> {
        let since = client.created.max(now.day().minus(KEPT_DAYS).start());
        let is_used = |api, scope| {
            tally.scopes.iter().any(|((of, at, named, _), count)| {
                let is_it = *of == client.id && at == api && named == scope;
                is_it && count.named + count.default > 0
            })
        };
        granted(client)
            .filter(|(api, scope)| !is_used(*api, *scope))
            .map(|(api, scope)| Self {
                api: api.to_string(),
                scope: scope.to_string(),
                since: moment(since),
            })
            .collect()
    }
}

/// What everybody did.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct UsageView {
    /// Issued and refused by day, latest day first.
    pub days: Vec<DayView>,
    /// Who was refused because there is no such client.
    pub unknown: Vec<UnknownView>,
}

/// An address that asked as a client that there is not.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct UnknownView {
    /// The address.
    pub address: String,
    /// What it called itself latest.
    pub user_agent: Option<String>,
    /// How often.
    pub count: u64,
    /// When last.
    pub last_at: String,
}

impl UsageView {
    /// What `tally` knows.
    pub fn of(tally: &Tally) -> Self {
        let mut days: BTreeMap<Day, DayCounts> = BTreeMap::new();
        for ((_, day), counts) in &tally.days {
            let all = days.entry(*day).or_default();
            for (at, count) in counts {
                let total = all.entry(*at).or_default();
                *total = total.saturating_add(*count);
            }
        }
        let unknown = tally
            .addresses
            .iter()
            .filter(|((subject, _), usage)| subject.client.is_none() && usage.refused > 0);
        let unknown = unknown.map(|((_, address), usage)| UnknownView {
            address: address.to_string(),
            user_agent: usage.agent.as_deref().map(str::to_owned),
            count: usage.refused,
            last_at: moment(usage.last_refused),
        });
        Self {
            days: days
                .iter()
                .rev()
                .map(|(day, counts)| DayView::of(*day, None, counts))
                .collect(),
            unknown: unknown.collect(),
        }
    }
}

/// Who fetched the JWK set.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct KeyFetchView {
    /// The address.
    pub address: String,
    /// Latest when.
    pub at: String,
    /// The youngest key it then got.
    pub newest_kid: String,
    /// What it called itself.
    pub user_agent: Option<String>,
    /// How often.
    pub count: u64,
}

impl KeyFetchView {
    /// All that `tally` knows, latest first.
    pub fn all_of(tally: &Tally) -> Vec<Self> {
        let mut fetches: Vec<_> = tally.fetches.iter().collect();
        order::by_key(&mut fetches, |(address, fetch)| {
            (Reverse(fetch.at), **address)
        });
        let view = |(address, fetch): (&IpAddr, &KeyFetch)| Self {
            address: address.to_string(),
            at: moment(fetch.at),
            newest_kid: fetch.newest.to_string(),
            user_agent: fetch.agent.as_deref().map(str::to_owned),
            count: fetch.count,
        };
        fetches.into_iter().map(view).collect()
    }
}
