//! Signing keys as they are stored: with their private part, so only ever sealed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{RecordError, StoredPrivate};
use crate::{
    crypto::signer::{Algorithm, PrivateKey, Signer},
    domain::{
        id::{KeyId, Revision},
        key::{Material, SigningKey},
        time::Timestamp,
    },
};

/// A signing key.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct StoredKey {
    id: KeyId,
    algorithm: Algorithm,
    material: StoredMaterial,
    published: Timestamp,
    active_from: Timestamp,
    revision: Revision,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum StoredMaterial {
    Whole(StoredPrivate),
    Destroyed(Timestamp),
    Revoked(Timestamp),
}

impl From<&SigningKey> for StoredKey {
    fn from(key: &SigningKey) -> Self {
        Self {
            id: key.id.clone(),
            algorithm: key.algorithm,
            material: match &key.material {
                Material::Whole { private, .. } => StoredMaterial::Whole(private.as_ref().into()),
                Material::Destroyed { at } => StoredMaterial::Destroyed(*at),
                Material::Revoked { at } => StoredMaterial::Revoked(*at),
            },
            published: key.published,
            active_from: key.active_from,
            revision: key.revision,
        }
    }
}

impl TryFrom<StoredKey> for SigningKey {
    type Error = RecordError;

    fn try_from(stored: StoredKey) -> Result<Self, RecordError> {
        let material = match stored.material {
            StoredMaterial::Whole(private) => whole(&stored.id, stored.algorithm, private)?,
            StoredMaterial::Destroyed(at) => Material::Destroyed { at },
            StoredMaterial::Revoked(at) => Material::Revoked { at },
        };
        Ok(Self {
            id: stored.id,
            algorithm: stored.algorithm,
            material,
            published: stored.published,
            active_from: stored.active_from,
            revision: stored.revision,
        })
    }
}

fn whole(
    id: &KeyId,
    algorithm: Algorithm,
    private: StoredPrivate,
) -> Result<Material, RecordError> {
    let private = PrivateKey::try_from(private)?;
    let signer =
        Signer::from_private(algorithm, &private).map_err(|error| RecordError::new(&error))?;
    if signer.key_id() != id.as_str() {
        return Err(RecordError::new("the key is not the one its id names"));
    }
    Ok(Material::Whole {
        signer: Arc::new(signer),
        private: Arc::new(private),
    })
}
