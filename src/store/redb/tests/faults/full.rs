//! A disk that is full.

use super::*;

#[tokio::test]
async fn after_a_full_disk_nothing_is_lost_and_work_goes_on_once_there_is_room() {
    let (bench, content) = Bench::filled(3).await;
    let faults = Arc::<Faults>::default();
    let store = open_on(&bench, &faults);

    faults.set_full(true);
    let refused = commit(&store, Action::ServerBackup).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    assert_eq!(store.tend().await, Condition::Full);
    // What is read says nothing of room.
    assert_eq!(store.load().await.unwrap(), content.registry);
    assert_eq!(store.tend().await, Condition::Full);
    faults.set_full(false);

    assert_eq!(store.tend().await, Condition::Well);
    commit(&store, Action::ServerBackup).await.unwrap();
    let revision = store.report().await.unwrap().revision;
    assert_eq!(revision, content.registry.revision().0 + 1);
    store.close().await.unwrap();
    assert!(bench.open().is_ok());
}

/// How much is set aside in these tests.
const RESERVE: u64 = 1024 * 1024;

/// A disk that is full as long as room is set aside on it.
async fn without_room() -> (Bench, RedbStore, Arc<Faults>) {
    let (bench, _) = Bench::filled(3).await;
    let faults = Arc::<Faults>::default();
    faults.last.set(reserve(&bench)).unwrap();
    let store = open_on(&bench, &faults);
    store.keep_reserve(RESERVE).unwrap();
    faults.set_full(true);
    (bench, store, faults)
}

/// Where room is set aside.
fn reserve(bench: &Bench) -> PathBuf {
    bench.directory.path().join("jeton.reserve")
}

#[tokio::test]
async fn rights_can_be_taken_away_on_a_full_disk() {
    let (bench, store, faults) = without_room().await;
    let reserve = reserve(&bench);
    assert_eq!(fs::metadata(&reserve).unwrap().len(), RESERVE);

    commit(&store, Action::ClientCreate).await.unwrap_err();
    assert!(reserve.exists(), "it is not given up for everything");
    commit(&store, Action::ClientDisable).await.unwrap();
    assert_eq!(fs::metadata(&reserve).unwrap().len(), 0);
    commit(&store, Action::SecretRotate).await.unwrap();

    let disabled = store.load().await.unwrap();
    faults.set_full(false);
    assert_eq!(store.tend().await, Condition::Well, "there is room again");
    assert_eq!(fs::metadata(&reserve).unwrap().len(), RESERVE);
    store.close().await.unwrap();
    assert_eq!(bench.open().unwrap().load().await.unwrap(), disabled);
}

#[tokio::test]
async fn the_room_for_taking_rights_away_is_used_for_nothing_else() {
    let (_bench, store, faults) = without_room().await;
    commit(&store, Action::ClientDisable).await.unwrap();
    assert_eq!(store.tend().await, Condition::Full);

    let refused = commit(&store, Action::ClientCreate).await.unwrap_err();
    assert!(refused.to_string().contains("full"), "{refused}");
    store.add_usage(Tally::default()).await.unwrap_err();
    commit(&store, Action::SecretRevoke).await.unwrap();

    faults.set_full(false);
    assert_eq!(store.tend().await, Condition::Well);
    commit(&store, Action::ClientCreate).await.unwrap();
}

#[tokio::test]
async fn what_an_earlier_process_gave_up_is_still_for_taking_rights_away() {
    let (bench, store, faults) = without_room().await;
    commit(&store, Action::ClientDisable).await.unwrap();
    store.close().await.unwrap();

    let store = open_on(&bench, &faults);
    let error = store.keep_reserve(RESERVE).unwrap_err();

    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(store.tend().await, Condition::Full);
    commit(&store, Action::ClientCreate).await.unwrap_err();
    commit(&store, Action::ClientDisable).await.unwrap();
    faults.set_full(false);
    assert_eq!(store.tend().await, Condition::Well, "there is room again");
    commit(&store, Action::ClientCreate).await.unwrap();
}

#[tokio::test]
async fn a_token_is_revoked_on_a_full_disk() {
    use crate::domain::{revocation::Revocation, time::Timestamp};

    let (bench, store, _) = without_room().await;
    let revocation = Revocation {
        token: "a-token".to_owned(),
        expires: Timestamp(100),
    };
    store.add_usage(Tally::default()).await.unwrap_err();

    store.revoke(revocation.clone()).await.unwrap();

    store.close().await.unwrap();
    let kept = bench.open().unwrap();
    let kept = kept.revocations(Timestamp(1)).await.unwrap();
    assert_eq!(kept, [revocation]);
}

#[tokio::test]
async fn where_room_was_never_set_aside_nothing_is_wrong() {
    let (bench, _) = Bench::filled(1).await;
    let faults = Arc::<Faults>::default();
    let store = open_on(&bench, &faults);
    let changed = || {
        let directory = fs::metadata(bench.directory.path()).unwrap();
        directory.modified().unwrap()
    };
    let before = changed();

    let error = store.keep_reserve(u64::MAX).unwrap_err();

    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(store.tend().await, Condition::Well);
    assert_eq!(changed(), before, "no file comes and goes");
    commit(&store, Action::ClientCreate).await.unwrap();
}

#[tokio::test]
async fn room_is_written_where_it_cannot_be_set_aside_otherwise() {
    use std::os::unix::fs::MetadataExt;

    let (bench, _) = Bench::filled(1).await;
    let faults = Arc::<Faults>::default();
    faults.cannot_allocate.store(true, Ordering::SeqCst);

    open_on(&bench, &faults).keep_reserve(RESERVE).unwrap();

    let kept = fs::metadata(reserve(&bench)).unwrap();
    assert_eq!(kept.len(), RESERVE);
    assert!(kept.blocks() * 512 >= RESERVE, "{} blocks", kept.blocks());
}

#[tokio::test]
async fn room_that_is_no_longer_wanted_is_given_back() {
    let (bench, _) = Bench::filled(1).await;
    let store = bench.open().unwrap();
    store.keep_reserve(RESERVE).unwrap();
    assert!(reserve(&bench).exists());
    store.close().await.unwrap();

    let store = bench.open().unwrap();
    store.keep_reserve(0).unwrap();

    assert!(!reserve(&bench).exists());
    assert_eq!(store.tend().await, Condition::Well);
}

#[tokio::test]
async fn that_there_is_no_room_for_a_copy_says_nothing_of_the_store() {
    let (bench, content) = Bench::filled(3).await;
    let faults = Arc::<Faults>::default();
    let store = open_on(&bench, &faults);
    let to = bench.directory.path().join("copy");
    let said = format!("cannot write {}", to.display());
    let mut failures = 0;
    for after in 0.. {
        faults.plan(Operation::Write, after, io::ErrorKind::StorageFull);
        let Err(refused) = store.backup(&to).await else {
            break;
        };
        failures += 1;
        assert!(refused.to_string().contains(&said), "{after}: {refused}");
        assert!(!to.exists(), "{after}");
        assert_eq!(store.tend().await, Condition::Well, "{after}");
    }

    assert!(failures > 10, "{failures}");
    assert_eq!(store.load().await.unwrap(), content.registry);
}
