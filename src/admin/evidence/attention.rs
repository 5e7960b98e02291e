//! What needs attention: one row for each client, the worst first.

mod rules;

use std::sync::Arc;

use super::overview::Overview;
use crate::domain::{
    client::Client,
    id::{ClientId, SecretId},
    marks::{Postponed, RuleName},
    name::{DisplayName, Place},
    order,
    time::{Span, Timestamp},
};

/// What can be the matter, the worst first.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Rule {
    /// A secret that works was reported as leaked.
    Leaked,
    /// The only secret stopped, and requests are refused.
    Broken,
    /// The old secret of a rotation is about to stop and still in use.
    Deadline,
    /// The only secret is about to expire.
    Expiring,
    /// The old secret of a rotation can be retired.
    Finish,
    /// Somebody tries secrets.
    Guessing,
    /// No token for long.
    Unused,
    /// It has scopes that it does not ask for.
    TooBroad,
    /// Its secret is older than the policy allows.
    Old,
}

/// How much it matters. What was put off comes back when it rises.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// Nothing stops; it is time to tidy up.
    Notice,
    /// Something will stop.
    Warning,
    /// Something stopped, or is about to, or is in wrong hands.
    Danger,
}

/// What to do about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Act {
    /// Revoke the secret.
    Revoke(SecretId),
    /// Make a new secret.
    MakeSecret,
    /// Keep the old secret for longer.
    Extend,
    /// Begin a rotation.
    Rotate,
    /// Retire the old secret.
    Retire(SecretId),
    /// Look at the requests.
    OpenActivity,
    /// Look at the client.
    ReviewClient,
    /// Look at its scopes.
    ReviewAccess,
}

/// One client that needs attention.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attention {
    /// Which.
    pub client: ClientId,
    /// What it is called.
    pub name: DisplayName,
    /// What is the matter.
    pub rule: Rule,
    /// How much it matters.
    pub level: Level,
    /// The same in a sentence.
    pub reason: String,
    /// The number that tells most: `41 refused`, `in 3 days`.
    pub number: String,
    /// What to do about it.
    pub act: Act,
    /// Less comes first among the same.
    pub(super) urgency: u64,
}

/// What somebody put off, and what it hides.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PutOff {
    /// Of which client.
    pub client: ClientId,
    /// What it is called.
    pub name: DisplayName,
    /// What was the matter.
    pub rule: Rule,
    /// Until when, why and by whom.
    pub postponed: Postponed,
    /// What is the matter now, in a sentence; nothing if it is over.
    pub reason: Option<String>,
}

/// Exact latest uses of secrets, and their number.
pub type Latest<'a> = Box<dyn Fn(&SecretId) -> Option<(Timestamp, u64)> + 'a>;

/// From where things are looked at. What people decided stands on the clients themselves.
pub struct Lookout<'a> {
    /// The moment.
    pub now: Timestamp,
    /// Since when every use is on record.
    pub watching_since: Timestamp,
    /// Exact latest uses and their number.
    pub latest: Latest<'a>,
    /// What is known of everybody's usage.
    pub overview: &'a Overview,
    /// How old a secret may become by the policy.
    pub oldest_secret: Span,
}

/// What needs attention among `clients`: one row for each, the worst first.
pub fn attention<'c>(
    clients: impl Iterator<Item = &'c Arc<Client>>,
    lookout: &Lookout<'_>,
) -> Vec<Attention> {
    let mut rows: Vec<_> = clients
        .filter_map(|client| attention_to(client, lookout))
        .collect();
    order::by_key(&mut rows, |row| {
        (row.rule, row.urgency, Place::of(row.name.as_str()))
    });
    rows
}

/// The worst about one client that was not put off.
pub fn attention_to(client: &Client, lookout: &Lookout<'_>) -> Option<Attention> {
    let mut all = Rule::ALL.into_iter().filter_map(|rule| {
        let found = find(rule, client, lookout)?;
        let postponed = postponed(rule, client, lookout);
        let is_hidden = postponed.is_some_and(|it| it.holds(found.level.number(), lookout.now));
        (!is_hidden).then_some(found)
    });
    all.next()
}

/// What there is to say about one client by this rule, put off or not.
pub fn find(rule: Rule, client: &Client, lookout: &Lookout<'_>) -> Option<Attention> {
    let found = rule.find(client, lookout)?;
    Some(Attention {
        client: client.id.clone(),
        name: client.name.clone(),
        rule,
        level: found.level,
        reason: found.reason,
        number: found.number,
        act: found.act,
        urgency: found.urgency,
    })
}

/// That this rule was put off for what it speaks of now, and not for something before.
fn postponed<'a>(rule: Rule, client: &'a Client, lookout: &Lookout<'_>) -> Option<&'a Postponed> {
    let postponed = client.marks.postponed.get(rule.as_str())?;
    (postponed.at >= rule.began(client, lookout)).then_some(postponed)
}

/// What was put off among `clients` and is still: the worst first.
pub fn put_off<'c>(
    clients: impl Iterator<Item = &'c Arc<Client>>,
    lookout: &Lookout<'_>,
) -> Vec<PutOff> {
    let mut all: Vec<PutOff> = Vec::new();
    for client in clients {
        for rule in Rule::ALL {
            let Some(postponed) = postponed(rule, client, lookout) else {
                continue;
            };
            let found = rule.find(client, lookout);
            let level = found.as_ref().map_or(0, |found| found.level.number());
            if postponed.holds(level, lookout.now) {
                all.push(PutOff {
                    client: client.id.clone(),
                    name: client.name.clone(),
                    rule,
                    postponed: postponed.clone(),
                    reason: found.map(|found| found.reason),
                });
            }
        }
    }
    order::by_key(&mut all, |it| (it.rule, Place::of(it.name.as_str())));
    all
}

impl Rule {
    /// Every rule, the worst first.
    pub const ALL: [Self; 9] = [
        Self::Leaked,
        Self::Broken,
        Self::Deadline,
        Self::Expiring,
        Self::Finish,
        Self::Guessing,
        Self::Unused,
        Self::TooBroad,
        Self::Old,
    ];

    /// The word for it in URLs and in what is kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leaked => "leaked",
            Self::Broken => "broken",
            Self::Deadline => "deadline",
            Self::Expiring => "expiring",
            Self::Finish => "finish",
            Self::Guessing => "guessing",
            Self::Unused => "unused",
            Self::TooBroad => "too_broad",
            Self::Old => "old",
        }
    }

    /// The same as what is kept has it.
    pub fn name(self) -> RuleName {
        self.as_str()
            .parse()
            .expect("rules are called by names of rules")
    }

    /// The word for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Leaked => "Leaked",
            Self::Broken => "Broken",
            Self::Deadline => "Deadline",
            Self::Expiring => "Expiring",
            Self::Finish => "Finish",
            Self::Guessing => "Guessing",
            Self::Unused => "Unused",
            Self::TooBroad => "Too broad",
            Self::Old => "Old",
        }
    }

    /// The rule that is called so in URLs and in what is kept.
    pub fn find_by_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == word)
    }
}

impl Level {
    /// The word for it in what is kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Danger => "danger",
        }
    }

    /// How bad it is, as what is kept has it: more is worse.
    pub const fn number(self) -> u8 {
        match self {
            Self::Notice => 1,
            Self::Warning => 2,
            Self::Danger => 3,
        }
    }

    /// The level that is called so.
    pub fn find_by_word(word: &str) -> Option<Self> {
        let all = [Self::Notice, Self::Warning, Self::Danger];
        all.into_iter().find(|level| level.as_str() == word)
    }
}

impl Act {
    /// What its button says.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Revoke(_) => "Revoke now",
            Self::MakeSecret => "Make new secret",
            Self::Extend => "Extend",
            Self::Rotate => "Rotate",
            Self::Retire(_) => "Retire",
            Self::OpenActivity => "Open activity",
            Self::ReviewClient | Self::ReviewAccess => "Review",
        }
    }
}

#[cfg(test)]
mod tests;
