//! "Safe to retire?": what the usage of the old and the new secret says about stopping the old.
//!
//! The verdict is never better than the evidence. An address counts as moved when it has used the
//! new secret since its last use of the old one; otherwise it must have been silent, under watch,
//! for twice its own longest silence and at least an hour.

use std::net::IpAddr;

use super::{
    client::Client,
    order,
    secret::Retiring,
    time::{Span, Timestamp},
    usage::{AddressUse, MOST_ADDRESSES, SecretUsage},
};

/// The least silence that counts.
const SHORTEST_QUIET: Span = Span::hours(1);

/// How close a deadline must be to be spoken of first.
const CLOSE: Span = Span::hours(4);

/// What can be said about stopping the old secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Nothing has moved to the new secret.
    NewUnused,
    /// The deadline is close, and the old secret is still in use.
    StopsWhileUsed {
        /// When it stops.
        deadline: Timestamp,
        /// Who uses it.
        by: Vec<IpAddr>,
    },
    /// The old secret is in use.
    InUse {
        /// Who uses it, latest first.
        by: Vec<IpAddr>,
        /// Its latest use.
        last: Timestamp,
    },
    /// It is quiet, but not for long enough.
    Nearly {
        /// Its latest use.
        last: Timestamp,
        /// The longest silence between two uses so far.
        usual: Span,
        /// Until when it must stay quiet.
        wait_until: Timestamp,
    },
    /// It is quiet for long enough, but the evidence has a gap.
    CannotBeSure {
        /// Why.
        doubt: Doubt,
        /// Which addresses are meant, if any.
        addresses: Vec<IpAddr>,
    },
    /// Nobody needs it any more, as far as can be known.
    Safe {
        /// Its latest use, if it was ever used.
        last: Option<Timestamp>,
    },
}

/// Why a verdict cannot be "safe".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Doubt {
    /// Addresses used the old secret once only, so their rhythm is unknown.
    SingleUse,
    /// One address followed another, so the next use may come from one never seen.
    Churn,
    /// So many addresses used it that they cannot be told apart.
    ManyAddresses,
    /// The server was not watching all the time that would be needed.
    NotWatching {
        /// Since when it is.
        since: Timestamp,
    },
}

/// What the verdict is based on.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// What is known of the old secret's use.
    pub old: &'a SecretUsage,
    /// What is known of the new one's.
    pub new: &'a SecretUsage,
    /// Since when every use was recorded without a gap: the server's start, or the latest moment
    /// when detail was dropped. A secret that was made after it has all its uses on record.
    pub watching_since: Timestamp,
}

/// The verdict on the rotation of `client` that is under way at `now`; nothing if none is.
pub fn verdict(client: &Client, evidence: &Evidence<'_>, now: Timestamp) -> Option<Verdict> {
    let old = client.old_secret(now)?;
    Some(judge((old.created, old.retiring(now)?), evidence, now))
}

fn judge(
    (made, retiring): (Timestamp, &Retiring),
    evidence: &Evidence<'_>,
    now: Timestamp,
) -> Verdict {
    if evidence.new.count() == 0 {
        return Verdict::NewUnused;
    }
    let addresses = Addresses::sort(evidence, now);
    if !addresses.loud.is_empty() {
        let by = addresses.loud;
        return if retiring.deadline <= now.plus(CLOSE) {
            Verdict::StopsWhileUsed {
                deadline: retiring.deadline,
                by,
            }
        } else {
            let last = evidence.old.last.as_ref().map_or(now, |last| last.at);
            Verdict::InUse { by, last }
        };
    }
    if evidence.old.addresses.len() >= MOST_ADDRESSES {
        return Verdict::CannotBeSure {
            doubt: Doubt::ManyAddresses,
            addresses: Vec::new(),
        };
    }
    if !addresses.once.is_empty() {
        return Verdict::CannotBeSure {
            doubt: Doubt::SingleUse,
            addresses: addresses.once,
        };
    }
    if addresses.follow_each_other() {
        let addresses = addresses
            .stayed
            .iter()
            .map(|(address, _)| *address)
            .collect();
        return Verdict::CannotBeSure {
            doubt: Doubt::Churn,
            addresses,
        };
    }
    let last = evidence.old.last.as_ref().map(|last| last.at);
    if let (Some(last), Some((usual, wait_until))) = (last, addresses.waiting) {
        return Verdict::Nearly {
            last,
            usual,
            wait_until,
        };
    }
    let watching_since = evidence.watching_since;
    if made <= watching_since && watching_since > now.minus(addresses.needs) {
        let doubt = Doubt::NotWatching {
            since: evidence.watching_since,
        };
        return Verdict::CannotBeSure {
            doubt,
            addresses: Vec::new(),
        };
    }
    Verdict::Safe { last }
}

/// The addresses that used the old secret and have not moved, by what they let hope for.
struct Addresses<'a> {
    /// All of them, in the order in which they appeared.
    stayed: Vec<(IpAddr, &'a AddressUse)>,
    /// Used it within the last hour, latest first.
    loud: Vec<IpAddr>,
    /// Used it once only.
    once: Vec<IpAddr>,
    /// The rhythm of the one that needs longest, and when it will have been quiet long enough.
    waiting: Option<(Span, Timestamp)>,
    /// For how long silence must have been watched.
    needs: Span,
}

impl<'a> Addresses<'a> {
    fn sort(evidence: &Evidence<'a>, now: Timestamp) -> Self {
        let mut loud: Vec<(Timestamp, IpAddr)> = Vec::new();
        let mut sorted = Self {
            stayed: Vec::new(),
            loud: Vec::new(),
            once: Vec::new(),
            waiting: None,
            needs: SHORTEST_QUIET,
        };
        for (address, usage) in &evidence.old.addresses {
            if usage.count == 0 || has_moved(*address, usage, evidence.new) {
                continue;
            }
            sorted.stayed.push((*address, usage));
            let quiet = quiet_time(usage);
            if now.since(usage.last) < SHORTEST_QUIET {
                loud.push((usage.last, *address));
            } else if usage.count == 1 {
                sorted.once.push(*address);
            } else if now.since(usage.last) < quiet {
                let until = usage.last.plus(quiet);
                if sorted.waiting.is_none_or(|(_, latest)| until > latest) {
                    sorted.waiting = Some((usage.gap, until));
                }
            } else {
                sorted.needs = sorted.needs.max(quiet);
            }
        }
        order::by(&mut loud, |one, two| two.cmp(one));
        sorted.loud = loud.into_iter().map(|(_, address)| address).collect();
        order::by_key(&mut sorted.stayed, |(_, usage)| usage.first);
        sorted
    }

    /// Whether at least twice one address began only after all before it had fallen silent.
    fn follow_each_other(&self) -> bool {
        let mut silent_since: Option<Timestamp> = None;
        let mut successions = 0;
        for (_, usage) in &self.stayed {
            if silent_since.is_some_and(|last| last < usage.first) {
                successions += 1;
            }
            silent_since = silent_since.max(Some(usage.last));
        }
        successions >= 2
    }
}

/// Whether an address has used the new secret since its last use of the old one.
pub fn has_moved(address: IpAddr, old: &AddressUse, new: &SecretUsage) -> bool {
    new.addresses
        .get(&address)
        .is_some_and(|usage| usage.count > 0 && usage.last > old.last)
}

fn quiet_time(usage: &AddressUse) -> Span {
    Span(usage.gap.0.saturating_mul(2)).max(SHORTEST_QUIET)
}

impl Verdict {
    /// The word for it in programs' answers.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::NewUnused => "new_unused",
            Self::StopsWhileUsed { .. } => "stops_while_used",
            Self::InUse { .. } => "in_use",
            Self::Nearly { .. } => "nearly",
            Self::CannotBeSure { .. } => "cannot_be_sure",
            Self::Safe { .. } => "safe",
        }
    }

    /// What it comes to, in a few words: `Not safe to retire yet.`
    pub fn headline(&self, now: Timestamp) -> String {
        match self {
            Self::NewUnused => "The new secret has not been used yet.".to_owned(),
            Self::StopsWhileUsed { deadline, by } => format!(
                "Stops in {} and is still in use by {}.",
                deadline.since(now).in_words(),
                list(by)
            ),
            Self::InUse { .. } => "Not safe to retire yet.".to_owned(),
            Self::Nearly { .. } => "Nearly there.".to_owned(),
            Self::CannotBeSure { .. } => "It is quiet, but this cannot be sure.".to_owned(),
            Self::Safe { .. } => "Safe to retire.".to_owned(),
        }
    }

    /// What it rests on; the empty text where the headline says it all.
    pub fn reason(&self, now: Timestamp) -> String {
        match self {
            Self::NewUnused => "Nothing has moved.".to_owned(),
            Self::StopsWhileUsed { .. } => String::new(),
            Self::InUse { by, last } => {
                let ago = now.since(*last).in_words();
                if let [one] = by.as_slice() {
                    format!("{one} used the old secret {ago} ago.")
                } else {
                    format!("{} used the old secret, last {ago} ago.", list(by))
                }
            }
            Self::Nearly {
                last,
                usual,
                wait_until,
            } => format!(
                "No use for {}. This client normally asks at least every {}, so wait until {} to be \
                 sure.",
                now.since(*last).in_words(),
                usual.in_words(),
                wait_until.in_words()
            ),
            Self::CannotBeSure { doubt, addresses } => doubt.reason(addresses, now),
            Self::Safe { last: Some(last) } => {
                format!("No use for {}.", now.since(*last).in_words())
            }
            Self::Safe { last: None } => "It was never used.".to_owned(),
        }
    }

    /// Both, for people.
    pub fn sentence(&self, now: Timestamp) -> String {
        let (headline, reason) = (self.headline(now), self.reason(now));
        if reason.is_empty() {
            headline
        } else {
            format!("{headline} {reason}")
        }
    }

    /// Who is meant: who uses the old secret, or who leaves doubt.
    pub fn addresses(&self) -> &[IpAddr] {
        match self {
            Self::StopsWhileUsed { by, .. } | Self::InUse { by, .. } => by,
            Self::CannotBeSure { addresses, .. } => addresses,
            Self::NewUnused | Self::Nearly { .. } | Self::Safe { .. } => &[],
        }
    }
}

impl Doubt {
    fn reason(self, addresses: &[IpAddr], now: Timestamp) -> String {
        match self {
            Self::SingleUse => format!(
                "{} used it once only, so its rhythm is unknown.",
                list(addresses)
            ),
            Self::Churn => format!(
                "Its addresses come and go ({}), so the next use may come from one never seen.",
                list(addresses)
            ),
            Self::ManyAddresses => {
                "It was used from too many addresses to tell them apart.".to_owned()
            }
            Self::NotWatching { since } => format!(
                "Every use is on record only since {} ago, when the server was started or lost \
                 detail.",
                now.since(since).in_words()
            ),
        }
    }
}

fn list(addresses: &[IpAddr]) -> String {
    match addresses {
        [] => "nobody".to_owned(),
        [one] => one.to_string(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}

#[cfg(test)]
mod tests;
