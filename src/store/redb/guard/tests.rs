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
