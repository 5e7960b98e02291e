//! What every store promises, as tests against the trait.

use std::sync::Arc;

use tempfile::TempDir;

use super::redb::RedbStore;
use super::{Store, StoreError};
use crate::{
    crypto::{
        random::Entropy,
        sealed::MasterKey,
        signer::{Algorithm, Signer},
    },
    domain::{
        actor::Actor,
        api::Api,
        audit::{Action, AuditPage},
        change::{Change, Commit, Effect},
        key::SigningKey,
        time::Timestamp,
    },
};

#[tokio::test]
async fn a_commit_is_there_after_a_restart() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("jeton.redb");
    let entropy = Entropy::seeded(1);
    let master = MasterKey::generate(&entropy);
    let store = RedbStore::create(&path, &master, &entropy).unwrap();
    let before = store.load().await.unwrap();
    let now = Timestamp(1_000_000);
    let api = Api::admin(now);
    let key = SigningKey::new(Signer::generate(Algorithm::Es256, &entropy), now, now);
    let changes = vec![
        Change {
            action: Action::ApiCreate,
            effect: Effect::Api(api.identifier.clone(), Some(api.into())),
        },
        Change {
            action: Action::KeyGenerate,
            effect: Effect::Key(key.id.clone(), Some(key.into())),
        },
    ];
    let commit = Commit::new(&before, now, &Actor::local(0), changes);
    let after = before.apply(&commit);
    store.commit(Arc::new(commit.clone())).await.unwrap();
    assert_eq!(store.load().await.unwrap(), after);
    assert!(matches!(
        store.commit(Arc::new(commit)).await,
        Err(StoreError::Conflict)
    ));
    store.close().await.unwrap();
    drop(store);
    let store = RedbStore::open(&path, &master, &entropy).unwrap();
    assert_eq!(store.load().await.unwrap(), after);
    assert_eq!(store.verify_audit().await.unwrap(), 2);
    let page = AuditPage {
        limit: 10,
        ..AuditPage::default()
    };
    assert_eq!(store.audit(page).await.unwrap()[0].seq, 2);
}
