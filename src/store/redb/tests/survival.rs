//! What is still there after a restart, a full disk, a backup.

use std::{
    fs, io,
    ops::Bound,
    sync::atomic::{AtomicBool, Ordering},
};

use proptest::{collection, prelude::*};
use redb::{BackendError, StorageBackend, backends::FileBackend};

use super::*;
use crate::{
    domain::audit::Action,
    domain::change::{Change, Effect},
    store::{
        StoreError,
        redb::{Place, inode_of, open::builder},
    },
};

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

    let error = note(&store).await.unwrap_err();

    assert!(
        error.to_string().contains("was moved or replaced"),
        "{error}"
    );
    fs::rename(bench.directory.path().join("elsewhere"), bench.path()).unwrap();
    assert_eq!(store.load().await.unwrap(), content.registry);
    assert!(note(&store).await.is_ok());
}

#[tokio::test]
async fn after_a_full_disk_nothing_is_lost_and_work_goes_on_once_there_is_room() {
    let (bench, content) = Bench::filled(3).await;
    let full = Arc::new(AtomicBool::new(false));
    let store = on_disk_with_limit(&bench, &full);

    full.store(true, Ordering::SeqCst);
    let refused = note(&store).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    full.store(false, Ordering::SeqCst);

    assert_eq!(store.load().await.unwrap(), content.registry);
    note(&store).await.unwrap();
    let revision = store.report().await.unwrap().revision;
    assert_eq!(revision, content.registry.revision().0 + 1);
    store.close().await.unwrap();
    assert!(bench.open().is_ok());
}

async fn note(store: &RedbStore) -> Result<(), StoreError> {
    let change = Change {
        action: Action::ServerBackup,
        effect: Effect::Nothing,
    };
    let base = store.load().await?;
    store
        .commit(Arc::new(arbitrary::commit(&base, 1, vec![change])))
        .await
}

/// The bench's file, on a disk that can be full.
fn on_disk_with_limit(bench: &Bench, full: &Arc<AtomicBool>) -> RedbStore {
    let (database, keys) = crate::store::redb::open::open(
        &bench.path(),
        (&bench.master, &bench.entropy),
        crate::store::redb::Repair::Refuse,
    )
    .unwrap();
    database.close().unwrap();
    let file = fs::File::options()
        .read(true)
        .write(true)
        .open(bench.path())
        .unwrap();
    let disk = Disk {
        file: FileBackend::new(file).unwrap(),
        full: Arc::clone(full),
    };
    let database = builder().create_with_backend(disk).unwrap();
    let place = Place::File {
        path: bench.path(),
        inode: inode_of(&bench.path()),
    };
    RedbStore::new(place, database, keys)
}

#[derive(Debug)]
struct Disk {
    file: FileBackend,
    full: Arc<AtomicBool>,
}

impl Disk {
    fn check(&self) -> io::Result<()> {
        if self.full.load(Ordering::SeqCst) {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check()?;
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check()?;
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}
