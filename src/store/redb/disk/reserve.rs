//! Room on the disk for what must not fail when there is none left.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use rustix::io::Errno;

use super::System;

/// The file that keeps the room.
const NAME: &str = "jeton.reserve";

/// How many bytes the file has when the room was given up.
const SPENT: u64 = 0;

/// Room that is set aside, in a file beside the data file. A change takes room even where it deletes, since
/// the engine writes anew what it changes.
#[derive(Debug)]
pub(super) struct Reserve {
    directory: PathBuf,
    path: PathBuf,
    bytes: u64,
    /// Whether it was given up since it was last filled.
    spent: AtomicBool,
}

impl Reserve {
    /// Room for so many bytes in `directory`, not set aside yet.
    pub(super) fn of(directory: &Path, bytes: u64) -> Self {
        Self {
            directory: directory.to_owned(),
            path: directory.join(NAME),
            bytes,
            spent: AtomicBool::new(false),
        }
    }

    /// Whether all that should be set aside is.
    pub(super) fn is_there(&self) -> bool {
        self.bytes == 0 || self.left() == Some(self.bytes)
    }

    /// How many bytes the file has; nothing if there is none.
    fn left(&self) -> Option<u64> {
        fs::metadata(&self.path).map(|file| file.len()).ok()
    }

    /// Sets the room aside, unless that would leave less than as much again. Where none is wanted, what an
    /// earlier process set aside is given back; what it gave up counts as given up.
    pub(super) fn fill(&self, system: &dyn System) -> io::Result<()> {
        if self.bytes == 0 {
            return self.remove();
        }
        match self.left() {
            Some(left) if left == self.bytes => return Ok(()),
            Some(SPENT) => self.spent.store(true, Ordering::SeqCst),
            Some(_) => self.remove()?,
            None => {}
        }
        if system.free(&self.directory)? < self.bytes.saturating_mul(2) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&self.path)?;
        if let Err(error) = self.allocate(&file, system) {
            if self.is_spent() {
                file.set_len(SPENT)?;
            } else {
                self.remove()?;
            }
            return Err(error);
        }
        self.spent.store(false, Ordering::SeqCst);
        Ok(())
    }

    fn allocate(&self, file: &File, system: &dyn System) -> io::Result<()> {
        match system.allocate(file, self.bytes) {
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => write_zeros(file, self.bytes),
            done => Ok(done?),
        }
    }

    /// Gives it up; false if there was none to give up, now or before.
    pub(super) fn spend(&self) -> bool {
        if !self.is_spent() && self.empty().is_ok() {
            self.spent.store(true, Ordering::SeqCst);
            tracing::warn!(
                "the disk is full: the room set aside is used, to save what takes rights away"
            );
        }
        self.is_spent()
    }

    /// Leaves a file of no bytes, so that the next process knows what this one did.
    fn empty(&self) -> io::Result<()> {
        OpenOptions::new()
            .write(true)
            .open(&self.path)?
            .set_len(SPENT)
    }

    /// Whether it was given up, and not filled again.
    pub(super) fn is_spent(&self) -> bool {
        self.spent.load(Ordering::SeqCst)
    }

    fn remove(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// For file systems that cannot set room aside otherwise.
fn write_zeros(mut file: &File, bytes: u64) -> io::Result<()> {
    io::copy(&mut io::repeat(0).take(bytes), &mut file)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use tempfile::TempDir;

    use super::*;
    use crate::store::redb::disk::Roomy;

    const BYTES: u64 = 8192;

    #[test]
    fn room_is_set_aside_once_and_only_where_as_much_again_is_left() {
        let directory = TempDir::new().unwrap();
        let reserve = Reserve::of(directory.path(), BYTES);
        assert!(!reserve.is_there());
        let refused = reserve.fill(&Roomy::with(2 * BYTES - 1)).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::StorageFull);
        assert!(!reserve.is_there());

        reserve.fill(&Roomy::with(2 * BYTES)).unwrap();

        assert!(reserve.is_there());
        let file = fs::metadata(&reserve.path).unwrap();
        assert_eq!(file.mode() & 0o777, 0o600);
        reserve.fill(&Roomy::with(0)).unwrap();
        assert_eq!(fs::metadata(&reserve.path).unwrap().ino(), file.ino());
        let smaller = Reserve::of(directory.path(), BYTES / 2);
        assert!(!smaller.is_there());
        smaller.fill(&Roomy::with(BYTES)).unwrap();
        assert!(smaller.is_there());
    }

    #[test]
    fn where_none_is_wanted_none_is_missed_and_what_there_is_goes() {
        let directory = TempDir::new().unwrap();
        Reserve::of(directory.path(), BYTES)
            .fill(&Roomy::with(u64::MAX))
            .unwrap();
        let none = Reserve::of(directory.path(), 0);
        assert!(none.is_there());
        for _ in 0..2 {
            none.fill(&Roomy::with(0)).unwrap();
            assert!(!none.path.exists());
        }
        fs::create_dir(&none.path).unwrap();
        assert!(
            none.fill(&Roomy::with(0)).is_err(),
            "that is not the reserve"
        );
        assert!(none.path.exists());
    }
}
