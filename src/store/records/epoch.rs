//! The epochs as they are stored.

use serde::{Deserialize, Serialize};

use crate::domain::{epoch::Epoch, time::Timestamp};

/// The epochs that restores began, the oldest first.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct StoredEpochs {
    epochs: Vec<StoredEpoch>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StoredEpoch {
    number: u64,
    since: Timestamp,
    first: u64,
}

impl From<&[Epoch]> for StoredEpochs {
    fn from(epochs: &[Epoch]) -> Self {
        let epochs = epochs.iter().map(|epoch| StoredEpoch {
            number: epoch.number,
            since: epoch.since,
            first: epoch.first,
        });
        Self {
            epochs: epochs.collect(),
        }
    }
}

impl From<StoredEpochs> for Vec<Epoch> {
    fn from(stored: StoredEpochs) -> Self {
        let epochs = stored.epochs.into_iter().map(|epoch| Epoch {
            number: epoch.number,
            since: epoch.since,
            first: epoch.first,
        });
        epochs.collect()
    }
}
