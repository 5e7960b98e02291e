//! How many tokens each client got lately, against its quota. In memory, and without a lock: a quota bounds
//! what a client costs, and begins anew with the process.
//!
//! Each client has one number, the moment up to which its tokens are paid for (the generic cell rate algorithm):
//! a token moves it on by the share of one, and is too much if it lies further ahead than a burst may.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use arc_swap::ArcSwap;
use rpds::HashTrieMapSync;

use super::App;
use crate::domain::{
    client::Client,
    id::ClientId,
    limits::{QuotaMode, TokenQuota},
    time::{Span, Timestamp},
};

/// One meter for each client that has a quota and asked since the start.
#[derive(Debug)]
pub(super) struct Quotas(ArcSwap<HashTrieMapSync<ClientId, Arc<Meter>>>);

#[derive(Debug)]
struct Meter {
    /// What it counts against: for another one, another meter begins.
    quota: TokenQuota,
    /// In microseconds since 1970.
    paid_until: AtomicI64,
    over: AtomicU64,
    last_over: AtomicI64,
}

/// What was too much for a quota, or would have been.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Over {
    /// How many requests.
    pub count: u64,
    /// The latest.
    pub last: Timestamp,
}

impl App {
    /// Takes a token out of a client's quota. Takes no lock.
    ///
    /// # Errors
    /// How long to wait for one, if the client has had its tokens for now.
    pub fn take_token(&self, client: &ClientId, quota: &TokenQuota) -> Result<(), Span> {
        self.0.quotas.take(client, quota, self.now())
    }

    /// What was too much for a client's quota since it was set or the server started, or would have been.
    pub fn over_quota(&self, client: &Client) -> Option<Over> {
        let quota = client.rules.limits.quota.as_ref()?;
        self.0.quotas.over(&client.id, quota)
    }
}

impl Default for Quotas {
    fn default() -> Self {
        Self(ArcSwap::from_pointee(HashTrieMapSync::new_sync()))
    }
}

impl Quotas {
    /// Takes a token out of the quota of `client`.
    ///
    /// # Errors
    /// How long to wait for one, if it is too much and the quota is enforced.
    fn take(&self, client: &ClientId, quota: &TokenQuota, now: Timestamp) -> Result<(), Span> {
        let meter = self.meter(client, quota);
        let Err(wait) = meter.take(now) else {
            return Ok(());
        };
        meter.over.fetch_add(1, Ordering::Relaxed);
        meter.last_over.fetch_max(now.0, Ordering::Relaxed);
        match quota.mode {
            QuotaMode::Watch => Ok(()),
            QuotaMode::Enforce => Err(wait),
        }
    }

    /// What was too much for this quota of `client`, or would have been.
    fn over(&self, client: &ClientId, quota: &TokenQuota) -> Option<Over> {
        let meters = self.0.load();
        let meter = meters.get(client).filter(|meter| meter.quota == *quota)?;
        let count = meter.over.load(Ordering::Relaxed);
        (count > 0).then(|| Over {
            count,
            last: Timestamp(meter.last_over.load(Ordering::Relaxed)),
        })
    }

    fn meter(&self, client: &ClientId, quota: &TokenQuota) -> Arc<Meter> {
        let is_it = |meter: &&Arc<Meter>| meter.quota == *quota;
        if let Some(meter) = self.0.load().get(client).filter(is_it) {
            return Arc::clone(meter);
        }
        let new = Arc::new(Meter {
            quota: *quota,
            paid_until: AtomicI64::default(),
            over: AtomicU64::default(),
            last_over: AtomicI64::default(),
        });
        self.0.rcu(|meters| match meters.get(client).filter(is_it) {
            Some(_) => HashTrieMapSync::clone(meters),
            None => meters.insert(client.clone(), Arc::clone(&new)),
        });
        let meters = self.0.load();
        meters.get(client).filter(is_it).map_or(new, Arc::clone)
    }
}

impl Meter {
    fn take(&self, now: Timestamp) -> Result<(), Span> {
        const SECOND: i64 = 1_000_000;
        let share = self.quota.share();
        let now = now.0.saturating_mul(SECOND);
        // Moments are whole seconds: within one, what a second brings may come at once.
        let ahead = (share * i64::from(self.quota.burst())).max(share + SECOND);
        // A clock that was set back makes nobody wait for what it says of the future.
        let since = |paid: i64| {
            if paid > now.saturating_add(ahead) {
                now
            } else {
                paid.max(now)
            }
        };
        let taken = self
            .paid_until
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |paid| {
                let next = since(paid).saturating_add(share);
                (next <= now.saturating_add(ahead)).then_some(next)
            });
        taken.map(|_| ()).map_err(|paid| {
            let wait = since(paid).saturating_add(share) - ahead - now;
            let wait = (wait + SECOND - 1).div_euclid(SECOND).max(1);
            Span(u64::try_from(wait).unwrap_or(1))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::limits::Per;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn quota(tokens: u32, per: Per, burst: u32, mode: QuotaMode) -> TokenQuota {
        TokenQuota::new(tokens, per, Some(burst), mode).unwrap()
    }

    fn client(id: &str) -> ClientId {
        id.parse().unwrap()
    }

    #[test]
    fn a_burst_comes_at_once_and_then_one_token_after_the_other() {
        let quotas = Quotas::default();
        let (c, quota) = (client("c"), quota(6, Per::Minute, 3, QuotaMode::Enforce));
        let take = |at| quotas.take(&c, &quota, NOW.plus(Span(at)));

        for _ in 0..3 {
            take(0).unwrap();
        }

        let Err(wait) = take(0) else {
            panic!("three may come at once");
        };
        assert_eq!(wait, Span(10));
        assert!(take(9).is_err());
        take(10).unwrap();
        assert!(take(10).is_err());
        assert_eq!(quotas.over(&c, &quota).unwrap().count, 3);
        quotas.take(&client("d"), &quota, NOW).unwrap();
        // After a rest, no more than a burst.
        let all = (0..10).filter(|_| take(10_000).is_ok());
        assert_eq!(all.count(), 3);
    }

    #[test]
    fn over_an_hour_no_more_is_given_than_the_quota_and_a_burst() {
        let quotas = Quotas::default();
        let (c, quota) = (client("c"), quota(100, Per::Hour, 10, QuotaMode::Enforce));

        let all = (0..3600).filter(|at| quotas.take(&c, &quota, NOW.plus(Span(*at))).is_ok());

        let given = all.count();
        assert!((100..=110).contains(&given), "{given}");
    }

    #[test]
    fn what_is_watched_is_counted_and_given() {
        let quotas = Quotas::default();
        let (c, quota) = (client("c"), quota(1, Per::Hour, 1, QuotaMode::Watch));

        for _ in 0..5 {
            quotas.take(&c, &quota, NOW).unwrap();
        }

        let over = Over {
            count: 4,
            last: NOW,
        };
        assert_eq!(quotas.over(&c, &quota), Some(over));
        let mut other = quota;
        other.mode = QuotaMode::Enforce;
        assert_eq!(quotas.over(&c, &other), None);
        quotas.take(&c, &other, NOW).unwrap();
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nobody_wait_for_longer_than_a_burst() {
        let quotas = Quotas::default();
        let (c, quota) = (client("c"), quota(60, Per::Minute, 5, QuotaMode::Enforce));
        quotas.take(&c, &quota, NOW).unwrap();

        let earlier = NOW.minus(Span::days(1));

        let refused = (0..10).filter_map(|_| quotas.take(&c, &quota, earlier).err());
        assert!(refused.map(Span::seconds).all(|wait| wait <= 2));
        quotas.take(&c, &quota, earlier.plus(Span(3))).unwrap();
    }

    #[test]
    fn what_a_second_brings_may_come_at_once_and_is_not_too_much() {
        let quotas = Quotas::default();
        let (c, quota) = (
            client("c"),
            quota(60_000, Per::Minute, 1, QuotaMode::Enforce),
        );

        let all = (0..1001).filter(|_| quotas.take(&c, &quota, NOW).is_ok());

        assert_eq!(all.count(), 1001, "a thousand each second, and one");
        assert_eq!(quotas.over(&c, &quota), None);
        assert_eq!(quotas.take(&c, &quota, NOW), Err(Span(1)));
    }
}
