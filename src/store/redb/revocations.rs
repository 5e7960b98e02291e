//! Revoked tokens on disk, until they would have expired anyway.

use redb::{Database, ReadableDatabase};

use super::{
    Fault,
    tables::{REVOCATIONS, SealedReader, SealedWriter},
};
use crate::{
    domain::{revocation::Revocation, time::Timestamp},
    store::{
        keyring::Keyring,
        records::{RecordError, StoredRevocation, from_json, to_json},
    },
};

/// Reads the record of a revoked token.
pub(super) fn read(bytes: &[u8]) -> Result<Revocation, RecordError> {
    Ok(from_json::<StoredRevocation>(bytes)?.into())
}

/// Keeps that a token does not count any more.
pub(super) fn put(
    database: &Database,
    keys: &Keyring,
    revocation: &Revocation,
) -> Result<(), Fault> {
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    let mut table = SealedWriter::open_for_change(REVOCATIONS, &transaction, keys)?;
    let record = to_json(&StoredRevocation::from(revocation));
    table.put(revocation.token.as_bytes(), &record)?;
    drop(table);
    transaction.commit()?;
    Ok(())
}

/// All whose time is not over at `now`.
pub(super) fn all(
    database: &Database,
    keys: &Keyring,
    now: Timestamp,
) -> Result<Vec<Revocation>, Fault> {
    let transaction = database.begin_read()?;
    let table = SealedReader::open(REVOCATIONS, &transaction, keys)?;
    let mut all = Vec::new();
    table.each(&[], read, |_, revocation: Revocation| {
        if revocation.expires > now {
            all.push(revocation);
        }
        Ok(())
    })?;
    Ok(all)
}
