//! Guessing, slowed down: at passwords and codes here, at the secrets of clients in [`ClientThrottle`].
//!
//! Passwords and codes: slower with every miss, by address and by account; and by visit,
//! for those who have signed in and confirm that it is them.
//!
//! A try counts as a miss until it is known to be right, so that a thousand at once are a thousand
//! misses. Five are free; then one waits a second, two, four, up to a quarter of an hour. All in
//! memory, and not much of it.

mod clients;
mod ledger;
mod quota;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
};

use self::ledger::{Ledger, Terms};
pub use self::{
    clients::{Claim, ClientThrottle, HeldBack, Refusals},
    quota::Quota,
};

use crate::domain::{name::Email, time::Timestamp};

/// How many misses cost nothing, and how many names are remembered of each kind.
const PEOPLE: Terms = Terms {
    free: 5,
    most: 10_000,
};

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

#[derive(Debug)]
struct Misses {
    by_account: Ledger<Email>,
    by_address: Ledger<IpAddr>,
    /// By visit.
    confirming: Ledger<String>,
}

impl Default for Misses {
    fn default() -> Self {
        Self {
            by_account: Ledger::new(PEOPLE),
            by_address: Ledger::new(PEOPLE),
            confirming: Ledger::new(PEOPLE),
        }
    }
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
        misses.by_account.forget(account);
        misses.by_address.forget(&network(address));
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
        self.lock().confirming.forget(&visit.to_owned());
    }

    fn lock(&self) -> MutexGuard<'_, Misses> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What counts as one address: who has an IPv6 address has the whole /64.
pub fn network(address: IpAddr) -> IpAddr {
    masked(address, (32, 64))
}

/// The network of an address, by the lengths of its prefix in IPv4 and in IPv6.
fn masked(address: IpAddr, (of_v4, of_v6): (u32, u32)) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - of_v4).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - of_v6).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Span;

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

        for n in 0..2 * u32::try_from(PEOPLE.most).unwrap() {
            let email = format!("p{n}@example.com").parse().unwrap();
            throttle
                .begin(&email, IpAddr::from((0x0a00_0000 + n).to_be_bytes()), NOW)
                .unwrap();
        }

        assert!(throttle.lock().by_account.len() <= PEOPLE.most);
        assert!(throttle.lock().by_address.len() <= PEOPLE.most);
        assert!(throttle.begin(&ana(), address(2), NOW).is_err());
    }
}
