//! What every store promises, as tests against the trait. A backend is done when it passes.

mod acme;
mod assertions;
mod issued;
mod registry;
mod revocations;
mod sessions;
mod usage;

use tempfile::TempDir;

use super::Store;
use super::redb::RedbStore;
use crate::crypto::{random::Entropy, sealed::MasterKey};

/// Runs each promise on every store there is.
macro_rules! on_every_store {
    ($($promise:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $promise() {
                super::$promise(&crate::store::contract::in_memory()).await;
            })*
        }

        mod on_disk {
            $(#[tokio::test]
            async fn $promise() {
                let (store, _directory) = crate::store::contract::on_disk();
                super::$promise(&store).await;
            })*
        }
    };
}
use on_every_store;

fn in_memory() -> RedbStore {
    RedbStore::in_memory(&Entropy::seeded(1))
}

fn on_disk() -> (RedbStore, TempDir) {
    let directory = TempDir::new().unwrap();
    let entropy = Entropy::seeded(1);
    let path = directory.path().join("jeton.redb");
    let store = RedbStore::create(&path, &MasterKey::generate(&entropy), &entropy).unwrap();
    (store, directory)
}

async fn a_closed_store_says_so(store: &dyn Store) {
    store.close().await.unwrap();

    let error = store.load().await.unwrap_err();

    assert_eq!(
        error.to_string(),
        "the store is unavailable: the store is closed"
    );
    assert!(store.close().await.is_ok());
}

on_every_store![a_closed_store_says_so];
