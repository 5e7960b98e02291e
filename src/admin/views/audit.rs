//! The audit log, as it is shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment;
use crate::domain::audit::{AuditRecord, Object};

/// One line of the audit log.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct AuditView {
    /// Its number; the first is 1.
    pub seq: u64,
    /// When.
    pub at: String,
    /// Who, as `operator:ana@example.com`, `client:deployer`, `registered_client:mailer`, `local:0` or
    /// `system:schedule`.
    pub actor: String,
    /// What, as `secret.rotate`.
    pub action: String,
    /// To what.
    pub object: ObjectView,
    /// What is different since.
    pub changes: Vec<FieldChangeView>,
    /// The revision it made.
    pub revision: u64,
    /// From where, if over the network.
    pub address: Option<String>,
    /// By which request.
    pub request_id: Option<String>,
}

/// What something was done to.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ObjectView {
    /// `server`, `settings`, `client`, `api`, `key` or `operator`.
    pub kind: String,
    /// Its id; `null` for the server and its settings.
    pub id: Option<String>,
}

/// One field that is not what it was.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct FieldChangeView {
    /// Its name.
    pub field: String,
    /// What it was.
    pub before: Option<String>,
    /// What it is.
    pub after: Option<String>,
}

impl AuditView {
    /// What `record` says.
    pub fn of(record: &AuditRecord) -> Self {
        let entry = &record.entry;
        let changes = entry.changes.iter();
        Self {
            seq: record.seq,
            at: moment(entry.at),
            actor: entry.actor.clone(),
            action: entry.action.clone(),
            object: ObjectView::of(&entry.object),
            changes: changes
                .map(|change| FieldChangeView {
                    field: change.field.clone(),
                    before: change.before.clone(),
                    after: change.after.clone(),
                })
                .collect(),
            revision: entry.revision.0,
            address: entry.address.map(|address| address.to_string()),
            request_id: entry.request_id.clone(),
        }
    }
}

impl ObjectView {
    fn of(object: &Object) -> Self {
        let (kind, id) = match object {
            Object::Server => ("server", None),
            Object::Client(id) => ("client", Some(id.to_string())),
            Object::Api(id) => ("api", Some(id.to_string())),
            Object::Key(id) => ("key", Some(id.to_string())),
            Object::Operator(id) => ("operator", Some(id.to_string())),
            Object::RegistrationToken(id) => ("registration_token", Some(id.to_string())),
            Object::Settings => ("settings", None),
        };
        Self {
            kind: kind.to_owned(),
            id,
        }
    }
}
