//! What all handles of a store share: where it is, how its disk is, and the database while it is open.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock, RwLockWriteGuard},
};

use redb::Database;

use super::{disk::Disk, fault::Fault, open};
use crate::store::{Condition, StoreError, keyring::Keyring};

/// What all handles of a store share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) place: Place,
    pub(super) disk: Disk,
    pub(super) keys: Keyring,
    /// Nothing once it was closed.
    pub(super) database: RwLock<Option<Database>>,
}

impl Shared {
    /// Does `work`, on a file that is opened anew if the disk was full.
    pub(super) fn with_database<T>(
        &self,
        work: impl FnOnce(&Self, &Database) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        Ok(self.attempt(work)?)
    }

    /// The same for what must not fail on a full disk: then the room that was set aside is given up.
    pub(super) fn with_reserve<T>(
        &self,
        work: impl Fn(&Self, &Database) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        match self.attempt(&work) {
            Err(_) if self.disk.was_full() && self.disk.spend() => Ok(self.attempt(&work)?),
            done => Ok(done?),
        }
    }

    fn attempt<T>(
        &self,
        work: impl FnOnce(&Self, &Database) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if self.disk.was_full() {
            self.reopen()?;
        }
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let Some(database) = database.as_ref() else {
            return Err(StoreError::Unavailable("the store is closed".to_owned()).into());
        };
        work(self, database).inspect_err(|fault| {
            if fault.is_full_disk() {
                self.disk.set_full(true);
            }
        })
    }

    /// Opens the file anew. A disk that failed otherwise is not believed again in this process:
    /// after a failed sync nobody knows what is on it.
    fn reopen(&self) -> Result<(), StoreError> {
        let mut database = self.lock();
        if !self.disk.was_full() {
            return Ok(());
        }
        if let Place::File { path, .. } = &self.place {
            self.place.check()?;
            drop(database.take());
            let opened = open::open_again((path, &self.disk), &self.keys)
                .map_err(|error| StoreError::Unavailable(error.to_string()))?;
            *database = Some(opened);
        }
        self.disk.set_full(false);
        Ok(())
    }

    /// How the disk is.
    pub(super) fn condition(&self) -> Condition {
        if self.disk.is_distrusted() {
            Condition::Distrusted
        } else if self.place.check().is_err() {
            Condition::Moved
        } else if self.disk.was_full() || self.disk.lacks_reserve() {
            Condition::Full
        } else {
            Condition::Well
        }
    }

    /// The database, for nobody else.
    pub(super) fn lock(&self) -> RwLockWriteGuard<'_, Option<Database>> {
        self.database
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a store keeps its bytes.
#[derive(Debug)]
pub(super) enum Place {
    Memory,
    File {
        path: PathBuf,
        /// Device and number of the file that was opened.
        inode: Option<(u64, u64)>,
    },
}

impl Place {
    /// The file that is there now.
    pub(super) fn of(path: &Path) -> Self {
        Self::File {
            path: path.to_owned(),
            inode: inode_of(path),
        }
    }

    /// Refuses to write to a file that has lost its name: nobody would find it again.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match self {
            Self::File { path, inode } if inode_of(path) != *inode => {
                Err(StoreError::Unavailable(format!(
                    "the data file {} was moved or replaced while it is in use",
                    path.display()
                )))
            }
            Self::File { .. } | Self::Memory => Ok(()),
        }
    }

    /// How large it is.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Memory => 0,
            Self::File { path, .. } => fs::metadata(path).map_or(0, |file| file.len()),
        }
    }
}

fn inode_of(path: &Path) -> Option<(u64, u64)> {
    let file = fs::metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}
