//! Power that fails at any moment: of what was written since the last sync, any part may be on the disk, in any
//! order, torn anywhere. What is found then is what was acknowledged, or the one change after it; never a mixture.

use std::{
    io,
    ops::Bound,
    sync::{Mutex, MutexGuard},
};

use redb::{BackendError, StorageBackend, backends::FileBackend};

use super::*;
use crate::store::redb::{
    Repair,
    disk::{Disk, System},
};

/// How many crashes are tried, unless `JETON_TEST_CRASHES` says otherwise.
const CRASHES: usize = 300;

/// What was done to a file.
#[derive(Clone, Debug)]
enum Step {
    Write(usize, Vec<u8>),
    Length(usize),
    Sync,
}

/// A file in memory, and all that was done to it.
#[derive(Clone, Debug, Default)]
struct Recorded(Arc<Mutex<Tape>>);

#[derive(Debug, Default)]
struct Tape {
    bytes: Vec<u8>,
    steps: Vec<Step>,
}

impl Recorded {
    fn holding(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Tape {
            bytes,
            steps: Vec::new(),
        })))
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.0.lock().unwrap()
    }

    fn record(&self, step: Step) {
        let mut tape = self.tape();
        step.apply(&mut tape.bytes);
        tape.steps.push(step);
    }
}

/// The only file of its system.
impl System for Recorded {
    fn backend(&self, _: FileBackend) -> Box<dyn StorageBackend> {
        Box::new(self.clone())
    }
}

impl Step {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(at, data) => {
                let end = at + data.len();
                if end > bytes.len() {
                    bytes.resize(end, 0);
                }
                bytes[*at..end].copy_from_slice(data);
            }
            Self::Length(length) => bytes.resize(*length, 0),
            Self::Sync => {}
        }
    }
}

impl StorageBackend for Recorded {
    fn len(&self) -> io::Result<u64> {
        Ok(self.tape().bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let at = usize::try_from(offset).unwrap();
        let tape = self.tape();
        let found = tape.bytes.get(at..at + out.len());
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.record(Step::Length(usize::try_from(length).unwrap()));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.record(Step::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let at = usize::try_from(offset).unwrap();
        self.record(Step::Write(at, data.to_vec()));
        Ok(())
    }

    // Nobody else can open it.

    fn try_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn try_lock_shared_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn lock_shared_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn unlock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn query_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(false)
    }
}

/// What chance decides.
struct Chance(Entropy);

impl Chance {
    fn below(&self, limit: usize) -> usize {
        usize::try_from(u32::from_be_bytes(self.0.bytes())).unwrap() % limit.max(1)
    }

    fn percent(&self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// What may be on the disk if the power fails after `steps`, where `before` was there before them.
    fn crash(&self, before: &[u8], steps: &[Step]) -> Vec<u8> {
        let synced = steps.iter().rposition(|step| matches!(step, Step::Sync));
        let (kept, pending) = steps.split_at(synced.map_or(0, |at| at + 1));
        let mut bytes = before.to_vec();
        for step in kept {
            step.apply(&mut bytes);
        }
        let (tears, survives) = (self.percent(50), self.below(101));
        for step in pending {
            match step {
                Step::Write(at, data) if tears => self.tear(*at, data, &mut bytes),
                step if self.percent(survives) => step.apply(&mut bytes),
                Step::Write(..) | Step::Length(_) | Step::Sync => {}
            }
        }
        bytes
    }

    /// Writes some parts of `data`, and others not.
    fn tear(&self, at: usize, data: &[u8], bytes: &mut Vec<u8>) {
        let grain = [1 + self.below(40), 64, 512, 4096][self.below(4)];
        for (n, part) in data.chunks(grain).enumerate() {
            if self.percent(50) {
                Step::Write(at + n * grain, part.to_vec()).apply(bytes);
            }
        }
    }
}

/// A store that was worked with, and what it had acknowledged when.
struct History {
    before: Vec<u8>,
    steps: Vec<Step>,
    /// After how many steps which registry was acknowledged.
    acknowledged: Vec<(usize, Registry)>,
}

impl History {
    async fn of(bench: &Bench, commits: usize) -> Self {
        let before = std::fs::read(bench.path()).unwrap();
        let file = Recorded::holding(before.clone());
        let store = open_on(bench, &file).unwrap();
        let opened = file.tape().steps.len();
        let mut registry = store.load().await.unwrap();
        let mut acknowledged = vec![(opened, registry.clone())];
        let mut runner = TestRunner::deterministic();
        for at in 0..commits {
            let mut draw = || {
                arbitrary::changes()
                    .new_tree(&mut runner)
                    .unwrap()
                    .current()
            };
            let commit = arbitrary::commit(&registry, i64::try_from(at).unwrap(), draw());
            registry = registry.apply(&commit);
            store.commit(Arc::new(commit)).await.unwrap();
            acknowledged.push((file.tape().steps.len(), registry.clone()));
            let mut tally = Tally::default();
            let seen = arbitrary::observation(2).new_tree(&mut runner).unwrap();
            tally.add(seen.current());
            store.add_usage(tally).await.unwrap();
        }
        let steps = file.tape().steps.clone();
        Self {
            before,
            steps,
            acknowledged,
        }
    }

    /// What was acknowledged before step `at`, and what would have been next.
    fn around(&self, at: usize) -> (&Registry, Option<&Registry>) {
        let next = self.acknowledged.partition_point(|(step, _)| *step <= at);
        let latest = &self.acknowledged[next.max(1) - 1].1;
        (latest, self.acknowledged.get(next.max(1)).map(|(_, it)| it))
    }
}

/// Opens `file` in place of the bench's.
fn open_on(bench: &Bench, file: &Recorded) -> Result<RedbStore, OpenError> {
    let disk = Disk::on(Arc::new(file.clone()));
    let key = (&bench.master, &bench.entropy);
    RedbStore::open_on(disk, &bench.path(), key, Repair::Refuse)
}

#[tokio::test]
async fn after_a_power_failure_everything_acknowledged_is_there_and_nothing_is_half_there() {
    let (bench, _) = Bench::filled(3).await;
    let history = History::of(&bench, 40).await;
    let chance = Chance(Entropy::seeded(11));
    let crashes = times("JETON_TEST_CRASHES", CRASHES);
    let mut twice = 0;
    for crash in 0..crashes {
        let at = chance.below(history.steps.len() + 1);
        let (latest, next) = history.around(at);
        let mut bytes = chance.crash(&history.before, &history.steps[..at]);
        loop {
            let file = Recorded::holding(bytes.clone());
            let store = open_on(&bench, &file)
                .unwrap_or_else(|error| panic!("crash {crash} at {at}: {error}"));
            let found = store.load().await.unwrap();
            assert!(
                found == *latest || Some(&found) == next,
                "crash {crash} at {at}: revision {} is there, {} was acknowledged",
                found.revision(),
                latest.revision()
            );
            store
                .verify_audit(crate::store::AuditScope::All)
                .await
                .unwrap();
            let recovery = file.tape().steps.clone();
            if recovery.is_empty() || !chance.percent(33) {
                break;
            }
            // Once more, in the middle of what opening had to do.
            twice += 1;
            let until = chance.below(recovery.len() + 1);
            bytes = chance.crash(&bytes, &recovery[..until]);
        }
    }
    assert!(twice > crashes / 10, "{twice} crashes while recovering");
}
