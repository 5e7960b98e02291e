//! What a store knows of the disk that it is on, and the room it keeps there.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use redb::{StorageBackend, backends::FileBackend};
use rustix::fs::{FallocateFlags, fallocate, fstatvfs};

/// What all handles of a data file know of its disk. Cheap to clone; clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk(Arc<State>);

#[derive(Default)]
struct State {
    /// Whether it was full: redb then refuses everything until the file is opened anew.
    was_full: AtomicBool,
    /// Whether a sync failed.
    distrusted: AtomicBool,
    reserve: OnceLock<Reserve>,
    /// What lies between the engine and the file: tests let it fail.
    layer: Option<Layer>,
}

/// Makes of a file another that behaves as it does, or worse.
pub(super) type Layer = Box<dyn Fn(FileBackend) -> Box<dyn StorageBackend> + Send + Sync>;

impl Disk {
    /// A disk whose files go through `layer`.
    #[cfg(test)]
    pub(super) fn through(layer: Layer) -> Self {
        Self(Arc::new(State {
            layer: Some(layer),
            ..State::default()
        }))
    }

    /// `file` as the engine is to see it.
    pub(super) fn backend(
        &self,
        file: File,
    ) -> Result<Box<dyn StorageBackend>, redb::DatabaseError> {
        let file = FileBackend::new(file)?;
        Ok(match &self.0.layer {
            Some(layer) => layer(file),
            None => Box::new(file),
        })
    }

    /// Refuses to write once a sync has failed.
    pub(super) fn check(&self) -> io::Result<()> {
        if self.is_distrusted() {
            return Err(io::Error::other(DISTRUSTED));
        }
        Ok(())
    }

    /// A sync failed. The system may have dropped what it could not write, and would say of the next sync
    /// that all is well: so there is no next one.
    pub(super) fn distrust(&self) {
        self.0.distrusted.store(true, Ordering::SeqCst);
    }

    /// Whether a sync failed.
    pub(super) fn is_distrusted(&self) -> bool {
        self.0.distrusted.load(Ordering::SeqCst)
    }

    /// Remembers that there was no room.
    pub(super) fn set_full(&self, full: bool) {
        self.0.was_full.store(full, Ordering::SeqCst);
    }

    /// Whether there was no room when it was last written to.
    pub(super) fn was_full(&self) -> bool {
        self.0.was_full.load(Ordering::SeqCst)
    }

    /// Keeps room in `directory` from now on, and whether there is any.
    pub(super) fn keep_reserve(&self, directory: &Path, bytes: u64) -> io::Result<()> {
        let reserve = self.0.reserve.get_or_init(|| Reserve {
            path: directory.join(RESERVE),
            bytes,
        });
        reserve.fill()
    }

    /// Sets room aside again, if it was used and there is enough of it.
    pub(super) fn refill(&self) {
        if let Some(reserve) = self.0.reserve.get()
            && !reserve.is_there()
            && reserve.fill().is_ok()
        {
            tracing::info!("there is room on the disk again");
        }
    }

    /// Gives up the room that was set aside; false if there is none.
    pub(super) fn spend(&self) -> bool {
        let spent = self.0.reserve.get().is_some_and(Reserve::spend);
        if spent {
            tracing::warn!(
                "the disk is full: the room set aside is used, to save what takes rights away"
            );
        }
        spent
    }

    /// Whether the room that should be set aside is missing.
    pub(super) fn lacks_reserve(&self) -> bool {
        let reserve = self.0.reserve.get();
        reserve.is_some_and(|reserve| !reserve.is_there())
    }
}

const DISTRUSTED: &str =
    "the disk failed to keep what was written; nothing is written to it any more";

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("was_full", &self.was_full)
            .field("distrusted", &self.distrusted)
            .field("reserve", &self.reserve)
            .finish_non_exhaustive()
    }
}

/// The file that keeps the room.
const RESERVE: &str = "jeton.reserve";

/// Room on the disk for what must not fail when there is none left. A change takes room even where it
/// deletes, since the engine writes anew what it changes.
#[derive(Debug)]
struct Reserve {
    path: PathBuf,
    bytes: u64,
}

impl Reserve {
    fn is_there(&self) -> bool {
        self.bytes == 0 || fs::metadata(&self.path).is_ok_and(|file| file.len() == self.bytes)
    }

    /// Sets the room aside, unless that would leave less than as much again.
    fn fill(&self) -> io::Result<()> {
        if self.is_there() {
            return Ok(());
        }
        self.remove()?;
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.path)?;
        let filled = self.allocate(&file);
        if filled.is_err() {
            self.remove()?;
        }
        filled
    }

    fn allocate(&self, file: &File) -> io::Result<()> {
        let system = fstatvfs(file)?;
        let free = system.f_bavail.saturating_mul(system.f_frsize);
        if free < self.bytes.saturating_mul(2) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(fallocate(file, FallocateFlags::empty(), 0, self.bytes)?)
    }

    fn spend(&self) -> bool {
        self.bytes > 0 && fs::remove_file(&self.path).is_ok()
    }

    fn remove(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
