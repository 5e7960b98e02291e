//! Slow-hashed secrets: verified off the runtime, a few at a time, then remembered for a while.
//!
//! Only secrets that people chose come here. What is remembered is a MAC under a key that lives
//! as long as the process, never the secret.

use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

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
const MOST_WAITING: usize = 32;

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
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl RememberedSecrets {
    pub(super) fn new(entropy: &Entropy) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            key: MacKey::new(&entropy.bytes()),
            memory: ArcSwap::default(),
            running: Arc::new(Semaphore::new(cores)),
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
        now: Timestamp,
    ) -> Result<bool, Overloaded> {
        let _place = self.waiting.try_acquire().map_err(|_| Overloaded)?;
        let _turn = self.running.acquire().await.map_err(|_| Overloaded)?;
        let digest = self.digest(&secret, &presented);
        let verified = tokio::task::spawn_blocking(move || hash.verify(&presented))
            .await
            .map_err(|_| Overloaded)?;
        if verified {
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

    fn digest(&self, secret: &SecretId, presented: &str) -> SecretDigest {
        let parts = [secret.as_str().as_bytes(), presented.as_bytes()];
        SecretDigest::new(self.key.digest_parts(&parts))
    }
}
