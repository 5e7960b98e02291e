//! Putting a backup in the place of a data file: copied beside it, checked there, moved in one step.
//!
//! The backup is only read. Until [`Candidate::put_in_place`] the data file is as it was; after it, it is the
//! new one. A crash at any moment leaves one or the other.

mod error;

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use redb::{Database, ReadableDatabase};

pub use self::error::RestoreError;
use super::{
    Fault, OpenError, RedbStore, audit, disk::Disk, epochs, open, registry, shared::Place,
    tables::ALL_RECORDS,
};
use crate::{
    crypto::{random::Entropy, sealed::MasterKey},
    domain::{epoch::Epoch, time::Timestamp},
    store::{
        AuditScope, Store, StoreError,
        keyring::Keyring,
        partial::{Partial, publish_over},
    },
};

/// What a backup holds, in a file of its own beside the data file, whole and checked.
#[derive(Debug)]
pub struct Candidate {
    store: RedbStore,
    partial: Partial,
    data: PathBuf,
}

/// What is in the place of the data file. While it is held, nobody else opens the file.
#[derive(Debug)]
pub enum Present {
    /// No file.
    Nothing,
    /// A data file that opens with the same master key. It is never written to.
    Whole(RedbStore),
    /// A file that does not open, and why.
    Unreadable(OpenError, File),
}

impl Candidate {
    /// Copies `backup` beside the data file `data`, and checks all of the copy: pages, seals, the audit log
    /// and every record. It is brought to this version's format.
    ///
    /// # Errors
    /// See [`RestoreError`]; nothing is left behind.
    pub fn of(
        backup: &Path,
        data: &Path,
        (master, entropy): (&MasterKey, &Entropy),
    ) -> Result<Self, RestoreError> {
        let partial = Partial::beside(data, entropy);
        copy(backup, &partial.0)?;
        let wrong = |error: OpenError| RestoreError::of(error, backup);
        let store = RedbStore::open(&partial.0, master, entropy).map_err(wrong)?;
        let checked = store.0.read(|it, database| check_all(database, &it.keys));
        checked.map_err(|error| RestoreError::Damaged {
            backup: backup.to_owned(),
            detail: error.to_string(),
        })?;
        Ok(Self {
            store,
            partial,
            data: data.to_owned(),
        })
    }

    /// The data that it holds.
    pub fn store(&self) -> &RedbStore {
        &self.store
    }

    /// Begins the next epoch in it, after all that are known, at this moment: nobody is signed in any more, and
    /// what `present` knows of revoked tokens and used assertions is taken over if it is of the same server.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn begin_epoch(
        &self,
        (since, known): (Timestamp, u64),
        present: &Present,
    ) -> Result<Epoch, StoreError> {
        if let Present::Whole(before) = present
            && before.0.keys.is_of(&self.store.0.keys)
        {
            self.take_over(before).await?;
        }
        self.store
            .write(move |it, database| epochs::begin(database, &it.keys, (since, known)))
            .await
    }

    async fn take_over(&self, before: &RedbStore) -> Result<(), StoreError> {
        for table in epochs::MONOTONE {
            let rows = before
                .read(move |it, database| {
                    let mut rows = Vec::new();
                    let found = database.begin_read()?.open_table(table.definition())?;
                    for row in found.range::<&[u8]>(..)? {
                        let (key, sealed) = row?;
                        let plain = it.keys.open(table.0, key.value(), sealed.value())?;
                        rows.push((key.value().to_vec(), plain));
                    }
                    Ok(rows)
                })
                .await?;
            self.store
                .write(move |it, database| {
                    let transaction = database.begin_write()?;
                    let mut target = super::tables::SealedWriter::open_for_change(
                        table,
                        &transaction,
                        &it.keys,
                    )?;
                    for (key, plain) in rows {
                        target.put(&key, &plain)?;
                    }
                    drop(target);
                    transaction.commit()?;
                    Ok(())
                })
                .await?;
        }
        Ok(())
    }

    /// Puts it in the place of the data file, in one step and durably. What was there before keeps the name
    /// that is given back, where the file system can do that.
    ///
    /// # Errors
    /// [`RestoreError::Exists`] if there is a file now where there was none; [`RestoreError::Unwritable`]. The
    /// data file is as it was.
    pub async fn put_in_place(
        self,
        present: Present,
        now: Timestamp,
    ) -> Result<Option<PathBuf>, RestoreError> {
        let Self {
            store,
            partial,
            data,
        } = self;
        let unwritable = |error: &dyn ToString| RestoreError::Unwritable {
            path: data.clone(),
            error: error.to_string(),
        };
        store.close().await.map_err(|error| unwritable(&error))?;
        if matches!(present, Present::Nothing) {
            return match partial.publish(&data) {
                Ok(()) => Ok(None),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    Err(RestoreError::Exists(data))
                }
                Err(error) => Err(unwritable(&error)),
            };
        }
        let kept = name_for_replaced(&data, now);
        let replaced = publish_over(&partial, &data, &kept).map_err(|error| unwritable(&error))?;
        // Only now may anybody else open the file.
        drop(present);
        Ok(replaced.then_some(kept))
    }
}

impl Present {
    /// What there is at `data`. Nothing is changed.
    ///
    /// # Errors
    /// [`RestoreError::InUse`] if a server or a command has it open; [`RestoreError::Unwritable`].
    pub fn find(
        data: &Path,
        (master, entropy): (&MasterKey, &Entropy),
    ) -> Result<Self, RestoreError> {
        if fs::symlink_metadata(data).is_err() {
            return Ok(Self::Nothing);
        }
        let disk = Disk::default();
        match open::look((data, &disk), (master, entropy)) {
            Ok((database, keys)) => Ok(Self::Whole(RedbStore::new(
                (Place::of(data), disk),
                database,
                keys,
            ))),
            Err(OpenError::InUse(path)) => Err(RestoreError::InUse(path)),
            Err(error) => Ok(Self::Unreadable(error, lock(data)?)),
        }
    }

    /// Whether there is a file.
    pub fn is_there(&self) -> bool {
        !matches!(self, Self::Nothing)
    }
}

/// Keeps everybody else from opening a file that is no database, as the engine would one that is.
fn lock(path: &Path) -> Result<File, RestoreError> {
    let unwritable = |error: io::Error| RestoreError::Unwritable {
        path: path.to_owned(),
        error: error.to_string(),
    };
    let file = File::open(path).map_err(unwritable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(RestoreError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(unwritable(error)),
    }
}

fn copy(backup: &Path, to: &Path) -> Result<(), RestoreError> {
    let unreadable = |error: io::Error| RestoreError::unreadable(backup, &error);
    let mut source = File::open(backup).map_err(unreadable)?;
    if !source.metadata().map_err(unreadable)?.is_file() {
        return Err(RestoreError::Foreign(backup.to_owned()));
    }
    // A file that somebody writes to is not of one moment. Not every file system has locks.
    if let Err(TryLockError::WouldBlock) = source.try_lock_shared() {
        return Err(RestoreError::InUse(backup.to_owned()));
    }
    let unwritable = |error: io::Error| RestoreError::Unwritable {
        path: to.to_owned(),
        error: error.to_string(),
    };
    let mut target = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .map_err(unwritable)?;
    io::copy(&mut source, &mut target).map_err(unwritable)?;
    target.sync_all().map_err(unwritable)
}

fn name_for_replaced(data: &Path, now: Timestamp) -> PathBuf {
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    data.with_file_name(format!("{name}.replaced-{}", now.compact()))
}

/// Checks that every row opens in its place, that the audit log is whole, and that the registry makes sense.
fn check_all(database: &Database, keys: &Keyring) -> Result<(), Fault> {
    check_seals(database, keys)?;
    audit::verify(database, keys, AuditScope::All)?;
    registry::load(database, keys)?;
    Ok(())
}

/// Checks that every row opens in its place.
pub(super) fn check_seals(database: &Database, keys: &Keyring) -> Result<(), Fault> {
    let transaction = database.begin_read()?;
    for records in ALL_RECORDS {
        for row in transaction
            .open_table(records.definition())?
            .range::<&[u8]>(..)?
        {
            let (key, sealed) = row?;
            keys.open(records.0, key.value(), sealed.value())?;
        }
    }
    Ok(())
}
