//! What holds of the file: who may open it, what damage does, what a thief finds.

mod backing_up;
mod chain;
mod damage;
mod faults;
mod golden;
mod issued;
mod kills;
mod opening;
mod power_loss;
mod restoring;
mod secrecy;
mod survival;
mod usage;

use std::{path::PathBuf, sync::Arc};

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use tempfile::TempDir;

use super::{OpenError, RedbStore};
use crate::{
    crypto::{random::Entropy, sealed::MasterKey},
    domain::{
        arbitrary,
        audit::{Action, AuditPage, AuditRecord},
        change::{Change, Effect},
        registry::Registry,
        usage::Tally,
    },
    store::{Store, StoreError, UsageOf},
};

/// How often something is tried: `usual`, unless this variable says otherwise.
#[expect(clippy::disallowed_methods, reason = "a test's own switch")]
fn times(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |told| told.parse().unwrap())
}

/// A data file in a directory of its own, and the key that opens it.
struct Bench {
    directory: TempDir,
    master: MasterKey,
    entropy: Entropy,
}

impl Bench {
    fn new() -> Self {
        let entropy = Entropy::seeded(1);
        Self {
            directory: TempDir::new().unwrap(),
            master: MasterKey::generate(&entropy),
            entropy,
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("jeton.redb")
    }

    fn create(&self) -> Result<RedbStore, OpenError> {
        RedbStore::create(&self.path(), &self.master, &self.entropy)
    }

    fn open(&self) -> Result<RedbStore, OpenError> {
        RedbStore::open(&self.path(), &self.master, &self.entropy)
    }

    /// A file with some of everything in it, closed, and what it holds.
    async fn filled(steps: usize) -> (Self, Content) {
        let bench = Self::new();
        let store = bench.create().unwrap();
        fill(&store, steps).await;
        let content = Content::of(&store).await;
        store.close().await.unwrap();
        (bench, content)
    }
}

/// Everything that can be read from a store.
#[derive(Debug, PartialEq)]
struct Content {
    registry: Registry,
    usage: Tally,
    audit: Vec<AuditRecord>,
    verified: u64,
    pepper: [u8; 32],
}

impl Content {
    async fn of(store: &RedbStore) -> Self {
        let registry = store.load().await.unwrap();
        let everything = AuditPage {
            limit: usize::MAX,
            ..AuditPage::default()
        };
        Self {
            pepper: registry.pepper().digest(b"a secret"),
            registry,
            usage: store.usage(UsageOf::Everyone).await.unwrap(),
            audit: store.audit(everything).await.unwrap(),
            verified: store
                .verify_audit(crate::store::AuditScope::All)
                .await
                .unwrap(),
        }
    }
}

/// Commits and flushes `steps` times; the same for the same number.
async fn fill(store: &RedbStore, steps: usize) {
    let mut runner = TestRunner::deterministic();
    let mut registry = store.load().await.unwrap();
    for at in 0..steps {
        let changes = arbitrary::changes()
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let commit = arbitrary::commit(&registry, i64::try_from(at).unwrap(), changes);
        registry = registry.apply(&commit);
        store.commit(Arc::new(commit)).await.unwrap();
        let mut tally = Tally::default();
        for _ in 0..5 {
            let seen = arbitrary::observation(2).new_tree(&mut runner).unwrap();
            tally.add(seen.current());
        }
        store.add_usage(tally).await.unwrap();
    }
}

/// Commits that something happened, of which only the audit log tells.
async fn commit(store: &RedbStore, action: Action) -> Result<(), StoreError> {
    let change = Change {
        action,
        effect: Effect::Nothing,
    };
    let base = store.load().await?;
    store
        .commit(Arc::new(arbitrary::commit(&base, 1, vec![change])))
        .await
}
