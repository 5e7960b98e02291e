//! How a client stands: what lists of clients are narrowed and sorted by.

use super::By;
use crate::{
    admin::evidence::attention::{Lookout, Rule, attention_to},
    domain::{
        client::Client,
        time::{Span, Timestamp},
    },
};

/// How close the end of a secret must be to stand among those that expire.
const WITHIN: Span = Span::days(30);

/// For how long a client must have got no token to count as unused.
const UNUSED: Span = Span::days(90);

/// A kind of clients.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Something is the matter.
    Attention,
    /// An old secret is on its way out.
    Rotating,
    /// The secret ends within 30 days.
    Expiring,
    /// No token for 90 days.
    Unused,
    /// They get no tokens.
    Disabled,
    /// Somebody put something off.
    PutOff,
    /// A secret of theirs will stop by itself.
    Ending,
    /// Something is known of their usage.
    Seen,
}

/// How a client stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Standing {
    /// The worst that is the matter, and how urgent it is among the same: less comes first.
    attention: Option<(Rule, u64)>,
    /// Its latest token.
    last: Option<Timestamp>,
    /// When the last of its secrets ends.
    end: End,
    /// Its tokens in seven days.
    week: u64,
    /// A bit for each kind.
    kinds: u8,
}

/// When a client's secrets end, soonest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum End {
    /// None works.
    Dead,
    /// The last one does then.
    At(Timestamp),
    /// Never.
    Never,
}

impl Standing {
    /// As it is seen from there.
    pub(super) fn of(client: &Client, lookout: &Lookout<'_>) -> Self {
        let now = lookout.now;
        let latest = client.secrets.iter();
        let latest = latest.filter_map(|secret| (lookout.latest)(&secret.id));
        let summary = lookout.overview.client(&client.id);
        let attention = attention_to(client, lookout);
        let mut standing = Self {
            attention: attention.map(|it| (it.rule, it.urgency)),
            last: latest.map(|(at, _)| at).max(),
            end: End::of(client, now),
            week: summary.map_or(0, |summary| summary.days.iter().sum()),
            kinds: 0,
        };
        let used = standing.last.unwrap_or(client.created);
        let ends = |secret: &crate::domain::secret::Secret| {
            secret.expires.is_some() || secret.retiring(now).is_some()
        };
        for (kind, is_it) in [
            (Kind::Attention, standing.attention.is_some()),
            (Kind::Rotating, client.old_secret(now).is_some()),
            (Kind::Expiring, standing.end.is_within(WITHIN, now)),
            (Kind::Unused, now.since(used) >= UNUSED),
            (Kind::Disabled, !client.is_active()),
            (Kind::PutOff, !client.marks.postponed.is_empty()),
            (Kind::Ending, client.live_secrets(now).any(ends)),
            (Kind::Seen, summary.is_some()),
        ] {
            standing.kinds |= u8::from(is_it) << kind as u8;
        }
        standing
    }

    /// Whether it is one of these.
    pub fn is(&self, kind: Kind) -> bool {
        self.kinds & (1 << kind as u8) != 0
    }

    /// What it is sorted by: less comes first, and it is less than 2^96.
    pub(super) fn key(&self, by: By) -> u128 {
        let of = |at: Timestamp| at.0.abs_diff(i64::MIN);
        match by {
            By::Attention => match self.attention {
                Some((rule, urgency)) => (rule as u128) << 64 | u128::from(urgency),
                None => u128::from(u8::MAX) << 64,
            },
            By::End => match self.end {
                End::Dead => 0,
                End::At(at) => 1 + u128::from(of(at)),
                End::Never => 1 << 65,
            },
            By::Last => (1 << 65) - self.last.map_or(0, |at| 1 + u128::from(of(at))),
            By::Week => u128::from(u64::MAX - self.week),
            By::Name | By::Owner | By::Access => 0,
        }
    }
}

impl End {
    /// When those of `client` do, as of `now`.
    pub fn of(client: &Client, now: Timestamp) -> Self {
        let mut end = Self::Dead;
        for secret in client.live_secrets(now) {
            end = end.max(secret.expires.map_or(Self::Never, Self::At));
        }
        end
    }

    fn is_within(self, span: Span, now: Timestamp) -> bool {
        matches!(self, Self::At(at) if at.since(now) <= span)
    }
}
