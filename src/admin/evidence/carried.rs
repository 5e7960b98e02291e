//! Which tokens still work and carry a scope: what a change of access does not take back.

use super::words;
use crate::domain::{
    client::Client,
    id::ApiIdentifier,
    registry::Registry,
    scope::Scope,
    time::Timestamp,
    usage::{Outcome, Tally},
};

/// Tokens that were issued before and still work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Carried {
    /// How many there are at most.
    pub at_most: u64,
    /// When the last of them has expired, at the latest.
    pub until: Timestamp,
}

impl Carried {
    /// Those that `client` has with `scope` on `api`; nothing if no such token still works.
    pub fn of(
        (client, registry): (&Client, &Registry),
        (api, scope): (&ApiIdentifier, &Scope),
        tally: &Tally,
        now: Timestamp,
    ) -> Option<Self> {
        let lifetime = registry.find_api(api)?.longest_lifetime.span();
        let from = now.minus(lifetime);
        let with_scope: u64 = tally
            .scopes
            .iter()
            .filter(|((of, at, it, day), _)| {
                *of == client.id && at == api && it == scope && *day >= from.day()
            })
            .map(|(_, count)| u64::from(count.named) + u64::from(count.default))
            .sum();
        let at_most = with_scope.min(issued_since(client, tally, from));
        let last = client
            .secrets
            .iter()
            .filter_map(|secret| tally.last.get(&secret.id))
            .map(|last| last.at)
            .max()?;
        let until = last.plus(lifetime);
        (at_most > 0 && until > now).then_some(Self { at_most, until })
    }

    /// As a sentence: `Up to 3 tokens that were issued before still carry it, until 25 Nov, 20:04 UTC
    /// at the latest.`
    pub fn in_words(&self) -> String {
        let (tokens, verb) = match self.at_most {
            1 => ("One token that was".to_owned(), "carries"),
            n => (
                format!("Up to {} that were", words::count(n, "token")),
                "carry",
            ),
        };
        let until = words::moment(self.until);
        format!("{tokens} issued before still {verb} it, until {until} at the latest.")
    }
}

/// Tokens that a client got from the hour of `from` on.
fn issued_since(client: &Client, tally: &Tally, from: Timestamp) -> u64 {
    let days = tally.days.iter().filter(|((subject, day), _)| {
        subject.client.as_ref() == Some(&client.id) && *day >= from.day()
    });
    days.flat_map(|((_, day), counts)| counts.iter().map(move |count| (*day, count)))
        .filter(|(day, (at, _))| {
            at.outcome == Outcome::Issued && (*day > from.day() || at.hour >= from.hour())
        })
        .map(|(_, (_, count))| u64::from(*count))
        .sum()
}
