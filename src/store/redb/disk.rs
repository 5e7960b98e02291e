//! What a store knows of the disk that it is on: whether it can be trusted, and whether there is room.

mod reserve;
mod system;

use std::{
    fs::File,
    io,
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use redb::{DatabaseError, StorageBackend, backends::FileBackend};

use self::{reserve::Reserve, system::ThisSystem};

#[cfg(test)]
pub(super) use self::system::Roomy;
pub(super) use self::system::System;

/// What all handles of a data file know of its disk. Cheap to clone; clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Disk(Arc<State>);

#[derive(Debug)]
struct State {
    system: Arc<dyn System>,
    /// Whether a sync failed.
    distrusted: AtomicBool,
    /// Whether it was full: the engine then refuses everything until the file is opened anew.
    was_full: AtomicBool,
    /// Whether it was full, and nobody has seen room on it since.
    has_no_room: AtomicBool,
    reserve: OnceLock<Reserve>,
}

impl Disk {
    /// A disk that is well, as `system` has it.
    pub(super) fn on(system: Arc<dyn System>) -> Self {
        Self(Arc::new(State {
            system,
            distrusted: AtomicBool::new(false),
            was_full: AtomicBool::new(false),
            has_no_room: AtomicBool::new(false),
            reserve: OnceLock::new(),
        }))
    }

    /// Another one of the same system.
    pub(super) fn another(&self) -> Self {
        Self::on(Arc::clone(&self.0.system))
    }

    /// `file` as the engine is to see it.
    pub(super) fn backend(&self, file: File) -> Result<Box<dyn StorageBackend>, DatabaseError> {
        Ok(self.0.system.backend(FileBackend::new(file)?))
    }

    /// How many bytes can still be written in `directory`.
    pub(super) fn free(&self, directory: &Path) -> io::Result<u64> {
        self.0.system.free(directory)
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

    /// A write found no room.
    pub(super) fn ran_full(&self) {
        self.0.was_full.store(true, Ordering::SeqCst);
        self.0.has_no_room.store(true, Ordering::SeqCst);
    }

    /// The file was opened anew since.
    pub(super) fn was_reopened(&self) {
        self.0.was_full.store(false, Ordering::SeqCst);
    }

    /// Whether it was full, and the file was not opened anew since.
    pub(super) fn was_full(&self) -> bool {
        self.0.was_full.load(Ordering::SeqCst)
    }

    /// Whether there is no room, or only what was set aside.
    pub(super) fn is_full(&self) -> bool {
        self.was_full() || self.0.has_no_room.load(Ordering::SeqCst) || self.is_spent()
    }

    /// Looks whether there is room in `directory` again; then some of it is set aside again, too.
    pub(super) fn look_for_room(&self, directory: &Path) {
        let system = self.0.system.as_ref();
        let has_room = || system.free(directory).is_ok_and(|free| free >= ROOM);
        // Taken back before the look: a write that finds none meanwhile has the last word.
        if self.0.has_no_room.swap(false, Ordering::SeqCst) && !has_room() {
            self.0.has_no_room.store(true, Ordering::SeqCst);
        }
        if let Some(reserve) = self.0.reserve.get()
            && !reserve.is_there()
            && reserve.fill(system).is_ok()
        {
            tracing::info!("there is room on the disk, and some of it is set aside again");
        }
    }

    /// Keeps room in `directory` from now on.
    ///
    /// # Errors
    /// If there is none now; it is set aside once there is.
    pub(super) fn keep_reserve(&self, directory: &Path, bytes: u64) -> io::Result<()> {
        let reserve = self.0.reserve.get_or_init(|| Reserve::of(directory, bytes));
        reserve.fill(self.0.system.as_ref())
    }

    /// Gives up the room that was set aside, unless it was given up already; false if there was none.
    pub(super) fn spend(&self) -> bool {
        self.0.reserve.get().is_some_and(Reserve::spend)
    }

    /// Whether the room that was set aside was given up, and could not be set aside again yet.
    pub(super) fn is_spent(&self) -> bool {
        self.0.reserve.get().is_some_and(Reserve::is_spent)
    }
}

impl Default for Disk {
    /// One of the system that the process runs on.
    fn default() -> Self {
        Self::on(Arc::new(ThisSystem))
    }
}

const DISTRUSTED: &str =
    "the disk failed to keep what was written; nothing is written to it any more";

/// How many free bytes make a disk that was full one that is not.
const ROOM: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_was_full_has_room_again_from_one_mebibyte_on() {
        let system = Arc::new(Roomy::with(1_048_575));
        let disk = Disk::on(Arc::<Roomy>::clone(&system));
        disk.ran_full();
        disk.was_reopened();
        disk.look_for_room(Path::new("."));
        assert!(disk.is_full());

        system.set(1_048_576);
        assert!(disk.is_full(), "nobody looked");
        disk.look_for_room(Path::new("."));
        assert!(!disk.is_full());
    }
}
