//! Slow-hashed secrets: verified off the runtime, a few at a time, then remembered for a while.
//!
//! Only secrets that people chose come here. What is remembered is a MAC under a key that lives
//! as long as the process, never the secret.
//!
//! Guesses from anywhere may take two thirds of the places in which one waits. The others are for who was found right before,
//! from the same address: however many guess, a client is served where it is at home.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arc_swap::ArcSwap;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::throttle::network;
use crate::{
    crypto::{
        mac::{MacKey, SecretDigest},
        password::PasswordHash,
        random::Entropy,
    },
    domain::{
        id::SecretId,
        time::{Span, Timestamp},
    },
};

/// For how long a verified secret is remembered.
pub const REMEMBERED_FOR: Span = Span::minutes(5);

/// How many verifications may run or wait at once; each takes 19 MiB while it runs.
const MOST_WAITING: usize = 48;

/// How many of these places are for who was found right before.
const RESERVED: usize = 16;

/// How many secrets are remembered at most; beyond it, the memory starts afresh.
const MOST_REMEMBERED: usize = 10_000;

/// Too many verifications wait already; ask again later.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("too many chosen secrets are being verified")]
pub struct Overloaded;

type Memory = HashMap<SecretId, (SecretDigest, Timestamp)>;

/// The secrets verified lately.
#[derive(Debug)]
pub(super) struct RememberedSecrets {
    key: MacKey,
    memory: ArcSwap<Memory>,
    /// Where secrets were found right since the start.
    homes: Mutex<HashSet<Home>>,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// A secret, and a network that it came from.
type Home = (SecretId, IpAddr);

impl RememberedSecrets {
    pub(super) fn new(entropy: &Entropy) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        // Half of the processors are for those who need no such check.
        let at_once = (cores / 2).max(1);
        Self {
            key: MacKey::new(&entropy.bytes()),
            memory: ArcSwap::default(),
            homes: Mutex::default(),
            running: Arc::new(Semaphore::new(at_once)),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
        }
    }

    /// Whether this very text was verified for this secret within [`REMEMBERED_FOR`].
    pub(super) fn remembers(&self, secret: &SecretId, presented: &str, now: Timestamp) -> bool {
        let memory = self.memory.load();
        let Some((digest, until)) = memory.get(secret) else {
            return false;
        };
        digest.matches(&self.digest(secret, presented)) && now < *until
    }

    pub(super) async fn verify(
        &self,
        secret: SecretId,
        hash: PasswordHash,
        presented: Zeroizing<String>,
        (from, now): (IpAddr, Timestamp),
    ) -> Result<bool, Overloaded> {
        let home = (secret.clone(), network(from));
        if self.waiting.available_permits() <= RESERVED && !self.homes().contains(&home) {
            return Err(Overloaded);
        }
        let _place = self.waiting.try_acquire().map_err(|_| Overloaded)?;
        let _turn = self.running.acquire().await.map_err(|_| Overloaded)?;
        let digest = self.digest(&secret, &presented);
        let verified = tokio::task::spawn_blocking(move || hash.verify(&presented))
            .await
            .map_err(|_| Overloaded)?;
        if verified {
            self.settle(home);
            let until = now.plus(REMEMBERED_FOR);
            self.memory.rcu(|memory| {
                let mut next = if memory.len() < MOST_REMEMBERED {
                    Memory::clone(memory)
                } else {
                    Memory::default()
                };
                next.retain(|_, (_, until)| now < *until);
                next.insert(secret.clone(), (digest.clone(), until));
                next
            });
        }
        Ok(verified)
    }

    /// Where a secret was found right, it is at home; beyond the most, that starts afresh.
    fn settle(&self, home: Home) {
        let mut homes = self.homes();
        if homes.len() >= MOST_REMEMBERED {
            homes.clear();
        }
        homes.insert(home);
    }

    fn homes(&self) -> MutexGuard<'_, HashSet<Home>> {
        self.homes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn digest(&self, secret: &SecretId, presented: &str) -> SecretDigest {
        let parts = [secret.as_str().as_bytes(), presented.as_bytes()];
        SecretDigest::new(self.key.digest_parts(&parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[tokio::test]
    async fn a_secret_is_verified_where_it_is_at_home_however_many_others_wait() {
        let entropy = Entropy::seeded(1);
        let remembered = RememberedSecrets::new(&entropy);
        let secret = SecretId::generate(&entropy);
        let hash = PasswordHash::of("the right one", &entropy);
        let verify = |presented: &str, from| {
            let presented = Zeroizing::new(presented.to_owned());
            remembered.verify(secret.clone(), hash.clone(), presented, (from, NOW))
        };
        assert_eq!(verify("the right one", address(1)).await, Ok(true));
        assert_eq!(verify("a guess", address(2)).await, Ok(false));

        let others = u32::try_from(MOST_WAITING - RESERVED).unwrap();
        let others = remembered.waiting.try_acquire_many(others).unwrap();

        assert_eq!(verify("the right one", address(1)).await, Ok(true));
        for (presented, from) in [("the right one", 3), ("a guess", 2)] {
            assert_eq!(verify(presented, address(from)).await, Err(Overloaded));
        }
        drop(others);
        assert_eq!(verify("the right one", address(3)).await, Ok(true));
        let all = remembered
            .waiting
            .try_acquire_many(u32::try_from(MOST_WAITING).unwrap());
        assert!(all.is_ok());
        assert_eq!(verify("the right one", address(1)).await, Err(Overloaded));
    }

    #[tokio::test]
    async fn homes_take_up_no_more_room_however_many_there_are() {
        let entropy = Entropy::seeded(1);
        let remembered = RememberedSecrets::new(&entropy);
        let secret = SecretId::generate(&entropy);

        let most = u32::try_from(MOST_REMEMBERED).unwrap();
        for n in 0..2 * most {
            remembered.settle((secret.clone(), n.to_be_bytes().into()));
            let kept = usize::try_from(n % most).unwrap() + 1;
            assert_eq!(remembered.homes().len(), kept);
        }
    }

    #[tokio::test]
    async fn what_was_verified_is_remembered_for_its_time_and_no_longer() {
        let entropy = Entropy::seeded(1);
        let remembered = RememberedSecrets::new(&entropy);
        let (one, other) = (SecretId::generate(&entropy), SecretId::generate(&entropy));
        let hash = PasswordHash::of("the right one", &entropy);
        let verify = |secret: &SecretId, at| {
            let presented = Zeroizing::new("the right one".to_owned());
            remembered.verify(secret.clone(), hash.clone(), presented, (address(1), at))
        };
        let until = NOW.plus(REMEMBERED_FOR);

        assert!(!remembered.remembers(&one, "the right one", NOW));
        assert_eq!(verify(&one, NOW).await, Ok(true));

        assert!(remembered.remembers(&one, "the right one", until.minus(Span(1))));
        assert!(!remembered.remembers(&one, "the right one", until));
        assert!(!remembered.remembers(&one, "a guess", NOW));
        assert!(!remembered.remembers(&other, "the right one", NOW));
        assert_eq!(verify(&other, until.minus(Span(1))).await, Ok(true));
        assert_eq!(remembered.memory.load().len(), 2);
        assert_eq!(verify(&other, until).await, Ok(true));
        assert_eq!(remembered.memory.load().len(), 1, "what is over is let go");
    }

    #[tokio::test]
    async fn no_more_secrets_are_remembered_than_there_may_be() {
        let entropy = Entropy::seeded(1);
        let remembered = RememberedSecrets::new(&entropy);
        let hash = PasswordHash::of("the right one", &entropy);
        let full = (1..MOST_REMEMBERED).map(|_| {
            let digest = SecretDigest::new([0; 32]);
            (SecretId::generate(&entropy), (digest, NOW.plus(Span(1))))
        });
        remembered.memory.store(Arc::new(full.collect()));
        for kept in [MOST_REMEMBERED, 1] {
            let presented = Zeroizing::new("the right one".to_owned());
            let secret = SecretId::generate(&entropy);
            let verified = remembered.verify(secret, hash.clone(), presented, (address(1), NOW));
            assert_eq!(verified.await, Ok(true));
            assert_eq!(remembered.memory.load().len(), kept);
        }
    }
}
