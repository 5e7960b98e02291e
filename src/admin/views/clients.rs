//! Clients, as they are shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{SecretView, SelfRegistrationView, Sight, is_empty_object, moment};
use crate::domain::{
    client::{Client, ClientStatus},
    details::DetailGrants,
    id::ApiIdentifier,
    scope::ScopeSet,
    time::Lifetime,
};

/// A client.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ClientView {
    /// Its id; never changes.
    pub client_id: String,
    /// What it is called.
    pub name: String,
    /// What it does.
    pub description: String,
    /// Who answers for it.
    pub owner: String,
    /// `active` or `disabled`.
    pub status: String,
    /// Since when it gets no tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<String>,
    /// When it was registered.
    pub created_at: String,
    /// The longest life of its tokens in seconds; `null`: the API's.
    pub token_lifetime: Option<u32>,
    /// What it may have.
    pub grants: Vec<GrantView>,
    /// What it gets when it names no scope.
    pub default_scopes: Vec<String>,
    /// The APIs whose own resource server it is: it may introspect their tokens.
    #[serde(default)]
    pub introspects: Vec<String>,
    /// Until when its tokens must have been issued to have been revoked all at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_revoked_until: Option<String>,
    /// What its tokens must be bound to: `optional`, `dpop` or `certificate`.
    #[serde(default)]
    pub token_binding: String,
    /// What its tokens say besides.
    #[serde(default, skip_serializing_if = "is_empty_object")]
    #[schema(value_type = Object)]
    pub claims: Value,
    /// Whether its assertions may name the token endpoint as their audience.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub legacy_assertion_audience: bool,
    /// Whether it may exchange tokens (RFC 8693).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub token_exchange: bool,
    /// That it registered itself, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<SelfRegistrationView>,
    /// Its secrets, oldest first.
    pub secrets: Vec<SecretView>,
    /// When it last got a token.
    pub last_used_at: Option<String>,
    /// The revision that last changed it.
    pub revision: u64,
}

/// Scopes on one API.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct GrantView {
    /// The API's identifier.
    pub api: String,
    /// The scopes.
    pub scopes: Vec<String>,
    /// The types of authorization details (RFC 9396).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types: Vec<String>,
}

impl ClientView {
    /// `client` as seen from `sight`.
    pub fn of(client: &Client, sight: &Sight<'_>) -> Self {
        let (status, disabled_at) = match client.status {
            ClientStatus::Active => ("active", None),
            ClientStatus::Disabled(at) => ("disabled", Some(moment(at))),
        };
        let last_used = client
            .secrets
            .iter()
            .filter_map(|secret| (sight.latest)(&secret.id))
            .map(|(at, _)| at)
            .max();
        Self {
            client_id: client.id.to_string(),
            name: client.name.to_string(),
            description: client.description.to_string(),
            owner: client.owner.to_string(),
            status: status.to_owned(),
            disabled_at,
            created_at: moment(client.created),
            token_lifetime: client.token_lifetime.map(Lifetime::seconds),
            grants: GrantView::all_of(client),
            default_scopes: texts(&client.default_scopes),
            introspects: client.introspects.iter().map(ToString::to_string).collect(),
            tokens_revoked_until: client.tokens_void_until.map(moment),
            token_binding: client.rules.binding.as_str().to_owned(),
            claims: client.rules.claims.to_json(),
            legacy_assertion_audience: client.rules.legacy_assertion_audience,
            token_exchange: client.rules.token_exchange,
            registration: client.registration.as_deref().map(SelfRegistrationView::of),
            secrets: client
                .secrets
                .iter()
                .map(|secret| SecretView::of(client, secret, sight))
                .collect(),
            last_used_at: last_used.map(moment),
            revision: client.revision.0,
        }
    }
}

impl GrantView {
    /// All that `client` may have, by API.
    pub fn all_of(client: &Client) -> Vec<Self> {
        Self::all(&client.grants, &client.rules.details)
    }

    /// Each of `grants`, by API, with what of `details` is for it.
    pub(super) fn all(
        grants: &BTreeMap<ApiIdentifier, ScopeSet>,
        details: &DetailGrants,
    ) -> Vec<Self> {
        grants
            .iter()
            .map(|(api, scopes)| Self {
                api: api.to_string(),
                scopes: texts(scopes),
                authorization_details_types: details
                    .get(api)
                    .into_iter()
                    .flatten()
                    .map(ToString::to_string)
                    .collect(),
            })
            .collect()
    }
}

fn texts(scopes: &ScopeSet) -> Vec<String> {
    scopes.iter().map(ToString::to_string).collect()
}
