//! What people noted on a client, as it is stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{
    id::ApiIdentifier,
    marks::{Marks, Postponed, RuleName},
    name::Note,
    scope::Scope,
    time::Timestamp,
};

/// Notes on a client.
#[derive(Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredMarks {
    postponed: BTreeMap<RuleName, StoredPostponed>,
    watched: Vec<(ApiIdentifier, Scope, Timestamp)>,
    kept: Vec<(ApiIdentifier, Scope, Timestamp)>,
}

#[derive(Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct StoredPostponed {
    until: Option<Timestamp>,
    level: u8,
    note: Note,
    by: String,
    at: Timestamp,
}

impl From<&Marks> for StoredMarks {
    fn from(marks: &Marks) -> Self {
        let scopes = |marks: &BTreeMap<(ApiIdentifier, Scope), Timestamp>| {
            let marks = marks.iter();
            marks
                .map(|((api, scope), at)| (api.clone(), scope.clone(), *at))
                .collect()
        };
        let postponed = marks.postponed.iter().map(|(rule, it)| {
            let stored = StoredPostponed {
                until: it.until,
                level: it.level,
                note: it.note.clone(),
                by: it.by.clone(),
                at: it.at,
            };
            (rule.clone(), stored)
        });
        Self {
            postponed: postponed.collect(),
            watched: scopes(&marks.watched),
            kept: scopes(&marks.kept),
        }
    }
}

impl From<StoredMarks> for Marks {
    fn from(stored: StoredMarks) -> Self {
        let scopes = |marks: Vec<(ApiIdentifier, Scope, Timestamp)>| {
            let marks = marks.into_iter();
            marks.map(|(api, scope, at)| ((api, scope), at)).collect()
        };
        let postponed = stored.postponed.into_iter().map(|(rule, it)| {
            let postponed = Postponed {
                until: it.until,
                level: it.level,
                note: it.note,
                by: it.by,
                at: it.at,
            };
            (rule, postponed)
        });
        Self {
            postponed: postponed.collect(),
            watched: scopes(stored.watched),
            kept: scopes(stored.kept),
        }
    }
}
