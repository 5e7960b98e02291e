//! Commands about the server as a whole: `init`, `status`, `check`, `backup`.

use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    data::{Data, FILE_NAME, Origin, initialise},
    desk::{Desk, read},
    failure::Failure,
    output::{self, Format},
    pen::{Pen, count},
};
use crate::{
    admin::views::{BackupsView, ServerCertificateView},
    config::{Config, MasterKeySource, Place, Settings},
    domain::time::Span,
    store::redb::Repair,
};

/// Make the data directory, the master key, the data file and a signing key, and stop.
///
/// `jeton serve` does the same at its first start. What is there already is left as it is.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  jeton init --data /var/lib/jeton")]
pub(crate) struct InitCommand {}

impl InitCommand {
    /// Makes what is missing.
    pub(crate) async fn run(self, place: Place, format: Format) -> Result<(), Failure> {
        let config = Config::resolve_place(place)?;
        let data = Data::open_or_make(&config, Repair::Refuse)?;
        let made = data.origin == Origin::Made;
        let app = data
            .assemble(&config, config.issuer_at(config.listen))
            .await?;
        let ready = initialise(&app).await;
        app.shut_down().await;
        ready?;
        let key = match &config.master_key {
            MasterKeySource::File(path) => Some(path.display().to_string()),
            MasterKeySource::Credential(_) | MasterKeySource::Given(_) => None,
        };
        match format {
            Format::Json => output::print_json(&json!({
                "data": config.data,
                "master_key_file": key,
                "made": made,
            })),
            Format::Human => output::print(&made_in_words(&config, key.as_deref(), made)),
        }
        Ok(())
    }
}

fn made_in_words(config: &Config, key: Option<&str>, made: bool) -> String {
    let data = config.data.display();
    if !made {
        return format!("There are data in {data} already; they are left as they were.\n");
    }
    let keep = key.map_or(String::new(), |key| {
        format!(
            "\nKeep a copy of {key} somewhere else: without it nobody can read the data, and with it \
             anybody can.\n"
        )
    });
    format!("The data file {data}/{FILE_NAME} is made.\n{keep}\nNext: jeton serve --data {data}\n")
}

/// Show what the server says of itself.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  jeton status")]
pub(crate) struct StatusCommand {}

impl StatusCommand {
    /// Asks and shows.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let served = desk.is_served();
        desk.answer(&desk.get("/server").await?, |pen, it: &ServerView| {
            it.in_words(pen, served)
        })
    }
}

#[derive(Deserialize)]
struct ServerView {
    version: String,
    issuer: String,
    revision: u64,
    format: u64,
    bytes: u64,
    clients: u64,
    master_key_id: String,
    started_at: String,
    ready: String,
    problems: Vec<String>,
    certificate: Option<ServerCertificateView>,
    restored_at: Option<String>,
    backups: Option<BackupsView>,
}

impl ServerView {
    fn in_words(&self, pen: &Pen, served: bool) -> String {
        let state = if served {
            format!("{}, started {}", self.ready, pen.time(&self.started_at))
        } else {
            "no server is running; this is the data file".to_owned()
        };
        let mut facts = vec![("server", state)];
        let problems = self.problems.iter();
        facts.extend(problems.map(|it| ("problem", pen.warning(it))));
        facts.extend([
            ("version", self.version.clone()),
            ("issuer", self.issuer.clone()),
            ("clients", count(self.clients, "client")),
            (
                "data",
                format!(
                    "{}, format {}, revision {}",
                    count(self.bytes, "byte"),
                    self.format,
                    self.revision
                ),
            ),
            ("master key", self.master_key_id.clone()),
        ]);
        if let Some(certificate) = &self.certificate {
            facts.extend(certificate_facts(pen, certificate));
        }
        if let Some(restored) = &self.restored_at {
            facts.push(("restored", pen.time(restored)));
        }
        if let Some(backups) = &self.backups {
            facts.extend(backup_facts(pen, backups));
        }
        pen.facts(&facts)
    }
}

/// What there is to say of the server's certificate, as `status` says it.
fn certificate_facts(
    pen: &Pen,
    certificate: &ServerCertificateView,
) -> Vec<(&'static str, String)> {
    let names = certificate.names.join(", ");
    let source = match (&certificate.file, &certificate.directory) {
        (Some(file), _) => format!("the file {file}"),
        (None, Some(directory)) => format!("the directory {directory}"),
        (None, None) => certificate.source.clone(),
    };
    let for_names = match &certificate.issuer {
        Some(issuer) => format!("for {names}, by {issuer}"),
        None => format!("none yet, wanted for {names}"),
    };
    let mut facts = vec![("certificate", for_names), ("  from", source)];
    if let Some(until) = &certificate.not_after {
        facts.push(("  valid until", pen.time(until)));
    }
    if let Some(next) = &certificate.next_try_at {
        facts.push(("  next try", pen.time(next)));
    }
    facts
}

/// What there is to say of the backups, as `status` says it.
fn backup_facts(pen: &Pen, backups: &BackupsView) -> Vec<(&'static str, String)> {
    let kept = u64::try_from(backups.count).unwrap_or(u64::MAX);
    let plan = format!(
        "every {} to {}, {} of {} kept",
        Span(backups.every).in_full(),
        backups.directory,
        kept,
        backups.keep
    );
    let last = backups.last_at.as_deref();
    let mut facts = vec![
        ("backups", plan),
        ("  newest", pen.time_or(last, "none yet")),
    ];
    if let (Some(at), Some(why)) = (&backups.failed_at, &backups.last_failure) {
        facts.push(("  failed", format!("{}: {why}", pen.time(at))));
    }
    facts.push(("  next", pen.time(&backups.next_at)));
    facts
}

/// Check the settings and the data file without changing or starting anything.
///
/// Every page of the data file is read and the audit log is verified. A running server answers for
/// its own file.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  jeton check
  jeton check --data /var/lib/jeton --issuer https://auth.example.com")]
pub(crate) struct CheckCommand {
    #[command(flatten)]
    settings: Settings,
}

impl CheckCommand {
    /// Checks, and says what was found.
    pub(crate) async fn run(self, place: Place, format: Format) -> Result<(), Failure> {
        let config = Config::resolve(place, self.settings)?;
        config.check_listening()?;
        super::serve::check_files(&config)?;
        let has_data = config.data.join(FILE_NAME).symlink_metadata().is_ok();
        let data = if has_data {
            check_data(&config, format).await?
        } else {
            Value::Null
        };
        let checked = json!({
            "settings": { "file": config.file, "data": config.data, "issuer": config.issuer_at(config.listen).as_str() },
            "data": data,
        });
        match format {
            Format::Json => output::print_json(&checked),
            Format::Human => output::print(&checked_in_words(&format.pen(), &config, &data)?),
        }
        Ok(())
    }
}

async fn check_data(config: &Config, format: Format) -> Result<Value, Failure> {
    let desk = Desk::open_with(config, format).await?;
    let server = desk.get("/server").await;
    let audit = desk.get("/audit/verify").await;
    desk.close().await;
    let (server, audit) = (server?, audit?);
    Ok(json!({
        "format": server["format"],
        "revision": server["revision"],
        "bytes": server["bytes"],
        "master_key_id": server["master_key_id"],
        "audit_records": audit["records"],
        "checkpoints": audit["checkpoints"]["kept"],
    }))
}

#[derive(Deserialize)]
struct CheckedView {
    format: u64,
    revision: u64,
    bytes: u64,
    audit_records: u64,
    checkpoints: Option<u64>,
}

fn checked_in_words(pen: &Pen, config: &Config, data: &Value) -> Result<String, Failure> {
    let settings = match &config.file {
        Some(file) => format!("fine, with {}", file.display()),
        None => "fine, without a settings file".to_owned(),
    };
    let mut facts = vec![
        ("settings", settings),
        ("issuer", config.issuer_at(config.listen).to_string()),
    ];
    if data.is_null() {
        let none = format!(
            "none in {} yet: `jeton serve` makes them",
            config.data.display()
        );
        facts.push(("data", none));
        return Ok(pen.facts(&facts));
    }
    let view: CheckedView = read(data)?;
    facts.push((
        "data",
        format!(
            "whole: {}, format {}, revision {}",
            count(view.bytes, "byte"),
            view.format,
            view.revision
        ),
    ));
    facts.push(("audit log", whole_log(view.audit_records, view.checkpoints)));
    if let MasterKeySource::File(key) = &config.master_key {
        facts.push((
            "remember",
            format!("a copy of {} belongs somewhere else", key.display()),
        ));
    }
    Ok(pen.facts(&facts))
}

/// What there is to say of an audit log that was verified.
pub(super) fn whole_log(records: u64, checkpoints: Option<u64>) -> String {
    let records = count(records, "record");
    match checkpoints {
        Some(kept) => format!("whole: {records}, as {} have it", count(kept, "checkpoint")),
        None => format!("whole: {records}"),
    }
}

/// Write a consistent, verified and sealed copy of all data to a new file, while the server serves.
///
/// It opens with the same master key only: keep that apart from the copies. `jeton restore` puts one in the place
/// of the data. With `--backup-dir`, `jeton serve` makes them by itself.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  jeton backup /var/backups/jeton-2026-11-23.redb")]
pub(crate) struct BackupCommand {
    /// The file to make, on the machine of the server.
    #[arg(value_name = "TO")]
    to: PathBuf,
}

impl BackupCommand {
    /// Makes the copy.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let to = std::path::absolute(&self.to).map_err(|error| Failure::file(&self.to, &error))?;
        if to.symlink_metadata().is_ok() {
            return Err(Failure::refused(
                "conflict",
                format!(
                    "there is a file {} already: name one that does not exist",
                    to.display()
                ),
            ));
        }
        if !to.parent().is_some_and(std::path::Path::is_dir) {
            return Err(Failure::refused(
                "not-found",
                format!("there is no directory to put {} in", to.display()),
            ));
        }
        let report = desk.post("/server/backup", json!({ "path": to })).await?;
        desk.answer(&report, |_, it: &BackupView| {
            format!(
                "{} written to {}: revision {}, sealed under the master key {}.\n",
                count(it.bytes, "byte"),
                to.display(),
                it.revision,
                it.master_key_id
            )
        })
    }
}

#[derive(Deserialize)]
struct BackupView {
    bytes: u64,
    revision: u64,
    master_key_id: String,
}
