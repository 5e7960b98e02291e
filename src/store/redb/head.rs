//! What a data file says of itself: its format, its master key, its revision, its audit chain.
//!
//! Format, revision and master key stand in clear, so that a wrong key or an older server can be
//! told what is the matter. The same is kept sealed, and both must agree.

use redb::{ReadTransaction, ReadableTable, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::{Fault, tables::META};
use crate::{
    crypto::text,
    domain::id::Revision,
    store::{
        keyring::{Keyring, corrupt},
        records::{RecordError, from_json, to_json},
    },
};

/// The format that this version writes.
pub(super) const FORMAT: u32 = 6;

/// The moving part of what a data file says of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Head {
    /// The revision of the last commit.
    pub(super) revision: Revision,
    /// The id of the master key that wraps the file's keys.
    pub(super) master_key: String,
    /// The number of the last audit record; 0 if there is none.
    pub(super) audit_seq: u64,
    /// Its mac; zeros if there is none.
    pub(super) audit_mac: [u8; 32],
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StoredHead {
    format: u32,
    revision: Revision,
    master_key: String,
    audit_seq: u64,
    audit_mac: String,
}

impl Head {
    /// That of a new file.
    pub(super) fn new(master_key: &str) -> Self {
        Self {
            revision: Revision::default(),
            master_key: master_key.to_owned(),
            audit_seq: 0,
            audit_mac: [0; 32],
        }
    }

    /// As of `transaction`.
    pub(super) fn load(transaction: &ReadTransaction, keys: &Keyring) -> Result<Self, Fault> {
        Self::read(&transaction.open_table(META)?, keys)
    }

    /// As it is within `transaction`.
    pub(super) fn load_for_change(
        transaction: &WriteTransaction,
        keys: &Keyring,
    ) -> Result<Self, Fault> {
        Self::read(&transaction.open_table(META)?, keys)
    }

    fn read(
        table: &impl ReadableTable<&'static str, &'static [u8]>,
        keys: &Keyring,
    ) -> Result<Self, Fault> {
        let Some(sealed) = table.get("head")? else {
            return Err(corrupt("meta", b"head", &"it is missing").into());
        };
        let (format, head) = keys.read(("meta", b"head"), sealed.value(), parse)?;
        let clear = Clear::read(table)?;
        let agrees = clear.format == format
            && clear.revision == head.revision
            && clear.master_key == head.master_key;
        if agrees {
            Ok(head)
        } else {
            Err(corrupt("meta", b"head", &"it is not what stands in clear").into())
        }
    }

    /// Puts it into `transaction`.
    pub(super) fn store(
        &self,
        transaction: &WriteTransaction,
        keys: &Keyring,
    ) -> Result<(), Fault> {
        let plain = to_json(&StoredHead {
            format: FORMAT,
            revision: self.revision,
            master_key: self.master_key.clone(),
            audit_seq: self.audit_seq,
            audit_mac: text::base64url(self.audit_mac),
        });
        let mut table = transaction.open_table(META)?;
        table.insert("format", FORMAT.to_be_bytes().as_slice())?;
        table.insert("revision", self.revision.0.to_be_bytes().as_slice())?;
        table.insert("master_key", self.master_key.as_bytes())?;
        table.insert("head", keys.seal("meta", b"head", &plain).as_slice())?;
        Ok(())
    }
}

fn parse(bytes: &[u8]) -> Result<(u32, Head), RecordError> {
    let stored: StoredHead = from_json(bytes)?;
    let audit_mac = text::from_base64url(&stored.audit_mac)
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| RecordError::new("the mac of the last audit record has 32 bytes"))?;
    let head = Head {
        revision: stored.revision,
        master_key: stored.master_key,
        audit_seq: stored.audit_seq,
        audit_mac,
    };
    Ok((stored.format, head))
}

/// What can be read without a key. Only to be believed once [`Head::load`] agrees.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Clear {
    /// The format the file was written in.
    pub(super) format: u32,
    /// The revision of the last commit.
    pub(super) revision: Revision,
    /// The id of the master key that opens it.
    pub(super) master_key: String,
}

impl Clear {
    /// From the table that holds it.
    pub(super) fn read(
        table: &impl ReadableTable<&'static str, &'static [u8]>,
    ) -> Result<Self, Fault> {
        let bytes = |word: &'static str| -> Result<Vec<u8>, Fault> {
            let found = table.get(word)?.map(|value| value.value().to_vec());
            found.ok_or_else(|| corrupt("meta", word.as_bytes(), &"it is missing").into())
        };
        let odd = |word: &str| corrupt("meta", word.as_bytes(), &"it makes no sense");
        let number = bytes("format")?.try_into().map_err(|_| odd("format"))?;
        let revision = bytes("revision")?.try_into().map_err(|_| odd("revision"))?;
        let master_key = String::from_utf8(bytes("master_key")?);
        Ok(Self {
            format: u32::from_be_bytes(number),
            revision: Revision(u64::from_be_bytes(revision)),
            master_key: master_key.map_err(|_| odd("master_key"))?,
        })
    }
}
