//! Revoked tokens as they are stored.

use serde::{Deserialize, Serialize};

use crate::domain::{revocation::Revocation, time::Timestamp};

/// A token that does not count any more.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct StoredRevocation {
    token: String,
    expires: Timestamp,
}

impl From<&Revocation> for StoredRevocation {
    fn from(revocation: &Revocation) -> Self {
        Self {
            token: revocation.token.clone(),
            expires: revocation.expires,
        }
    }
}

impl From<StoredRevocation> for Revocation {
    fn from(stored: StoredRevocation) -> Self {
        Self {
            token: stored.token,
            expires: stored.expires,
        }
    }
}
