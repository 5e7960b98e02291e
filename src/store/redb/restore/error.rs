//! Why a backup was not restored, in one clear line each.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::store::redb::OpenError;

/// Why a backup was not restored. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is no such file.
    #[error("there is no backup {}", .0.display())]
    Missing(PathBuf),
    /// The file is something else.
    #[error("{} is not a backup of Jeton, or its beginning is destroyed", .0.display())]
    Foreign(PathBuf),
    /// It is one of ours, and not whole.
    #[error("the backup {} is damaged ({detail}); take another one", .backup.display())]
    Damaged {
        /// Which.
        backup: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// A process has a file open.
    #[error("{} is in use by another process; stop the server first", .0.display())]
    InUse(PathBuf),
    /// A later version wrote it.
    #[error("the backup {} has format {found}, and this version knows formats up to {known}; use a later version of Jeton", .backup.display())]
    FromTheFuture {
        /// Which.
        backup: PathBuf,
        /// Its format.
        found: u32,
        /// The latest that is known.
        known: u32,
    },
    /// It is sealed under another master key.
    #[error("the backup {} is sealed under the master key {wants}, and the one given is {has}; give the one that was in use when it was made", .backup.display())]
    WrongMasterKey {
        /// Which.
        backup: PathBuf,
        /// The id of the key that opens it.
        wants: String,
        /// The id of the key that was given.
        has: String,
    },
    /// There is a data file now where there was none.
    #[error("there is a data file {} now, and there was none a moment ago", .0.display())]
    Exists(PathBuf),
    /// A file cannot be read.
    #[error("cannot read {}: {error}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: String,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {error}", .path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: String,
    },
}

impl RestoreError {
    /// Why the copy of `backup` does not open.
    pub(super) fn of(error: OpenError, backup: &Path) -> Self {
        let backup = backup.to_owned();
        match error {
            OpenError::Missing(_) => Self::Missing(backup),
            OpenError::Empty(_) | OpenError::Foreign(_) => Self::Foreign(backup),
            OpenError::Damaged { detail, .. } => Self::Damaged { backup, detail },
            OpenError::Repaired(_) => Self::Damaged {
                backup,
                detail: "its last change is not whole".to_owned(),
            },
            OpenError::InUse(_) => Self::InUse(backup),
            OpenError::FromTheFuture { found, known, .. } => Self::FromTheFuture {
                backup,
                found,
                known,
            },
            OpenError::WrongMasterKey { wants, has, .. } => {
                Self::WrongMasterKey { backup, wants, has }
            }
            OpenError::Exists(path) => Self::Exists(path),
            OpenError::Unwritable { path, error } => Self::Unwritable { path, error },
        }
    }

    /// The backup cannot be read.
    pub(super) fn unreadable(backup: &Path, error: &io::Error) -> Self {
        let path = backup.to_owned();
        if error.kind() == io::ErrorKind::NotFound {
            Self::Missing(path)
        } else {
            Self::Unreadable {
                path,
                error: error.to_string(),
            }
        }
    }
}
