//! A file that nothing is written to until it has been looked at.
//!
//! Opening a redb database repairs and marks it, before anything can be said about what is in it.
//! So everything that redb writes while it opens is held back in memory, with the file's lock
//! already taken; once the content is known to be ours and whole, it is let through in order.
//! A file that is refused is left as it was, byte for byte.

use std::{
    collections::VecDeque,
    fmt, io,
    ops::Bound,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use redb::{BackendError, StorageBackend};

use super::{disk::Disk, fault::is_full};

/// The backend that redb is given. Cheap to clone; clones are the same file.
#[derive(Clone)]
pub(super) struct GuardedFile(Arc<Parts>);

struct Parts {
    file: Box<dyn StorageBackend>,
    disk: Disk,
    open: AtomicBool,
    /// Whether what is held back may be let through, and could not be yet.
    waiting: AtomicBool,
    held: Mutex<VecDeque<Write>>,
}

/// What redb wanted done, in order.
enum Write {
    At(u64, Vec<u8>),
    Length(u64),
    Sync,
}

impl GuardedFile {
    /// Holds back whatever is written to `file`, which is on `disk`.
    pub(super) fn new(file: Box<dyn StorageBackend>, disk: Disk) -> Self {
        Self(Arc::new(Parts {
            file,
            disk,
            open: AtomicBool::new(false),
            waiting: AtomicBool::new(false),
            held: Mutex::default(),
        }))
    }

    /// Lets through what was held back, and everything from now on.
    ///
    /// # Errors
    /// If the file cannot be written. What is left stays held back, and is seen by who reads.
    pub(super) fn release(&self) -> io::Result<()> {
        let mut held = self.held();
        while let Some(write) = held.front() {
            match write {
                Write::At(offset, data) => self.0.write(*offset, data)?,
                Write::Length(length) => self.0.set_len(*length)?,
                Write::Sync => self.0.sync_data()?,
            }
            held.pop_front();
        }
        self.0.open.store(true, Ordering::Release);
        Ok(())
    }

    /// Lets through what was held back; on a full disk, before the next write, which fails if there is still no
    /// room.
    pub(super) fn release_or_wait(&self) -> io::Result<()> {
        match self.release() {
            Err(error) if is_full(error.kind()) => {
                self.0.waiting.store(true, Ordering::Release);
                Ok(())
            }
            released => released,
        }
    }

    /// Whether a write goes to the file now, and is not held back.
    fn lets_through(&self) -> io::Result<bool> {
        if !self.is_open() && self.0.waiting.load(Ordering::Acquire) {
            self.release()?;
        }
        Ok(self.is_open())
    }

    /// The first bytes of the file itself, whatever is held back.
    pub(super) fn head<const N: usize>(&self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.0.file.read(0, &mut bytes)?;
        Ok(bytes)
    }

    fn is_open(&self) -> bool {
        self.0.open.load(Ordering::Acquire)
    }

    fn held(&self) -> MutexGuard<'_, VecDeque<Write>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the file is once `held` is let through.
    fn length(&self, held: &VecDeque<Write>) -> io::Result<u64> {
        let set = held.iter().rev().find_map(|write| match write {
            Write::Length(length) => Some(*length),
            Write::At(..) | Write::Sync => None,
        });
        set.map_or_else(|| self.0.file.len(), Ok)
    }

    /// Keeps it until it is let through.
    fn hold(&self, write: Write) {
        self.held().push_back(write);
    }
}

/// What reaches the file, as long as its disk can be trusted.
impl Parts {
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.disk.check()?;
        self.file.write(offset, data)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.disk.check()?;
        self.file.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.check()?;
        let synced = self.file.sync_data();
        if let Err(error) = &synced {
            tracing::error!(error = %error, "the disk could not keep what was written: {error}");
            self.disk.distrust();
        }
        synced
    }
}

impl StorageBackend for GuardedFile {
    fn len(&self) -> io::Result<u64> {
        self.length(&self.held())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if self.is_open() {
            return self.0.file.read(offset, out);
        }
        // Nothing is let through between the look at the file and the one at what is held back.
        let held = self.held();
        if offset.saturating_add(out.len() as u64) > self.length(&held)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        out.fill(0);
        let there = self.0.file.len()?.saturating_sub(offset);
        let there = out.len().min(usize::try_from(there).unwrap_or(usize::MAX));
        self.0.file.read(offset, &mut out[..there])?;
        for write in &*held {
            match write {
                Write::At(at, data) => overlay(out, offset, *at, data),
                Write::Length(length) => {
                    let kept = usize::try_from(length.saturating_sub(offset)).unwrap_or(usize::MAX);
                    let kept = kept.min(out.len());
                    out[kept..].fill(0);
                }
                Write::Sync => {}
            }
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        if self.lets_through()? {
            return self.0.set_len(length);
        }
        self.hold(Write::Length(length));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.lets_through()? {
            return self.0.sync_data();
        }
        self.hold(Write::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.lets_through()? {
            return self.0.write(offset, data);
        }
        self.hold(Write::At(offset, data.to_vec()));
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.0.file.close()
    }

    // The lock is the file's own, and taken at once: a wrapper that does not pass these on would
    // leave the file unlocked.

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.0.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.file.query_lock_range(start, end)
    }
}

/// Puts the part of `data` (which lies at `at`) into `out` (which lies at `offset`) that falls in.
fn overlay(out: &mut [u8], offset: u64, at: u64, data: &[u8]) {
    let from = offset.max(at);
    let to = (offset + out.len() as u64).min(at + data.len() as u64);
    if from >= to {
        return;
    }
    let span = |base: u64| {
        let start = usize::try_from(from - base).expect("it lies within a slice");
        let end = usize::try_from(to - base).expect("it lies within a slice");
        start..end
    };
    out[span(offset)].copy_from_slice(&data[span(at)]);
}

impl fmt::Debug for GuardedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GuardedFile").field(&self.0.file).finish()
    }
}

#[cfg(test)]
mod tests;
