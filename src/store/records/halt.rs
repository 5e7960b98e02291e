//! Halts as they are stored, within what they halt.

use serde::{Deserialize, Serialize};

use crate::domain::{halt::Halt, name::HaltReason, time::Timestamp};

/// A halt.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredHalt {
    since: Timestamp,
    reason: HaltReason,
    by: String,
}

impl From<&Halt> for StoredHalt {
    fn from(halt: &Halt) -> Self {
        Self {
            since: halt.since,
            reason: halt.reason.clone(),
            by: halt.by.clone(),
        }
    }
}

impl From<StoredHalt> for Halt {
    fn from(stored: StoredHalt) -> Self {
        Self {
            since: stored.since,
            reason: stored.reason,
            by: stored.by,
        }
    }
}
