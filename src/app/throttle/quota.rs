//! How often one address may do something in a while: what is too often has to wait for the rest of it.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::network;

use crate::domain::time::{Span, Timestamp};

/// How many addresses are remembered; the older half is forgotten for further ones, so that a crowd
/// shuts nobody else out.
const ADDRESSES: usize = 10_000;

/// What each address did, since the beginning of its window.
#[derive(Debug)]
pub struct Quota {
    most: u32,
    window: Span,
    windows: Mutex<Windows>,
}

type Windows = HashMap<IpAddr, (Timestamp, u32)>;

impl Quota {
    /// An address may do it `most` times in `window`.
    pub fn new(most: u32, window: Span) -> Self {
        Self {
            most,
            window,
            windows: Mutex::default(),
        }
    }

    /// Counts one more from `address`.
    ///
    /// # Errors
    /// How long to wait, if there were too many; then this one does not count.
    pub fn take(&self, address: IpAddr, now: Timestamp) -> Result<(), Span> {
        let mut all = self.lock();
        let network = network(address);
        if all.len() >= ADDRESSES && !all.contains_key(&network) {
            all.retain(|_, (since, _)| self.is_open(*since, now));
            if all.len() >= ADDRESSES {
                forget_older_half(&mut all);
            }
        }
        let (since, count) = all.entry(network).or_insert((now, 0));
        if !self.is_open(*since, now) {
            (*since, *count) = (now, 0);
        }
        if *count >= self.most {
            return Err(since.plus(self.window).since(now));
        }
        *count += 1;
        Ok(())
    }

    /// How long `address` has to wait, if it does.
    pub(super) fn wait(&self, address: IpAddr, now: Timestamp) -> Option<Span> {
        let (since, count) = *self.lock().get(&network(address))?;
        let is_over = self.is_open(since, now) && count >= self.most;
        is_over.then(|| since.plus(self.window).since(now))
    }

    /// Whether a window that began then is still the present one; a clock that was set back begins anew.
    fn is_open(&self, since: Timestamp, now: Timestamp) -> bool {
        since <= now && now.since(since) < self.window
    }

    fn lock(&self) -> MutexGuard<'_, Windows> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    const MOST: u32 = 20;
    const WINDOW: Span = Span::minutes(1);
    const NOW: Timestamp = Timestamp(1_800_000_000);

    #[test]
    fn an_address_waits_for_the_rest_of_its_minute_and_no_other_does() {
        let quota = Quota::new(MOST, WINDOW);
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        for _ in 0..MOST {
            assert_eq!(quota.take(one, NOW), Ok(()));
        }

        let later = NOW.plus(Span(20));

        assert_eq!(quota.take(one, later), Err(Span(40)));
        assert_eq!(quota.wait(one, later), Some(Span(40)));
        assert_eq!(quota.wait(other, later), None);
        assert_eq!(quota.take(other, later), Ok(()));
        assert_eq!(quota.take(one, NOW.plus(WINDOW)), Ok(()));
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let quota = Quota::new(MOST, WINDOW);
        for n in 0..MOST {
            let address = Ipv6Addr::from_bits((0x2001_0db8 << 96) | u128::from(n));
            quota.take(address.into(), NOW).unwrap();
        }

        assert!(quota.take("2001:db8::ffff".parse().unwrap(), NOW).is_err());
    }

    #[test]
    fn a_crowd_shuts_nobody_out_and_takes_up_no_more_room() {
        let quota = Quota::new(MOST, WINDOW);
        let one = |n: usize| Ipv6Addr::from_bits((0x2001_0db8 << 96) | ((n as u128) << 64)).into();
        for n in 0..ADDRESSES {
            quota
                .take(one(n), NOW.plus(Span(u64::from(n > 9))))
                .unwrap();
        }

        quota.take(one(9), NOW.plus(Span(1))).unwrap();
        assert_eq!(quota.windows.lock().unwrap().len(), ADDRESSES);
        let last = one(ADDRESSES);
        for _ in 0..MOST {
            assert_eq!(quota.take(last, NOW.plus(Span(2))), Ok(()));
        }

        assert!(quota.take(last, NOW.plus(Span(2))).is_err());
        assert!(quota.windows.lock().unwrap().len() <= ADDRESSES);
        assert!(
            !quota.windows.lock().unwrap().contains_key(&one(0)),
            "the oldest"
        );
    }
}
