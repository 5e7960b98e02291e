//! Which clients are asked for.

use std::sync::Arc;

use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    admin::refusal::FieldErrors,
    domain::{
        client::Client,
        id::{ApiIdentifier, ClientId},
        registry::Registry,
    },
    web::api::page::Page,
};

/// Which clients.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::web::api) struct ClientQuery {
    /// How many: 1 to 200; 50 if left out.
    limit: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// A part of a name, an id, an owner, a secret's id, a scope or an API.
    q: Option<String>,
    /// `active` or `disabled`.
    status: Option<String>,
    /// Only those with a grant on this API.
    api: Option<String>,
    /// Only those with this scope.
    scope: Option<String>,
}

impl ClientQuery {
    pub(super) fn parse(self) -> Result<(Page, Filter), FieldErrors> {
        let mut errors = FieldErrors::default();
        let page = Page::parse(self.limit.as_deref(), self.cursor.as_deref(), &mut errors);
        let is_active = match self.status.as_deref() {
            None => None,
            Some("active") => Some(true),
            Some("disabled") => Some(false),
            Some(_) => {
                errors.add("status", "write active or disabled");
                None
            }
        };
        let api = self
            .api
            .and_then(|api| errors.check("api", api.parse::<ApiIdentifier>()));
        errors.finish()?;
        let filter = Filter {
            q: self.q.map(|q| q.to_lowercase()),
            is_active,
            api,
            scope: self.scope,
        };
        Ok((page, filter))
    }
}

/// What the clients of a list have in common.
pub(super) struct Filter {
    q: Option<String>,
    is_active: Option<bool>,
    api: Option<ApiIdentifier>,
    scope: Option<String>,
}

impl Filter {
    /// The clients to choose a page from.
    pub(super) fn candidates<'a>(
        &'a self,
        registry: &'a Registry,
        after: Option<&'a ClientId>,
    ) -> impl Iterator<Item = &'a Arc<Client>> {
        let all: Box<dyn Iterator<Item = &'a Arc<Client>> + 'a> = match after {
            Some(after) => Box::new(registry.clients_after(after)),
            None => Box::new(registry.clients()),
        };
        all.filter(|client| self.admits(client))
    }

    fn admits(&self, client: &Client) -> bool {
        let has_scope = |scope: &String| {
            let mut granted = client.grants.values().flatten();
            granted.any(|granted| granted.as_str() == scope)
        };
        self.is_active
            .is_none_or(|active| client.is_active() == active)
            && self
                .api
                .as_ref()
                .is_none_or(|api| client.grants.contains_key(api))
            && self.scope.as_ref().is_none_or(has_scope)
            && self.q.as_ref().is_none_or(|q| mentions(client, q))
    }
}

fn mentions(client: &Client, q: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(q);
    has(client.name.as_str())
        || has(client.id.as_str())
        || has(client.owner.as_str())
        || client.secrets.iter().any(|secret| has(secret.id.as_str()))
        || client.grants.iter().any(|(api, scopes)| {
            has(api.as_str()) || scopes.iter().any(|scope| has(scope.as_str()))
        })
}
