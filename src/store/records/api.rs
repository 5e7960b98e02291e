//! APIs as they are stored.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{RecordError, StoredPrivate, halt::StoredHalt};
use crate::{
    crypto::signer::{Algorithm, PrivateKey, Signer},
    domain::{
        api::{Api, ApiRules, ApiScope, ApiStatus, Offer, Sensitivity, Signing, TokenFormat},
        claims::Claims,
        details::{DetailType, Schema, TypeDetail},
        id::{ApiIdentifier, Revision},
        name::{Description, DisplayName},
        scope::Scope,
        time::{Lifetime, Timestamp},
    },
};

/// An API.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct StoredApi {
    identifier: ApiIdentifier,
    name: DisplayName,
    description: Description,
    disabled: Option<Timestamp>,
    signing: StoredSigning,
    token_lifetime: Lifetime,
    longest_lifetime: Lifetime,
    scopes: BTreeMap<Scope, StoredScope>,
    // Since format 4.
    #[serde(default)]
    opaque: bool,
    // Since format 4.
    #[serde(default)]
    claims: Claims,
    // Since format 4.
    #[serde(default)]
    details: BTreeMap<DetailType, StoredDetail>,
    // Since format 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    halt: Option<StoredHalt>,
    created: Timestamp,
    revision: Revision,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum StoredSigning {
    Published(Algorithm),
    Shared {
        algorithm: Algorithm,
        key: StoredPrivate,
    },
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StoredScope {
    description: Description,
    sensitive: bool,
    deprecated: bool,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StoredDetail {
    description: Description,
    schema: Schema,
}

impl From<&Api> for StoredApi {
    fn from(api: &Api) -> Self {
        Self {
            identifier: api.identifier.clone(),
            name: api.name.clone(),
            description: api.description.clone(),
            disabled: match api.status {
                ApiStatus::Active => None,
                ApiStatus::Disabled(since) => Some(since),
            },
            signing: match &api.signing {
                Signing::Published(algorithm) => StoredSigning::Published(*algorithm),
                Signing::Shared { signer, key } => StoredSigning::Shared {
                    algorithm: signer.algorithm(),
                    key: key.as_ref().into(),
                },
            },
            token_lifetime: api.token_lifetime,
            longest_lifetime: api.longest_lifetime,
            scopes: api
                .scopes
                .iter()
                .map(|(scope, detail)| (scope.clone(), detail.into()))
                .collect(),
            opaque: api.rules.format == TokenFormat::Opaque,
            claims: api.rules.claims.clone(),
            details: api
                .rules
                .details
                .iter()
                .map(|(name, detail)| (name.clone(), detail.into()))
                .collect(),
            halt: api.rules.halt.as_ref().map(Into::into),
            created: api.created,
            revision: api.revision,
        }
    }
}

impl TryFrom<StoredApi> for Api {
    type Error = RecordError;

    fn try_from(stored: StoredApi) -> Result<Self, RecordError> {
        Ok(Self {
            identifier: stored.identifier,
            name: stored.name,
            description: stored.description,
            status: stored
                .disabled
                .map_or(ApiStatus::Active, ApiStatus::Disabled),
            signing: stored.signing.try_into()?,
            token_lifetime: stored.token_lifetime,
            longest_lifetime: stored.longest_lifetime,
            scopes: stored
                .scopes
                .into_iter()
                .map(|(scope, detail)| (scope, detail.into()))
                .collect(),
            rules: ApiRules {
                format: if stored.opaque {
                    TokenFormat::Opaque
                } else {
                    TokenFormat::Jwt
                },
                claims: stored.claims,
                details: stored
                    .details
                    .into_iter()
                    .map(|(name, detail)| (name, detail.into()))
                    .collect(),
                halt: stored.halt.map(Into::into),
            },
            created: stored.created,
            revision: stored.revision,
        })
    }
}

impl TryFrom<StoredSigning> for Signing {
    type Error = RecordError;

    fn try_from(stored: StoredSigning) -> Result<Self, RecordError> {
        Ok(match stored {
            StoredSigning::Published(algorithm) => Self::Published(algorithm),
            StoredSigning::Shared { algorithm, key } => {
                let key = PrivateKey::try_from(key)?;
                let signer = Signer::from_private(algorithm, &key)
                    .map_err(|error| RecordError::new(&error))?;
                Self::Shared {
                    signer: Arc::new(signer),
                    key: Arc::new(key),
                }
            }
        })
    }
}

impl From<&ApiScope> for StoredScope {
    fn from(scope: &ApiScope) -> Self {
        Self {
            description: scope.description.clone(),
            sensitive: scope.sensitivity == Sensitivity::Sensitive,
            deprecated: scope.offer == Offer::Deprecated,
        }
    }
}

impl From<StoredScope> for ApiScope {
    fn from(stored: StoredScope) -> Self {
        Self {
            description: stored.description,
            sensitivity: if stored.sensitive {
                Sensitivity::Sensitive
            } else {
                Sensitivity::Ordinary
            },
            offer: if stored.deprecated {
                Offer::Deprecated
            } else {
                Offer::Open
            },
        }
    }
}

impl From<&TypeDetail> for StoredDetail {
    fn from(detail: &TypeDetail) -> Self {
        Self {
            description: detail.description.clone(),
            schema: detail.schema.clone(),
        }
    }
}

impl From<StoredDetail> for TypeDetail {
    fn from(stored: StoredDetail) -> Self {
        Self {
            description: stored.description,
            schema: stored.schema,
        }
    }
}
