//! The tokens that were revoked one by one: durable first, then in memory, then 200.
//!
//! The list is small: a token is on it until it would have expired by itself. Looking into it takes
//! no lock.

use std::sync::Arc;

use rpds::HashTrieMapSync;
use tokio::sync::Mutex;

use super::published::Published;
use crate::{
    domain::{revocation::Revocation, time::Timestamp},
    store::{Store, StoreError},
};

type Tokens = HashTrieMapSync<String, Timestamp>;

/// The tokens that were revoked one by one.
#[derive(Clone)]
pub(super) struct Revocations {
    published: Published<Tokens>,
    writing: Arc<Mutex<()>>,
    store: Arc<dyn Store>,
}

impl Revocations {
    /// As they are on record at `now`.
    pub(super) async fn load(store: Arc<dyn Store>, now: Timestamp) -> Result<Self, StoreError> {
        let mut tokens = Tokens::new_sync();
        for Revocation { token, expires } in store.revocations(now).await? {
            tokens.insert_mut(token, expires);
        }
        Ok(Self {
            published: Published::new(Arc::new(tokens)),
            writing: Arc::default(),
            store,
        })
    }

    /// Whether the token with this `jti` was revoked.
    pub(super) fn has(&self, token: &str) -> bool {
        self.published.current().contains_key(token)
    }

    /// Revokes a token: on disk, then for everybody. Forgets those whose time is over at `now`.
    pub(super) async fn add(
        &self,
        revocation: Revocation,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let _turn = self.writing.lock().await;
        self.store.revoke(revocation.clone()).await?;
        let mut tokens = Tokens::clone(&self.published.current());
        let over: Vec<String> = tokens
            .iter()
            .filter(|(_, expires)| **expires <= now)
            .map(|(token, _)| token.clone())
            .collect();
        for token in over {
            tokens.remove_mut(&token);
        }
        tokens.insert_mut(revocation.token, revocation.expires);
        self.published.publish(Arc::new(tokens));
        Ok(())
    }
}
