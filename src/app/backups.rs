//! Backups that the server makes by itself, and what becomes of the older ones.
//!
//! What is in the directory is what counts: a backup that somebody took away is none, and is made again. Whatever
//! fails, fails here alone: the server serves on, and says that there is no backup.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{AdminError, App, published::Published};
use crate::{
    domain::{
        actor::Actor,
        audit::{Action, AuditPage},
        backup::{BackupFailure, BackupName, BackupPlan, BackupStatus, superfluous},
        time::Timestamp,
    },
    store,
};

/// Who makes them, as the audit log says.
const TASK: &str = "backup schedule";

/// How long the start of the server waits for the directory.
const PATIENCE: Duration = Duration::from_secs(2);

/// The backups of this server.
pub(super) struct Backups {
    status: Published<Option<BackupStatus>>,
    turn: Mutex<()>,
    latest: Mutex<Latest>,
}

/// The latest backup, by anybody, that stands in the audit log.
#[derive(Default)]
struct Latest {
    /// When it was made, and by whom.
    found: Option<(Timestamp, String)>,
    /// Up to which record the log was searched.
    searched: u64,
}

/// Which backups there are.
#[derive(Debug, Default)]
struct Found {
    all: Vec<BackupName>,
}

impl Backups {
    /// As planned, if any are.
    pub(super) async fn planned(plan: Option<BackupPlan>, now: Timestamp) -> Self {
        let status = match plan {
            None => None,
            Some(plan) => {
                // A disk that does not answer does not keep the server from starting.
                let found = look(plan.directory.clone());
                let found = tokio::time::timeout(PATIENCE, found).await;
                let found = found.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
                let found = found.unwrap_or_default();
                Some(BackupStatus {
                    last: found.newest(now),
                    count: found.all.len(),
                    plan,
                    failure: None,
                    since: now,
                })
            }
        };
        Self {
            status: Published::new(Arc::new(status)),
            turn: Mutex::default(),
            latest: Mutex::default(),
        }
    }
}

/// Makes them until told to stop.
pub(super) async fn run(app: App, stop: CancellationToken) {
    // The log may be long: nobody who opens the dashboard shall wait for it.
    if let Err(error) = app.last_backup().await {
        tracing::warn!(error = %error, "the audit log could not be searched for backups: {error}");
    }
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => app.keep_backups().await,
            () = stop.cancelled() => return,
        }
    }
}

impl App {
    /// When the last backup was made, and by whom, as the audit log has it; nothing if there was none. What was
    /// searched before is not searched again.
    ///
    /// # Errors
    /// [`AdminError::Unavailable`] if the store cannot be read.
    pub async fn last_backup(&self) -> Result<Option<(Timestamp, String)>, AdminError> {
        let mut latest = self.0.backups.latest.lock().await;
        let end = self.0.store.audit_head().await?.seq;
        let wanted = AuditPage {
            after: Some(latest.searched),
            limit: 1,
            action: Some(Action::ServerBackup.word().to_owned()),
            ..AuditPage::default()
        };
        if let Some(record) = self.audit(wanted).await?.into_iter().next() {
            latest.found = Some((record.entry.at, record.entry.actor));
        }
        latest.searched = end;
        Ok(latest.found.clone())
    }

    /// How the backups stand that the server makes by itself; nothing if it makes none.
    pub fn backup_status(&self) -> Arc<Option<BackupStatus>> {
        self.0.backups.status.current_arc()
    }

    /// Makes a backup if one is due, and takes away those that are too many.
    pub async fn keep_backups(&self) {
        let Ok(_turn) = self.0.backups.turn.try_lock() else {
            return;
        };
        let status = self.backup_status();
        let Some(status) = status.as_ref() else {
            return;
        };
        let now = self.now();
        if !status.is_due(now) {
            return;
        }
        let made = self.make_backup(&status.plan, now).await;
        let found = look(status.plan.directory.clone()).await;
        let found = made.and(found.map_err(|error| unusable(&status.plan.directory, &error)));
        self.note_backup(status, found, now);
    }

    /// Makes one, and then room.
    async fn make_backup(&self, plan: &BackupPlan, now: Timestamp) -> Result<(), String> {
        let directory = plan.directory.clone();
        away(move || prepare(&directory)).await?;
        let to = plan.directory.join(BackupName(now).to_string());
        let made = self.backup(Actor::system(TASK), &to).await;
        let report = made.map_err(|error| error.to_string())?;
        tracing::info!(
            path = %to.display(), bytes = report.bytes, revision = report.revision,
            "a backup was made: {}", to.display()
        );
        let plan = plan.clone();
        away(move || make_room(&plan, now)).await
    }

    fn note_backup(&self, before: &BackupStatus, found: Result<Found, String>, now: Timestamp) {
        let status = match found {
            Ok(found) => {
                if before.failure.is_some() {
                    tracing::info!("backups are made again");
                }
                BackupStatus {
                    last: found.newest(now),
                    count: found.all.len(),
                    failure: None,
                    ..before.clone()
                }
            }
            Err(problem) => {
                tracing::error!(error = %problem, "a backup could not be made: {problem}");
                BackupStatus {
                    failure: Some(BackupFailure { at: now, problem }),
                    ..before.clone()
                }
            }
        };
        self.0.backups.status.publish(Arc::new(Some(status)));
    }
}

/// Does what may wait for a disk, away from the runtime.
async fn away<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(error.to_string()))
}

/// Never makes the directory: the disk that should be there may not be mounted, and the one below it is the
/// server's own.
fn prepare(directory: &Path) -> Result<(), String> {
    if !directory.is_dir() {
        return Err(format!("there is no directory {}", directory.display()));
    }
    store::sweep(&directory.join("jeton-"));
    Ok(())
}

fn make_room(plan: &BackupPlan, now: Timestamp) -> Result<(), String> {
    let found = Found::in_directory(&plan.directory);
    let found = found.map_err(|error| unusable(&plan.directory, &error))?;
    for name in superfluous(&found.all, plan.keep, now) {
        let old = plan.directory.join(name.to_string());
        fs::remove_file(&old)
            .map_err(|error| format!("cannot remove {}: {error}", old.display()))?;
    }
    Ok(())
}

async fn look(directory: PathBuf) -> io::Result<Found> {
    let found = tokio::task::spawn_blocking(move || Found::in_directory(&directory)).await;
    found.unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn unusable(directory: &Path, error: &io::Error) -> String {
    format!("cannot read {}: {error}", directory.display())
}

impl Found {
    /// Those in `directory`. Whatever is named otherwise is somebody else's.
    fn in_directory(directory: &Path) -> io::Result<Self> {
        let mut all = Vec::new();
        for entry in fs::read_dir(directory)? {
            let name = entry?.file_name();
            if let Some(name) = name.to_str().and_then(|name| name.parse().ok()) {
                all.push(name);
            }
        }
        Ok(Self { all })
    }

    /// The newest, but for those of a clock that was ahead.
    fn newest(&self, now: Timestamp) -> Option<Timestamp> {
        let moments = self.all.iter().map(|name| name.0);
        moments.filter(|at| *at <= now).max()
    }
}
