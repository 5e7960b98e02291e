//! Clients and their secrets as they are stored.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::marks::StoredMarks;
use crate::{
    crypto::{mac::SecretDigest, password::PasswordHash},
    domain::{
        client::{Client, ClientStatus},
        id::{ApiIdentifier, ClientId, Revision, SecretId},
        name::{Description, DisplayName, Note, Owner},
        scope::ScopeSet,
        secret::{IfUsed, Proof, Retiring, Secret, SecretState},
        time::{Lifetime, Timestamp},
    },
};

/// A client.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct StoredClient {
    id: ClientId,
    name: DisplayName,
    description: Description,
    owner: Owner,
    disabled: Option<Timestamp>,
    created: Timestamp,
    token_lifetime: Option<Lifetime>,
    grants: BTreeMap<ApiIdentifier, ScopeSet>,
    default_scopes: ScopeSet,
    secrets: Vec<StoredSecret>,
    // Since format 2.
    #[serde(default)]
    marks: StoredMarks,
    // Since format 3.
    #[serde(default)]
    introspects: BTreeSet<ApiIdentifier>,
    // Since format 3.
    #[serde(default)]
    tokens_void_until: Option<Timestamp>,
    revision: Revision,
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
    created_by: String,
    expires: Option<Timestamp>,
    note: Note,
    // Since format 2.
    #[serde(default)]
    leaked: Option<Timestamp>,
    state: StoredState,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum StoredProof {
    HmacSha256(SecretDigest),
    Argon2id(PasswordHash),
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
            grants: client.grants.clone(),
            default_scopes: client.default_scopes.clone(),
            secrets: client.secrets.iter().map(Into::into).collect(),
            marks: StoredMarks::from(&client.marks),
            introspects: client.introspects.clone(),
            tokens_void_until: client.tokens_void_until,
            revision: client.revision,
        }
    }
}

impl From<StoredClient> for Client {
    fn from(stored: StoredClient) -> Self {
        Self {
            id: stored.id,
            name: stored.name,
            description: stored.description,
            owner: stored.owner,
            status: stored
                .disabled
                .map_or(ClientStatus::Active, ClientStatus::Disabled),
            created: stored.created,
            token_lifetime: stored.token_lifetime,
            grants: stored.grants,
            default_scopes: stored.default_scopes,
            secrets: stored.secrets.into_iter().map(Into::into).collect(),
            marks: stored.marks.into(),
            introspects: stored.introspects,
            tokens_void_until: stored.tokens_void_until,
            revision: stored.revision,
        }
    }
}

impl From<&Secret> for StoredSecret {
    fn from(secret: &Secret) -> Self {
        Self {
            id: secret.id.clone(),
            proof: match &secret.proof {
                Proof::Mac(digest) => StoredProof::HmacSha256(digest.clone()),
                Proof::Password(hash) => StoredProof::Argon2id(hash.clone()),
            },
            created: secret.created,
            created_by: secret.created_by.clone(),
            expires: secret.expires,
            note: secret.note.clone(),
            leaked: secret.leaked,
            state: StoredState::from(&secret.state),
        }
    }
}

impl From<StoredSecret> for Secret {
    fn from(stored: StoredSecret) -> Self {
        Self {
            id: stored.id,
            proof: match stored.proof {
                StoredProof::HmacSha256(digest) => Proof::Mac(digest),
                StoredProof::Argon2id(hash) => Proof::Password(hash),
            },
            created: stored.created,
            created_by: stored.created_by,
            expires: stored.expires,
            note: stored.note,
            leaked: stored.leaked,
            state: stored.state.into(),
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
