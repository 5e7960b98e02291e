//! What can go wrong within a transaction.

use std::io;

use crate::store::{StoreError, keyring::corrupt};

/// What can go wrong within a transaction: with what is stored, or with the engine.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("{0}")]
    Store(StoreError),
    #[error("{0}")]
    Engine(redb::Error),
}

impl Fault {
    pub(super) fn is_full_disk(&self) -> bool {
        match self {
            Self::Engine(redb::Error::Io(error)) => is_full(error.kind()),
            Self::Engine(_) | Self::Store(_) => false,
        }
    }
}

/// Whether there is no room for what was to be written.
pub(super) fn is_full(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(kind, StorageFull | QuotaExceeded)
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Store(error) => error,
            Fault::Engine(redb::Error::Corrupted(problem)) => corrupt("file", b"-", &problem),
            Fault::Engine(error) => Self::Unavailable(error.to_string()),
        }
    }
}

macro_rules! engine_faults {
    ($($error:ident),*) => {
        $(impl From<redb::$error> for Fault {
            fn from(error: redb::$error) -> Self {
                Self::Engine(error.into())
            }
        })*
    };
}

engine_faults!(
    StorageError,
    TableError,
    TransactionError,
    CommitError,
    DatabaseError,
    CompactionError
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_full_when_it_says_so() {
        assert!(is_full(io::ErrorKind::StorageFull) && is_full(io::ErrorKind::QuotaExceeded));
        assert!(!is_full(io::ErrorKind::PermissionDenied) && !is_full(io::ErrorKind::Other));
    }
}
