//! "How long should the old secret keep working?": what a client's habits recommend.

use super::{Whose, series::Series, words};
use crate::domain::{
    client::Client,
    rotation::LONGEST_OVERLAP,
    time::{Span, Timestamp},
    usage::{AddressUse, SecretUsage, Tally},
};

/// For how long a secret must have been in use before its rhythm is believed.
const KNOWN_AFTER: Span = Span::hours(24);

/// How a client uses the secrets that work.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Habit {
    /// Tokens it got in the last 24 hours.
    pub uses: u64,
    /// How many addresses got them.
    pub addresses: usize,
    /// The longest silence of an address that still comes back; nothing if none came back yet.
    pub gap: Option<Span>,
    /// Its first use on record.
    pub first: Option<Timestamp>,
    /// Its latest use.
    pub last: Option<Timestamp>,
}

/// An answer to the question.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Choice {
    /// An hour.
    Hour,
    /// 24 hours.
    Day,
    /// Seven days.
    Week,
    /// Another time, at most 30 days.
    Other(Span),
}

/// The answer that is chosen beforehand, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recommendation {
    /// The answer.
    pub choice: Choice,
    /// Why, in a sentence.
    pub reason: String,
}

impl Recommendation {
    fn without_rhythm(usual: Span) -> Self {
        let unknown = "No address has come back yet, so the client's rhythm is not known.";
        if usual == Span(0) {
            return Self {
                choice: Choice::Week,
                reason: unknown.to_owned(),
            };
        }
        let named = Choice::NAMED
            .into_iter()
            .find(|choice| choice.span() == usual);
        let choice = named.unwrap_or(Choice::Other(usual));
        Self {
            reason: format!("{unknown} The settings say {}.", choice.in_words()),
            choice,
        }
    }
}

impl Habit {
    /// The habit of `client` at `now`, from what `tally` knows of the secrets that work.
    pub fn of(client: &Client, tally: &Tally, now: Timestamp) -> Self {
        let secrets = client.live_secrets(now);
        let usages: Vec<SecretUsage> = secrets.map(|secret| tally.of_secret(&secret.id)).collect();
        let uses = Series::last_day(tally, Whose::Client(&client.id), now).issued();
        Self::from_usages(&usages, uses, now)
    }

    /// The habit that the usages of secrets show at `now`.
    pub fn from_usages(usages: &[SecretUsage], uses: u64, now: Timestamp) -> Self {
        let seen = || {
            let all = usages.iter().flat_map(|usage| &usage.addresses);
            all.filter(|(_, usage)| usage.count > 0)
        };
        let lately = now.minus(Span::hours(24));
        let mut addresses: Vec<_> = seen()
            .filter(|(_, usage)| usage.last > lately)
            .map(|(address, _)| *address)
            .collect();
        addresses.sort_unstable();
        addresses.dedup();
        let latest = usages.iter().filter_map(|usage| usage.last.as_ref());
        Self {
            uses,
            addresses: addresses.len(),
            gap: seen().filter_map(|(_, usage)| gap(usage, now)).max(),
            first: seen().map(|(_, usage)| usage.first).min(),
            last: latest.map(|last| last.at).max(),
        }
    }

    /// The habit in a sentence or two.
    pub fn in_words(&self, now: Timestamp) -> String {
        let Some(last) = self.last else {
            return "Not used yet.".to_owned();
        };
        let used = if self.uses == 0 {
            let ago = now.since(last).in_words();
            format!("Not used in the last 24 hours; last used {ago} ago.")
        } else if self.addresses == 0 {
            format!(
                "Used {} in the last 24 hours.",
                words::count(self.uses, "time")
            )
        } else {
            format!(
                "Used {} in the last 24 hours, from {}.",
                words::count(self.uses, "time"),
                words::addresses(self.addresses)
            )
        };
        match self.gap {
            Some(gap) => format!("{used} It normally asks at least every {}.", gap.in_words()),
            None => used,
        }
    }

    /// The smallest choice that is at least twice its longest silence; where its rhythm is not known,
    /// `usual`, which the policy says, or a week if that is none at all.
    pub fn recommend(&self, usual: Span, now: Timestamp) -> Recommendation {
        let Some(last) = self.last else {
            return Recommendation {
                choice: Choice::Hour,
                reason: "The secret was never used, so nothing has to move.".to_owned(),
            };
        };
        let Some(gap) = self.gap else {
            return Recommendation::without_rhythm(usual);
        };
        let choice = Choice::at_least(Span(gap.0.saturating_mul(2)));
        let known_for = last.since(self.first.unwrap_or(last)).max(now.since(last));
        if known_for < KNOWN_AFTER && choice == Choice::Hour {
            return Recommendation {
                choice: Choice::Day,
                reason: format!(
                    "The client has been asking for {} only, so its rhythm is not known well.",
                    known_for.in_words()
                ),
            };
        }
        let reason = if choice.span().0 < gap.0.saturating_mul(2) {
            format!(
                "The client's longest silence was {}; an old secret is kept for at most 30 days.",
                gap.in_words()
            )
        } else {
            format!(
                "The client normally asks at least every {}, and {} is at least twice that.",
                gap.in_words(),
                choice.in_words()
            )
        };
        Recommendation { choice, reason }
    }
}

/// The longest silence of an address, the present one included unless it is so long that the
/// address seems to be gone.
fn gap(usage: &AddressUse, now: Timestamp) -> Option<Span> {
    let silent = now.since(usage.last);
    let gone = silent.0 > usage.gap.0.saturating_mul(2);
    (usage.count > 1).then(|| {
        if gone {
            usage.gap
        } else {
            usage.gap.max(silent)
        }
    })
}

impl Choice {
    /// The answers that are offered by name.
    pub const NAMED: [Self; 3] = [Self::Hour, Self::Day, Self::Week];

    /// The smallest that is no shorter than `span`, as far as there is one.
    pub fn at_least(span: Span) -> Self {
        let named = Self::NAMED.into_iter().find(|choice| choice.span() >= span);
        named.unwrap_or_else(|| {
            let days = span.0.div_ceil(Span::days(1).0);
            Self::Other(Span::days(days).min(LONGEST_OVERLAP))
        })
    }

    /// How long it is.
    pub const fn span(self) -> Span {
        match self {
            Self::Hour => Span::hours(1),
            Self::Day => Span::hours(24),
            Self::Week => Span::days(7),
            Self::Other(span) => span,
        }
    }

    /// As it is offered.
    pub fn in_words(self) -> String {
        match self {
            Self::Hour => "1 hour".to_owned(),
            Self::Day => "24 hours".to_owned(),
            Self::Week => "7 days".to_owned(),
            Self::Other(span) => span.in_words(),
        }
    }
}
