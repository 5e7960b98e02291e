//! Backups: when the last one was made, how to make one, and one to take away.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use askama::Template;
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, Response, header},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::policy::{Entry, Part};
use crate::{
    admin::evidence::{attention::Level, server::ServerAttention},
    app::App,
    domain::{actor::Actor, backup::BackupStatus, permission::Permission},
    web::console::{
        Console,
        confirm::Confirmed,
        form::Form,
        page::{self, Flash, Frame, Here},
        pipe::Pipe,
        trouble::Trouble,
        visit::Visitor,
        words::Moment,
    },
};

/// How much of a backup is sent at once.
const CHUNK: usize = 64 * 1024;

/// The last backup.
pub(in crate::web::console) struct LastBackup {
    pub(in crate::web::console) at: Moment,
    pub(in crate::web::console) by: String,
}

impl LastBackup {
    /// As the audit log has it; nothing if there was none.
    pub(in crate::web::console) async fn find(app: &App) -> Result<Option<Self>, Trouble> {
        let found = app.last_backup().await?;
        Ok(found.map(|(at, by)| Self {
            at: Moment::of(at, app.now()),
            by,
        }))
    }
}

/// The backups that the server makes by itself.
struct Scheduled {
    every: String,
    directory: String,
    /// `3 of 14 kept`.
    kept: String,
    newest: Option<Moment>,
    next: Moment,
    /// What is the matter, in sentences; nothing is the empty text.
    trouble: String,
    /// How the matter looks.
    tone: &'static str,
}

impl Scheduled {
    fn of(status: &BackupStatus, app: &App) -> Self {
        let now = app.now();
        let trouble = ServerAttention::of_backups(status, now);
        let is_bad = |found: &ServerAttention| found.level == Level::Danger;
        Self {
            every: status.plan.every.in_full(),
            directory: status.plan.directory.display().to_string(),
            kept: format!("{} of {} kept", status.count, status.plan.keep),
            newest: status.last.map(|at| Moment::of(at, now)),
            next: Moment::of(status.next(), now),
            tone: if trouble.as_ref().is_some_and(is_bad) {
                "bad"
            } else {
                "warn"
            },
            trouble: trouble.map(|found| found.reason).unwrap_or_default(),
        }
    }
}

#[derive(Template)]
#[template(path = "settings/backup.html")]
struct BackupPage {
    frame: Frame,
    tab: &'static str,
    entry: Entry,
    /// When it was confirmed that the master key is kept elsewhere.
    kept: Option<Moment>,
    last: Option<LastBackup>,
    /// Those that the server makes by itself, if it makes any.
    scheduled: Option<Scheduled>,
    /// When a backup was last restored.
    restored: Option<Moment>,
    master_key_id: String,
    /// Whether it is in a file that the server may replace.
    may_rekey: bool,
    size: String,
}

impl BackupPage {
    async fn of(console: &Console, frame: Frame, entry: Entry) -> Result<Self, Trouble> {
        let app = &console.app;
        let report = app.report().await?;
        let kept = app.registry().policy().master_key_kept;
        Ok(Self {
            frame,
            tab: "backup",
            entry,
            kept: kept.map(|at| Moment::of(at, app.now())),
            last: LastBackup::find(app).await?,
            scheduled: app
                .backup_status()
                .as_ref()
                .as_ref()
                .map(|it| Scheduled::of(it, app)),
            restored: app.restored().map(|at| Moment::of(at, app.now())),
            master_key_id: report.master_key_id,
            may_rekey: app.master_key_file().is_some(),
            size: super::about::bytes(report.bytes),
        })
    }
}

pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
) -> Result<Response<Body>, Trouble> {
    let frame = visitor.frame(Here::Settings).await;
    let entry = MASTER_KEY.entry(console.app.registry().policy());
    Ok(page::ok(&BackupPage::of(&console, frame, entry).await?))
}

const MASTER_KEY: Part = Part {
    path: "/settings/backup",
    fields: &[("master_key_kept", "The master key is kept elsewhere too")],
    is_guarded: false,
    saved: "Saved.",
};

/// Somebody confirms that the master key is kept elsewhere too, or takes that back.
pub(super) async fn keep_master_key(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let entry = MASTER_KEY.entry(console.app.registry().policy());
    let page = BackupPage::of(&console, visitor.plain_frame(Here::Settings), entry).await?;
    let again = |_: &Visitor, entry| BackupPage { entry, ..page };
    MASTER_KEY.save((&console, visitor), form, again).await
}

/// Puts a new master key in the place of the present one.
pub(super) async fn rekey(
    State(console): State<Console>,
    Confirmed { visitor, .. }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::Own)?;
    let done = console.app.rekey(visitor.actor()).await?;
    let flash = Flash::done(format!(
        "The master key is {} now. Keep a copy of its file somewhere else; backups from before open with {} only.",
        done.master_key, done.previous
    ));
    visitor.done("/settings/backup", flash).await
}

/// Copies on their way out: one at a time, so that they never fill the disk.
#[derive(Clone)]
pub(in crate::web::console) struct Backups(Arc<Semaphore>);

impl Default for Backups {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

pub(super) async fn download(
    State(console): State<Console>,
    confirmed: Confirmed,
) -> Result<Response<Body>, Trouble> {
    let visitor = &confirmed.visitor;
    visitor.require(Permission::Backup)?;
    if confirmed.is_just_now(&console) {
        // The page that asked for the password would stay on the screen beside the file.
        let flash = Flash::done("Confirmed. Choose the download again; it starts at once.");
        return visitor.done("/settings/backup", flash).await;
    }
    let Ok(turn) = console.backups.0.clone().try_acquire_owned() else {
        return Err(Trouble::conflict(
            "Another backup is being downloaded. Wait until it is through, then try again.",
        ));
    };
    let (app, actor) = (console.app.clone(), visitor.actor());
    // To its end even if the browser goes away: a copy that nobody waits for is not left behind.
    let made = console.app.tasks().complete(make(app, actor, turn)).await;
    let Backup { file, bytes, turn } = made.ok_or_else(Trouble::failed)??;
    let (chunks, body) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        send(file, &chunks);
        drop(turn);
    });
    Ok(answer(&console, Body::new(Pipe(body)), bytes))
}

/// A backup that is open to be read, and has no name any more.
struct Backup {
    file: File,
    bytes: u64,
    turn: OwnedSemaphorePermit,
}

/// Makes one. Its name is gone whatever happens, so nobody else finds it, and nothing is left of it.
async fn make(app: App, actor: Actor, turn: OwnedSemaphorePermit) -> Result<Backup, Trouble> {
    let copy = Copy::beside_others(&app.entropy().base62(22));
    app.backup(actor, &copy.0).await?;
    let file = File::open(&copy.0).map_err(|error| lost(&error))?;
    let bytes = file.metadata().map_err(|error| lost(&error))?.len();
    Ok(Backup { file, bytes, turn })
}

fn answer(console: &Console, body: Body, bytes: u64) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    let day: String = console.app.now().to_string().chars().take(10).collect();
    let disposition = format!("attachment; filename=\"jeton-{day}.redb\"");
    let disposition = HeaderValue::from_str(&disposition).expect("a date is visible ASCII");
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    response
}

fn lost(error: &std::io::Error) -> Trouble {
    tracing::error!(error = %error, "a backup could not be read: {error}");
    Trouble::unavailable()
}

fn send(mut file: File, chunks: &mpsc::Sender<Result<Bytes, std::io::Error>>) {
    loop {
        let mut chunk = vec![0; CHUNK];
        let read = match file.read(&mut chunk) {
            Ok(0) => return,
            Ok(read) => read,
            Err(error) => {
                // Nobody may be there to hear it.
                let _ = chunks.blocking_send(Err(error));
                return;
            }
        };
        chunk.truncate(read);
        if chunks.blocking_send(Ok(chunk.into())).is_err() {
            return;
        }
    }
}

/// A copy on its way out. Its name goes when it is dropped.
struct Copy(PathBuf);

impl Copy {
    fn beside_others(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("jeton-backup-{name}.redb")))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let path: &Path = &self.0;
        if let Err(error) = std::fs::remove_file(path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(error = %error, path = %path.display(), "a backup was left behind: {error}");
        }
    }
}
