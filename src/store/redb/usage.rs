//! Usage on disk: small rows that are added to, grouped by client.
//!
//! A row's key is a keyed hash of the client, a keyed hash of what else tells rows apart, and for
//! daily rows the day: so one client's rows lie side by side, and no key tells whose they are.

use std::collections::{BTreeMap, BTreeSet};

use redb::{Database, ReadableDatabase, WriteTransaction};

use super::{
    Fault,
    tables::{
        Records, Rows, SealedReader, SealedWriter, USAGE_ADDRESSES, USAGE_DAYS, USAGE_EXERCISED,
        USAGE_FETCHES, USAGE_LAST, USAGE_SCOPE_SPANS, USAGE_SCOPES, USAGE_SPANS,
    },
};
use crate::{
    domain::{
        id::{ClientId, SecretId},
        order,
        time::Day,
        usage::{LastUse, MOST_ADDRESSES, Subject, Tally, merge_last},
    },
    store::{
        UsageOf,
        keyring::Keyring,
        records::{RecordError, UsageRow, first_of, rows_of},
    },
};

/// How many addresses that fetched the JWK set are kept apart.
pub(super) const MOST_FETCHERS: usize = 4096;

/// A kind of row: its table, and how its rows are read.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) table: Records,
    pub(super) read: fn(&[u8]) -> Result<UsageRow, RecordError>,
}

pub(super) const DAYS: Kind = Kind {
    table: USAGE_SPANS,
    read: UsageRow::read_days,
};
/// As formats 1 to 5 wrote them: they are read until they are too old to be kept.
pub(super) const SINGLE_DAYS: Kind = Kind {
    table: USAGE_DAYS,
    read: UsageRow::read_day,
};
pub(super) const ADDRESSES: Kind = Kind {
    table: USAGE_ADDRESSES,
    read: UsageRow::read_address,
};
pub(super) const SCOPES: Kind = Kind {
    table: USAGE_SCOPE_SPANS,
    read: UsageRow::read_scopes,
};
/// As formats 1 to 5 wrote them.
pub(super) const SINGLE_SCOPES: Kind = Kind {
    table: USAGE_SCOPES,
    read: UsageRow::read_scope,
};
pub(super) const EXERCISED: Kind = Kind {
    table: USAGE_EXERCISED,
    read: UsageRow::read_exercised,
};
pub(super) const LAST: Kind = Kind {
    table: USAGE_LAST,
    read: UsageRow::read_last,
};
pub(super) const FETCHES: Kind = Kind {
    table: USAGE_FETCHES,
    read: UsageRow::read_fetch,
};

/// The kinds of rows that are written.
const WRITTEN: [Kind; 6] = [DAYS, ADDRESSES, SCOPES, EXERCISED, LAST, FETCHES];

/// The kinds of rows that belong to a client.
const OF_CLIENTS: [Kind; 7] = [
    SINGLE_DAYS,
    DAYS,
    ADDRESSES,
    SINGLE_SCOPES,
    SCOPES,
    EXERCISED,
    LAST,
];

/// Adds `tally` to what is kept, in one transaction that touches no row that it does not add to.
pub(super) fn add(database: &Database, keys: &Keyring, tally: Tally) -> Result<(), Fault> {
    let transaction = database.begin_write()?;
    let mut grown = Grown::default();
    let mut rows: BTreeMap<&'static str, Vec<UsageRow>> = BTreeMap::new();
    for row in rows_of(tally) {
        rows.entry(kind_of(&row).table.0).or_default().push(row);
    }
    for kind in WRITTEN {
        let Some(rows) = rows.remove(kind.table.0) else {
            continue;
        };
        let mut table = SealedWriter::open_for_change(kind.table, &transaction, keys)?;
        for row in rows {
            let key = key_of(&row, keys);
            let merged = if let Some(kept) = table.get(&key, kind.read)? {
                kept.merged(row)
            } else {
                grown.note(&key, &row);
                row
            };
            table.put(&key, &merged.to_bytes())?;
        }
    }
    grown.trim(&transaction, keys)?;
    // In this file's mode redb commits in two phases whether asked or not.
    transaction.commit()?;
    Ok(())
}

/// The groups of rows that have become larger and may have become too large.
#[derive(Default)]
struct Grown {
    subjects: BTreeSet<Vec<u8>>,
    fetches: bool,
}

impl Grown {
    fn note(&mut self, key: &[u8], row: &UsageRow) {
        match row {
            UsageRow::Address(..) => {
                self.subjects.insert(key[..SUBJECT].to_vec());
            }
            UsageRow::Fetch(..) => self.fetches = true,
            UsageRow::Days(..)
            | UsageRow::Scopes(..)
            | UsageRow::Exercised(..)
            | UsageRow::Last(..) => {}
        }
    }

    fn trim(&self, transaction: &WriteTransaction, keys: &Keyring) -> Result<(), Fault> {
        let mut table = SealedWriter::open_for_change(ADDRESSES.table, transaction, keys)?;
        for subject in &self.subjects {
            trim(&mut table, (subject, ADDRESSES), MOST_ADDRESSES)?;
        }
        if self.fetches {
            let mut table = SealedWriter::open_for_change(FETCHES.table, transaction, keys)?;
            trim(&mut table, (&[], FETCHES), MOST_FETCHERS)?;
        }
        Ok(())
    }
}

/// Keeps the `most` rows that tell most: those that got a token before those that did not, the
/// latest first.
fn trim(
    table: &mut SealedWriter<'_, '_>,
    (prefix, kind): (&[u8], Kind),
    most: usize,
) -> Result<(), Fault> {
    if table.keys_with(prefix)?.len() <= most {
        return Ok(());
    }
    let mut ranked = Vec::new();
    table.each(prefix, kind.read, |key, row| {
        let rank = match row {
            UsageRow::Address(_, _, usage) => (usage.count > 0, usage.latest()),
            UsageRow::Fetch(_, fetch) => (true, fetch.at),
            UsageRow::Scopes(..)
            | UsageRow::Exercised(..)
            | UsageRow::Days(..)
            | UsageRow::Last(..) => return Ok(()),
        };
        ranked.push((rank, key.to_vec()));
        Ok(())
    })?;
    order::by(&mut ranked, |one, two| two.cmp(one));
    for (_, key) in ranked.iter().skip(most) {
        table.remove(key)?;
    }
    Ok(())
}

/// What is kept of whose usage is asked for.
pub(super) fn read(database: &Database, keys: &Keyring, of: &UsageOf) -> Result<Tally, Fault> {
    let (kinds, prefix): (&[Kind], Vec<u8>) = match of {
        UsageOf::Client(client) => (&OF_CLIENTS, client_hash(Some(client), keys).to_vec()),
        UsageOf::Everyone => (
            &[
                SINGLE_DAYS,
                DAYS,
                ADDRESSES,
                SINGLE_SCOPES,
                SCOPES,
                EXERCISED,
                LAST,
                FETCHES,
            ],
            Vec::new(),
        ),
        UsageOf::Since(_) => (&[SINGLE_DAYS, DAYS, ADDRESSES, LAST, FETCHES], Vec::new()),
        UsageOf::Scopes => (&[SINGLE_SCOPES, SCOPES, EXERCISED], Vec::new()),
        UsageOf::KeyFetches => (&[FETCHES], Vec::new()),
    };
    let since = match of {
        UsageOf::Since(first) => Some(*first),
        UsageOf::Client(_) | UsageOf::Everyone | UsageOf::Scopes | UsageOf::KeyFetches => None,
    };
    let is_meant = |kind: &Kind, key: &[u8]| {
        let is_of_days = [DAYS.table, SINGLE_DAYS.table].contains(&kind.table);
        let since = since.filter(|_| is_of_days);
        since.is_none_or(|since| day_of(key).is_some_and(|first| first >= first_of(since)))
    };
    let transaction = database.begin_read()?;
    let mut tally = Tally::default();
    for kind in kinds {
        let table = SealedReader::open(kind.table, &transaction, keys)?;
        let rows = Rows {
            prefix: &prefix,
            is_meant: |key: &[u8]| is_meant(kind, key),
        };
        table.each_of(&rows, kind.read, |_, row| {
            let row = match (&row, since) {
                (UsageRow::Days(..), Some(since)) => row.since(since),
                _ => Some(row),
            };
            tally.merge(row.map(UsageRow::into_tally).unwrap_or_default());
            Ok(())
        })?;
    }
    Ok(tally)
}

/// The latest use of every secret.
pub(super) fn last_uses(
    database: &Database,
    keys: &Keyring,
) -> Result<Vec<(SecretId, LastUse)>, Fault> {
    let transaction = database.begin_read()?;
    let table = SealedReader::open(LAST.table, &transaction, keys)?;
    let mut uses = BTreeMap::new();
    table.each(&[], LAST.read, |_, row| {
        if let UsageRow::Last(_, secret, last) = row {
            merge_last(&mut uses, &secret, last);
        }
        Ok(())
    })?;
    Ok(uses.into_iter().collect())
}

fn kind_of(row: &UsageRow) -> Kind {
    match row {
        UsageRow::Days(..) => DAYS,
        UsageRow::Address(..) => ADDRESSES,
        UsageRow::Scopes(..) => SCOPES,
        UsageRow::Exercised(..) => EXERCISED,
        UsageRow::Last(..) => LAST,
        UsageRow::Fetch(..) => FETCHES,
    }
}

/// How many bytes of the key of an address's row are its subject's.
const SUBJECT: usize = 32;

fn key_of(row: &UsageRow, keys: &Keyring) -> Vec<u8> {
    match row {
        UsageRow::Days(subject, _) => with_day(subject_key(subject, keys), row),
        UsageRow::Address(subject, address, _) => {
            let address = keys.hash("address", &[address.to_string().as_bytes()]);
            [subject_key(subject, keys).as_slice(), &address].concat()
        }
        UsageRow::Scopes((client, api, scope), _)
        | UsageRow::Exercised((client, api, scope, _), _) => {
            let scope = [api.as_str().as_bytes(), scope.as_str().as_bytes()];
            let key = [client_hash(Some(client), keys), keys.hash("scope", &scope)];
            with_day(key.concat(), row)
        }
        UsageRow::Last(client, secret, _) => {
            let subject = Subject {
                client: client.clone(),
                secret: Some(secret.clone()),
            };
            subject_key(&subject, keys)
        }
        UsageRow::Fetch(address, _) => keys
            .hash("fetch", &[address.to_string().as_bytes()])
            .to_vec(),
    }
}

fn with_day(mut key: Vec<u8>, row: &UsageRow) -> Vec<u8> {
    key.extend(row.first_day().unwrap_or_default().0.to_be_bytes());
    key
}

/// The first day of the row with this key, of the rows that are for days.
pub(super) fn day_of(key: &[u8]) -> Option<Day> {
    let day = key.last_chunk()?;
    Some(Day(u32::from_be_bytes(*day)))
}

fn subject_key(subject: &Subject, keys: &Keyring) -> Vec<u8> {
    let secret = match &subject.secret {
        Some(secret) => keys.hash("secret", &[secret.as_str().as_bytes()]),
        None => keys.hash("no secret", &[]),
    };
    [client_hash(subject.client.as_ref(), keys), secret].concat()
}

fn client_hash(client: Option<&ClientId>, keys: &Keyring) -> [u8; 16] {
    match client {
        Some(client) => keys.hash("client", &[client.as_str().as_bytes()]),
        None => keys.hash("no client", &[]),
    }
}
