//! The server's own certificate on disk: one record.

use redb::{Database, ReadableDatabase};

use super::{
    Fault,
    tables::{ACME, SealedReader, SealedWriter},
};
use crate::{
    domain::acme::AcmeState,
    store::{
        keyring::Keyring,
        records::{RecordError, StoredAcme, from_json, to_json},
    },
};

/// The word under which it is kept.
const STATE: &[u8] = b"state";

fn read(bytes: &[u8]) -> Result<AcmeState, RecordError> {
    from_json::<StoredAcme>(bytes)?.try_into()
}

/// What was last kept.
pub(super) fn load(database: &Database, keys: &Keyring) -> Result<Option<AcmeState>, Fault> {
    let transaction = database.begin_read()?;
    SealedReader::open(ACME, &transaction, keys)?.get(STATE, read)
}

/// Keeps this instead of what was kept before.
pub(super) fn put(database: &Database, keys: &Keyring, state: &AcmeState) -> Result<(), Fault> {
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    let mut table = SealedWriter::open_for_change(ACME, &transaction, keys)?;
    table.put(STATE, &to_json(&StoredAcme::from(state)))?;
    drop(table);
    transaction.commit()?;
    Ok(())
}
