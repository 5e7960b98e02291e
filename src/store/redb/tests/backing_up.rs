//! Which backups are made.

use std::{
    fs::{self, metadata},
    os::unix::fs::MetadataExt,
    path::Path,
};

use ::redb::{Database, ReadableDatabase};

use super::*;
use crate::store::redb::{
    Repair, backup,
    disk::{Disk, Roomy},
    head::Head,
    open::open_again,
    tables::{ALL_RECORDS, AUDIT},
};

/// What a backup leaves free on the disk of the data.
const LEFT_FREE: u64 = 16_777_216;

/// A directory on another disk than `directory` is on.
fn elsewhere(directory: &Path) -> TempDir {
    let is_other = |place: &&&str| {
        let device = |path: &Path| metadata(path).map(|it| it.dev());
        device(Path::new(place)).is_ok_and(|it| it != device(directory).unwrap())
    };
    let places = ["/dev/shm", "/var/tmp", "/tmp"];
    let other = places.iter().find(is_other);
    TempDir::new_in(other.expect("a second file system")).unwrap()
}

#[tokio::test]
async fn a_backup_that_would_fill_the_disk_of_the_data_is_not_begun() {
    let (bench, _) = Bench::filled(3).await;
    let system = Arc::new(Roomy::with(u64::MAX));
    let disk = Disk::on(Arc::<Roomy>::clone(&system));
    let key = (&bench.master, &bench.entropy);
    let store = RedbStore::open_on(disk, &bench.path(), key, Repair::Refuse).unwrap();
    let bytes = metadata(bench.path()).unwrap().len();
    let other = elsewhere(bench.directory.path());
    for (directory, needed) in [
        (bench.directory.path(), bytes + LEFT_FREE),
        (other.path(), bytes),
    ] {
        let to = directory.join("copy.redb");
        system.set(needed - 1);

        let refused = store.backup(&to).await.unwrap_err().to_string();

        let about = format!(
            "it needs {needed} bytes of room, and there are {}",
            needed - 1
        );
        assert!(refused.contains(&about), "{refused}");
        assert!(fs::read_dir(directory).unwrap().all(|entry| {
            let name = entry.unwrap().file_name();
            !name.to_string_lossy().starts_with("copy")
        }));
        system.set(needed);
        store.backup(&to).await.unwrap();
    }
}

/// Compares a copy of the bench's file, in which `change` was made, with what it is a copy of.
async fn compared(bench: &Bench, change: impl FnOnce(&Database)) -> Result<(), String> {
    let store = bench.open().unwrap();
    let to = bench.directory.path().join("copy.redb");
    store.backup(&to).await.unwrap();
    let verdict = store.0.read(|it, database| {
        let copy = open_again((&to, &Disk::default()), &it.keys).unwrap();
        let source = database.begin_read()?;
        let head = Head::load(&source, &it.keys)?;
        change(&copy);
        backup::check(&source, &copy, &head, &it.keys)
    });
    fs::remove_file(to).unwrap();
    store.close().await.unwrap();
    verdict.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_copy_in_which_anything_is_missing_is_no_backup() {
    let (bench, _) = Bench::filled(20).await;
    assert_eq!(compared(&bench, |_| {}).await, Ok(()));
    let mut missed = 0;
    for records in ALL_RECORDS {
        let mut is_there = false;
        let verdict = compared(&bench, |copy| {
            let transaction = copy.begin_write().unwrap();
            let mut table = transaction.open_table(records.definition()).unwrap();
            is_there = table.pop_first().unwrap().is_some();
            drop(table);
            transaction.commit().unwrap();
        });
        let verdict = verdict.await;
        assert_eq!(verdict.is_err(), is_there, "{}", records.0);
        missed += usize::from(is_there);
    }
    assert!(missed > 5, "{missed}");
    let without_audit = compared(&bench, |copy| {
        let transaction = copy.begin_write().unwrap();
        transaction.open_table(AUDIT).unwrap().pop_first().unwrap();
        transaction.commit().unwrap();
    });
    let problem = without_audit.await.unwrap_err();
    assert!(
        problem.contains("the copy is not what was copied"),
        "{problem}"
    );
}
