//! Misses by name, and how long each makes the next try wait.

use std::{collections::HashMap, hash::Hash};

use crate::domain::time::{Span, Timestamp};

/// The longest wait.
const LONGEST: Span = Span::minutes(15);

/// When a miss is forgotten.
const FORGOTTEN: Span = Span::hours(1);

/// On what terms misses are counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// How many cost nothing; then one waits a second, two, four, up to [`LONGEST`].
    pub(super) free: u32,
    /// How many names are remembered; those that missed least are forgotten for further ones.
    pub(super) most: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    misses: u32,
    last: Timestamp,
}

impl Entry {
    fn open_from(&self, free: u32) -> Timestamp {
        let over = self.misses.saturating_sub(free);
        if self.misses < free {
            return self.last;
        }
        let wait = 1_u64.checked_shl(over).unwrap_or(u64::MAX);
        self.last.plus(Span(wait).min(LONGEST))
    }
}

/// Misses by name.
#[derive(Debug)]
pub(super) struct Ledger<K> {
    terms: Terms,
    entries: HashMap<K, Entry>,
}

impl<K: Eq + Hash> Ledger<K> {
    /// Nobody missed yet.
    pub(super) fn new(terms: Terms) -> Self {
        Self {
            terms,
            entries: HashMap::new(),
        }
    }

    /// How many names are remembered.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The names that are remembered.
    pub(super) fn names(&self) -> impl Iterator<Item = &K> {
        self.entries.keys()
    }

    /// What was missed under this name is forgiven.
    pub(super) fn forget(&mut self, name: &K) {
        self.entries.remove(name);
    }

    /// Forgets what is too long ago to matter.
    pub(super) fn forget_old(&mut self, now: Timestamp) {
        self.entries
            .retain(|_, entry| now.since(entry.last) < FORGOTTEN && entry.last <= now);
    }

    /// When the next try counts, if not now.
    pub(super) fn open_from(&self, name: &K, now: Timestamp) -> Option<Timestamp> {
        let at = self.entries.get(name)?.open_from(self.terms.free);
        // A clock that was set back holds nobody for longer than the longest wait.
        let at = at.min(now.plus(LONGEST));
        (at > now).then_some(at)
    }

    /// Counts a miss.
    pub(super) fn miss(&mut self, name: K, now: Timestamp) {
        if self.entries.len() >= self.terms.most && !self.entries.contains_key(&name) {
            self.make_room(now);
        }
        let entry = self.entries.entry(name).or_insert(Entry {
            misses: 0,
            last: now,
        });
        if now.since(entry.last) >= FORGOTTEN {
            entry.misses = 0;
        }
        entry.misses = entry.misses.saturating_add(1);
        entry.last = now;
    }

    /// Forgets what may be forgotten, or else the least of it.
    fn make_room(&mut self, now: Timestamp) {
        self.forget_old(now);
        let most = self.terms.most;
        if self.entries.len() < most {
            return;
        }
        let mut weights: Vec<(u32, Timestamp)> = self
            .entries
            .values()
            .map(|it| (it.misses, it.last))
            .collect();
        // A tenth at a time, so that the search is rare.
        let mut to_go = (most / 10).max(1);
        let (_, &mut limit, _) = weights.select_nth_unstable(to_go - 1);
        self.entries.retain(|_, entry| {
            let goes = to_go > 0 && (entry.misses, entry.last) <= limit;
            to_go -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);
    const TERMS: Terms = Terms { free: 2, most: 20 };

    /// A full ledger in which the last half missed so much later.
    fn full(later: Span) -> Ledger<u32> {
        let mut ledger = Ledger::new(TERMS);
        for name in 0..20 {
            let span = if name < 10 { Span(0) } else { later };
            ledger.miss(name, NOW.plus(span).plus(Span(u64::from(name))));
        }
        ledger
    }

    #[test]
    fn room_is_made_of_a_tenth_that_missed_least() {
        let mut ledger = full(Span(0));
        let later = NOW.plus(Span(30));
        ledger.miss(0, later);

        ledger.miss(100, later);

        let mut names: Vec<u32> = ledger.names().copied().collect();
        names.sort_unstable();
        let kept: Vec<u32> = [0].into_iter().chain(3..20).chain([100]).collect();
        assert_eq!(names, kept);
    }

    #[test]
    fn where_the_old_leave_room_nobody_else_goes() {
        let mut ledger = full(FORGOTTEN);

        ledger.miss(100, NOW.plus(FORGOTTEN).plus(Span(30)));

        assert_eq!(ledger.len(), 11);
        assert!(ledger.names().all(|name| *name >= 10));
    }

    #[test]
    fn of_those_that_missed_alike_a_tenth_goes() {
        let mut ledger = Ledger::new(TERMS);
        for name in 0..20 {
            ledger.miss(name, NOW);
        }

        ledger.miss(100, NOW);

        assert_eq!(ledger.len(), 19);
    }
}
