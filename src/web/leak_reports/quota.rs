//! How often one address may report: enough for a scanner, too little to keep the server busy.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
};

use crate::domain::time::{Span, Timestamp};

/// How many reports an address may send in [`WINDOW`].
const MOST: u32 = 20;

const WINDOW: Span = Span::minutes(1);

/// How many addresses are remembered; the older half is forgotten for further ones, so that a crowd
/// keeps nobody else from reporting.
const ADDRESSES: usize = 10_000;

/// Reports by address, since the beginning of its window.
#[derive(Default)]
pub(super) struct Quota(Mutex<Windows>);

type Windows = HashMap<IpAddr, (Timestamp, u32)>;

impl Quota {
    /// Counts a report from `address`.
    ///
    /// # Errors
    /// How long to wait, if there were too many.
    pub(super) fn take(&self, address: IpAddr, now: Timestamp) -> Result<(), Span> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let network = network(address);
        if all.len() >= ADDRESSES && !all.contains_key(&network) {
            all.retain(|_, (since, _)| is_open(*since, now));
            if all.len() >= ADDRESSES {
                forget_older_half(&mut all);
            }
        }
        let (since, count) = all.entry(network).or_insert((now, 0));
        if !is_open(*since, now) {
            (*since, *count) = (now, 0);
        }
        if *count >= MOST {
            return Err(since.plus(WINDOW).since(now));
        }
        *count += 1;
        Ok(())
    }
}

fn forget_older_half(all: &mut Windows) {
    let mut ages: Vec<_> = all
        .iter()
        .map(|(address, (since, _))| (*since, *address))
        .collect();
    let half = ages.len() / 2;
    ages.select_nth_unstable(half);
    for (_, address) in &ages[..half] {
        all.remove(address);
    }
}

/// Whether a window that began then is still the present one; a clock that was set back begins anew.
fn is_open(since: Timestamp, now: Timestamp) -> bool {
    since <= now && now.since(since) < WINDOW
}

/// Who has an IPv6 address has the whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    #[test]
    fn an_address_waits_for_the_rest_of_its_minute_and_no_other_does() {
        let quota = Quota::default();
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        for _ in 0..MOST {
            assert_eq!(quota.take(one, NOW), Ok(()));
        }

        let later = NOW.plus(Span(20));

        assert_eq!(quota.take(one, later), Err(Span(40)));
        assert_eq!(quota.take(other, later), Ok(()));
        assert_eq!(quota.take(one, NOW.plus(WINDOW)), Ok(()));
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let quota = Quota::default();
        for n in 0..MOST {
            let address = Ipv6Addr::from_bits((0x2001_0db8 << 96) | u128::from(n));
            quota.take(address.into(), NOW).unwrap();
        }

        assert!(quota.take("2001:db8::ffff".parse().unwrap(), NOW).is_err());
    }

    #[test]
    fn a_crowd_keeps_nobody_from_reporting_and_takes_up_no_more_room() {
        let quota = Quota::default();
        let one = |n: usize| Ipv6Addr::from_bits((0x2001_0db8 << 96) | ((n as u128) << 64)).into();
        for n in 0..ADDRESSES {
            quota
                .take(one(n), NOW.plus(Span(u64::from(n > 9))))
                .unwrap();
        }

        let last = one(ADDRESSES);
        for _ in 0..MOST {
            assert_eq!(quota.take(last, NOW.plus(Span(2))), Ok(()));
        }

        assert!(quota.take(last, NOW.plus(Span(2))).is_err());
        assert!(quota.0.lock().unwrap().len() <= ADDRESSES);
        assert!(!quota.0.lock().unwrap().contains_key(&one(0)), "the oldest");
    }
}
