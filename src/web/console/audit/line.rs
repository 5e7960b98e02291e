//! One change, as a line of the log.

use super::words;
use crate::{
    domain::{
        audit::{Action, AuditRecord, Object},
        registry::Registry,
        secret::{SecretState, UNDO},
        time::Timestamp,
    },
    web::console::words::{Moment, counted},
};

/// How many fields of a change are told in the list.
const TOLD: usize = 5;

/// How much of a value is told there, in letters.
const VALUE: usize = 80;

/// One change.
pub(super) struct Line {
    pub(super) seq: u64,
    pub(super) at: Moment,
    /// `ana@example.com`.
    pub(super) who: String,
    /// What kind of actor that is: `program`, `on this machine`; nothing for a person.
    pub(super) kind: &'static str,
    /// The filter that shows all they did.
    pub(super) who_query: String,
    /// `Rotated the secret`.
    pub(super) act: String,
    /// The word of the log.
    pub(super) word: String,
    /// To what, by name.
    pub(super) object: String,
    /// Its id, if the name is another; nothing is the empty text.
    pub(super) object_id: String,
    /// Where to see it; nothing if it is gone.
    pub(super) path: Option<String>,
    pub(super) address: String,
    pub(super) request_id: String,
    pub(super) revision: u64,
    pub(super) changes: Vec<FieldLine>,
    /// How many more fields changed than are told.
    pub(super) left_out: usize,
    /// Where it can be taken back; nothing is the empty text.
    pub(super) undo: String,
}

/// One field that is not what it was.
pub(super) struct FieldLine {
    pub(super) field: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

impl Line {
    /// What a record says.
    pub(super) fn of(record: &AuditRecord, registry: &Registry, now: Timestamp) -> Self {
        let entry = &record.entry;
        let (kind, who) = actor(&entry.actor);
        let (object, object_id, path) = named(&entry.object, registry);
        Self {
            seq: record.seq,
            at: Moment::of(entry.at, now),
            who_query: percent(&entry.actor),
            who,
            kind,
            act: words::act(&entry.action),
            word: entry.action.clone(),
            undo: undo(record, registry, now),
            object,
            object_id,
            path,
            address: entry.address.map_or_else(String::new, |it| it.to_string()),
            request_id: entry.request_id.clone().unwrap_or_default(),
            revision: entry.revision.0,
            left_out: 0,
            changes: entry
                .changes
                .iter()
                .map(|change| FieldLine {
                    field: change.field.clone(),
                    before: change.before.as_deref().map(plain),
                    after: change.after.as_deref().map(plain),
                })
                .collect(),
        }
    }

    /// With the first of its changes only, and no more of a value than fits beside others.
    pub(super) fn in_short(mut self) -> Self {
        self.left_out = self.changes.len().saturating_sub(TOLD);
        self.changes.truncate(TOLD);
        for change in &mut self.changes {
            for value in [&mut change.before, &mut change.after]
                .into_iter()
                .flatten()
            {
                if let Some((end, _)) = value.char_indices().nth(VALUE) {
                    value.truncate(end);
                    value.push('…');
                }
            }
        }
        self
    }

    /// How many fields changed: `1 change`; nothing is the empty text.
    pub(super) fn count(&self) -> String {
        match self.changes.len() + self.left_out {
            0 => String::new(),
            n => counted(n as u64, "change"),
        }
    }
}

/// A value without the number of a level, which says nothing to people.
fn plain(value: &str) -> String {
    match value.rsplit_once(", at level ") {
        Some((until, level)) if until.starts_with("until ") && level.len() == 1 => until.to_owned(),
        Some(_) | None => value.to_owned(),
    }
}

/// A text as part of an address.
pub(super) fn percent(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// What kind of actor it is, and its name.
fn actor(actor: &str) -> (&'static str, String) {
    match actor.split_once(':') {
        Some(("operator", email)) => ("", email.to_owned()),
        Some(("client", id)) => ("program", id.to_owned()),
        Some(("local", uid)) => ("on this machine", format!("Unix user {uid}")),
        Some(("registration_token", id)) => ("registration token", id.to_owned()),
        Some(("system", task)) => ("by itself", format!("The server’s {task}")),
        Some(_) | None => ("", actor.to_owned()),
    }
}

/// The name of what was changed, its id if the name is another, and where to see it.
fn named(object: &Object, registry: &Registry) -> (String, String, Option<String>) {
    match object {
        Object::Server => ("This server".to_owned(), String::new(), None),
        Object::Settings => (
            "Settings".to_owned(),
            String::new(),
            Some("/settings".to_owned()),
        ),
        Object::RegistrationToken(id) => (
            "Registration token".to_owned(),
            id.to_string(),
            registry
                .find_registration_token(id)
                .map(|_| format!("/settings/registration/{id}")),
        ),
        Object::Client(id) => match registry.find_client(id) {
            Some(client) => (
                client.name.to_string(),
                id.to_string(),
                Some(format!("/clients/{}", percent_id(id.as_str()))),
            ),
            None => (id.to_string(), "removed".to_owned(), None),
        },
        Object::Api(id) => match registry.find_api(id) {
            Some(api) => (
                api.name.to_string(),
                id.to_string(),
                Some(format!("/apis/{}", percent(id.as_str()))),
            ),
            None => (id.to_string(), "removed".to_owned(), None),
        },
        Object::Key(id) => (
            "Signing key".to_owned(),
            id.to_string(),
            Some("/keys".to_owned()),
        ),
        Object::Operator(id) => match registry.find_operator(id) {
            Some(operator) => (
                operator.name.to_string(),
                operator.email.to_string(),
                Some(format!("/operators/{id}")),
            ),
            None => ("A former operator".to_owned(), id.to_string(), None),
        },
    }
}

/// A client's id as a segment of a path: nearly always as it is.
fn percent_id(id: &str) -> String {
    const PLAIN: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~');
    percent_encoding::utf8_percent_encode(id, PLAIN).to_string()
}

/// Where a change can be taken back, if it still can.
fn undo(record: &AuditRecord, registry: &Registry, now: Timestamp) -> String {
    let Object::Client(id) = &record.entry.object else {
        return String::new();
    };
    let Some(client) = registry.find_client(id) else {
        return String::new();
    };
    let at = record.entry.at;
    let is_retire = record.entry.action == Action::SecretRetire.word();
    let is_retired_then = is_retire
        && now < at.plus(UNDO)
        && client
            .secrets
            .iter()
            .any(|secret| secret.state == SecretState::Retired { at });
    if is_retired_then {
        format!("/clients/{}/credentials", percent_id(id.as_str()))
    } else {
        String::new()
    }
}
