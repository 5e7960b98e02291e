//! Records of issued tokens on disk: numbered without gaps, each chained to the one before it.

use std::collections::BTreeMap;

use redb::{
    Database, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata, Table,
    WriteTransaction,
};

use super::{
    Fault,
    tables::{ISSUED, STATE, SealedReader, SealedWriter},
};
use crate::{
    domain::{
        issued_token::{ChainEnd, IssuedChain, IssuedPage, IssuedRecord, IssuedToken},
        time::Timestamp,
        usage::KEPT_DAYS,
    },
    store::{
        keyring::{Keyring, corrupt},
        records::{IssuedHead, RecordError, chain_issued, check_link, mac_of_issued, read_issued},
    },
};

/// The name of the head among the records of the server's past.
const HEAD: &[u8] = b"issued";

/// How many records one page may be picked from.
const LOOKED_THROUGH: u64 = 100_000;

/// How many records one transaction deletes.
const BITE: usize = 5_000;

/// Adds `issued` to the end of the chain; durable when it returns.
pub(super) fn append(
    database: &Database,
    keys: &Keyring,
    issued: &[IssuedToken],
) -> Result<(), Fault> {
    let transaction = database.begin_write()?;
    let mut head = head_for_change(&transaction, keys)?;
    let mut table = transaction.open_table(ISSUED.definition())?;
    for issued in issued {
        let (bytes, mac) = chain_issued(issued, head.last, &keys.audit);
        let seq = head.last.0 + 1;
        let sealed = keys.seal(ISSUED.0, &seq.to_be_bytes(), &bytes);
        if table.insert(&seq.to_be_bytes()[..], &*sealed)?.is_some() {
            return Err(damaged(seq, &"it is there already"));
        }
        head.last = (seq, mac);
    }
    drop(table);
    keep_head(&transaction, keys, head)?;
    transaction.commit()?;
    Ok(())
}

/// A stretch of the records, newest first. At most the 100,000 before [`IssuedPage::before`] are looked through.
pub(super) fn page(
    database: &Database,
    keys: &Keyring,
    page: &IssuedPage,
) -> Result<Vec<IssuedRecord>, Fault> {
    let table = database.begin_read()?.open_table(ISSUED.definition())?;
    let end = match page.before {
        Some(before) => before,
        None => table.last()?.map_or(0, |(key, _)| number(key.value()) + 1),
    };
    let start = end.saturating_sub(LOOKED_THROUGH);
    let mut found = Vec::new();
    let (first, end) = (start.to_be_bytes(), end.to_be_bytes());
    for row in table.range::<&[u8]>(&first[..]..&end[..])?.rev() {
        if found.len() >= page.limit {
            break;
        }
        let (key, sealed) = row?;
        let seq = number(key.value());
        let issued = open(keys, seq, sealed.value(), read_issued)?;
        if page.admits(&issued) {
            found.push(IssuedRecord { seq, issued });
        }
    }
    Ok(found)
}

/// Where the chain ends, and the macs of these records. That of the last one that was deleted is still known.
pub(super) fn chain(
    database: &Database,
    keys: &Keyring,
    numbers: &[u64],
) -> Result<IssuedChain, Fault> {
    let transaction = database.begin_read()?;
    let head = head_of(&transaction, keys)?;
    let table = transaction.open_table(ISSUED.definition())?;
    let (deleted, mac) = head.pruned;
    let mut macs: BTreeMap<u64, [u8; 32]> = BTreeMap::new();
    for seq in numbers {
        if *seq == deleted {
            macs.insert(*seq, mac);
        } else if let Some(sealed) = table.get(&seq.to_be_bytes()[..])? {
            macs.insert(*seq, open(keys, *seq, sealed.value(), mac_of_issued)?);
        }
    }
    let (seq, mac) = head.last;
    Ok(IssuedChain {
        end: (seq > 0).then_some(ChainEnd { seq, mac }),
        deleted,
        macs,
    })
}

/// Checks the whole chain; how many records there are.
pub(super) fn verify(database: &Database, keys: &Keyring) -> Result<u64, Fault> {
    let transaction = database.begin_read()?;
    let head = head_of(&transaction, keys)?;
    let table = transaction.open_table(ISSUED.definition())?;
    let (mut seq, mut mac) = head.pruned;
    for row in table.iter()? {
        let (found, sealed) = row?;
        if number(found.value()) != seq + 1 {
            return Err(damaged(seq + 1, &"it is missing"));
        }
        seq += 1;
        mac = open(keys, seq, sealed.value(), |bytes| {
            check_link(bytes, (seq, mac), &keys.audit)
        })?;
    }
    if (seq, mac) != head.last {
        return Err(damaged(seq + 1, &"the end of the records is missing"));
    }
    Ok(table.len()?)
}

/// Deletes what is older than it is kept, from the beginning of the chain on.
pub(super) fn prune(database: &Database, keys: &Keyring, now: Timestamp) -> Result<(), Fault> {
    let oldest = now.day().minus(KEPT_DAYS).start();
    loop {
        let transaction = database.begin_write()?;
        let mut table = transaction.open_table(ISSUED.definition())?;
        let old = old_of(&table, keys, oldest)?;
        let Some(&pruned) = old.last() else {
            return Ok(());
        };
        for (seq, _) in &old {
            table.remove(&seq.to_be_bytes()[..])?;
        }
        drop(table);
        let mut head = head_for_change(&transaction, keys)?;
        head.pruned = pruned;
        keep_head(&transaction, keys, head)?;
        transaction.commit()?;
    }
}

/// Number and mac of the first records that are older than `oldest`, a bite of them.
fn old_of(
    table: &Table<'_, &'static [u8], &'static [u8]>,
    keys: &Keyring,
    oldest: Timestamp,
) -> Result<Vec<(u64, [u8; 32])>, Fault> {
    let mut old = Vec::new();
    for row in table.iter()? {
        let (key, sealed) = row?;
        let seq = number(key.value());
        let (issued, mac) = open(keys, seq, sealed.value(), |bytes| {
            Ok((read_issued(bytes)?, mac_of_issued(bytes)?))
        })?;
        if issued.at >= oldest || old.len() == BITE {
            break;
        }
        old.push((seq, mac));
    }
    Ok(old)
}

fn head_of(transaction: &ReadTransaction, keys: &Keyring) -> Result<IssuedHead, Fault> {
    let state = SealedReader::open(STATE, transaction, keys)?;
    let head = state.get(HEAD, IssuedHead::parse)?;
    Ok(head.unwrap_or_else(|| IssuedHead::new(&keys.audit)))
}

fn head_for_change(transaction: &WriteTransaction, keys: &Keyring) -> Result<IssuedHead, Fault> {
    let state = SealedWriter::open_for_change(STATE, transaction, keys)?;
    let head = state.get(HEAD, IssuedHead::parse)?;
    Ok(head.unwrap_or_else(|| IssuedHead::new(&keys.audit)))
}

fn keep_head(
    transaction: &WriteTransaction,
    keys: &Keyring,
    head: IssuedHead,
) -> Result<(), Fault> {
    SealedWriter::open_for_change(STATE, transaction, keys)?.put(HEAD, &head.to_bytes())
}

fn open<T>(
    keys: &Keyring,
    seq: u64,
    sealed: &[u8],
    read: impl FnOnce(&[u8]) -> Result<T, RecordError>,
) -> Result<T, Fault> {
    let plain = keys.open(ISSUED.0, &seq.to_be_bytes(), sealed);
    let plain = plain.map_err(|_| damaged(seq, &"its seal is broken"))?;
    read(&plain).map_err(|problem| damaged(seq, &problem))
}

/// The number of the record at `key`; no record has the number that a foreign key leads to.
fn number(key: &[u8]) -> u64 {
    key.try_into().map_or(u64::MAX, u64::from_be_bytes)
}

fn damaged(seq: u64, problem: &impl ToString) -> Fault {
    corrupt(ISSUED.0, seq.to_string().as_bytes(), problem).into()
}
