//! The server itself: its certificate, and what needs attention about it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment;
use crate::{
    admin::evidence::server::ServerAttention,
    domain::{
        backup::BackupStatus,
        server_certificate::{CertificateSource, CertificateStatus},
    },
};

/// The certificate that the server shows in TLS.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ServerCertificateView {
    /// `file`: somebody else renews it; `acme`: the server does, from a directory (RFC 8555).
    pub source: String,
    /// The file's path on the server's machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The directory's web address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// The names that it is for; while there is none, those that one is wanted for.
    pub names: Vec<String>,
    /// Who signed it, as a distinguished name; left out while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// From when it is valid; left out while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// Until when it is valid; left out while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
    /// When the directory is asked next; left out for a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<String>,
    /// Why the latest try to get or to read another one failed; left out if it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
}

impl ServerCertificateView {
    /// As much as is known of it.
    pub fn of(status: &CertificateStatus) -> Self {
        let (file, directory, wanted, next) = match &status.source {
            CertificateSource::File(path) => (Some(path), None, None, None),
            CertificateSource::Directory { url, domains, next } => {
                (None, Some(url), Some(domains), Some(*next))
            }
        };
        let shown = status.shown.as_ref();
        let names = shown.map(|it| &it.names).or(wanted);
        Self {
            source: if file.is_some() { "file" } else { "acme" }.to_owned(),
            file: file.cloned(),
            directory: directory.cloned(),
            names: names.cloned().unwrap_or_default(),
            issuer: shown.map(|it| it.issuer.clone()),
            not_before: shown.map(|it| moment(it.not_before)),
            not_after: shown.map(|it| moment(it.not_after)),
            next_try_at: next.map(moment),
            last_failure: status.problem.clone(),
        }
    }
}

/// The backups that the server makes by itself.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct BackupsView {
    /// The directory that they are written to, on the server's machine.
    pub directory: String,
    /// From one to the next, in seconds.
    pub every: u64,
    /// How many are kept.
    pub keep: usize,
    /// How many there are.
    pub count: usize,
    /// When the newest one was made; left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_at: Option<String>,
    /// When the next one is made.
    pub next_at: String,
    /// When the latest try failed; left out if it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
}

impl BackupsView {
    /// As they stand.
    pub fn of(status: &BackupStatus) -> Self {
        let failure = status.failure.as_ref();
        Self {
            directory: status.plan.directory.display().to_string(),
            every: status.plan.every.0,
            keep: status.plan.keep,
            count: status.count,
            last_at: status.last.map(moment),
            next_at: moment(status.next()),
            failed_at: failure.map(|it| moment(it.at)),
            last_failure: failure.map(|it| it.problem.clone()),
        }
    }
}

/// What is the matter with the server itself.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ServerAttentionView {
    /// By which rule: `clock_behind`, `disk_failed`, `data_file_moved`, `disk_full`, `changes_not_saved`,
    /// `usage_not_saved`, `issuance_halted`, `api_halted`, `certificate_missing`, `certificate_expired`,
    /// `certificate_not_renewed`, `certificate_ends_soon`, `guessing`, `checkpoints_not_written`, `backup_failed` or
    /// `backup_overdue`.
    pub rule: String,
    /// How much it matters: `danger` or `warning`.
    pub level: String,
    /// The same in sentences.
    pub reason: String,
    /// What to do about it.
    pub action: String,
}

impl ServerAttentionView {
    /// That of what was found.
    pub(super) fn of(found: ServerAttention) -> Self {
        Self {
            rule: found.rule.as_str().to_owned(),
            level: found.level.as_str().to_owned(),
            reason: found.reason,
            action: found.rule.act().to_owned(),
        }
    }
}
