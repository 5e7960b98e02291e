//! Clients and their secrets as they are stored.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    RecordError, limits::StoredLimits, marks::StoredMarks, proof::StoredProof,
    registration::StoredRegistration,
};
use crate::domain::{
    claims::Claims,
    client::{Binding, Client, ClientRules, ClientStatus},
    details::DetailGrants,
    id::{ApiIdentifier, ClientId, Revision, SecretId},
    limits::ClientLimits,
    marks::Marks,
    name::{Description, DisplayName, Note, Owner},
    scope::ScopeSet,
    secret::{IfUsed, Retiring, Secret, SecretState},
    time::{Lifetime, Timestamp},
};

/// A client.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct StoredClient {
    id: ClientId,
    name: DisplayName,
    description: Description,
    owner: Owner,
    #[serde(default, skip_serializing_if = "is_usual")]
    disabled: Option<Timestamp>,
    created: Timestamp,
    #[serde(default, skip_serializing_if = "is_usual")]
    token_lifetime: Option<Lifetime>,
    grants: BTreeMap<ApiIdentifier, ScopeSet>,
    default_scopes: ScopeSet,
    secrets: Vec<StoredSecret>,
    // Since format 2.
    #[serde(default, skip_serializing_if = "is_usual")]
    marks: StoredMarks,
    // Since format 3.
    #[serde(default, skip_serializing_if = "is_usual")]
    introspects: BTreeSet<ApiIdentifier>,
    // Since format 3.
    #[serde(default, skip_serializing_if = "is_usual")]
    tokens_void_until: Option<Timestamp>,
    // Since format 4.
    #[serde(default, skip_serializing_if = "is_usual")]
    binding: StoredBinding,
    // Since format 4.
    #[serde(default, skip_serializing_if = "is_usual")]
    claims: Claims,
    // Since format 4.
    #[serde(default, skip_serializing_if = "is_usual")]
    legacy_assertion_audience: bool,
    // Since format 4.
    #[serde(default, skip_serializing_if = "is_usual")]
    details: DetailGrants,
    // Since format 4.
    #[serde(default, skip_serializing_if = "is_usual")]
    token_exchange: bool,
    // Since format 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limits: Option<StoredLimits>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registration: Option<StoredRegistration>,
    revision: Revision,
}

/// Whether a field is as with most clients, and need not be written.
fn is_usual<T: Default + PartialEq>(field: &T) -> bool {
    *field == T::default()
}

/// That a client had this id once.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct StoredTombstone {
    pub(in crate::store) id: ClientId,
    pub(in crate::store) removed: Timestamp,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StoredSecret {
    id: SecretId,
    proof: StoredProof,
    created: Timestamp,
    created_by: Arc<str>,
    #[serde(default, skip_serializing_if = "is_usual")]
    expires: Option<Timestamp>,
    note: Note,
    // Since format 2.
    #[serde(default, skip_serializing_if = "is_usual")]
    leaked: Option<Timestamp>,
    state: StoredState,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredBinding {
    #[default]
    Optional,
    Dpop,
    Certificate,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum StoredState {
    Active,
    Retiring {
        since: Timestamp,
        deadline: Timestamp,
        if_used: StoredIfUsed,
        held: u8,
    },
    Retired(Timestamp),
    Revoked(Timestamp),
    Cancelled(Timestamp),
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredIfUsed {
    Hold,
    Stop,
}

impl From<&Client> for StoredClient {
    fn from(client: &Client) -> Self {
        Self {
            id: client.id.clone(),
            name: client.name.clone(),
            description: client.description.clone(),
            owner: client.owner.clone(),
            disabled: match client.status {
                ClientStatus::Active => None,
                ClientStatus::Disabled(since) => Some(since),
            },
            created: client.created,
            token_lifetime: client.token_lifetime,
            grants: BTreeMap::clone(&client.grants),
            default_scopes: client.default_scopes.clone(),
            secrets: client.secrets.iter().map(Into::into).collect(),
            marks: StoredMarks::from(&*client.marks),
            introspects: client.introspects.clone(),
            tokens_void_until: client.tokens_void_until,
            binding: client.rules.binding.into(),
            claims: client.rules.claims.clone(),
            legacy_assertion_audience: client.rules.legacy_assertion_audience,
            details: client.rules.details.clone(),
            token_exchange: client.rules.token_exchange,
            limits: StoredLimits::of(&client.rules.limits),
            registration: client.registration.as_deref().map(Into::into),
            revision: client.revision,
        }
    }
}

impl TryFrom<StoredClient> for Client {
    type Error = RecordError;

    fn try_from(stored: StoredClient) -> Result<Self, RecordError> {
        let secrets = stored.secrets.into_iter().map(TryInto::try_into);
        let mut secrets: Vec<Secret> = secrets.collect::<Result<_, _>>()?;
        // Whoever reads a list does not know how long it is, and sets too much aside.
        secrets.shrink_to_fit();
        Ok(Self {
            id: stored.id,
            name: stored.name,
            description: stored.description,
            owner: stored.owner,
            status: stored
                .disabled
                .map_or(ClientStatus::Active, ClientStatus::Disabled),
            created: stored.created,
            token_lifetime: stored.token_lifetime,
            grants: stored.grants.into(),
            default_scopes: stored.default_scopes,
            secrets,
            marks: Marks::from(stored.marks).into(),
            introspects: stored.introspects,
            tokens_void_until: stored.tokens_void_until,
            rules: ClientRules {
                binding: stored.binding.into(),
                claims: stored.claims,
                legacy_assertion_audience: stored.legacy_assertion_audience,
                details: stored.details,
                token_exchange: stored.token_exchange,
                limits: stored
                    .limits
                    .map_or_else(|| Ok(ClientLimits::default()), TryInto::try_into)?,
            }
            .into(),
            registration: stored
                .registration
                .map(|it| it.try_into().map(Arc::new))
                .transpose()?,
            revision: stored.revision,
        })
    }
}

impl From<&Secret> for StoredSecret {
    fn from(secret: &Secret) -> Self {
        Self {
            id: secret.id.clone(),
            proof: StoredProof::from(&secret.proof),
            created: secret.created,
            created_by: secret.created_by.clone(),
            expires: secret.expires,
            note: secret.note.clone(),
            leaked: secret.leaked,
            state: StoredState::from(&secret.state),
        }
    }
}

impl TryFrom<StoredSecret> for Secret {
    type Error = RecordError;

    fn try_from(stored: StoredSecret) -> Result<Self, RecordError> {
        Ok(Self {
            id: stored.id,
            proof: stored.proof.try_into()?,
            created: stored.created,
            created_by: stored.created_by,
            expires: stored.expires,
            note: stored.note,
            leaked: stored.leaked,
            state: stored.state.into(),
        })
    }
}

impl From<Binding> for StoredBinding {
    fn from(binding: Binding) -> Self {
        match binding {
            Binding::Optional => Self::Optional,
            Binding::Dpop => Self::Dpop,
            Binding::Certificate => Self::Certificate,
        }
    }
}

impl From<StoredBinding> for Binding {
    fn from(stored: StoredBinding) -> Self {
        match stored {
            StoredBinding::Optional => Self::Optional,
            StoredBinding::Dpop => Self::Dpop,
            StoredBinding::Certificate => Self::Certificate,
        }
    }
}

impl From<IfUsed> for StoredIfUsed {
    fn from(if_used: IfUsed) -> Self {
        match if_used {
            IfUsed::Hold => Self::Hold,
            IfUsed::Stop => Self::Stop,
        }
    }
}

impl From<StoredIfUsed> for IfUsed {
    fn from(stored: StoredIfUsed) -> Self {
        match stored {
            StoredIfUsed::Hold => Self::Hold,
            StoredIfUsed::Stop => Self::Stop,
        }
    }
}

impl From<&SecretState> for StoredState {
    fn from(state: &SecretState) -> Self {
        match state {
            SecretState::Active => Self::Active,
            SecretState::Retiring(retiring) => Self::Retiring {
                since: retiring.since,
                deadline: retiring.deadline,
                if_used: retiring.if_used.into(),
                held: retiring.held,
            },
            SecretState::Retired { at } => Self::Retired(*at),
            SecretState::Revoked { at } => Self::Revoked(*at),
            SecretState::Cancelled { at } => Self::Cancelled(*at),
        }
    }
}

impl From<StoredState> for SecretState {
    fn from(stored: StoredState) -> Self {
        match stored {
            StoredState::Active => Self::Active,
            StoredState::Retiring {
                since,
                deadline,
                if_used,
                held,
            } => Self::Retiring(Retiring {
                since,
                deadline,
                if_used: if_used.into(),
                held,
            }),
            StoredState::Retired(at) => Self::Retired { at },
            StoredState::Revoked(at) => Self::Revoked { at },
            StoredState::Cancelled(at) => Self::Cancelled { at },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_as_usual_is_neither_written_nor_missed() {
        let plain = json!({
            "id": "svc", "name": "Service", "description": "", "owner": "", "created": 5, "grants": {},
            "default_scopes": [], "secrets": [], "revision": 7,
        });
        let read: StoredClient = serde_json::from_value(plain.clone()).unwrap();
        let client = Client::try_from(read).unwrap();
        let written = serde_json::to_value(StoredClient::from(&client)).unwrap();
        assert_eq!(written, plain);
    }
}
