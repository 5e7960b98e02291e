//! While a rotation runs: who still uses the old secret, who has moved to the new one, and how much
//! comes with which.

use std::{cmp::Reverse, net::IpAddr};

use super::{Series, Whose};
use crate::domain::{
    id::SecretId,
    order,
    time::{Span, Timestamp},
    usage::{AddressUse, Tally},
    verdict::has_moved,
};

/// How a client moves from one secret to another.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Moves {
    /// Who used the old secret and not the new one since, latest first.
    pub staying: Vec<(IpAddr, AddressUse)>,
    /// Who used the new secret since the old one.
    pub moved: Vec<IpAddr>,
    /// The latest tokens.
    pub recent: Recent,
}

/// The latest tokens: those of this hour and the one before.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Recent {
    /// From when on they are counted.
    pub since: Timestamp,
    /// How many came with the new secret.
    pub new: u64,
    /// How many with the old one.
    pub old: u64,
}

impl Moves {
    /// What `tally` knows at `now` of the move from the `old` secret to the `new` one.
    pub fn of((old, new): (&SecretId, &SecretId), tally: &Tally, now: Timestamp) -> Self {
        let (before, after) = (tally.of_secret(old), tally.of_secret(new));
        let users = before.addresses.into_iter();
        let (moved, mut staying): (Vec<_>, Vec<_>) = users
            .filter(|(_, usage)| usage.count > 0)
            .partition(|(address, usage)| has_moved(*address, usage, &after));
        order::by_key(&mut staying, |(address, usage)| {
            (Reverse(usage.last), *address)
        });
        Self {
            staying,
            moved: moved.into_iter().map(|(address, _)| address).collect(),
            recent: Recent::of((old, new), tally, now),
        }
    }
}

impl Recent {
    fn of((old, new): (&SecretId, &SecretId), tally: &Tally, now: Timestamp) -> Self {
        let since = now.minus(Span::hours(1));
        let issued = |secret| Series::since(since, tally, Whose::Secret(secret), now);
        let (old, new) = (issued(old), issued(new));
        Self {
            since: new.points.first().map_or(since, |point| point.start),
            new: new.issued(),
            old: old.issued(),
        }
    }

    /// How many of them came with the new secret: `46 of the last 49 tokens came from the new one.`
    /// Nothing if there are none.
    pub fn in_words(&self) -> Option<String> {
        let all = self.new + self.old;
        match (self.new, all) {
            (_, 0) => None,
            (1, 1) => Some("The last token came from the new one.".to_owned()),
            (0, 1) => Some("The last token came from the old one.".to_owned()),
            (new, all) if new == all => Some(format!(
                "All of the last {all} tokens came from the new one."
            )),
            (new, all) => Some(format!(
                "{new} of the last {all} tokens came from the new one."
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::usage::{Asked, Observation, Seen};

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn id(text: &str) -> SecretId {
        text.parse().unwrap()
    }

    /// Uses: with which secret, from which host, how many minutes ago.
    fn tally(uses: &[(&str, u8, u64)]) -> Tally {
        let mut tally = Tally::default();
        for (secret, host, minutes) in uses {
            let seen = Seen {
                at: NOW.minus(Span::minutes(*minutes)),
                address: [10, 0, 0, *host].into(),
                agent: None,
                request: None,
            };
            tally.add(Observation::Issued {
                client: "c".parse().unwrap(),
                secret: id(secret),
                api: "urn:x:y".parse().unwrap(),
                scopes: "read".parse().unwrap(),
                asked: Asked::ByName,
                seen,
            });
        }
        tally
    }

    const OLD: &str = "AAAAAAAA";
    const NEW: &str = "BBBBBBBB";

    fn moves(uses: &[(&str, u8, u64)]) -> Moves {
        Moves::of((&id(OLD), &id(NEW)), &tally(uses), NOW)
    }

    #[test]
    fn who_used_the_new_secret_last_has_moved() {
        let moves = moves(&[(OLD, 1, 90), (NEW, 1, 5), (OLD, 2, 30), (OLD, 3, 4)]);

        assert_eq!(moves.moved, [IpAddr::from([10, 0, 0, 1])]);
        let staying: Vec<IpAddr> = moves.staying.iter().map(|(address, _)| *address).collect();
        assert_eq!(
            staying,
            [IpAddr::from([10, 0, 0, 3]), IpAddr::from([10, 0, 0, 2])]
        );
    }

    #[test]
    fn the_latest_tokens_are_told_apart_by_secret() {
        let words = |uses: &[_]| moves(uses).recent.in_words();

        assert_eq!(words(&[]), None);
        assert_eq!(words(&[(OLD, 1, 600)]), None);
        assert_eq!(
            words(&[(NEW, 1, 5), (NEW, 1, 4), (OLD, 2, 3)]).unwrap(),
            "2 of the last 3 tokens came from the new one."
        );
        assert_eq!(
            words(&[(NEW, 1, 5), (NEW, 1, 4)]).unwrap(),
            "All of the last 2 tokens came from the new one."
        );
        assert_eq!(
            words(&[(NEW, 1, 5)]).unwrap(),
            "The last token came from the new one."
        );
    }
}
