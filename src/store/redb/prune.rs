//! Forgetting: what is older than it is kept is looked for while others write, and deleted in
//! small bites, so that no change waits for it.

use redb::{Database, ReadableDatabase};

use super::{
    Fault, assertions, issued,
    registry::{read_client, read_once},
    revocations, sessions,
    tables::{
        ASSERTIONS, CLIENTS, ONCE, REVOCATIONS, Records, Rows, SESSIONS, SealedReader, SealedWriter,
    },
    usage::{
        ADDRESSES, DAYS, EXERCISED, FETCHES, Kind, LAST, SCOPES, SINGLE_DAYS, SINGLE_SCOPES, day_of,
    },
};
use crate::{
    domain::{
        change::OnceRecord,
        revocation::Revocation,
        session::SessionRecord,
        time::{Day, Span, Timestamp},
        usage::{FETCHES_KEPT_DAYS, KEPT_DAYS},
    },
    store::{
        keyring::Keyring,
        records::{RecordError, UsageRow},
    },
};

/// How long an idempotency key is remembered.
const ONCE_KEPT: Span = Span::hours(24);

/// How many rows one transaction deletes.
const BITE: usize = 500;

/// Deletes what is older than it is kept.
pub(super) fn prune(database: &Database, keys: &Keyring, now: Timestamp) -> Result<(), Fault> {
    let pruning = Pruning { database, keys };
    for Kind { table, read } in [SINGLE_DAYS, ADDRESSES, SINGLE_SCOPES, EXERCISED, FETCHES] {
        pruning.delete(table, read, |row| is_old(row, now))?;
    }
    for kind in [DAYS, SCOPES] {
        pruning.trim(kind, now.day().minus(KEPT_DAYS))?;
    }
    pruning.delete(ONCE, read_once, |once: &OnceRecord| {
        once.at < now.minus(ONCE_KEPT)
    })?;
    pruning.delete(SESSIONS, sessions::read, |session: &SessionRecord| {
        session.is_over(now)
    })?;
    pruning.delete(REVOCATIONS, revocations::read, |it: &Revocation| {
        it.expires <= now
    })?;
    pruning.delete(ASSERTIONS, assertions::read, |expires: &Timestamp| {
        *expires <= now
    })?;
    issued::prune(database, keys, now)?;
    pruning.delete_last_uses(now)
}

struct Pruning<'a> {
    database: &'a Database,
    keys: &'a Keyring,
}

impl Pruning<'_> {
    fn delete<R>(
        &self,
        table: Records,
        read: fn(&[u8]) -> Result<R, RecordError>,
        is_old: impl Fn(&R) -> bool,
    ) -> Result<(), Fault> {
        let mut old = Vec::new();
        let transaction = self.database.begin_read()?;
        let rows = SealedReader::open(table, &transaction, self.keys)?;
        rows.each(&[], read, |key, row| {
            if is_old(&row) {
                old.push(key.to_vec());
            }
            Ok(())
        })?;
        drop((rows, transaction));
        for bite in old.chunks(BITE) {
            let transaction = self.database.begin_write()?;
            let mut rows = SealedWriter::open_for_change(table, &transaction, self.keys)?;
            for key in bite {
                // It may have been added to since.
                if rows.get(key, read)?.is_some_and(|row| is_old(&row)) {
                    rows.remove(key)?;
                }
            }
            drop(rows);
            transaction.commit()?;
        }
        Ok(())
    }

    /// Takes the days before `oldest` out of rows that hold several.
    fn trim(&self, kind: Kind, oldest: Day) -> Result<(), Fault> {
        let mut old = Vec::new();
        let transaction = self.database.begin_read()?;
        let table = SealedReader::open(kind.table, &transaction, self.keys)?;
        let rows = Rows {
            prefix: &[],
            is_meant: |key: &[u8]| day_of(key).is_some_and(|first| first < oldest),
        };
        table.each_of(&rows, kind.read, |key, row| {
            if row.clone().since(oldest).as_ref() != Some(&row) {
                old.push(key.to_vec());
            }
            Ok(())
        })?;
        drop((table, transaction));
        for bite in old.chunks(BITE) {
            let transaction = self.database.begin_write()?;
            let mut rows = SealedWriter::open_for_change(kind.table, &transaction, self.keys)?;
            for key in bite {
                match rows.get(key, kind.read)?.and_then(|row| row.since(oldest)) {
                    Some(left) => rows.put(key, &left.to_bytes())?,
                    None => rows.remove(key)?,
                }
            }
            drop(rows);
            transaction.commit()?;
        }
        Ok(())
    }

    /// The latest use of a secret is kept for as long as its client remembers the secret.
    fn delete_last_uses(&self, now: Timestamp) -> Result<(), Fault> {
        let transaction = self.database.begin_read()?;
        let clients = SealedReader::open(CLIENTS, &transaction, self.keys)?;
        let uses = SealedReader::open(LAST.table, &transaction, self.keys)?;
        let mut old = Vec::new();
        uses.each(&[], LAST.read, |key, row| {
            if let UsageRow::Last(client, secret, last) = row
                && last.at.day() < now.day().minus(KEPT_DAYS)
            {
                old.push((key.to_vec(), client, secret));
            }
            Ok(())
        })?;
        let mut forgotten = Vec::new();
        for (key, client, secret) in old {
            let client = match client {
                Some(id) => clients.get(id.as_str().as_bytes(), read_client)?,
                None => None,
            };
            if client.is_none_or(|client| client.find_secret(&secret).is_none()) {
                forgotten.push(key);
            }
        }
        drop((clients, uses, transaction));
        for bite in forgotten.chunks(BITE) {
            let transaction = self.database.begin_write()?;
            let mut rows = SealedWriter::open_for_change(LAST.table, &transaction, self.keys)?;
            for key in bite {
                rows.remove(key)?;
            }
            drop(rows);
            transaction.commit()?;
        }
        Ok(())
    }
}

fn is_old(row: &UsageRow, now: Timestamp) -> bool {
    let oldest = now.day().minus(KEPT_DAYS);
    match row {
        UsageRow::Fetch(_, fetch) => fetch.at < now.minus(Span::days(FETCHES_KEPT_DAYS.into())),
        UsageRow::Days(..)
        | UsageRow::Scopes(..)
        | UsageRow::Exercised(..)
        | UsageRow::Address(..)
        | UsageRow::Last(..) => row.clone().since(oldest).is_none(),
    }
}
