//! What is kept besides the registry, and asked of the store: the use of secrets, the audit log, tokens on record.

use std::path::Path;

use super::{AdminError, App};
use crate::{
    admin::{backup::NoteBackup, refusal::Refusal},
    domain::{
        actor::Actor,
        audit::{AuditPage, AuditRecord},
        issued_token::{IssuedPage, IssuedRecord, IssuedToken},
        permission::Permission,
        usage::{Observation, Tally},
    },
    store::{BackupReport, StoreReport, UsageOf},
};

impl App {
    /// Records what was seen. Never waits, never fails.
    pub fn observe(&self, observation: Observation) {
        if let Observation::Issued { secret, seen, .. }
        | Observation::Answered { secret, seen, .. } = &observation
        {
            self.0.last_uses.mark(secret, seen.at);
        }
        if matches!(observation, Observation::Issued { .. }) {
            self.0.watched.note_issued();
        }
        self.0.usage.record(observation, || self.now());
    }

    /// Records what was seen at an endpoint that is asked far more often than tokens are issued, and that no
    /// verdict rests on: when much waits already, nothing is recorded, and nothing counts as dropped.
    pub fn observe_lightly(&self, observation: Observation) {
        self.0.usage.record_lightly(observation);
    }

    /// What is known of the use of one client, or of everything, up to this moment.
    ///
    /// # Errors
    /// [`AdminError::Unavailable`] if the store cannot be read.
    pub async fn usage(&self, of: UsageOf) -> Result<Tally, AdminError> {
        self.0.usage.flush().await;
        Ok(self.0.store.usage(of).await?)
    }

    /// Writes down all usage seen so far.
    pub async fn flush_usage(&self) {
        self.0.usage.flush().await;
    }

    /// A stretch of the audit log, newest first.
    ///
    /// # Errors
    /// [`AdminError::Unavailable`] if the store cannot be read.
    pub async fn audit(&self, page: AuditPage) -> Result<Vec<AuditRecord>, AdminError> {
        Ok(self.0.store.audit(page).await?)
    }

    /// Writes a sealed, verified copy of everything to a new file.
    ///
    /// # Errors
    /// [`AdminError::Refusal`] if the actor may not; [`AdminError::Unavailable`] if the file
    /// cannot be written.
    pub async fn backup(&self, actor: Actor, to: &Path) -> Result<BackupReport, AdminError> {
        if !actor.may(Permission::Backup) {
            return Err(Refusal::Forbidden(Permission::Backup).into());
        }
        let report = self.0.store.backup(to).await?;
        self.execute(actor, NoteBackup).await?;
        Ok(report)
    }

    /// Size and shape of the store.
    ///
    /// # Errors
    /// [`AdminError::Unavailable`] if the store cannot be read.
    pub async fn report(&self) -> Result<StoreReport, AdminError> {
        Ok(self.0.store.report().await?)
    }

    /// Whether each token is put on record before it is handed out.
    pub fn records_tokens(&self) -> bool {
        self.0.issued.is_some()
    }

    /// Puts a token on record, durably; whether that is done. If it is not, the token is not handed out.
    pub async fn record_token(&self, issued: IssuedToken) -> bool {
        match &self.0.issued {
            Some(records) => records.keep(issued).await.is_some(),
            None => true,
        }
    }

    /// A stretch of the records of issued tokens, newest first.
    ///
    /// # Errors
    /// [`AdminError::Unavailable`] if the store cannot be read.
    pub async fn issued_tokens(&self, page: IssuedPage) -> Result<Vec<IssuedRecord>, AdminError> {
        Ok(self.0.store.issued(page).await?)
    }
}
