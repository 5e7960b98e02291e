//! Which records of the audit log are asked for.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    admin::refusal::FieldErrors,
    domain::{audit::AuditPage, time::Timestamp},
    web::api::page::parse_limit,
};

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
        let asked = Stretch {
            limit: self.limit,
            before: self.before.or(self.cursor),
            since: self.since,
            until: self.until,
        };
        let (limit, before, (since, until)) = asked.parse(&mut errors);
        let page = AuditPage {
            after: None,
            before,
            limit,
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

/// What every list of records is asked for: how many, from which number on, and of which time.
pub(super) struct Stretch {
    pub(super) limit: Option<String>,
    pub(super) before: Option<String>,
    pub(super) since: Option<String>,
    pub(super) until: Option<String>,
}

/// From then on, and until then.
type Between = (Option<Timestamp>, Option<Timestamp>);

impl Stretch {
    pub(super) fn parse(self, errors: &mut FieldErrors) -> (usize, Option<u64>, Between) {
        let limit = parse_limit(self.limit.as_deref(), errors);
        let before = self
            .before
            .and_then(|before| errors.check("before", before.parse().map_err(|_| "a number")));
        let mut moment = |field: &str, text: Option<String>| {
            text.and_then(|text| errors.check(field, text.parse()))
        };
        let between = (moment("since", self.since), moment("until", self.until));
        (limit, before, between)
    }
}
