//! When each secret was last used, and how often: exact, in memory, without a lock.
//!
//! The detail of usage may be dropped under load or lost with a crash's last flush interval; these
//! two numbers are not, while the process lives. They are what deadlines are judged by.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use arc_swap::ArcSwap;
use rpds::HashTrieMapSync;

use crate::domain::{
    change::{Commit, Effect},
    client::Client,
    id::SecretId,
    registry::Registry,
    time::Timestamp,
    usage::LastUse,
};

/// One mark for each secret. Those who hold the map as it was, and as it is, hold the same marks.
#[derive(Debug)]
pub(super) struct LastUses(ArcSwap<HashTrieMapSync<SecretId, Mark>>);

#[derive(Debug, Default)]
struct Mark {
    at: AtomicI64,
    count: AtomicU64,
}

impl LastUses {
    /// Marks for every secret in `registry`, beginning with what is on record.
    pub(super) fn new(registry: &Registry, recorded: Vec<(SecretId, LastUse)>) -> Self {
        let mut marks = HashTrieMapSync::new_sync();
        for secret in registry.clients().flat_map(|client| &client.secrets) {
            marks.insert_mut(secret.id.clone(), Mark::default());
        }
        for (id, last) in recorded {
            let mark = Mark {
                at: last.at.0.into(),
                count: last.count.into(),
            };
            marks.insert_mut(id, mark);
        }
        Self(ArcSwap::from_pointee(marks))
    }

    /// Marks for the secrets that `commit` brings. Called by the executor only.
    pub(super) fn follow(&self, commit: &Commit) {
        self.add(
            commit
                .changes
                .iter()
                .filter_map(|change| match &change.effect {
                    Effect::Client(_, client) => client.as_deref(),
                    Effect::Api(..)
                    | Effect::Key(..)
                    | Effect::Operator(..)
                    | Effect::Told(..)
                    | Effect::Handover(..)
                    | Effect::RegistrationToken(..)
                    | Effect::Policy(_)
                    | Effect::MasterKey(_)
                    | Effect::Nothing => None,
                }),
        );
    }

    /// Marks for all secrets of `registry`. Called by the executor only.
    pub(super) fn follow_registry(&self, registry: &Registry) {
        self.add(registry.clients().map(Arc::as_ref));
    }

    fn add<'a>(&self, clients: impl Iterator<Item = &'a Client>) {
        let mut marks = HashTrieMapSync::clone(&self.0.load());
        for secret in clients.flat_map(|client| &client.secrets) {
            if !marks.contains_key(&secret.id) {
                marks.insert_mut(secret.id.clone(), Mark::default());
            }
        }
        self.0.store(Arc::new(marks));
    }

    /// Notes a use.
    pub(super) fn mark(&self, secret: &SecretId, at: Timestamp) {
        if let Some(mark) = self.0.load().get(secret) {
            mark.at.fetch_max(at.0, Ordering::Relaxed);
            mark.count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The latest use, and the number of uses.
    pub(super) fn of(&self, secret: &SecretId) -> Option<(Timestamp, u64)> {
        let marks = self.0.load();
        let mark = marks.get(secret)?;
        let count = mark.count.load(Ordering::Relaxed);
        (count > 0).then(|| (Timestamp(mark.at.load(Ordering::Relaxed)), count))
    }
}
