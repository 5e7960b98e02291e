//! Guessing at passwords and codes: slower with every miss, by address and by account; and by visit,
//! for those who have signed in and confirm that it is them.
//!
//! A try counts as a miss until it is known to be right, so that a thousand at once are a thousand
//! misses. Five are free; then one waits a second, two, four, up to a quarter of an hour. All in
//! memory, and not much of it.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::domain::{
    name::Email,
    time::{Span, Timestamp},
};

/// How many misses cost nothing.
const FREE: u32 = 5;

/// The longest wait.
const LONGEST: Span = Span::minutes(15);

/// When a miss is forgotten.
const FORGOTTEN: Span = Span::hours(1);

/// How many names are remembered of each kind.
const MOST: usize = 10_000;

/// A try came too early.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("too many tries; the next counts from {at} on")]
pub struct TooEarly {
    /// When the next one counts.
    pub at: Timestamp,
}

/// Slows down guessing.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<Misses>);

#[derive(Debug, Default)]
struct Misses {
    by_account: Ledger<Email>,
    by_address: Ledger<IpAddr>,
    /// By visit.
    confirming: Ledger<String>,
}

impl Throttle {
    /// Begins a try, which counts as a miss until [`Throttle::succeed`].
    ///
    /// # Errors
    /// [`TooEarly`] if there were too many before; then this one does not count.
    pub fn begin(&self, account: &Email, address: IpAddr, now: Timestamp) -> Result<(), TooEarly> {
        let mut misses = self.lock();
        let network = network(address);
        let account_at = misses.by_account.open_from(account, now);
        let address_at = misses.by_address.open_from(&network, now);
        if let Some(at) = account_at.max(address_at) {
            return Err(TooEarly { at });
        }
        misses.by_account.miss(account.clone(), now);
        misses.by_address.miss(network, now);
        Ok(())
    }

    /// It was right: what was missed before is forgiven.
    pub fn succeed(&self, account: &Email, address: IpAddr) {
        let mut misses = self.lock();
        misses.by_account.0.remove(account);
        misses.by_address.0.remove(&network(address));
    }

    /// Begins to confirm, within a visit, that it is still who signed in. Counted apart from tries to
    /// sign in, which anybody can make; a miss until [`Throttle::confirm`].
    ///
    /// # Errors
    /// As [`Throttle::begin`].
    pub fn begin_to_confirm(&self, visit: &str, now: Timestamp) -> Result<(), TooEarly> {
        let visits = &mut self.lock().confirming;
        let visit = visit.to_owned();
        if let Some(at) = visits.open_from(&visit, now) {
            return Err(TooEarly { at });
        }
        visits.miss(visit, now);
        Ok(())
    }

    /// It is who signed in: what was missed within the visit before is forgiven.
    pub fn confirm(&self, visit: &str) {
        self.lock().confirming.0.remove(visit);
    }

    fn lock(&self) -> MutexGuard<'_, Misses> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who has an IPv6 address has the whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            Ipv6Addr::from_bits(network).into()
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    misses: u32,
    last: Timestamp,
}

impl Entry {
    fn open_from(&self) -> Timestamp {
        let over = self.misses.saturating_sub(FREE);
        if self.misses < FREE {
            return self.last;
        }
        let wait = 1_u64.checked_shl(over).unwrap_or(u64::MAX);
        self.last.plus(Span(wait).min(LONGEST))
    }
}

/// Misses by name.
#[derive(Debug)]
struct Ledger<K>(HashMap<K, Entry>);

impl<K> Default for Ledger<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Clone + Eq + Hash> Ledger<K> {
    /// When the next try counts, if not now.
    fn open_from(&self, name: &K, now: Timestamp) -> Option<Timestamp> {
        let at = self.0.get(name)?.open_from();
        // A clock that was set back holds nobody for longer than the longest wait.
        let at = at.min(now.plus(LONGEST));
        (at > now).then_some(at)
    }

    fn miss(&mut self, name: K, now: Timestamp) {
        if self.0.len() >= MOST && !self.0.contains_key(&name) {
            self.make_room(now);
        }
        let entry = self.0.entry(name).or_insert(Entry {
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
        self.0
            .retain(|_, entry| now.since(entry.last) < FORGOTTEN && entry.last <= now);
        if self.0.len() < MOST {
            return;
        }
        let mut weights: Vec<(u32, Timestamp)> =
            self.0.values().map(|it| (it.misses, it.last)).collect();
        // A tenth at a time, so that the search is rare.
        let (_, &mut limit, _) = weights.select_nth_unstable(MOST / 10);
        let mut to_go = MOST / 10;
        self.0.retain(|_, entry| {
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

    fn ana() -> Email {
        "ana@example.com".parse().unwrap()
    }

    fn at(seconds: u64) -> Timestamp {
        NOW.plus(Span(seconds))
    }

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn after_five_misses_each_wait_is_twice_the_one_before() {
        let throttle = Throttle::default();
        let mut now = NOW;
        for _ in 0..5 {
            throttle.begin(&ana(), address(1), now).unwrap();
        }

        let mut waits = Vec::new();
        for _ in 0..12 {
            let TooEarly { at } = throttle.begin(&ana(), address(1), now).unwrap_err();
            waits.push(at.since(now).seconds());
            now = at;
            throttle.begin(&ana(), address(1), now).unwrap();
        }

        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    }

    #[test]
    fn neither_another_address_nor_another_account_is_a_way_around() {
        for by_account in [true, false] {
            let throttle = Throttle::default();
            for n in 0..5 {
                let email = format!("p{n}@example.com").parse().unwrap();
                let (account, from) = if by_account {
                    (ana(), address(n))
                } else {
                    (email, address(1))
                };
                throttle.begin(&account, from, NOW).unwrap();
            }

            let from = if by_account { address(9) } else { address(1) };
            let refused = throttle.begin(&ana(), from, NOW).unwrap_err();

            assert_eq!(refused.at, at(1));
            let bo = "bo@example.com".parse().unwrap();
            assert!(throttle.begin(&bo, address(8), NOW).is_ok());
        }
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let throttle = Throttle::default();
        for n in 0..5_u8 {
            let email = format!("p{n}@example.com").parse().unwrap();
            let from = format!("2001:db8::{n}").parse().unwrap();
            throttle.begin(&email, from, NOW).unwrap();
        }

        let same = throttle.begin(&ana(), "2001:db8::9".parse().unwrap(), NOW);
        let other = throttle.begin(&ana(), "2001:db8:0:1::9".parse().unwrap(), NOW);

        assert!(same.is_err() && other.is_ok());
    }

    #[test]
    fn who_gets_it_right_begins_anew_and_so_does_who_waits_an_hour() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            throttle.begin(&ana(), address(1), NOW).unwrap();
        }
        throttle.succeed(&ana(), address(1));
        for _ in 0..5 {
            throttle.begin(&ana(), address(1), NOW).unwrap();
        }
        assert!(throttle.begin(&ana(), address(1), NOW).is_err());

        let later = at(3600);

        for _ in 0..5 {
            throttle.begin(&ana(), address(1), later).unwrap();
        }
    }

    #[test]
    fn confirming_within_a_visit_is_counted_apart_from_signing_in() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            throttle.begin(&ana(), address(1), NOW).unwrap();
            throttle.begin_to_confirm("stolen", NOW).unwrap();
        }

        let stolen = throttle.begin_to_confirm("stolen", NOW).unwrap_err();

        assert_eq!(stolen.at, at(1));
        assert!(throttle.begin_to_confirm("own", NOW).is_ok());
        throttle.confirm("own");
        throttle.confirm("stolen");
        assert!(throttle.begin_to_confirm("stolen", NOW).is_ok());
        assert!(throttle.begin(&ana(), address(1), NOW).is_err());
    }

    #[test]
    fn memory_is_bounded_and_keeps_those_who_missed_most() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            throttle.begin(&ana(), address(1), NOW).unwrap();
        }

        for n in 0..2 * u32::try_from(MOST).unwrap() {
            let email = format!("p{n}@example.com").parse().unwrap();
            throttle
                .begin(&email, IpAddr::from((0x0a00_0000 + n).to_be_bytes()), NOW)
                .unwrap();
        }

        assert!(throttle.lock().by_account.0.len() <= MOST);
        assert!(throttle.lock().by_address.0.len() <= MOST);
        assert!(throttle.begin(&ana(), address(2), NOW).is_err());
    }
}
