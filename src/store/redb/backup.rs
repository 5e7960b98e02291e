//! Copying everything, as of one moment, to a new file, while changes go on.
//!
//! Never by copying the file: only a transaction sees one moment of it. Values stay sealed.

use std::{fs, path::Path};

use redb::{
    Database, Key, ReadTransaction, ReadableDatabase, ReadableTableMetadata, TableDefinition, Value,
};

use super::{
    Fault,
    disk::Disk,
    head::Head,
    open::{new_database, open_again},
    tables::{ALL_RECORDS, AUDIT, KEYRING, META},
};
use crate::{
    crypto::random::Entropy,
    store::{BackupReport, StoreError, keyring::Keyring, partial::Partial},
};

/// How many rows one transaction copies.
const BATCH: usize = 10_000;

/// Writes a copy to `to`, where there must be no file; checks it; only then gives it its name.
pub(super) fn backup(
    database: &Database,
    (keys, disk): (&Keyring, &Disk),
    to: &Path,
) -> Result<BackupReport, Fault> {
    if fs::symlink_metadata(to).is_ok() {
        return Err(unwritable(to, &"there is a file already").into());
    }
    let source = database.begin_read()?;
    let head = Head::load(&source, keys)?;
    let partial = Partial::beside(to, &Entropy::os());
    let place = (partial.0.as_path(), &disk.another());
    let copy = new_database(place).map_err(|error| unwritable(to, &error))?;
    let copied = copy_all(&source, &copy).and_then(|()| Ok(copy.close()?));
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

fn copy_all(source: &ReadTransaction, copy: &Database) -> Result<(), Fault> {
    copy_table(META, source, copy)?;
    copy_table(KEYRING, source, copy)?;
    copy_table(AUDIT, source, copy)?;
    for records in ALL_RECORDS {
        copy_table(records.definition(), source, copy)?;
    }
    Ok(())
}

fn copy_table<K: Key + 'static, V: Value + 'static>(
    table: TableDefinition<'static, K, V>,
    source: &ReadTransaction,
    copy: &Database,
) -> Result<(), Fault> {
    let rows = source.open_table(table)?;
    let mut rows = rows.range::<K::SelfType<'_>>(..)?.peekable();
    loop {
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
fn check(
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
