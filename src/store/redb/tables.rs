//! The tables of format 6, and records sealed in them.
//!
//! ```text
//! meta             word           -> format, revision, id of the master key: in clear
//! meta             "head"         -> the same and the end of the audit chain: sealed
//! keyring          purpose        -> the id of a key, and the key wrapped by the master key
//! clients, apis,
//!   keys, operators  id           -> the record, JSON: sealed
//! removed_clients  id             -> when it was removed, JSON: sealed
//! audit            number         -> prev, mac, entry as JSON: sealed
//! settings         word           -> what operators set for the whole server, JSON: sealed
//! handovers        id             -> a link that gives a secret to a developer, JSON: sealed
//! registration_tokens public part -> a token by which clients register themselves, JSON: sealed
//! revocations      id of the token -> a token that was revoked before its time, JSON: sealed
//! assertions       hash of client and id -> an assertion that was used, until it expires: sealed
//! acme             word           -> the account, the certificate and its key, JSON: sealed
//! issued_tokens    number         -> prev, mac, a token that was issued as JSON: sealed
//! state            word           -> what the server knows of its own past, JSON: sealed
//! sessions         hash of the id -> a session of the console, JSON: sealed
//! once             hash           -> what was done under an idempotency key, JSON: sealed
//! usage_days       client secret day   -> 24 hours by outcome, postcard: sealed; until format 5
//! usage_spans      client secret day   -> the same of 8 days from then on, postcard: sealed
//! usage_addresses  client secret address -> what it did, postcard: sealed
//! usage_scopes     client scope day    -> how often it was asked for, postcard: sealed; until format 5
//! usage_scope_spans client scope day   -> the same of 8 days from then on, postcard: sealed
//! usage_exercised  client scope day    -> how often it was exercised, postcard: sealed
//! usage_last       client secret       -> its latest use, postcard: sealed
//! usage_fetches    address             -> what it fetched, postcard: sealed
//! ```
//!
//! The keys of the usage tables are made of keyed hashes and numbers of days: they group rows and
//! say nothing. Every value but the clear ones is sealed to its table and key.

use redb::{
    ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction,
};

use super::Fault;
use crate::{
    crypto::sealed::Room,
    store::{StoreError, keyring::Keyring, records::RecordError},
};

/// A table of sealed records, by its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Records(pub(super) &'static str);

impl Records {
    /// As redb wants it.
    pub(super) const fn definition(self) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
        TableDefinition::new(self.0)
    }
}

pub(super) const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");
pub(super) const KEYRING: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("keyring");
pub(super) const AUDIT: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("audit");
pub(super) const CLIENTS: Records = Records("clients");
pub(super) const REMOVED_CLIENTS: Records = Records("removed_clients");
pub(super) const APIS: Records = Records("apis");
pub(super) const KEYS: Records = Records("keys");
pub(super) const OPERATORS: Records = Records("operators");
pub(super) const SETTINGS: Records = Records("settings");
pub(super) const HANDOVERS: Records = Records("handovers");
pub(super) const REGISTRATION_TOKENS: Records = Records("registration_tokens");
pub(super) const REVOCATIONS: Records = Records("revocations");
pub(super) const ASSERTIONS: Records = Records("assertions");
pub(super) const ACME: Records = Records("acme");
pub(super) const ISSUED: Records = Records("issued_tokens");
pub(super) const STATE: Records = Records("state");
pub(super) const SESSIONS: Records = Records("sessions");
pub(super) const ONCE: Records = Records("once");
pub(super) const USAGE_DAYS: Records = Records("usage_days");
pub(super) const USAGE_SPANS: Records = Records("usage_spans");
pub(super) const USAGE_SCOPE_SPANS: Records = Records("usage_scope_spans");
pub(super) const USAGE_ADDRESSES: Records = Records("usage_addresses");
pub(super) const USAGE_SCOPES: Records = Records("usage_scopes");
pub(super) const USAGE_EXERCISED: Records = Records("usage_exercised");
pub(super) const USAGE_LAST: Records = Records("usage_last");
pub(super) const USAGE_FETCHES: Records = Records("usage_fetches");

/// Every table whose keys are bytes.
pub(super) const ALL_RECORDS: [Records; 23] = [
    CLIENTS,
    REMOVED_CLIENTS,
    APIS,
    KEYS,
    OPERATORS,
    SETTINGS,
    HANDOVERS,
    REGISTRATION_TOKENS,
    REVOCATIONS,
    ASSERTIONS,
    ACME,
    ISSUED,
    STATE,
    SESSIONS,
    ONCE,
    USAGE_DAYS,
    USAGE_ADDRESSES,
    USAGE_SCOPES,
    USAGE_EXERCISED,
    USAGE_LAST,
    USAGE_FETCHES,
    USAGE_SPANS,
    USAGE_SCOPE_SPANS,
];

/// Those that later formats added, and which.
pub(super) const ADDED: [(u32, Records); 12] = [
    (2, SETTINGS),
    (2, HANDOVERS),
    (2, SESSIONS),
    (3, REVOCATIONS),
    (4, REGISTRATION_TOKENS),
    (4, ASSERTIONS),
    (4, ACME),
    (4, USAGE_EXERCISED),
    (5, STATE),
    (6, ISSUED),
    (6, USAGE_SPANS),
    (6, USAGE_SCOPE_SPANS),
];

/// A table, with what opens and seals its records.
pub(super) struct Sealed<'k, T> {
    name: &'static str,
    table: T,
    keys: &'k Keyring,
}

/// Some records of a table, by their keys.
pub(super) struct Rows<'a, F> {
    /// How they begin.
    pub(super) prefix: &'a [u8],
    /// Which of those are meant.
    pub(super) is_meant: F,
}

/// A sealed table that is only read.
pub(super) type SealedReader<'k> = Sealed<'k, ReadOnlyTable<&'static [u8], &'static [u8]>>;

/// A sealed table that is changed.
pub(super) type SealedWriter<'t, 'k> = Sealed<'k, Table<'t, &'static [u8], &'static [u8]>>;

impl<'k> SealedReader<'k> {
    /// `records` as of `transaction`.
    pub(super) fn open(
        records: Records,
        transaction: &ReadTransaction,
        keys: &'k Keyring,
    ) -> Result<Self, Fault> {
        Ok(Self {
            name: records.0,
            table: transaction.open_table(records.definition())?,
            keys,
        })
    }
}

impl<'t, 'k> SealedWriter<'t, 'k> {
    /// `records` within `transaction`.
    pub(super) fn open_for_change(
        records: Records,
        transaction: &'t WriteTransaction,
        keys: &'k Keyring,
    ) -> Result<Self, Fault> {
        Ok(Self {
            name: records.0,
            table: transaction.open_table(records.definition())?,
            keys,
        })
    }

    /// Seals `plain` and puts it at `key`.
    pub(super) fn put(&mut self, key: &[u8], plain: &[u8]) -> Result<(), Fault> {
        let sealed = self.keys.seal(self.name, key, plain);
        self.table.insert(key, sealed.as_slice())?;
        Ok(())
    }

    /// Takes away what is at `key`, if anything.
    pub(super) fn remove(&mut self, key: &[u8]) -> Result<(), Fault> {
        self.table.remove(key)?;
        Ok(())
    }
}

impl<T: ReadableTable<&'static [u8], &'static [u8]>> Sealed<'_, T> {
    /// What is at `key`.
    pub(super) fn get<R>(
        &self,
        key: &[u8],
        read: impl FnOnce(&[u8]) -> Result<R, RecordError>,
    ) -> Result<Option<R>, Fault> {
        let Some(sealed) = self.table.get(key)? else {
            return Ok(None);
        };
        Ok(Some(self.keys.read(
            (self.name, key),
            sealed.value(),
            read,
        )?))
    }

    /// Hands `take` every record whose key begins with `prefix`, in order of the keys.
    pub(super) fn each<R>(
        &self,
        prefix: &[u8],
        read: impl Fn(&[u8]) -> Result<R, RecordError>,
        take: impl FnMut(&[u8], R) -> Result<(), StoreError>,
    ) -> Result<(), Fault> {
        let is_meant = |_: &[u8]| true;
        self.each_of(&Rows { prefix, is_meant }, read, take)
    }

    /// Hands `take` the records of `rows`, in order of the keys. The others are not even opened.
    pub(super) fn each_of<R>(
        &self,
        rows: &Rows<'_, impl Fn(&[u8]) -> bool>,
        read: impl Fn(&[u8]) -> Result<R, RecordError>,
        mut take: impl FnMut(&[u8], R) -> Result<(), StoreError>,
    ) -> Result<(), Fault> {
        let mut room = Room::default();
        for row in self.table.range::<&[u8]>(rows.prefix..)? {
            let (key, sealed) = row?;
            if !key.value().starts_with(rows.prefix) {
                break;
            }
            if !(rows.is_meant)(key.value()) {
                continue;
            }
            let place = (self.name, key.value());
            let record = self.keys.read_in(&mut room, place, sealed.value(), &read)?;
            take(key.value(), record)?;
        }
        Ok(())
    }

    /// The keys that begin with `prefix`.
    pub(super) fn keys_with(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, Fault> {
        let mut keys = Vec::new();
        for row in self.table.range::<&[u8]>(prefix..)? {
            let (key, _) = row?;
            if !key.value().starts_with(prefix) {
                break;
            }
            keys.push(key.value().to_vec());
        }
        Ok(keys)
    }
}
