//! The audit log's words: who did what to which, when, and what it was before and after.
//!
//! Entries are derived from a commit's changes, so there is no change without one. Nothing secret
//! can reach them: they are made from [`Facts`], which hold none.

mod action;

use std::{collections::BTreeMap, fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

pub use self::action::Action;

use super::{
    id::{ApiIdentifier, ClientId, KeyId, OperatorId, RegistrationTokenId, Revision},
    time::Timestamp,
};

/// What may be said of a record, field by field; never a secret.
pub type Facts = BTreeMap<String, String>;

/// Facts from pairs.
pub(crate) fn facts<const N: usize>(pairs: [(&str, String); N]) -> Facts {
    pairs
        .into_iter()
        .map(|(field, value)| (field.to_owned(), value))
        .collect()
}

/// What something was done to.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "id")]
pub enum Object {
    /// The server as a whole.
    Server,
    /// A client.
    Client(ClientId),
    /// An API.
    Api(ApiIdentifier),
    /// A signing key.
    Key(KeyId),
    /// An operator.
    Operator(OperatorId),
    /// A token by which clients register themselves.
    #[serde(rename = "registration_token")]
    RegistrationToken(RegistrationTokenId),
    /// The policy of the server.
    Settings,
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server => f.write_str("server"),
            Self::Client(id) => write!(f, "client {id}"),
            Self::Api(id) => write!(f, "API {id}"),
            Self::Key(id) => write!(f, "key {id}"),
            Self::Operator(id) => write!(f, "operator {id}"),
            Self::RegistrationToken(id) => write!(f, "registration token {id}"),
            Self::Settings => f.write_str("settings"),
        }
    }
}

/// One field that is not what it was.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct FieldChange {
    /// Its name, as `grants.https://api.example.com`.
    pub field: String,
    /// What it was; nothing if it was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it is; nothing if it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The fields in which two states of a record differ.
pub fn difference(before: &Facts, after: &Facts) -> Vec<FieldChange> {
    let fields: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    fields
        .into_iter()
        .filter(|field| before.get(*field) != after.get(*field))
        .map(|field| FieldChange {
            field: field.clone(),
            before: before.get(field).cloned(),
            after: after.get(field).cloned(),
        })
        .collect()
}

/// One line of the audit log.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who, as [`super::actor::Actor`] displays.
    pub actor: String,
    /// What, as [`Action::word`] says.
    pub action: String,
    /// To what.
    pub object: Object,
    /// What is different now.
    pub changes: Vec<FieldChange>,
    /// The revision it made.
    pub revision: Revision,
    /// From where, if over the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// By which request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// An entry as it is kept: numbered without gaps and chained to the one before it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditRecord {
    /// Its number; the first is 1.
    pub seq: u64,
    /// What it says.
    pub entry: AuditEntry,
    /// The `mac` of the record before it; zeros for the first.
    pub prev: [u8; 32],
    /// HMAC-SHA-256 over `prev` and the stored bytes of the entry, under the server's audit key.
    pub mac: [u8; 32],
}

/// A stretch of the audit log, newest first.
#[derive(Clone, Debug, Default)]
pub struct AuditPage {
    /// Only records with a smaller number.
    pub before: Option<u64>,
    /// Only records with a greater number.
    pub after: Option<u64>,
    /// At most this many records.
    pub limit: usize,
    /// Only what was done by this actor.
    pub actor: Option<String>,
    /// Only this action, or all of a kind (`secret.`).
    pub action: Option<String>,
    /// Only what was done to this object's id.
    pub object: Option<String>,
    /// Only from then on.
    pub since: Option<Timestamp>,
    /// Only until then.
    pub until: Option<Timestamp>,
}

impl AuditPage {
    /// Whether `entry` passes the filters.
    pub fn admits(&self, entry: &AuditEntry) -> bool {
        let object_id = || match &entry.object {
            Object::Server => "server",
            Object::Client(id) => id.as_str(),
            Object::Api(id) => id.as_str(),
            Object::Key(id) => id.as_str(),
            Object::Operator(id) => id.as_str(),
            Object::RegistrationToken(id) => id.as_str(),
            Object::Settings => "settings",
        };
        let is_action = |wanted: &String| {
            entry.action == *wanted || (wanted.ends_with('.') && entry.action.starts_with(wanted))
        };
        self.actor
            .as_ref()
            .is_none_or(|actor| entry.actor == *actor)
            && self.action.as_ref().is_none_or(is_action)
            && self.object.as_ref().is_none_or(|id| object_id() == id)
            && self.since.is_none_or(|since| entry.at >= since)
            && self.until.is_none_or(|until| entry.at <= until)
    }
}
