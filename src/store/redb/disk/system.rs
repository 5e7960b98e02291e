//! What a disk asks of the operating system.

#[cfg(test)]
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fmt, fs::File, io, path::Path};

use redb::{StorageBackend, backends::FileBackend};
use rustix::fs::{FallocateFlags, fallocate, statvfs};

/// What a disk asks of the operating system. Tests have one that fails.
pub(in super::super) trait System: fmt::Debug + Send + Sync {
    /// What reads and writes `file`.
    fn backend(&self, file: FileBackend) -> Box<dyn StorageBackend> {
        Box::new(file)
    }

    /// How many bytes can still be written in `directory`.
    fn free(&self, directory: &Path) -> io::Result<u64> {
        let system = statvfs(directory)?;
        Ok(system.f_bavail.saturating_mul(system.f_frsize))
    }

    /// Gives `file` so many bytes of room, without writing them.
    fn allocate(&self, file: &File, bytes: u64) -> rustix::io::Result<()> {
        fallocate(file, FallocateFlags::empty(), 0, bytes)
    }
}

/// The one that the process runs on.
#[derive(Debug)]
pub(super) struct ThisSystem;

impl System for ThisSystem {}

/// A system whose disks all have so much room, in bytes.
#[cfg(test)]
#[derive(Debug)]
pub(in super::super) struct Roomy(AtomicU64);

#[cfg(test)]
impl Roomy {
    pub(in super::super) fn with(bytes: u64) -> Self {
        Self(AtomicU64::new(bytes))
    }

    pub(in super::super) fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::SeqCst);
    }
}

#[cfg(test)]
impl System for Roomy {
    fn free(&self, _: &Path) -> io::Result<u64> {
        Ok(self.0.load(Ordering::SeqCst))
    }
}
