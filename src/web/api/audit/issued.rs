//! Which records of issued tokens are asked for.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    admin::refusal::FieldErrors, domain::issued_token::IssuedPage, web::api::page::parse_limit,
};

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
        let before = self
            .before
            .or(self.cursor)
            .and_then(|before| errors.check("before", before.parse().map_err(|_| "a number")));
        let mut moment = |field: &str, text: Option<String>| {
            text.and_then(|text| errors.check(field, text.parse()))
        };
        let (since, until) = (moment("since", self.since), moment("until", self.until));
        let client = self.client;
        let page = IssuedPage {
            before,
            limit: parse_limit(self.limit.as_deref(), &mut errors),
            token: self.token_id,
            client: client.and_then(|id| errors.check("client", id.parse())),
            api: self.api.and_then(|id| errors.check("api", id.parse())),
            since,
            until,
        };
        errors.finish()?;
        Ok(page)
    }
}
