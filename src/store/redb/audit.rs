//! The audit log on disk: numbered without gaps, each record chained to the one before it.

use redb::{Database, ReadableDatabase, ReadableTable, WriteTransaction};

use super::{Fault, head::Head, tables::AUDIT};
use crate::{
    domain::audit::{AuditEntry, AuditPage, AuditRecord},
    store::{
        keyring::{Keyring, corrupt},
        records::{chain, check_link, read_link},
    },
};

/// How many records one page may be picked from: about half a second's worth.
const LOOKED_THROUGH: u64 = 100_000;

/// Adds `entries` to the end of the log, and moves the head with it.
pub(super) fn append(
    transaction: &WriteTransaction,
    keys: &Keyring,
    head: &mut Head,
    entries: &[AuditEntry],
) -> Result<(), Fault> {
    let mut table = transaction.open_table(AUDIT)?;
    for entry in entries {
        let seq = head.audit_seq + 1;
        let (bytes, mac) = chain(entry, (seq, head.audit_mac), &keys.audit);
        let sealed = keys.seal("audit", &seq.to_be_bytes(), &bytes);
        if table.insert(seq, sealed.as_slice())?.is_some() {
            return Err(
                corrupt("audit", seq.to_string().as_bytes(), &"it is there already").into(),
            );
        }
        (head.audit_seq, head.audit_mac) = (seq, mac);
    }
    Ok(())
}

/// A stretch of the log, newest first.
pub(super) fn page(
    database: &Database,
    keys: &Keyring,
    page: &AuditPage,
) -> Result<Vec<AuditRecord>, Fault> {
    let table = database.begin_read()?.open_table(AUDIT)?;
    let end = page.before.unwrap_or(u64::MAX);
    let start = match page.before {
        Some(before) => before,
        None => table.last()?.map_or(0, |(seq, _)| seq.value() + 1),
    };
    let start = start.saturating_sub(LOOKED_THROUGH);
    let mut found = Vec::new();
    for row in table.range(start.min(end)..end)?.rev() {
        if found.len() >= page.limit {
            break;
        }
        let (seq, sealed) = row?;
        let record = open(keys, seq.value(), sealed.value(), |bytes| {
            read_link(seq.value(), bytes)
        })?;
        if page.admits(&record.entry) {
            found.push(record);
        }
    }
    Ok(found)
}

/// Checks the whole chain; gives the number of its records.
pub(super) fn verify(database: &Database, keys: &Keyring) -> Result<u64, Fault> {
    let transaction = database.begin_read()?;
    let head = Head::load(&transaction, keys)?;
    let table = transaction.open_table(AUDIT)?;
    let (mut seq, mut mac) = (0, [0; 32]);
    for row in table.range::<u64>(..)? {
        let (found, sealed) = row?;
        if found.value() != seq + 1 {
            let missing = (seq + 1).to_string();
            return Err(corrupt("audit", missing.as_bytes(), &"it is missing").into());
        }
        mac = open(keys, seq + 1, sealed.value(), |bytes| {
            check_link(bytes, (seq + 1, mac), &keys.audit)
        })?;
        seq += 1;
    }
    if (seq, mac) == (head.audit_seq, head.audit_mac) {
        Ok(seq)
    } else {
        let missing = (seq + 1).to_string();
        Err(corrupt(
            "audit",
            missing.as_bytes(),
            &"the end of the log is missing",
        )
        .into())
    }
}

fn open<T>(
    keys: &Keyring,
    seq: u64,
    sealed: &[u8],
    read: impl FnOnce(&[u8]) -> Result<T, crate::store::records::RecordError>,
) -> Result<T, Fault> {
    let plain = keys
        .open("audit", &seq.to_be_bytes(), sealed)
        .map_err(|_| corrupt("audit", seq.to_string().as_bytes(), &"its seal is broken"))?;
    read(&plain).map_err(|problem| corrupt("audit", seq.to_string().as_bytes(), &problem).into())
}
