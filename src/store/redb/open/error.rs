//! Why a data file cannot be made or opened, in one clear line each.

use std::{
    io,
    path::{Path, PathBuf},
};

use redb::{DatabaseError, StorageError};

use crate::store::redb::{Fault, head::FORMAT};

/// Why there is no store. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such file.
    #[error("there is no data file {}; restore a backup, or let `jeton serve` make a new one in an empty directory", .0.display())]
    Missing(PathBuf),
    /// The file has no bytes.
    #[error("the data file {} is empty; restore a backup, or remove it to begin anew", .0.display())]
    Empty(PathBuf),
    /// The file is something else.
    #[error("{} is not a data file of Jeton, or its beginning is destroyed; check the path, or restore a backup", .0.display())]
    Foreign(PathBuf),
    /// The file is one of ours, and not whole.
    #[error("the data file {} is damaged ({detail}); restore a backup", .path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The file can only be opened as it was before its last change.
    #[error("the data file {} could only be repaired by taking back its last change; restore a backup, or accept the repair with --accept-repair", .0.display())]
    Repaired(PathBuf),
    /// Another process has it open.
    #[error("the data file {} is in use by another process; stop that one first", .0.display())]
    InUse(PathBuf),
    /// A later version wrote it.
    #[error("the data file {} has format {found}, and this version knows formats up to {known}; use a later version of Jeton", .path.display())]
    FromTheFuture {
        /// Which.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The latest that is known.
        known: u32,
    },
    /// It is sealed under another master key.
    #[error("the data file {} is sealed under the master key {wants}, and the one given is {has}; give the one it was made with", .path.display())]
    WrongMasterKey {
        /// Which.
        path: PathBuf,
        /// The id of the key that opens it.
        wants: String,
        /// The id of the key that was given.
        has: String,
    },
    /// There is a file already where a new one was to be made.
    #[error("there is a file {} already; a new data file is made only where there is none", .0.display())]
    Exists(PathBuf),
    /// It cannot be read or written.
    #[error("cannot write the data file {}: {error}; check the owner of the directory, its mode, and the free space", .path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: String,
    },
}

impl OpenError {
    /// What the process ends with: as in `sysexits.h`.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Missing(_)
            | Self::Empty(_)
            | Self::Foreign(_)
            | Self::Damaged { .. }
            | Self::Repaired(_)
            | Self::FromTheFuture { .. } => 65,
            Self::InUse(_) | Self::Exists(_) | Self::Unwritable { .. } => 73,
            Self::WrongMasterKey { .. } => 78,
        }
    }
}

/// Why a new file did not get its name.
pub(super) fn unpublished(path: &Path, error: &io::Error) -> OpenError {
    if error.kind() == io::ErrorKind::AlreadyExists {
        return OpenError::Exists(path.to_owned());
    }
    unwritable(path, error)
}

/// What redb's error means.
pub(super) fn refusal(path: &Path, error: &DatabaseError) -> OpenError {
    use DatabaseError as E;
    use io::ErrorKind::{InvalidData, UnexpectedEof};
    if matches!(error, E::DatabaseAlreadyOpen | E::LockProtocolMismatch) {
        return OpenError::InUse(path.to_owned());
    }
    if matches!(error, E::RepairAborted) {
        return OpenError::Repaired(path.to_owned());
    }
    if let E::Storage(StorageError::Io(error)) = error
        && !matches!(error.kind(), UnexpectedEof | InvalidData)
    {
        return unwritable(path, error);
    }
    damaged(path, error)
}

/// What is wrong with a file that redb could open.
pub(super) enum Wrong {
    Damaged(String),
    Repaired,
    Foreign,
    Format(u32),
    MasterKey { wants: String, has: String },
}

impl Wrong {
    /// As the error of opening the file at `path`.
    pub(super) fn at(self, path: &Path) -> OpenError {
        let path = path.to_owned();
        match self {
            Self::Damaged(detail) => OpenError::Damaged { path, detail },
            Self::Repaired => OpenError::Repaired(path),
            Self::Foreign => OpenError::Foreign(path),
            Self::Format(found) => OpenError::FromTheFuture {
                path,
                found,
                known: FORMAT,
            },
            Self::MasterKey { wants, has } => OpenError::WrongMasterKey { path, wants, has },
        }
    }
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Self::Damaged(fault.to_string())
    }
}

/// [`OpenError::Unwritable`].
pub(super) fn unwritable(path: &Path, error: &dyn ToString) -> OpenError {
    OpenError::Unwritable {
        path: path.to_owned(),
        error: error.to_string(),
    }
}

/// [`OpenError::Damaged`].
pub(super) fn damaged(path: &Path, detail: &dyn ToString) -> OpenError {
    OpenError::Damaged {
        path: path.to_owned(),
        detail: detail.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_came_to_be_meanwhile_is_not_one_that_cannot_be_written() {
        let means = |kind: io::ErrorKind| unpublished(Path::new("data"), &kind.into());
        let exists = means(io::ErrorKind::AlreadyExists);
        assert!(matches!(exists, OpenError::Exists(_)), "{exists}");
        let full = means(io::ErrorKind::StorageFull);
        assert!(matches!(full, OpenError::Unwritable { .. }), "{full}");
    }

    #[test]
    fn what_the_file_lacks_is_damage_and_what_the_system_refuses_is_not() {
        let means = |kind: io::ErrorKind| {
            let error = DatabaseError::Storage(StorageError::Io(kind.into()));
            refusal(Path::new("data"), &error)
        };
        for kind in [io::ErrorKind::UnexpectedEof, io::ErrorKind::InvalidData] {
            let error = means(kind);
            assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
        }
        for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::Other] {
            let error = means(kind);
            assert!(matches!(error, OpenError::Unwritable { .. }), "{error}");
        }
    }
}
