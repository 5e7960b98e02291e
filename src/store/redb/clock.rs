//! The latest time that was believed, on disk: one record.

use redb::{Database, ReadableDatabase};
use serde::{Deserialize, Serialize};

use super::{
    Fault,
    tables::{STATE, SealedReader, SealedWriter},
};
use crate::{
    domain::time::Timestamp,
    store::{
        keyring::Keyring,
        records::{RecordError, from_json, to_json},
    },
};

/// The word under which it is kept.
const CLOCK: &[u8] = b"clock";

/// The latest time that was believed.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredClock {
    pub(super) high: Timestamp,
}

/// Reads the record of it.
pub(super) fn read(bytes: &[u8]) -> Result<Timestamp, RecordError> {
    Ok(from_json::<StoredClock>(bytes)?.high)
}

/// What was last kept.
pub(super) fn load(database: &Database, keys: &Keyring) -> Result<Option<Timestamp>, Fault> {
    let transaction = database.begin_read()?;
    SealedReader::open(STATE, &transaction, keys)?.get(CLOCK, read)
}

/// Keeps this instead of what was kept before.
pub(super) fn put(database: &Database, keys: &Keyring, high: Timestamp) -> Result<(), Fault> {
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    let mut state = SealedWriter::open_for_change(STATE, &transaction, keys)?;
    state.put(CLOCK, &to_json(&StoredClock { high }))?;
    drop(state);
    transaction.commit()?;
    Ok(())
}
