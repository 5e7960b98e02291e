use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use redb::backends::InMemoryBackend;

use super::*;

/// A file that, once it was read, answers only when it is told to, or after a while.
#[derive(Debug)]
struct Slow {
    file: InMemoryBackend,
    answers: Mutex<Receiver<()>>,
}

impl Slow {
    fn wait(&self) -> RecvTimeoutError {
        let answers = self.answers.lock().unwrap();
        answers
            .recv_timeout(Duration::from_millis(300))
            .unwrap_err()
    }
}

impl StorageBackend for Slow {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)?;
        self.wait();
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }
}

#[test]
fn what_is_let_through_while_somebody_reads_is_not_missed() {
    let (released, answers) = channel();
    let file = InMemoryBackend::new();
    file.set_len(4).unwrap();
    file.write(0, b"old!").unwrap();
    let slow = Slow {
        file,
        answers: Mutex::new(answers),
    };
    let guarded = GuardedFile::new(Box::new(slow), Disk::default());
    guarded.write(0, b"new!").unwrap();

    let mut out = [0; 4];
    thread::scope(|scope| {
        let reader = scope.spawn(|| guarded.read(0, &mut out));
        thread::sleep(Duration::from_millis(100));
        guarded.release().unwrap();
        drop(released);
        reader.join().unwrap().unwrap();
    });

    assert_eq!(&out, b"new!");
}

/// A file that somebody else has locked, on a disk that takes nothing.
#[derive(Debug)]
struct Held(io::ErrorKind);

impl StorageBackend for Held {
    fn len(&self) -> io::Result<u64> {
        Ok(0)
    }

    fn read(&self, _: u64, _: &mut [u8]) -> io::Result<()> {
        Err(self.0.into())
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Err(self.0.into())
    }

    fn sync_data(&self) -> io::Result<()> {
        Err(self.0.into())
    }

    fn write(&self, _: u64, _: &[u8]) -> io::Result<()> {
        Err(self.0.into())
    }

    fn try_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(false)
    }

    fn try_lock_shared_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(false)
    }

    fn lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Err(BackendError::Unsupported)
    }

    fn lock_shared_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Err(BackendError::Unsupported)
    }

    fn unlock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Err(BackendError::Unsupported)
    }

    fn query_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }
}

fn held(kind: io::ErrorKind) -> GuardedFile {
    GuardedFile::new(Box::new(Held(kind)), Disk::default())
}

#[test]
fn a_lock_is_the_files_own() {
    let file = held(io::ErrorKind::Other);
    let all = (Bound::Unbounded, Bound::Unbounded);
    assert!(!file.try_lock_range(all.0, all.1).unwrap());
    assert!(!file.try_lock_shared_range(all.0, all.1).unwrap());
    assert!(file.query_lock_range(all.0, all.1).unwrap());
    for refused in [
        file.lock_range(all.0, all.1),
        file.lock_shared_range(all.0, all.1),
        file.unlock_range(all.0, all.1),
    ] {
        assert!(matches!(refused, Err(BackendError::Unsupported)));
    }
}

#[test]
fn what_is_held_back_waits_for_room_and_for_nothing_else() {
    for (kind, waits) in [
        (io::ErrorKind::StorageFull, true),
        (io::ErrorKind::Other, false),
        (io::ErrorKind::PermissionDenied, false),
    ] {
        let file = held(kind);
        file.write(0, b"new!").unwrap();
        assert_eq!(file.release_or_wait().is_ok(), waits, "{kind:?}");
        assert_eq!(file.write(4, b"more").is_err(), waits, "{kind:?}");
    }
}

#[test]
fn what_is_held_back_is_seen_where_it_lies() {
    for (offset, at, data, seen) in [
        (0, 0, "ab", "ab.."),
        (10, 12, "ab", "..ab"),
        (10, 13, "ab", "...a"),
        (10, 9, "ab", "b..."),
        (10, 8, "ab", "...."),
        (10, 14, "ab", "...."),
        (10, 8, "abcdefgh", "cdef"),
    ] {
        let mut out = *b"....";
        overlay(&mut out, offset, at, data.as_bytes());
        assert_eq!(out, seen.as_bytes(), "{data} at {at}");
    }
}
