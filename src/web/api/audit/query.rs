//! Which records of the audit log are asked for.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::{admin::refusal::FieldErrors, domain::audit::AuditPage, web::api::page::parse_limit};

/// Which records.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::web::api) struct AuditQuery {
    /// How many: 1 to 200; 50 if left out.
    limit: Option<String>,
    /// Only records with a smaller number: the `next_cursor` of the page before.
    before: Option<String>,
    /// The same as `before`.
    cursor: Option<String>,
    /// Only what was done by this actor, as `operator:ana@example.com`.
    actor: Option<String>,
    /// Only this action, as `secret.rotate`, or all of a kind, as `secret.`.
    action: Option<String>,
    /// Only what was done to the thing with this id.
    object: Option<String>,
    /// Only from then on (RFC 3339).
    since: Option<String>,
    /// Only until then (RFC 3339).
    until: Option<String>,
}

impl AuditQuery {
    pub(super) fn parse(self) -> Result<AuditPage, FieldErrors> {
        let mut errors = FieldErrors::default();
        let before = self
            .before
            .or(self.cursor)
            .and_then(|before| errors.check("before", before.parse().map_err(|_| "a number")));
        let mut moment = |field: &str, text: Option<String>| {
            text.and_then(|text| errors.check(field, text.parse()))
        };
        let (since, until) = (moment("since", self.since), moment("until", self.until));
        let page = AuditPage {
            after: None,
            before,
            limit: parse_limit(self.limit.as_deref(), &mut errors),
            actor: self.actor,
            action: self.action,
            object: self.object,
            since,
            until,
        };
        errors.finish()?;
        Ok(page)
    }
}
