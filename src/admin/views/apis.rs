//! APIs and their scopes, as they are shown.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{DetailTypeView, HaltView, is_empty_object, moment};
use crate::domain::{
    api::{Api, ApiScope, ApiStatus, Offer, Sensitivity, Signing},
    registry::Registry,
    scope::Scope,
};

/// An API: everything but its key.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ApiView {
    /// The audience of its tokens; never changes.
    pub identifier: String,
    /// What it is called.
    pub name: String,
    /// What it is.
    pub description: String,
    /// `active` or `disabled`.
    pub status: String,
    /// That no tokens are issued for it for a while; left out if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halted: Option<HaltView>,
    /// What its tokens are signed with.
    pub algorithm: String,
    /// Which key it shares with Jeton, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_key_id: Option<String>,
    /// How long its tokens live, in seconds.
    pub token_lifetime: u32,
    /// In which form its tokens are: `jwt` or `opaque`.
    #[serde(default)]
    pub token_format: String,
    /// What its tokens say besides.
    #[serde(default, skip_serializing_if = "is_empty_object")]
    #[schema(value_type = Object)]
    pub claims: Value,
    /// The scopes it understands.
    pub scopes: Vec<ScopeView>,
    /// The types of authorization details that it understands (RFC 9396).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types: Vec<DetailTypeView>,
    /// How many clients have a grant on it.
    pub clients: usize,
    /// When it was defined.
    pub created_at: String,
    /// Whether it is the admin API itself.
    pub built_in: bool,
    /// The revision that last changed it.
    pub revision: u64,
}

/// A scope of an API.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ScopeView {
    /// The scope token.
    pub name: String,
    /// What it opens.
    pub description: String,
    /// Whether granting it deserves a second look.
    pub sensitive: bool,
    /// Whether it may no longer be granted.
    pub deprecated: bool,
}

impl ApiView {
    /// `api`, as `registry` knows it.
    pub fn of(api: &Api, registry: &Registry) -> Self {
        Self {
            identifier: api.identifier.to_string(),
            name: api.name.to_string(),
            description: api.description.to_string(),
            status: match api.status {
                ApiStatus::Active => "active",
                ApiStatus::Disabled(_) => "disabled",
            }
            .to_owned(),
            halted: api.rules.halt.as_ref().map(HaltView::of),
            algorithm: api.signing.algorithm().to_string(),
            shared_key_id: match &api.signing {
                Signing::Published(_) => None,
                Signing::Shared { signer, .. } => Some(signer.key_id().to_owned()),
            },
            token_lifetime: api.token_lifetime.seconds(),
            token_format: api.rules.format.as_str().to_owned(),
            claims: api.rules.claims.to_json(),
            scopes: ScopeView::all_of(api),
            authorization_details_types: DetailTypeView::all_of(api),
            clients: registry.count_clients_of(&api.identifier),
            created_at: moment(api.created),
            built_in: api.is_admin(),
            revision: api.revision.0,
        }
    }
}

impl ScopeView {
    /// Every scope of `api`, by name.
    pub fn all_of(api: &Api) -> Vec<Self> {
        let scopes = api.scopes.iter();
        scopes
            .map(|(scope, detail)| Self::of(scope, detail))
            .collect()
    }

    /// One scope.
    pub fn of(scope: &Scope, detail: &ApiScope) -> Self {
        Self {
            name: scope.to_string(),
            description: detail.description.to_string(),
            sensitive: detail.sensitivity == Sensitivity::Sensitive,
            deprecated: detail.offer == Offer::Deprecated,
        }
    }
}
