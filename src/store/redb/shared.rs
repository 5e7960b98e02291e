//! What all handles of a store share: where it is, how its disk is, and the database while it is open.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock, RwLockWriteGuard},
};

use redb::Database;

use super::{disk::Disk, fault::Fault, open};
use crate::store::{Condition, StoreError, keyring::Keyring, partial::directory_of};

/// What all handles of a store share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) place: Place,
    pub(super) disk: Disk,
    pub(super) keys: Keyring,
    /// Nothing once it was closed, and as long as it cannot be opened anew.
    pub(super) database: RwLock<Option<Database>>,
}

impl Shared {
    /// Reads, from a file that is opened anew if the disk was full.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Self, &Database) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        Ok(self.attempt(work)?)
    }

    /// Writes, unless there is only the room left that was set aside for [`Self::write_surely`].
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&Self, &Database) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        if self.disk.is_spent() {
            return Err(StoreError::Unavailable(
                "the disk is full: the room that is left is for what takes rights away".to_owned(),
            ));
        }
        Ok(self.attempt_to_write(work)?)
    }

    /// Writes what must not fail because the disk is full: then the room that was set aside is given up.
    pub(super) fn write_surely<T>(
        &self,
        work: impl Fn(&Self, &Database) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        match self.attempt_to_write(&work) {
            Err(_) if self.disk.was_full() && self.disk.spend() => {
                Ok(self.attempt_to_write(&work)?)
            }
            done => Ok(done?),
        }
    }

    /// Refuses where the file is no longer what a write should go to.
    fn attempt_to_write<T>(
        &self,
        work: impl FnOnce(&Self, &Database) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.attempt(|it, database| {
            it.place.check()?;
            work(it, database)
        })
    }

    /// Does `work` on the open database, and remembers if that found the disk full.
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
                self.disk.ran_full();
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
        self.disk.was_reopened();
        Ok(())
    }

    /// Keeps so many bytes of the disk free for [`Self::write_surely`].
    pub(super) fn keep_reserve(&self, bytes: u64) -> io::Result<()> {
        match self.place.directory() {
            Some(directory) => self.disk.keep_reserve(directory, bytes),
            None => Ok(()),
        }
    }

    /// Looks after the disk, and says how it is.
    pub(super) fn tend(&self) -> Condition {
        if let Some(directory) = self.place.directory() {
            self.disk.look_for_room(directory);
        }
        self.condition()
    }

    /// How the disk is.
    pub(super) fn condition(&self) -> Condition {
        if self.disk.is_distrusted() {
            Condition::Distrusted
        } else if self.place.check().is_err() {
            Condition::Moved
        } else if self.disk.is_full() {
            Condition::Full
        } else {
            Condition::Well
        }
    }

    /// Gives the room that nothing uses any more back to the disk; how many bytes there were, and are. Nobody reads
    /// or writes meanwhile.
    pub(super) fn compact(&self) -> Result<(u64, u64), StoreError> {
        let mut database = self.lock();
        let Some(database) = database.as_mut() else {
            return Err(StoreError::Unavailable("the store is closed".to_owned()));
        };
        self.place.check()?;
        let before = self.place.bytes();
        database.compact().map_err(Fault::from)?;
        Ok((before, self.place.bytes()))
    }

    /// Closes the database, if it is open.
    pub(super) fn close(&self) -> Result<(), StoreError> {
        let database = self.lock().take();
        let closed = database.map_or(Ok(()), Database::close);
        Ok(closed.map_err(Fault::from)?)
    }

    /// The database, for nobody else.
    fn lock(&self) -> RwLockWriteGuard<'_, Option<Database>> {
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
    fn check(&self) -> Result<(), StoreError> {
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

    /// Where the file is; nothing if there is none.
    pub(super) fn directory(&self) -> Option<&Path> {
        match self {
            Self::Memory => None,
            Self::File { path, .. } => Some(directory_of(path)),
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
