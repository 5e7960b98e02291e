//! Copying everything, as of one moment, to a new file, while changes go on.
//!
//! Never by copying the file: only a transaction sees one moment of it. Values stay sealed.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use redb::{
    Database, Key, ReadTransaction, ReadableDatabase, ReadableTableMetadata, TableDefinition, Value,
};

use super::{
    Fault, audit,
    disk::Disk,
    head::Head,
    open::{new_database, open_again},
    restore::check_seals,
    shared::Shared,
    tables::{ALL_RECORDS, AUDIT, KEYRING, META},
};
use crate::{
    crypto::random::Entropy,
    store::{
        AuditScope, BackupReport, StoreError,
        keyring::Keyring,
        partial::{Partial, directory_of},
    },
};

/// How many rows one transaction copies.
const BATCH: usize = 10_000;

/// Writes a copy to `to`, where there must be no file; checks it; only then gives it its name.
pub(super) fn backup(database: &Database, it: &Shared, to: &Path) -> Result<BackupReport, Fault> {
    let (keys, disk) = (&it.keys, &it.disk);
    if fs::symlink_metadata(to).is_ok() {
        return Err(unwritable(to, &"there is a file already").into());
    }
    check_room(it, to)?;
    let source = database.begin_read()?;
    let head = Head::load(&source, keys)?;
    let partial = Partial::beside(to, &Entropy::os());
    let place = (partial.0.as_path(), &disk.another());
    let copy = new_database(place).map_err(|error| unwritable(to, &error))?;
    let copied = copy_all(&source, disk, &copy).and_then(|()| Ok(copy.close()?));
    copied.map_err(|fault| {
        // It is the copy's disk that is full: the one that is read from may have room.
        if fault.is_full_disk() {
            unwritable(to, &fault).into()
        } else {
            fault
        }
    })?;
    let copy = open_again(place, keys).map_err(|error| unwritable(to, &error))?;
    check(&source, &copy, &head, keys)?;
    check_seals(&copy, keys)?;
    audit::verify(&copy, keys, AuditScope::All)?;
    copy.close().map_err(|error| unwritable(to, &error))?;
    partial
        .publish(to)
        .map_err(|error| unwritable(to, &error))?;
    let bytes = fs::metadata(to)
        .map_err(|error| unwritable(to, &error))?
        .len();
    Ok(BackupReport {
        bytes,
        revision: head.revision.0,
        master_key_id: head.master_key,
    })
}

fn unwritable(to: &Path, error: &dyn ToString) -> StoreError {
    let error = error.to_string();
    StoreError::Unavailable(format!("cannot write {}: {error}", to.display()))
}

/// Refuses to begin what would not fit, or would take the room that the server itself needs.
fn check_room(it: &Shared, to: &Path) -> Result<(), StoreError> {
    let directory = directory_of(to);
    let device = |path: &Path| fs::metadata(path).map(|found| found.dev());
    let is_same = match (it.place.directory(), device(directory)) {
        (Some(ours), Ok(theirs)) => device(ours).is_ok_and(|ours| ours == theirs),
        (None, _) | (_, Err(_)) => false,
    };
    let needed = it.place.bytes() + if is_same { LEFT_FREE } else { 0 };
    let free = it.disk.free(directory);
    let free = free.map_err(|error| unwritable(to, &error))?;
    if free < needed {
        let problem = format!("it needs {needed} bytes of room, and there are {free}");
        return Err(unwritable(to, &problem));
    }
    Ok(())
}

/// How many bytes a backup leaves free on the disk of the data.
const LEFT_FREE: u64 = 16 * 1024 * 1024;

fn copy_all(source: &ReadTransaction, disk: &Disk, copy: &Database) -> Result<(), Fault> {
    copy_table(META, (source, disk), copy)?;
    copy_table(KEYRING, (source, disk), copy)?;
    copy_table(AUDIT, (source, disk), copy)?;
    for records in ALL_RECORDS {
        copy_table(records.definition(), (source, disk), copy)?;
    }
    Ok(())
}

fn copy_table<K: Key + 'static, V: Value + 'static>(
    table: TableDefinition<'static, K, V>,
    (source, disk): (&ReadTransaction, &Disk),
    copy: &Database,
) -> Result<(), Fault> {
    let rows = source.open_table(table)?;
    let mut rows = rows.range::<K::SelfType<'_>>(..)?.peekable();
    loop {
        // The file has to be opened anew then, which it cannot be while it is read.
        if disk.was_full() {
            let full = "the disk of the data file is full".to_owned();
            return Err(StoreError::Unavailable(full).into());
        }
        let transaction = copy.begin_write()?;
        let mut target = transaction.open_table(table)?;
        for row in rows.by_ref().take(BATCH) {
            let (key, value) = row?;
            target.insert(key.value(), value.value())?;
        }
        drop(target);
        transaction.commit()?;
        if rows.peek().is_none() {
            return Ok(());
        }
    }
}

/// Compares the copy with what it is a copy of.
pub(super) fn check(
    source: &ReadTransaction,
    copy: &Database,
    head: &Head,
    keys: &Keyring,
) -> Result<(), Fault> {
    let copied = copy.begin_read()?;
    let mut whole = Head::load(&copied, keys)? == *head;
    whole &= source.open_table(AUDIT)?.len()? == copied.open_table(AUDIT)?.len()?;
    for records in ALL_RECORDS {
        let one = source.open_table(records.definition())?;
        let other = copied.open_table(records.definition())?;
        whole &= one.len()? == other.len()?;
    }
    if whole {
        Ok(())
    } else {
        Err(StoreError::Unavailable("the copy is not what was copied".to_owned()).into())
    }
}
