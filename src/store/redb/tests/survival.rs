//! What is still there after a restart, and in a backup.

use std::fs;

use proptest::{collection, prelude::*};

use super::*;
use crate::domain::{
    assertion::UsedAssertion,
    revocation::Revocation,
    time::{Span, Timestamp},
};

const NOW: Timestamp = Timestamp(1_900_000_000);

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn the_registry_after_a_restart_is_the_registry_after_apply(
        steps in collection::vec((arbitrary::changes(), any::<bool>()), 1..10)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let bench = Bench::new();
        let mut store = bench.create().unwrap();
        runtime.block_on(async {
            let mut registry = store.load().await.unwrap();
            for (at, (changes, restart)) in steps.into_iter().enumerate() {
                let commit = arbitrary::commit(&registry, i64::try_from(at).unwrap(), changes);
                registry = registry.apply(&commit);
                store.commit(Arc::new(commit)).await.unwrap();
                if restart {
                    store.close().await.unwrap();
                    store = bench.open().unwrap();
                }
                prop_assert_eq!(&store.load().await.unwrap(), &registry);
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn a_file_that_was_compacted_is_smaller_and_holds_the_same() {
    let (bench, _) = Bench::filled(10).await;
    let store = bench.open().unwrap();
    let used = (0..5000).map(|number| UsedAssertion {
        client: "svc".parse().unwrap(),
        id: number.to_string(),
        expires: NOW,
    });
    store.use_assertions(used.collect()).await.unwrap();
    store.prune(NOW.plus(Span::days(1000))).await.unwrap();
    let content = Content::of(&store).await;

    let (before, after) = store.compact().unwrap();

    assert!(after < before, "{after} bytes of {before}");
    assert_eq!(fs::metadata(bench.path()).unwrap().len(), after);
    assert_eq!(Content::of(&store).await, content);
    store.close().await.unwrap();
    assert_eq!(Content::of(&bench.open().unwrap()).await, content);
}

/// ST-07
#[tokio::test]
async fn a_backup_holds_everything_and_opens_with_the_same_key() {
    let (bench, content) = Bench::filled(10).await;
    let store = bench.open().unwrap();
    let to = bench.directory.path().join("backup.redb");

    let report = store.backup(&to).await.unwrap();

    fill(&store, 2).await;
    let copy = RedbStore::open(&to, &bench.master, &bench.entropy).unwrap();
    assert_eq!(Content::of(&copy).await, content);
    assert_eq!(report.revision, content.registry.revision().0);
    assert_eq!(report.bytes, fs::metadata(&to).unwrap().len());
    assert_eq!(report.master_key_id, bench.master.id());
    let other = MasterKey::generate(&Entropy::seeded(9));
    drop(copy);
    assert!(matches!(
        RedbStore::open(&to, &other, &bench.entropy),
        Err(OpenError::WrongMasterKey { .. })
    ));
}

/// ST-07
#[tokio::test]
async fn no_revoked_token_and_no_used_assertion_comes_back_with_a_backup() {
    let bench = Bench::new();
    let store = bench.create().unwrap();
    let revoked = Revocation {
        token: "one".to_owned(),
        expires: NOW.plus(Span::hours(1)),
    };
    let used = UsedAssertion {
        client: "svc".parse().unwrap(),
        id: "one".to_owned(),
        expires: NOW.plus(Span::hours(1)),
    };
    store.revoke(revoked.clone()).await.unwrap();
    let first = store.use_assertions(vec![used.clone()]).await.unwrap();
    assert_eq!(first, [true]);
    let to = bench.directory.path().join("backup.redb");
    store.backup(&to).await.unwrap();

    let copy = RedbStore::open(&to, &bench.master, &bench.entropy).unwrap();

    assert_eq!(copy.revocations(NOW).await.unwrap(), [revoked]);
    assert_eq!(copy.use_assertions(vec![used]).await.unwrap(), [false]);
}

#[tokio::test]
async fn a_backup_replaces_nothing_and_leaves_nothing_behind_when_it_fails() {
    let (bench, _) = Bench::filled(1).await;
    let store = bench.open().unwrap();
    let to = bench.directory.path().join("backup.redb");
    fs::write(&to, b"precious").unwrap();

    let taken = store.backup(&to).await.unwrap_err();
    let nowhere = store
        .backup(&bench.directory.path().join("no/backup.redb"))
        .await;

    assert!(
        taken.to_string().contains("there is a file already"),
        "{taken}"
    );
    assert!(nowhere.is_err());
    assert_eq!(fs::read(&to).unwrap(), b"precious");
    assert_eq!(fs::read_dir(bench.directory.path()).unwrap().count(), 2);
}

#[tokio::test]
async fn a_backup_is_of_one_moment_while_changes_go_on() {
    let (bench, _) = Bench::filled(5).await;
    let store = bench.open().unwrap();
    let to = bench.directory.path().join("backup.redb");

    let (report, ()) = tokio::join!(store.backup(&to), fill(&store, 5));

    let copy = RedbStore::open(&to, &bench.master, &bench.entropy).unwrap();
    let content = Content::of(&copy).await;
    assert_eq!(content.registry.revision().0, report.unwrap().revision);
    assert_eq!(content.verified, content.audit.len() as u64);
}

#[tokio::test]
async fn a_file_that_lost_its_name_is_not_written_to() {
    let (bench, content) = Bench::filled(2).await;
    let store = bench.open().unwrap();
    fs::rename(bench.path(), bench.directory.path().join("elsewhere")).unwrap();

    let error = commit(&store, Action::ServerBackup).await.unwrap_err();

    assert!(
        error.to_string().contains("was moved or replaced"),
        "{error}"
    );
    fs::rename(bench.directory.path().join("elsewhere"), bench.path()).unwrap();
    assert_eq!(store.load().await.unwrap(), content.registry);
    assert!(commit(&store, Action::ServerBackup).await.is_ok());
}
