//! A disk that fails: at any operation, in any way, nothing that was acknowledged is lost, and nothing that
//! failed is acknowledged.

mod full;

use std::{
    fs, io,
    ops::Bound,
    path::Path,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use redb::{BackendError, StorageBackend, backends::FileBackend};

use super::*;
use crate::store::{
    Condition,
    redb::{
        Repair,
        disk::{Disk, System},
    },
};

/// What the engine asks a disk to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Operation {
    Read,
    Write,
    SetLength,
    Sync,
}

/// How the disk fails, as all its files see it.
#[derive(Debug, Default)]
struct Faults {
    /// Which operation fails, after how many of its kind, and as what.
    next: Mutex<Option<(Operation, usize, io::ErrorKind)>>,
    /// Whether one failed in this way.
    came: AtomicBool,
    /// Whether there is no room, but for what `last` keeps.
    full: AtomicBool,
    /// The file that keeps the last room there is.
    last: OnceLock<PathBuf>,
    /// Whether room cannot be had without writing to it.
    cannot_allocate: AtomicBool,
    /// Writes, changes of length and syncs that were let through.
    done: AtomicUsize,
}

impl Faults {
    fn plan(&self, operation: Operation, after: usize, kind: io::ErrorKind) {
        *self.next.lock().unwrap() = Some((operation, after, kind));
    }

    fn end(&self) {
        *self.next.lock().unwrap() = None;
    }

    fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    fn is_full(&self) -> bool {
        let is_there = self
            .last
            .get()
            .is_none_or(|last| fs::metadata(last).is_ok_and(|it| it.len() > 0));
        self.full.load(Ordering::SeqCst) && is_there
    }

    fn meet(&self, operation: Operation) -> io::Result<()> {
        use Operation::{SetLength, Write};
        let mut next = self.next.lock().unwrap();
        match &mut *next {
            Some((planned, 0, kind)) if *planned == operation => {
                self.came.store(true, Ordering::SeqCst);
                return Err((*kind).into());
            }
            Some((planned, after, _)) if *planned == operation => *after -= 1,
            Some(_) | None => {}
        }
        if matches!(operation, Write | SetLength) && self.is_full() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if operation != Operation::Read {
            self.done.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }
}

/// The system of such a disk.
#[derive(Debug)]
struct FaultySystem(Arc<Faults>);

impl System for FaultySystem {
    fn backend(&self, file: FileBackend) -> Box<dyn StorageBackend> {
        Box::new(Faulty {
            file,
            faults: Arc::clone(&self.0),
        })
    }

    fn free(&self, _: &Path) -> io::Result<u64> {
        let is_full = self.0.full.load(Ordering::SeqCst);
        Ok(if is_full { 0 } else { u64::MAX / 2 })
    }

    fn allocate(&self, file: &fs::File, bytes: u64) -> rustix::io::Result<()> {
        if self.0.cannot_allocate.load(Ordering::SeqCst) {
            return Err(rustix::io::Errno::OPNOTSUPP);
        }
        file.set_len(bytes).unwrap();
        Ok(())
    }
}

/// A file on such a disk. It is never synced: the process that could crash is this one.
#[derive(Debug)]
struct Faulty {
    file: FileBackend,
    faults: Arc<Faults>,
}

impl StorageBackend for Faulty {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.faults.meet(Operation::Read)?;
        self.file.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.faults.meet(Operation::SetLength)?;
        self.file.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.faults.meet(Operation::Sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.faults.meet(Operation::Write)?;
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

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }
}

/// The bench's file, on a disk that fails as `faults` says.
fn open_on(bench: &Bench, faults: &Arc<Faults>) -> RedbStore {
    let disk = Disk::on(Arc::new(FaultySystem(Arc::clone(faults))));
    let key = (&bench.master, &bench.entropy);
    RedbStore::open_on(disk, &bench.path(), key, Repair::Refuse).unwrap()
}

#[tokio::test]
async fn whichever_operation_fails_nothing_acknowledged_is_lost() {
    use Operation::{Read, SetLength, Sync, Write};
    use io::ErrorKind::{Interrupted, Other, StorageFull, WriteZero};

    let (bench, content) = Bench::filled(3).await;
    let whole = fs::read(bench.path()).unwrap();
    for (operation, kind) in [
        (Write, StorageFull),
        (Write, Other),
        (Write, WriteZero),
        (SetLength, StorageFull),
        (SetLength, Other),
        (Sync, StorageFull),
        (Sync, Other),
        (Read, Other),
        (Read, Interrupted),
    ] {
        let mut failures = 0;
        for after in 0.. {
            fs::write(bench.path(), &whole).unwrap();
            if !fails_at(&bench, &content, (operation, after, kind)).await {
                break;
            }
            failures += 1;
        }
        assert!(failures > 1, "{operation:?}, {kind:?}: {failures}");
    }
}

/// Works on a disk where one operation fails, then on the file that is left; whether it failed.
async fn fails_at(
    bench: &Bench,
    content: &Content,
    (operation, after, kind): (Operation, usize, io::ErrorKind),
) -> bool {
    let at = format!("{operation:?} {after}, {kind:?}");
    let faults = Arc::<Faults>::default();
    let store = open_on(bench, &faults);
    faults.plan(operation, after, kind);
    let mut acknowledged = content.registry.revision().0;
    for _ in 0..6 {
        match commit(&store, Action::ServerBackup).await {
            Ok(()) => acknowledged += 1,
            Err(_) => break,
        }
    }
    let came = faults.came.load(Ordering::SeqCst);
    let all = content.registry.revision().0 + 6;
    // A failed read may be made good by the engine; a failed write never is.
    assert!(came || acknowledged == all, "{at}: refused without a fault");
    if came && operation != Operation::Read {
        assert!(acknowledged < all, "{at}: acknowledged over a fault");
    }
    faults.end();
    drop(store);

    let store = bench.open().unwrap_or_else(|error| panic!("{at}: {error}"));
    let found = store.load().await.unwrap().revision().0;
    assert!(
        found == acknowledged || (came && found == acknowledged + 1),
        "{at}: {acknowledged} acknowledged, {found} found"
    );
    assert_eq!(
        store
            .verify_audit(crate::store::AuditScope::All)
            .await
            .unwrap(),
        store.report().await.unwrap().audit_records
    );
    store.close().await.unwrap();
    came
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_written_any_more() {
    let (bench, content) = Bench::filled(3).await;
    let faults = Arc::<Faults>::default();
    let store = open_on(&bench, &faults);
    assert_eq!(store.tend().await, Condition::Well);

    faults.plan(Operation::Sync, 0, io::ErrorKind::Other);
    commit(&store, Action::ServerBackup).await.unwrap_err();
    faults.end();

    assert_eq!(store.tend().await, Condition::Distrusted);
    let done = faults.done.load(Ordering::SeqCst);
    commit(&store, Action::ClientDisable).await.unwrap_err();
    store.add_usage(Tally::default()).await.unwrap_err();
    // Closing fails too, and says so.
    store.close().await.unwrap_err();
    drop(store);
    assert_eq!(faults.done.load(Ordering::SeqCst), done);
    let found = bench.open().unwrap().load().await.unwrap().revision().0;
    let before = content.registry.revision().0;
    assert!((before..=before + 1).contains(&found), "{found}");
}

#[tokio::test]
async fn what_was_moved_is_told() {
    let (bench, _) = Bench::filled(1).await;
    let store = bench.open().unwrap();
    let elsewhere = bench.directory.path().join("elsewhere");

    fs::rename(bench.path(), &elsewhere).unwrap();
    assert_eq!(store.tend().await, Condition::Moved);

    fs::rename(&elsewhere, bench.path()).unwrap();
    assert_eq!(store.tend().await, Condition::Well);
}
