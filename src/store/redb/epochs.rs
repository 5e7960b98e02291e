//! The epochs on disk: one record, written when a backup is restored.

use redb::{Database, ReadTransaction, ReadableDatabase};

use super::{
    Fault,
    head::Head,
    tables::{ASSERTIONS, REVOCATIONS, Records, SESSIONS, STATE, SealedReader, SealedWriter},
};
use crate::{
    domain::{
        epoch::{AuditHead, Epoch},
        time::Timestamp,
    },
    store::{
        keyring::Keyring,
        records::{RecordError, StoredEpochs, from_json, to_json},
    },
};

/// The word under which they are kept.
const EPOCHS: &[u8] = b"epochs";

fn read(bytes: &[u8]) -> Result<Vec<Epoch>, RecordError> {
    Ok(from_json::<StoredEpochs>(bytes)?.into())
}

/// Where the audit log ends, and in which epoch.
pub(super) fn audit_head(
    transaction: &ReadTransaction,
    keys: &Keyring,
) -> Result<AuditHead, Fault> {
    let head = Head::load(transaction, keys)?;
    let epochs = SealedReader::open(STATE, transaction, keys)?.get(EPOCHS, read)?;
    Ok(AuditHead {
        epochs: epochs.unwrap_or_default(),
        seq: head.audit_seq,
        mac: head.audit_mac,
        revision: head.revision,
    })
}

/// Begins the next epoch after all that are known, whose first audit record is the next one: nobody is signed in
/// any more.
pub(super) fn begin(
    database: &Database,
    keys: &Keyring,
    (since, known): (Timestamp, u64),
) -> Result<Epoch, Fault> {
    let mut before = audit_head(&database.begin_read()?, keys)?;
    let epoch = Epoch {
        number: before.epoch().max(known).saturating_add(1),
        since,
        first: before.seq + 1,
    };
    before.epochs.push(epoch);
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    let mut state = SealedWriter::open_for_change(STATE, &transaction, keys)?;
    let record = to_json(&StoredEpochs::from(before.epochs.as_slice()));
    state.put(EPOCHS, &record)?;
    drop(state);
    transaction.delete_table(SESSIONS.definition())?;
    transaction.open_table(SESSIONS.definition())?;
    transaction.commit()?;
    Ok(epoch)
}

/// What was taken away for good, and is taken over from the state that a backup replaces.
pub(super) const MONOTONE: [Records; 2] = [REVOCATIONS, ASSERTIONS];
