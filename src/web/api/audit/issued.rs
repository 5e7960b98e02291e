//! Which records of issued tokens are asked for.

use serde::Deserialize;
use utoipa::IntoParams;

use super::query::Stretch;
use crate::{admin::refusal::FieldErrors, domain::issued_token::IssuedPage};

/// Which records.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuedQuery {
    /// How many: 1 to 200; 50 if left out.
    limit: Option<String>,
    /// Only records with a smaller number: the `next_cursor` of the page before.
    before: Option<String>,
    /// The same as `before`.
    cursor: Option<String>,
    /// Only the token with this `jti`.
    token_id: Option<String>,
    /// Only tokens of this client, or that speak for it.
    client: Option<String>,
    /// Only tokens for this API.
    api: Option<String>,
    /// Only from then on (RFC 3339).
    since: Option<String>,
    /// Only until then (RFC 3339).
    until: Option<String>,
}

impl IssuedQuery {
    pub(super) fn parse(self) -> Result<IssuedPage, FieldErrors> {
        let mut errors = FieldErrors::default();
        let asked = Stretch {
            limit: self.limit,
            before: self.before.or(self.cursor),
            since: self.since,
            until: self.until,
        };
        let (limit, before, (since, until)) = asked.parse(&mut errors);
        let page = IssuedPage {
            before,
            limit,
            token: self.token_id,
            client: self
                .client
                .and_then(|id| errors.check("client", id.parse())),
            api: self.api.and_then(|id| errors.check("api", id.parse())),
            since,
            until,
        };
        errors.finish()?;
        Ok(page)
    }
}
