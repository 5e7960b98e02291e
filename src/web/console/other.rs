//! Two people edit one thing: what the other one changed, beside what was filled in here.

use super::{
    form::Fields,
    words::{Moment, actor, capital},
};
use crate::{
    app::{AdminError, App},
    domain::audit::AuditPage,
};

/// What somebody else changed.
pub(super) struct Other {
    /// Who, as the audit log names them: `ana@example.com`.
    pub(super) who: String,
    pub(super) when: Option<Moment>,
    /// Field, their value, the value here.
    pub(super) values: Vec<(&'static str, String, String)>,
}

/// The fields of a form that can differ, and what they are called.
pub(super) type Labels = [(&'static str, &'static str)];

impl Other {
    /// What was changed of the object with this id in the audit log, told of these fields.
    pub(super) async fn of(
        app: &App,
        (object, labels): (&str, &Labels),
        (theirs, ours): (&Fields, &Fields),
    ) -> Result<Self, AdminError> {
        let latest = AuditPage {
            limit: 1,
            object: Some(object.to_owned()),
            ..AuditPage::default()
        };
        let latest = app.audit(latest).await?.into_iter().next();
        let who = latest.as_ref().map(|record| record.entry.actor.as_str());
        let who = who.map_or_else(|| "Somebody".to_owned(), actor);
        let who = if who.contains('@') {
            who
        } else {
            capital(&who)
        };
        let text = |fields: &Fields, name: &'static str| {
            fields
                .all(name)
                .map(str::trim)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let values = labels.iter().filter_map(|(name, label)| {
            let (theirs, ours) = (text(theirs, name), text(ours, name));
            (theirs != ours).then_some((*label, theirs, ours))
        });
        Ok(Self {
            who,
            when: latest.map(|record| Moment::of(record.entry.at, app.now())),
            values: values.collect(),
        })
    }
}
