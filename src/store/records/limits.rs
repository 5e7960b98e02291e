//! The limits of a client as they are stored, within its record.

use serde::{Deserialize, Serialize};

use super::RecordError;
use crate::domain::limits::{ClientLimits, Networks, Per, QuotaMode, TokenQuota};

/// Limits.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredLimits {
    #[serde(default)]
    networks: Networks,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quota: Option<StoredQuota>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StoredQuota {
    tokens: u32,
    per: Per,
    burst: u32,
    mode: QuotaMode,
}

impl StoredLimits {
    /// Those that there are; nothing if nothing is limited.
    pub(super) fn of(limits: &ClientLimits) -> Option<Self> {
        (*limits != ClientLimits::default()).then(|| Self {
            networks: limits.networks.clone(),
            quota: limits.quota.as_ref().map(|quota| StoredQuota {
                tokens: quota.tokens(),
                per: quota.per(),
                burst: quota.burst(),
                mode: quota.mode,
            }),
        })
    }
}

impl TryFrom<StoredLimits> for ClientLimits {
    type Error = RecordError;

    fn try_from(stored: StoredLimits) -> Result<Self, RecordError> {
        let read = |quota: StoredQuota| {
            TokenQuota::new(quota.tokens, quota.per, Some(quota.burst), quota.mode)
        };
        let quota = stored.quota.map(read).transpose();
        Ok(Self {
            networks: stored.networks,
            quota: quota.map_err(|error| RecordError::new(&error))?,
        })
    }
}
