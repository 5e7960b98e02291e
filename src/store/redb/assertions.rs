//! Assertions that were used, on disk until they would be refused anyway.

use redb::Database;
use serde::{Deserialize, Serialize};

use super::{
    Fault,
    tables::{ASSERTIONS, SealedWriter},
};
use crate::{
    domain::{assertion::UsedAssertion, time::Timestamp},
    store::{
        keyring::Keyring,
        records::{RecordError, from_postcard, to_postcard},
    },
};

#[derive(Deserialize, Serialize)]
struct Stored {
    expires: Timestamp,
}

/// Until when an assertion has to be remembered.
pub(super) fn read(bytes: &[u8]) -> Result<Timestamp, RecordError> {
    Ok(from_postcard::<Stored>(bytes)?.expires)
}

/// Keeps those of `used` that were not used before; which they are.
pub(super) fn put(
    database: &Database,
    keys: &Keyring,
    used: &[UsedAssertion],
) -> Result<Vec<bool>, Fault> {
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    let mut table = SealedWriter::open_for_change(ASSERTIONS, &transaction, keys)?;
    let mut first = Vec::with_capacity(used.len());
    for UsedAssertion {
        client,
        id,
        expires,
    } in used
    {
        let key = keys.hash("assertion", &[client.as_str().as_bytes(), id.as_bytes()]);
        let is_new = table.get(&key, read)?.is_none();
        if is_new {
            table.put(&key, &to_postcard(&Stored { expires: *expires }))?;
        }
        first.push(is_new);
    }
    drop(table);
    transaction.commit()?;
    Ok(first)
}
