//! Which scopes a client asks for, and which it could do without.
//!
//! The record tells what is asked for in a token; what was exercised at the API it tells only where a proxy
//! asks this server before it lets a request through. For a client that names no scope it cannot tell one
//! scope's use from another's.

use std::collections::BTreeMap;

use crate::domain::{
    audit::{AuditEntry, Object},
    client::Client,
    id::{ApiIdentifier, ClientId},
    number::count,
    scope::{Scope, ScopeSet},
    time::{Day, Timestamp},
    usage::{KEPT_DAYS, Tally},
};

/// For how many days uses are added up.
const COUNTED_DAYS: u32 = 30;

/// How many days a client, or a grant, must be on record before anything is suggested.
const ENOUGH_DAYS: u32 = 30;

/// How many tokens it must have got.
const ENOUGH_TOKENS: u64 = 20;

/// How a client asked for scopes, as far as is on record.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Asking {
    /// The first day on which it got a token.
    pub since: Option<Day>,
    /// How many tokens it got at least.
    pub tokens: u64,
    /// Whether it ever named scopes.
    pub by_name: bool,
    /// How each scope was asked for.
    pub scopes: BTreeMap<(ApiIdentifier, Scope), ScopeUse>,
    /// When scopes were given to it, of those that were not from the beginning.
    granted: BTreeMap<(ApiIdentifier, Scope), Timestamp>,
}

/// How one scope was asked for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ScopeUse {
    /// The latest day on which it was named.
    pub last_named: Option<Day>,
    /// How often it was named in 30 days.
    pub named_30d: u64,
    /// How often it was given by default in 30 days.
    pub default_30d: u64,
    /// The latest day on which a request that needed it was let through to the API.
    pub last_exercised: Option<Day>,
    /// How many such requests there were in 30 days.
    pub exercised_30d: u64,
    /// How often it was in a token at all.
    in_all: u64,
}

impl Asking {
    /// How every client asked.
    pub fn all_of(tally: &Tally, now: Timestamp) -> BTreeMap<ClientId, Self> {
        let recent = now.day().minus(COUNTED_DAYS);
        let mut all: BTreeMap<ClientId, Self> = BTreeMap::new();
        for ((client, api, scope, day), count) in &tally.scopes {
            if !all.contains_key(client) {
                all.insert(client.clone(), Self::default());
            }
            let Some(asking) = all.get_mut(client) else {
                continue;
            };
            asking.since = Some(asking.since.map_or(*day, |since| since.min(*day)));
            asking.by_name |= count.named > 0;
            let key = (api.clone(), scope.clone());
            let usage = asking.scopes.entry(key).or_default();
            usage.in_all += u64::from(count.named) + u64::from(count.default);
            if count.named > 0 {
                usage.last_named = usage.last_named.max(Some(*day));
            }
            if *day > recent {
                usage.named_30d += u64::from(count.named);
                usage.default_30d += u64::from(count.default);
            }
        }
        for ((client, api, scope, day), count) in &tally.exercised {
            let asking = all.entry(client.clone()).or_default();
            let key = (api.clone(), scope.clone());
            let usage = asking.scopes.entry(key).or_default();
            usage.last_exercised = usage.last_exercised.max(Some(*day));
            if *day > recent {
                usage.exercised_30d += u64::from(*count);
            }
        }
        for asking in all.values_mut() {
            asking.tokens = asking.fewest_tokens();
        }
        all
    }

    /// How `client` asked.
    pub fn of(client: &ClientId, tally: &Tally, now: Timestamp) -> Self {
        Self::all_of(tally, now).remove(client).unwrap_or_default()
    }

    /// Takes into account that `entry` gave scopes to a client.
    pub fn note_grant(all: &mut BTreeMap<ClientId, Self>, entry: &AuditEntry) {
        let Object::Client(client) = &entry.object else {
            return;
        };
        let Some(asking) = all.get_mut(client) else {
            return;
        };
        for change in &entry.changes {
            let api = change.field.strip_prefix("grants.").map(str::parse);
            let scopes = |text: &Option<String>| -> ScopeSet {
                let text = text.as_deref().unwrap_or_default();
                text.parse().unwrap_or_default()
            };
            let (Some(Ok(api)), before) = (api, scopes(&change.before)) else {
                continue;
            };
            for scope in &scopes(&change.after).without(&before) {
                let key = (ApiIdentifier::clone(&api), scope.clone());
                let at = asking.granted.entry(key).or_insert(entry.at);
                *at = entry.at.max(*at);
            }
        }
    }

    /// How many tokens it got for each API in 30 days, at least.
    pub fn tokens_30d(&self) -> BTreeMap<&ApiIdentifier, u64> {
        self.fewest(|usage| usage.named_30d + usage.default_30d)
    }

    fn fewest_tokens(&self) -> u64 {
        self.fewest(|usage| usage.in_all).into_values().sum()
    }

    /// A token is for one API and has a scope at most once.
    fn fewest(&self, count: impl Fn(&ScopeUse) -> u64) -> BTreeMap<&ApiIdentifier, u64> {
        let mut by_api: BTreeMap<&ApiIdentifier, u64> = BTreeMap::new();
        for ((api, _), usage) in &self.scopes {
            let most = by_api.entry(api).or_default();
            *most = count(usage).max(*most);
        }
        by_api
    }

    /// Whether it gets tokens, and never named a scope: then it gets everything, and use cannot be
    /// told apart.
    pub fn names_no_scope(&self) -> bool {
        self.tokens > 0 && !self.by_name
    }
}

/// One scope that a client has, and what is known of its use.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScopeEvidence {
    /// On which API.
    pub api: ApiIdentifier,
    /// Which.
    pub scope: Scope,
    /// How it was asked for.
    pub usage: ScopeUse,
    /// That it could be taken away, if the record suggests it.
    pub suggestion: Option<Suggestion>,
}

/// That a scope could be taken away.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Suggestion {
    /// On which API.
    pub api: ApiIdentifier,
    /// Which.
    pub scope: Scope,
    /// For how many days it was not asked for; nothing if it never was.
    pub days: Option<u32>,
}

impl Suggestion {
    /// As a sentence, which begins with the scope.
    pub fn in_words(&self) -> String {
        match self.days {
            Some(days) => {
                let days = count(u64::from(days), "day");
                format!("{} has not been asked for in {days}.", self.scope)
            }
            None => format!("{} has never been asked for.", self.scope),
        }
    }
}

/// Every scope that `client` has, with what is known of its use.
pub fn scopes_of(client: &Client, asking: &Asking, now: Timestamp) -> Vec<ScopeEvidence> {
    let granted = client.grants.iter();
    let granted = granted.flat_map(|(api, scopes)| scopes.iter().map(move |scope| (api, scope)));
    granted
        .map(|(api, scope)| ScopeEvidence {
            api: api.clone(),
            scope: scope.clone(),
            usage: asking
                .scopes
                .get(&(api.clone(), scope.clone()))
                .copied()
                .unwrap_or_default(),
            suggestion: suggest(client, (api, scope), asking, now),
        })
        .collect()
}

fn suggest(
    client: &Client,
    (api, scope): (&ApiIdentifier, &Scope),
    asking: &Asking,
    now: Timestamp,
) -> Option<Suggestion> {
    let enough = now.day().minus(ENOUGH_DAYS);
    let kept_since = now.day().minus(KEPT_DAYS);
    let known = asking.since.is_some_and(|since| since <= enough);
    if !known || asking.tokens < ENOUGH_TOKENS || !asking.by_name {
        return None;
    }
    let key = (api.clone(), scope.clone());
    let granted = asking.granted.get(&key).copied();
    let granted = granted.unwrap_or(client.created).day();
    if granted > enough || client.marks.is_kept(api, scope, now) {
        return None;
    }
    let usage = asking.scopes.get(&key).copied().unwrap_or_default();
    let exercised = usage.last_exercised.is_some_and(|day| day > kept_since);
    if usage.default_30d > 0 || exercised {
        return None;
    }
    let days = match usage.last_named {
        Some(day) if day > kept_since => return None,
        Some(day) => Some(now.day().0 - day.0),
        None if granted > kept_since => None,
        None => Some(KEPT_DAYS),
    };
    Some(Suggestion {
        api: api.clone(),
        scope: scope.clone(),
        days,
    })
}

#[cfg(test)]
mod tests;
