//! The audit log on disk: numbered without gaps, each record chained to the one before it.

use std::collections::BTreeMap;

use redb::{Database, ReadableDatabase, ReadableTable, WriteTransaction};

use super::{Fault, head::Head, tables::AUDIT};
use crate::{
    domain::audit::{AuditEntry, AuditPage, AuditRecord},
    store::{
        AuditScope,
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
    let start = start.max(page.after.map_or(0, |after| after + 1));
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

/// The macs of the records with these numbers, of those that there are.
pub(super) fn macs(
    database: &Database,
    keys: &Keyring,
    numbers: &[u64],
) -> Result<BTreeMap<u64, [u8; 32]>, Fault> {
    let table = database.begin_read()?.open_table(AUDIT)?;
    let mut macs = BTreeMap::new();
    for seq in numbers {
        if let Some(sealed) = table.get(seq)? {
            let mac = mac_of(keys, *seq, sealed.value())?;
            macs.insert(*seq, mac);
        }
    }
    Ok(macs)
}

fn mac_of(keys: &Keyring, seq: u64, sealed: &[u8]) -> Result<[u8; 32], Fault> {
    open(keys, seq, sealed, |bytes| Ok(read_link(seq, bytes)?.mac))
}

/// Checks the chain, all of it or its end; gives the number of records that were looked at.
pub(super) fn verify(database: &Database, keys: &Keyring, scope: AuditScope) -> Result<u64, Fault> {
    let transaction = database.begin_read()?;
    let head = Head::load(&transaction, keys)?;
    let table = transaction.open_table(AUDIT)?;
    let before = match scope {
        AuditScope::All => 0,
        AuditScope::Latest(records) => head.audit_seq.saturating_sub(records),
    };
    let (mut seq, mut mac) = (before, [0; 32]);
    if before > 0
        && let Some(sealed) = table.get(before)?
    {
        mac = mac_of(keys, before, sealed.value())?;
    }
    let first = if before == 0 { 0 } else { before + 1 };
    for row in table.range(first..)? {
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
        Ok(seq - before)
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
