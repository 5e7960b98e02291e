//! Signing keys, as they are shown.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::moment;
use crate::domain::{
    key::{Age, KEPT_AFTER, SigningKey},
    registry::Registry,
    time::Timestamp,
};

/// A signing key: its public half, and its schedule.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct KeyView {
    /// Its id; never changes.
    pub kid: String,
    /// What it signs with.
    pub algorithm: String,
    /// `pending`, `active`, `retiring`, `retired` or `revoked`.
    pub age: String,
    /// Since when verifiers can see it.
    pub published_at: String,
    /// From when on it signs.
    pub active_from: String,
    /// When another takes over, if one is known to.
    pub stops_signing_at: Option<String>,
    /// When it leaves the JWK set, or left it.
    pub leaves_jwks_at: Option<String>,
    /// The public key; `null` once the key is gone.
    #[schema(value_type = Option<Object>)]
    pub public_jwk: Option<Value>,
    /// The revision that last changed it.
    pub revision: u64,
}

impl KeyView {
    /// `key` at `now`, as `registry` knows it.
    pub fn of(key: &SigningKey, registry: &Registry, now: Timestamp) -> Self {
        let age = registry.age(key, now);
        let stops = key.signer().and_then(|_| registry.stops_signing(key));
        let leaves = match age {
            Age::Retiring { until } => Some(until),
            Age::Retired { at } | Age::Revoked { at } => Some(at),
            Age::Pending { .. } | Age::Active { .. } => {
                stops.map(|stops| stops.plus(registry.longest_lifetime()).plus(KEPT_AFTER))
            }
        };
        Self {
            kid: key.id.to_string(),
            algorithm: key.algorithm.to_string(),
            age: age.as_str().to_owned(),
            published_at: moment(key.published),
            active_from: moment(key.active_from),
            stops_signing_at: stops.map(moment),
            leaves_jwks_at: leaves.map(moment),
            public_jwk: key.signer().and_then(|signer| signer.public_jwk().cloned()),
            revision: key.revision.0,
        }
    }
}
