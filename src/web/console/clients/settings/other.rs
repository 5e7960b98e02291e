//! Two people edit one client: what the other one changed, beside what was filled in here.

use crate::{
    app::{AdminError, App},
    domain::{audit::AuditPage, client::Client},
    web::console::{form::Fields, words::Moment},
};

/// What somebody else changed.
pub(super) struct Other {
    /// Who, as the audit log names them: `ana@example.com`.
    pub(super) who: String,
    pub(super) when: Option<Moment>,
    /// Field, their value, the value here.
    pub(super) values: Vec<(&'static str, String, String)>,
}

/// The fields that can differ, and what they are called.
const FIELDS: [(&str, &str); 5] = [
    ("name", "Name"),
    ("description", "What it does"),
    ("owner", "Owner"),
    ("token_lifetime", "Tokens live"),
    ("default_scopes", "By default"),
];

impl Other {
    pub(super) async fn of(
        app: &App,
        client: &Client,
        (theirs, ours): (&Fields, &Fields),
    ) -> Result<Self, AdminError> {
        let latest = AuditPage {
            limit: 1,
            object: Some(client.id.to_string()),
            ..AuditPage::default()
        };
        let latest = app.audit(latest).await?.into_iter().next();
        let who = latest.as_ref().map(|record| record.entry.actor.as_str());
        let who = who.unwrap_or("somebody");
        let who = who.strip_prefix("operator:").unwrap_or(who).to_owned();
        let text = |fields: &Fields, name: &'static str| {
            fields
                .all(name)
                .map(str::trim)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let values = FIELDS.into_iter().filter_map(|(name, label)| {
            let (theirs, ours) = (text(theirs, name), text(ours, name));
            (theirs != ours).then_some((label, theirs, ours))
        });
        Ok(Self {
            who,
            when: latest.map(|record| Moment::of(record.entry.at, app.now())),
            values: values.collect(),
        })
    }
}
