//! Epochs: the stretches of history between one restore of a backup and the next.
//!
//! A file that is merely old and one that was restored on purpose look alike, but for the epoch. The first
//! is 1; every restore begins the next.

use super::{id::Revision, time::Timestamp};

/// An epoch that a restore began.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Epoch {
    /// Its number: 2 or more.
    pub number: u64,
    /// When the backup was restored. Nothing that was made before, to be used once, is taken after it.
    pub since: Timestamp,
    /// The number of its first audit record, which tells of the restore.
    pub first: u64,
}

/// Where the audit log ends, and what led there.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AuditHead {
    /// The epochs that restores began, the oldest first.
    pub epochs: Vec<Epoch>,
    /// The number of the last record; 0 if there is none.
    pub seq: u64,
    /// Its mac; zeros if there is none.
    pub mac: [u8; 32],
    /// The revision of the last commit.
    pub revision: Revision,
}

impl AuditHead {
    /// The present epoch.
    pub fn epoch(&self) -> u64 {
        self.epochs.last().map_or(1, |epoch| epoch.number)
    }

    /// Whether this epoch led here. One that did not was given up by a restore.
    pub fn has(&self, epoch: u64) -> bool {
        epoch == 1 || self.epochs.iter().any(|it| it.number == epoch)
    }

    /// The number of the first record that came after this epoch; nothing if it is the present one, or
    /// one that is not known.
    pub fn end_of(&self, epoch: u64) -> Option<u64> {
        let later = self.epochs.iter().find(|it| it.number > epoch);
        later.map(|it| it.first)
    }
}
