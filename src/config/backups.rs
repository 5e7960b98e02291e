//! Backups that the server makes by itself.

use std::path::Path;

use super::{ConfigError, Settings, wrong};
use crate::domain::{backup::BackupPlan, time::Span};

/// From one backup to the next, if nothing is said.
const EVERY: Span = Span::hours(24);

/// How many are kept, if nothing is said.
const KEEP: u16 = 14;

/// Those of `settings`, for data in `data`; nothing if none are wanted.
pub(super) fn plan(settings: &Settings, data: &Path) -> Result<Option<BackupPlan>, ConfigError> {
    let Some(directory) = settings.backup_dir.clone() else {
        return match (settings.backup_every, settings.backup_keep) {
            (None, None) => Ok(None),
            (Some(_), _) => Err(wrong("backup_every needs backup_dir: where to")),
            (None, Some(_)) => Err(wrong("backup_keep needs backup_dir: where to")),
        };
    };
    let every = settings.backup_every.unwrap_or(EVERY);
    let keep = settings.backup_keep.unwrap_or(KEEP);
    if every < Span::minutes(1) {
        return Err(wrong("backup_every is at least 1m"));
    }
    if keep == 0 {
        return Err(wrong("backup_keep is at least 1"));
    }
    if directory == data {
        return Err(wrong(
            "backup_dir is the data directory: what is lost with the data is no backup",
        ));
    }
    Ok(Some(BackupPlan {
        directory,
        every,
        keep: usize::from(keep),
    }))
}
