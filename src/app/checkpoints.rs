//! Checkpoints of the audit log: written beside it while serving, and held against it at start and on demand.
//!
//! Where they are written is a setting of the process alone: nobody who may change the server can have it write
//! to a file of their choice.

mod file;

use std::sync::{Mutex, PoisonError, RwLock};

use tokio_util::sync::CancellationToken;

pub use self::file::{CheckpointFile, CheckpointFileError};
use super::{AdminError, App, schedule::elapsed};
use crate::{
    domain::{
        checkpoint::{Checkpoint, CheckpointError, Comparison},
        id::Revision,
        issued_token::{ChainEnd, TokenRecords},
        time::{Span, Timestamp},
    },
    store::{AuditScope, StoreError},
};

/// How often one is written, if there is something new.
const EVERY: Span = Span::minutes(1);

/// How often one is written if all that is new are records of issued tokens: there always is one.
const TOKENS_EVERY: Span = Span::minutes(10);

/// After how many new records one is written, however soon.
const RECORDS: u64 = 1000;

/// How much of the log is checked at every start.
const CHECKED_AT_START: u64 = 10_000;

/// How many checkpoints are held against the log at once.
const AT_ONCE: usize = 1000;

/// Where checkpoints go, and what the latest one said.
#[derive(Debug)]
pub(super) struct Checkpoints {
    file: Option<CheckpointFile>,
    latest: Mutex<Latest>,
    /// Why the latest one could not be written.
    failure: RwLock<Option<String>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Latest {
    /// The revision at which there was nothing more to write.
    revision: Option<Revision>,
    /// Epoch and number of the last record that a checkpoint has.
    end: Option<(u64, u64)>,
    /// The last issued token that a checkpoint has.
    token: Option<ChainEnd>,
    at: Timestamp,
}

/// What a check of the audit log found, when all is well.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AuditVerdict {
    /// How many records there are.
    pub records: u64,
    /// How many issued tokens are on record, in a chain of their own.
    pub issued_tokens: u64,
    /// How many checkpoints agree with it, and how many are of records that a restore gave up; nothing if no
    /// checkpoints are written.
    pub checkpoints: Option<(u64, u64)>,
}

/// Why the audit log cannot be relied on.
#[derive(Debug, thiserror::Error)]
pub enum AuditFault {
    /// A record does not fit.
    #[error("the audit log is not whole: {0}")]
    Broken(String),
    /// It is not the one that checkpoints know.
    #[error("{0}")]
    Older(String),
    /// The checkpoints say nothing.
    #[error(transparent)]
    Checkpoints(#[from] CheckpointFileError),
    /// A checkpoint that was handed in is none.
    #[error("checkpoint {place}: {error}")]
    Line {
        /// Which of those, from 1.
        place: usize,
        /// What is wrong with it.
        error: CheckpointError,
    },
    /// The store cannot be read.
    #[error("{0}")]
    Unavailable(String),
}

impl From<StoreError> for AuditFault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt { .. } => Self::Broken(error.to_string()),
            StoreError::Conflict | StoreError::Unavailable(_) => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}

impl From<AuditFault> for AdminError {
    fn from(fault: AuditFault) -> Self {
        Self::Unavailable(fault.to_string())
    }
}

impl Checkpoints {
    /// To `file`, if there is one.
    pub(super) fn to(file: Option<CheckpointFile>) -> Self {
        Self {
            file,
            latest: Mutex::default(),
            failure: RwLock::default(),
        }
    }

    /// Why the latest one could not be written; nothing if it could.
    pub(super) fn failure(&self) -> Option<String> {
        let failure = self.failure.read();
        failure.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says whether it could be written; tells the log once.
    fn heed(&self, file: &CheckpointFile, outcome: Result<(), String>) -> bool {
        let mut failure = self.failure.write().unwrap_or_else(PoisonError::into_inner);
        let path = file.path().display();
        match (&*failure, &outcome) {
            (None, Err(problem)) => {
                tracing::error!(error = %problem, path = %path, "checkpoints of the audit log cannot be written to {path}: {problem}");
            }
            (Some(_), Ok(())) => tracing::info!("checkpoints of the audit log are written again"),
            (None, Ok(())) | (Some(_), Err(_)) => {}
        }
        *failure = outcome.err();
        failure.is_none()
    }

    fn latest(&self) -> Latest {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, latest: Latest) {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = latest;
    }
}

/// Writes checkpoints until told to stop.
pub(super) async fn run(app: App, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(std::time::Duration::from_secs(1));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => app.keep_checkpoints().await,
            () = stop.cancelled() => return,
        }
    }
}

impl App {
    /// Writes a checkpoint of the audit log, if one is due.
    pub async fn keep_checkpoints(&self) {
        self.write_checkpoint((EVERY, TOKENS_EVERY)).await;
    }

    /// Writes a checkpoint of the audit log, if there is anything new.
    pub(super) async fn write_last_checkpoint(&self) {
        self.write_checkpoint((Span(0), Span(0))).await;
    }

    async fn write_checkpoint(&self, (every, tokens_every): (Span, Span)) {
        let checkpoints = &self.0.checkpoints;
        let Some(file) = &checkpoints.file else {
            return;
        };
        let (latest, revision, now) =
            (checkpoints.latest(), self.registry().revision(), self.now());
        let records_tokens = self.0.settings.audit_tokens == TokenRecords::Durable;
        let are_tokens_due = records_tokens && elapsed(latest.at, now, tokens_every);
        if latest.revision == Some(revision) && !are_tokens_due {
            return;
        }
        if latest.end.is_none()
            && let Err(fault) = self.resume_checkpoints(file).await
        {
            // What is newer must not be followed by what is older: nobody would see it there.
            checkpoints.heed(file, Err(fault.to_string()));
            return;
        }
        let latest = checkpoints.latest();
        let store = &self.0.store;
        let ends = (store.audit_head().await, store.issued_chain(vec![]).await);
        let (Ok(head), Ok(chain)) = ends else {
            // The store tells of its own troubles.
            return;
        };
        let is_new = latest.end != Some((head.epoch(), head.seq));
        let has_token = are_tokens_due && latest.token != chain.end;
        let many = latest
            .end
            .is_none_or(|(_, seq)| head.seq.saturating_sub(seq) >= RECORDS);
        if is_new && !many && !elapsed(latest.at, now, every) {
            return;
        }
        if is_new || has_token {
            let line =
                Checkpoint::of(&head, chain.end, now).to_line(&self.0.store.checkpoint_key());
            let to = file.clone();
            let written = tokio::task::spawn_blocking(move || to.append(&line)).await;
            let outcome = match written {
                Ok(outcome) => outcome.map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            if !checkpoints.heed(file, outcome) {
                return;
            }
        }
        checkpoints.remember(Latest {
            revision: Some(revision),
            end: Some((head.epoch(), head.seq)),
            token: chain.end,
            at: now,
        });
    }

    /// Checks the end of the audit log, and that it is not an older one than the newest checkpoint knows.
    ///
    /// # Errors
    /// See [`AuditFault`]: then the data must not be served.
    pub async fn check_audit_at_start(&self) -> Result<(), AuditFault> {
        let store = &self.0.store;
        store
            .verify_audit(AuditScope::Latest(CHECKED_AT_START))
            .await?;
        let Some(file) = &self.0.checkpoints.file else {
            return Ok(());
        };
        self.resume_checkpoints(file).await
    }

    /// Goes on after the newest checkpoint, which the log must have.
    async fn resume_checkpoints(&self, file: &CheckpointFile) -> Result<(), AuditFault> {
        let (file, key) = (file.clone(), self.0.store.checkpoint_key());
        let read = tokio::task::spawn_blocking(move || file.newest(&key)).await;
        let newest = read.map_err(|error| AuditFault::Unavailable(error.to_string()))??;
        let Some(newest) = newest else {
            return Ok(());
        };
        self.compare(&[newest]).await?;
        self.0.checkpoints.remember(Latest {
            revision: None,
            end: Some((newest.epoch, newest.seq)),
            token: newest.tokens,
            at: newest.time,
        });
        Ok(())
    }

    /// Checks the whole audit log: its chain, and that it agrees with every checkpoint that this server wrote.
    ///
    /// # Errors
    /// See [`AuditFault`].
    pub async fn verify_audit(&self) -> Result<AuditVerdict, AuditFault> {
        let records = self.0.store.verify_audit(AuditScope::All).await?;
        let mut verdict = AuditVerdict {
            records,
            issued_tokens: self.0.store.verify_issued().await?,
            checkpoints: None,
        };
        if let Some(file) = &self.0.checkpoints.file
            && file.path().exists()
        {
            verdict.checkpoints = Some(self.compare_file(file).await?);
        }
        Ok(verdict)
    }

    async fn compare_file(&self, file: &CheckpointFile) -> Result<(u64, u64), AuditFault> {
        let key = self.0.store.checkpoint_key();
        let from = file.clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut all = Vec::new();
            from.each(|number, line| {
                let parsed = Checkpoint::parse(line, &key);
                all.push(parsed.map_err(|error| from.wrong_line(number, error))?);
                Ok::<_, CheckpointFileError>(())
            })?;
            Ok::<_, CheckpointFileError>(all)
        });
        let read = read.await;
        let all = read.map_err(|error| AuditFault::Unavailable(error.to_string()))??;
        let mut sum = (0, 0);
        for some in all.chunks(AT_ONCE) {
            let found = self.compare(some).await?;
            sum = (sum.0 + found.kept, sum.1 + found.given_up);
        }
        Ok(sum)
    }

    /// Holds checkpoints, as lines, against the audit log; gives how many agree with it, and how many are of
    /// records that a restore gave up.
    ///
    /// # Errors
    /// See [`AuditFault`].
    pub async fn compare_checkpoints(&self, lines: &[String]) -> Result<(u64, u64), AuditFault> {
        let key = self.0.store.checkpoint_key();
        let parse = |(place, line): (usize, &String)| {
            Checkpoint::parse(line, &key).map_err(|error| AuditFault::Line {
                place: place + 1,
                error,
            })
        };
        let all: Vec<_> = lines
            .iter()
            .enumerate()
            .map(parse)
            .collect::<Result<_, _>>()?;
        let found = self.compare(&all).await?;
        Ok((found.kept, found.given_up))
    }

    async fn compare(&self, checkpoints: &[Checkpoint]) -> Result<Comparison, AuditFault> {
        compare(self.0.store.as_ref(), checkpoints).await
    }
}

/// Holds checkpoints against the audit log in `store`.
///
/// # Errors
/// [`AuditFault::Older`] if one of them knows a record that is not there, or another one.
pub async fn compare(
    store: &dyn crate::store::Store,
    checkpoints: &[Checkpoint],
) -> Result<Comparison, AuditFault> {
    let head = store.audit_head().await?;
    let numbers = checkpoints.iter().map(|it| it.seq).collect();
    let macs = store.audit_macs(numbers).await?;
    let tokens = checkpoints.iter().filter_map(|it| it.tokens);
    let tokens = store.issued_chain(tokens.map(|end| end.seq).collect());
    let found = Comparison::of(checkpoints, (&head, &macs), &tokens.await?);
    match found.problem() {
        Some(problem) => Err(AuditFault::Older(problem)),
        None => Ok(found),
    }
}
