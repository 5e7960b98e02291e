//! Registration tokens, and clients that came with them, as they are shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{GrantView, moment};
use crate::domain::{
    details::DetailGrants,
    order,
    registration::{Registration, RegistrationToken},
    registry::Registry,
    time::{Span, Timestamp},
};

/// A token by which clients register themselves: everything but the token.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct RegistrationTokenView {
    /// Its public part.
    pub id: String,
    /// `open`, `used up`, `revoked` or `expired`.
    pub status: String,
    /// Who has it, and what for.
    pub note: String,
    /// When it was made.
    pub created_at: String,
    /// By whom.
    pub created_by: String,
    /// Until when it can be used.
    pub expires_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// How many clients can be registered with it.
    pub limit: u32,
    /// How many were.
    pub used: u32,
    /// When the latest was.
    pub last_used_at: Option<String>,
    /// Scopes that a client may ask for.
    pub grants: Vec<GrantView>,
    /// How a client may authenticate.
    pub methods: Vec<String>,
    /// What its tokens must be bound to: `optional`, `dpop` or `certificate`.
    pub token_binding: String,
    /// How long its secrets work, in seconds; `null`: as the settings say.
    pub secret_lifetime: Option<u64>,
    /// How its name begins.
    pub name_prefix: Option<String>,
    /// Who answers for it.
    pub owner: String,
}

impl RegistrationTokenView {
    /// As it is at `now`.
    pub fn of(token: &RegistrationToken, now: Timestamp) -> Self {
        let template = &token.template;
        let methods = template.methods.iter();
        Self {
            id: token.id.to_string(),
            status: token.status(now).to_owned(),
            note: token.note.to_string(),
            created_at: moment(token.created),
            created_by: token.created_by.clone(),
            expires_at: moment(token.expires),
            ended_at: token.ended(now).map(moment),
            limit: token.limit,
            used: token.used,
            last_used_at: token.last_used.map(moment),
            grants: GrantView::all(&template.grants, &DetailGrants::new()),
            methods: methods.map(ToString::to_string).collect(),
            token_binding: template.binding.as_str().to_owned(),
            secret_lifetime: template.secret_lifetime.map(Span::seconds),
            name_prefix: template.name_prefix.as_ref().map(ToString::to_string),
            owner: template.owner.to_string(),
        }
    }

    /// All that are remembered, the newest first.
    pub fn all(registry: &Registry, now: Timestamp) -> Vec<Self> {
        let mut all: Vec<_> = registry.registration_tokens().collect();
        order::by_key(&mut all, |token| std::cmp::Reverse(token.created));
        all.into_iter().map(|it| Self::of(it, now)).collect()
    }
}

/// That a client registered itself.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SelfRegistrationView {
    /// The public part of the token it came with.
    pub token: String,
    /// What was noted on that one.
    pub note: String,
    /// Whether it manages its registration by a token of its own.
    pub is_managed: bool,
    /// How it says to reach people who answer for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// Which software it says to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// Which version of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
}

impl SelfRegistrationView {
    pub(super) fn of(registration: &Registration) -> Self {
        let about = &registration.about;
        Self {
            token: registration.token.to_string(),
            note: registration.note.to_string(),
            is_managed: registration.access.is_some(),
            contacts: about.contacts.iter().map(ToString::to_string).collect(),
            software_id: about.software_id.as_ref().map(ToString::to_string),
            software_version: about.software_version.as_ref().map(ToString::to_string),
        }
    }
}
