//! Guessing at the secrets of clients: slower with every failure, by client and network, and by address.
//!
//! Nobody is ever locked out by a client's name alone: only failures from the same network count (/24 in
//! IPv4, /64 in IPv6). And whatever proves a client beyond doubt is served all the same: a secret of 256
//! random bits, a signature or a certificate cannot be guessed. So only what fails waits, and, where secrets
//! that people chose would have to be compared slowly, what might fail.
//!
//! Names that no client has count like those that one has. All in memory, and not much of it. Who did not
//! fail takes no lock, however many others do.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    net::IpAddr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use super::{
    Quota,
    ledger::{Ledger, Terms},
    masked,
};
use crate::{
    app::App,
    domain::time::{Span, Timestamp},
};

/// How many failures of a client from one network cost nothing. A library that tries both ways to send a secret fails
/// twice with each.
const FREE: u32 = 20;

/// How many failures from one address cost nothing in [`WINDOW`], in whosever name.
const FREE_OF_ADDRESS: u32 = 100;

/// For how long failures of one address are counted together.
const WINDOW: Span = Span::minutes(10);

/// How many parts the memory has, each under a lock of its own.
const SHARDS: usize = 64;

/// How many clients and networks each part remembers.
const MOST: usize = 250;

/// How many words of marks each part has: several times as many bits as it remembers names.
const WORDS: usize = 16;

/// How long a burst lasts after the last request that was held back.
const BURST: Span = Span::minutes(10);

/// Who fails, by their own word, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The client that a request says it comes from; nothing if it says nothing of that.
    pub client: Option<&'a str>,
    /// Where it comes from.
    pub address: IpAddr,
}

/// A request comes too early after others that failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HeldBack {
    /// When the next one counts, from now; at least a second.
    pub wait: Span,
    /// Whether this is the first since the last that counted: worth a line in the log.
    pub is_first: bool,
}

/// Requests that were held back one after the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refusals {
    /// The first.
    pub since: Timestamp,
    /// The latest.
    pub last: Timestamp,
    /// Where that came from.
    pub address: IpAddr,
    /// How many.
    pub count: u64,
}

/// Slows down guessing at the secrets of clients.
#[derive(Debug)]
pub struct ClientThrottle {
    /// How many clients and networks are remembered: while there are none, nobody looks.
    remembered: AtomicUsize,
    shards: Vec<Mutex<Shard>>,
    /// A bit for each that is remembered, which it may share with others: where none is, nobody need look. Those of a
    /// part are changed under its lock.
    marks: Vec<AtomicU64>,
    by_address: Quota,
    hasher: RandomState,
    /// Touched by who is held back, and by who asks about them.
    burst: Mutex<Option<Refusals>>,
}

#[derive(Debug)]
struct Shard {
    /// By a hash of the client's name, and its network.
    by_client: Ledger<(u64, IpAddr)>,
    /// Of whom it was told already that they are held back.
    told: Option<((u64, IpAddr), Timestamp)>,
}

impl App {
    /// What slows down guessing at the secrets of clients.
    pub fn client_throttle(&self) -> &ClientThrottle {
        &self.0.client_throttle
    }
}

impl Default for ClientThrottle {
    fn default() -> Self {
        let shard = || Shard {
            by_client: Ledger::new(Terms {
                free: FREE,
                most: MOST,
            }),
            told: None,
        };
        Self {
            remembered: AtomicUsize::new(0),
            shards: (0..SHARDS).map(|_| Mutex::new(shard())).collect(),
            marks: (0..SHARDS * WORDS).map(|_| AtomicU64::new(0)).collect(),
            by_address: Quota::new(FREE_OF_ADDRESS, WINDOW),
            hasher: RandomState::new(),
            burst: Mutex::default(),
        }
    }
}

impl ClientThrottle {
    /// Whether anybody failed lately. Takes no lock.
    pub fn has_failures(&self) -> bool {
        self.remembered.load(Ordering::Relaxed) > 0
    }

    /// How long such a request has to wait if it fails, or may fail; nothing if it need not.
    pub fn wait(&self, claim: Claim<'_>, now: Timestamp) -> Option<Span> {
        if !self.has_failures() {
            return None;
        }
        let key = self.key(claim);
        let of_client = self.shard(key).by_client.open_from(&key, now);
        let of_client = of_client.map(|at| at.since(now).max(Span(1)));
        of_client.max(self.by_address.wait(claim.address, now))
    }

    /// Counts a request that failed.
    ///
    /// # Errors
    /// [`HeldBack`] if too many failed before; then this one does not count.
    pub fn fail(&self, claim: Claim<'_>, now: Timestamp) -> Result<(), HeldBack> {
        let key = self.key(claim);
        let mut shard = self.shard(key);
        if let Some(at) = shard.by_client.open_from(&key, now) {
            let is_first = shard.told != Some((key, at));
            shard.told = Some((key, at));
            drop(shard);
            return Err(self.hold_back(claim, (at.since(now), is_first), now));
        }
        if let Err(wait) = self.by_address.take(claim.address, now) {
            drop(shard);
            let since = now.plus(wait);
            return Err(self.hold_back(claim, (wait, self.is_first(claim, since)), now));
        }
        let before = shard.by_client.len();
        shard.by_client.miss(key, now);
        if shard.by_client.len() < before {
            self.mark_anew(Self::place(key), &shard);
        } else {
            let (word, bit) = self.mark(key);
            word.fetch_or(bit, Ordering::Relaxed);
        }
        self.count(before, shard.by_client.len());
        Ok(())
    }

    /// It proved who it is: what failed before in its name, from its network, is forgiven. Waits for nobody, and takes
    /// no lock unless something may have failed.
    pub fn succeed(&self, claim: Claim<'_>) {
        let key = self.key(claim);
        if !self.is_marked(key) {
            return;
        }
        if let Ok(mut shard) = self.shards[Self::place(key)].try_lock() {
            let before = shard.by_client.len();
            shard.by_client.forget(&key);
            self.forgot(Self::place(key), &shard, before);
        }
    }

    /// Forgets what is too long ago to matter.
    pub fn forget_old(&self, now: Timestamp) {
        if !self.has_failures() {
            return;
        }
        for (place, shard) in self.shards.iter().enumerate() {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let before = shard.by_client.len();
            shard.by_client.forget_old(now);
            self.forgot(place, &shard, before);
        }
    }

    /// The requests that are held back these days, if there are any.
    pub fn held_back(&self, now: Timestamp) -> Option<Refusals> {
        let burst = *self.burst.lock().unwrap_or_else(PoisonError::into_inner);
        burst.filter(|burst| now.since(burst.last) < BURST)
    }

    fn hold_back(
        &self,
        claim: Claim<'_>,
        (wait, is_first): (Span, bool),
        now: Timestamp,
    ) -> HeldBack {
        let mut burst = self.burst.lock().unwrap_or_else(PoisonError::into_inner);
        let before = burst.filter(|burst| now.since(burst.last) < BURST);
        *burst = Some(Refusals {
            since: before.map_or(now, |burst| burst.since),
            last: now,
            address: claim.address,
            count: before.map_or(1, |burst| burst.count.saturating_add(1)),
        });
        HeldBack {
            wait: wait.max(Span(1)),
            is_first,
        }
    }

    /// Whether an address that has to wait until then was not told of yet.
    fn is_first(&self, claim: Claim<'_>, until: Timestamp) -> bool {
        let key = (0, super::network(claim.address));
        let mut shard = self.shard(key);
        let is_first = shard.told != Some((key, until));
        shard.told = Some((key, until));
        is_first
    }

    fn key(&self, claim: Claim<'_>) -> (u64, IpAddr) {
        let network = masked(claim.address, (24, 64));
        (self.hasher.hash_one(claim.client), network)
    }

    fn place(key: (u64, IpAddr)) -> usize {
        Self::spot(key) / WORDS
    }

    /// The word of its mark; those of a part follow one another.
    fn spot((client, network): (u64, IpAddr)) -> usize {
        let network = match network {
            IpAddr::V4(address) => u64::from(address.to_bits()),
            IpAddr::V6(address) => u64::try_from(address.to_bits() >> 64).unwrap_or_default(),
        };
        let mixed = (client ^ network).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        usize::try_from(mixed).unwrap_or_default() % (SHARDS * WORDS)
    }

    fn mark(&self, key: (u64, IpAddr)) -> (&AtomicU64, u64) {
        (&self.marks[Self::spot(key)], 1 << (key.0 % 64))
    }

    fn is_marked(&self, key: (u64, IpAddr)) -> bool {
        let (word, bit) = self.mark(key);
        word.load(Ordering::Relaxed) & bit != 0
    }

    /// Some may have been forgotten in a part that remembered so many before.
    fn forgot(&self, place: usize, shard: &Shard, before: usize) {
        if shard.by_client.len() < before {
            self.mark_anew(place, shard);
            self.count(before, shard.by_client.len());
        }
    }

    /// Marks those that a part remembers, and nobody else.
    fn mark_anew(&self, place: usize, shard: &Shard) {
        let first = place * WORDS;
        let mut marks = [0; WORDS];
        for key in shard.by_client.names() {
            marks[Self::spot(*key) - first] |= self.mark(*key).1;
        }
        for (mark, kept) in self.marks[first..].iter().zip(marks) {
            mark.store(kept, Ordering::Relaxed);
        }
    }

    fn shard(&self, key: (u64, IpAddr)) -> MutexGuard<'_, Shard> {
        let shard = &self.shards[Self::place(key)];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, before: usize, after: usize) {
        if after > before {
            self.remembered.fetch_add(after - before, Ordering::Relaxed);
        } else {
            self.remembered.fetch_sub(before - after, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
