//! Who used a secret, as far as the record tells: everybody whom stopping it may reach.

use std::{cmp::Reverse, collections::BTreeSet, net::IpAddr};

use super::scene::Scene;
use crate::{
    admin::evidence::Moves,
    domain::{
        order,
        secret::Secret,
        time::{Span, Timestamp},
        usage::{KEPT_DAYS, MOST_ADDRESSES},
    },
    web::console::words::grouped,
};

/// How many addresses are named.
const NAMED: usize = 4;

/// The addresses that used a secret, latest first.
#[derive(Default)]
pub(super) struct Users {
    all: Vec<(IpAddr, Timestamp)>,
    /// Whether there were so many that others are not on record.
    is_full: bool,
}

impl Users {
    /// Those of `secrets`, each with its latest use of any of them.
    pub(super) fn of<'a>(secrets: impl Iterator<Item = &'a Secret>, scene: &Scene) -> Self {
        let mut users = Self::default();
        for secret in secrets {
            let usage = scene.tally.of_secret(&secret.id);
            users.is_full |= usage.addresses.len() >= MOST_ADDRESSES;
            let used = usage.addresses.iter().filter(|(_, it)| it.count > 0);
            users
                .all
                .extend(used.map(|(address, it)| (*address, it.last)));
        }
        order::by_key(&mut users.all, |(address, at)| (Reverse(*at), *address));
        let mut seen = BTreeSet::new();
        users.all.retain(|(address, _)| seen.insert(*address));
        users
    }

    /// How many there are, on record.
    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    /// Those of the old secret of the rotation under way who have not moved to the new one.
    pub(super) fn staying(scene: &Scene) -> Self {
        let Some((old, new)) = scene.rotation() else {
            return Self::default();
        };
        let moves = Moves::of((&old.id, &new.id), &scene.tally, scene.now);
        let staying = moves.staying.into_iter();
        Self {
            all: staying
                .map(|(address, usage)| (address, usage.last))
                .collect(),
            is_full: false,
        }
    }

    /// `10.0.4.31 (6 days ago), 10.0.4.12 (8 days ago) and 3 more`; nothing if there are none.
    pub(super) fn in_words(&self, now: Timestamp) -> Option<String> {
        let name = |(address, at): &(IpAddr, Timestamp)| {
            format!("{address} ({} ago)", now.since(*at).in_words())
        };
        let named: Vec<String> = self.all.iter().take(NAMED).map(name).collect();
        let (last, others) = named.split_last()?;
        let more = grouped(self.all.len() - named.len());
        Some(match (self.all.len() == named.len(), self.is_full) {
            (true, _) if others.is_empty() => last.clone(),
            (true, _) => format!("{} and {last}", others.join(", ")),
            (false, false) => format!("{} and {more} more", named.join(", ")),
            (false, true) => format!("{} and at least {more} more", named.join(", ")),
        })
    }
}

/// What stopping the secrets that work at once would do.
pub(super) fn of_stopping(scene: &Scene) -> String {
    let live = || scene.client.live_secrets(scene.now);
    let users = Users::of(live(), scene);
    let Some(named) = users.in_words(scene.now) else {
        let last = live().filter_map(|secret| scene.last_use(secret)).max();
        let ago = last.map(|at| scene.now.since(at));
        return match ago.filter(|ago| *ago <= Span::days(KEPT_DAYS.into())) {
            Some(ago) => format!(
                "The old secret was used {} ago. Whoever holds it is refused at once.",
                ago.in_words()
            ),
            None => format!(
                "Nobody used the old secret in the last {KEPT_DAYS} days. Whoever still holds it \
                 is refused at once."
            ),
        };
    };
    let (its, has) = match users.all.len() {
        1 => ("Its", "it has"),
        _ => ("Their", "they have"),
    };
    format!(
        "{named} used the old secret in the last {KEPT_DAYS} days. {its} requests are refused at \
         once, until {has} the new one."
    )
}
