//! `/server`: the server itself, and its backups.

use std::path::PathBuf;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    auth::{Anything, Backup, May, Own},
    described::{OpenApiRouter, routes},
    extract::Written,
    problem::{Kind, Problem},
    reply::Reply,
};
use crate::{
    admin::{
        refusal::FieldErrors,
        views::{BackupsView, ServerCertificateView},
    },
    app::App,
    domain::actor::Who,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(back_up))
        .routes(routes!(rekey))
}

/// The server as it is.
#[derive(Serialize, ToSchema)]
struct ServerView {
    version: &'static str,
    /// Who signs.
    issuer: String,
    /// How many changes led here.
    revision: u64,
    /// The format of the data file.
    format: u32,
    /// Its size.
    bytes: u64,
    /// How many clients there are.
    clients: usize,
    /// Which master key opens it.
    master_key_id: String,
    /// Since when it runs.
    started_at: String,
    /// `ready`, `degraded`, `draining` or `unable`.
    ready: &'static str,
    /// Why it is not `ready`, in sentences, the worst first.
    problems: Vec<String>,
    /// The certificate that it shows in TLS; left out if it speaks plain HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<ServerCertificateView>,
    /// How often a backup was restored, and one more: what is called the epoch.
    epoch: u64,
    /// When a backup was last restored; left out if none ever was.
    #[serde(skip_serializing_if = "Option::is_none")]
    restored_at: Option<String>,
    /// The backups that it makes by itself; left out if it makes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    backups: Option<BackupsView>,
}

/// Shows the server: version, issuer, data file, health.
#[utoipa::path(get, path = "/server", tag = "server", operation_id = "show_server",
    security(("token" = [])), responses((status = 200, body = ServerView)))]
async fn show(State(app): State<App>, _: May<Anything>) -> Result<Reply, Problem> {
    let report = app.report().await?;
    let registry = app.registry();
    let readiness = app.readiness();
    let certificate = app.certificate_status();
    let backups = app.backup_status();
    Ok(Reply::ok(&ServerView {
        version: env!("CARGO_PKG_VERSION"),
        issuer: app.issuer().to_string(),
        revision: registry.revision().0,
        format: report.format,
        bytes: report.bytes,
        clients: registry.client_count(),
        master_key_id: report.master_key_id,
        started_at: app.started().to_string(),
        ready: readiness.word(),
        problems: readiness.problems(),
        certificate: certificate.as_ref().as_ref().map(ServerCertificateView::of),
        epoch: app.epoch().map_or(1, |epoch| epoch.number),
        restored_at: app.restored().map(|at| at.to_string()),
        backups: backups.as_ref().as_ref().map(BackupsView::of),
    }))
}

/// Where a backup goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BackupInput {
    /// A new file on the server's machine, by its absolute path.
    #[serde(default)]
    #[schema(required)]
    path: String,
}

/// A backup that was just made.
#[derive(Serialize, ToSchema)]
struct BackupView {
    /// Its size.
    bytes: u64,
    /// The revision that it holds.
    revision: u64,
    /// Which master key opens it.
    master_key_id: String,
}

/// Makes a sealed backup of everything; only for callers on the server's own machine.
#[utoipa::path(post, path = "/server/backup", tag = "server", operation_id = "back_up",
    security(("token" = ["backup:read"])), request_body = BackupInput,
    responses((status = 200, body = BackupView)))]
async fn back_up(
    State(app): State<App>,
    May { actor, .. }: May<Backup>,
    written: Written<BackupInput>,
) -> Result<Reply, Problem> {
    if !matches!(actor.who(), Who::Local(_)) {
        let detail = "a path is on the server's machine: ask there, over its socket";
        return Err(Problem::new(Kind::Forbidden, detail));
    }
    let path = PathBuf::from(written.input.path);
    if !path.is_absolute() {
        return Err(FieldErrors::one("path", "write an absolute path").into());
    }
    let report = app.backup(actor, &path).await?;
    Ok(Reply::ok(&BackupView {
        bytes: report.bytes,
        revision: report.revision,
        master_key_id: report.master_key_id,
    }))
}

/// That the master key was changed.
#[derive(Serialize, ToSchema)]
struct RekeyView {
    /// Which master key opens the data now.
    master_key_id: String,
    /// Its file, on the server's machine.
    master_key_file: String,
    /// Which one opened them before, and opens the backups from before.
    previous_master_key_id: String,
    /// Where that is kept.
    previous_master_key_file: String,
}

/// Makes a new master key and puts it in the place of the present one, while the server serves.
#[utoipa::path(post, path = "/server/rekey", tag = "server", operation_id = "rekey",
    security(("token" = [])), responses((status = 200, body = RekeyView)))]
async fn rekey(State(app): State<App>, May { actor, .. }: May<Own>) -> Result<Reply, Problem> {
    let done = app.rekey(actor).await?;
    Ok(Reply::ok(&RekeyView {
        master_key_id: done.master_key,
        master_key_file: done.file.display().to_string(),
        previous_master_key_id: done.previous,
        previous_master_key_file: done.previous_file.display().to_string(),
    }))
}
