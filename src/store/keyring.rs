//! The keys of a data file: random, each bound to one purpose, kept wrapped by the master key.
//!
//! Nothing is derived straight from the master key, so changing it means wrapping four keys anew.

use serde::{Deserialize, Serialize};

use super::{
    StoreError,
    records::{self, RecordError},
};
use crate::{
    crypto::{
        mac::MacKey,
        random::Entropy,
        sealed::{MasterKey, Room, SealingKey},
        statement::StatementKey,
        text,
    },
    domain::change::MasterKeyChange,
};
use zeroize::Zeroizing;

/// What a key is for. It is used for nothing else.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    /// Hashing client secrets.
    Pepper,
    /// Chaining the audit log.
    Audit,
    /// Sealing records.
    Records,
    /// Hashing what a table's key must not show.
    Index,
}

impl Purpose {
    /// Every purpose.
    pub(super) const ALL: [Self; 4] = [Self::Pepper, Self::Audit, Self::Records, Self::Index];

    /// The word for it, in the data file.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Pepper => "pepper",
            Self::Audit => "audit",
            Self::Records => "records",
            Self::Index => "index",
        }
    }
}

/// A key as it is kept: its id, and the key itself wrapped by the master key.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrappedKey {
    id: String,
    wrapped: String,
}

impl WrappedKey {
    /// A new random key for `purpose`.
    pub(super) fn generate(purpose: Purpose, master: &MasterKey, entropy: &Entropy) -> Self {
        let id = entropy.lower_base32(8);
        let key = Zeroizing::new(entropy.bytes::<32>());
        Self {
            wrapped: text::base64url(master.wrap(purpose.word(), &id, &key, entropy)),
            id,
        }
    }

    /// The same key, wrapped by another master key.
    pub(super) fn wrap_anew(
        &self,
        purpose: Purpose,
        change: &MasterKeyChange,
        entropy: &Entropy,
    ) -> Result<Self, RecordError> {
        let key = self.unwrap_for(purpose, &change.old)?;
        let wrapped = change.new.wrap(purpose.word(), &self.id, &key, entropy);
        Ok(Self {
            id: self.id.clone(),
            wrapped: text::base64url(wrapped),
        })
    }

    fn unwrap_for(
        &self,
        purpose: Purpose,
        master: &MasterKey,
    ) -> Result<Zeroizing<[u8; 32]>, RecordError> {
        let wrapped = text::from_base64url(&self.wrapped)
            .ok_or_else(|| RecordError::new("the wrapped key is not base64url"))?;
        master
            .unwrap_key(purpose.word(), &self.id, &wrapped)
            .map_err(|error| RecordError::new(&error))
    }
}

/// The keys of a data file, ready for use.
#[derive(Debug)]
pub(super) struct Keyring {
    pub(super) pepper: MacKey,
    pub(super) audit: MacKey,
    index: MacKey,
    records: SealingKey,
    entropy: Entropy,
}

impl Keyring {
    /// Unwraps the key that `find` has for each purpose.
    pub(super) fn unwrap_all(
        master: &MasterKey,
        entropy: &Entropy,
        find: impl Fn(Purpose) -> Result<WrappedKey, StoreError>,
    ) -> Result<Self, StoreError> {
        let key = |purpose: Purpose| {
            find(purpose)?
                .unwrap_for(purpose, master)
                .map_err(|problem| corrupt("keyring", purpose.word().as_bytes(), &problem))
        };
        Ok(Self {
            pepper: MacKey::new(&*key(Purpose::Pepper)?),
            audit: MacKey::new(&*key(Purpose::Audit)?),
            index: MacKey::new(&*key(Purpose::Index)?),
            records: SealingKey::new(&*key(Purpose::Records)?),
            entropy: entropy.clone(),
        })
    }

    /// Where its nonces come from.
    pub(super) fn entropy(&self) -> &Entropy {
        &self.entropy
    }

    /// Whether the other one is the same server's.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        self.hash("keyring", &[]) == other.hash("keyring", &[])
    }

    /// The key that signs checkpoints of the audit log: whoever can chain it, and nobody else, has this one.
    pub(super) fn checkpoint_key(&self) -> StatementKey {
        StatementKey::from_seed(&Zeroizing::new(
            self.audit.derive("jeton audit checkpoints"),
        ))
    }

    /// Seals `plain` as this record of this table.
    pub(super) fn seal(&self, table: &str, record: &[u8], plain: &[u8]) -> Vec<u8> {
        self.records.seal(table, record, plain, &self.entropy)
    }

    /// Opens this record of this table.
    pub(super) fn open(
        &self,
        table: &str,
        record: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        self.records
            .open(table, record, sealed)
            .map_err(|problem| corrupt(table, record, &problem))
    }

    /// Opens this record of this table, and reads it.
    pub(super) fn read<T>(
        &self,
        (table, record): (&str, &[u8]),
        sealed: &[u8],
        read: impl FnOnce(&[u8]) -> Result<T, RecordError>,
    ) -> Result<T, StoreError> {
        self.read_in(&mut Room::default(), (table, record), sealed, read)
    }

    /// Opens this record of this table in `room`, and reads it.
    pub(super) fn read_in<T>(
        &self,
        room: &mut Room,
        (table, record): (&str, &[u8]),
        sealed: &[u8],
        read: impl FnOnce(&[u8]) -> Result<T, RecordError>,
    ) -> Result<T, StoreError> {
        let plain = self.records.open_in(room, table, record, sealed);
        let plain = plain.map_err(|problem| corrupt(table, record, &problem))?;
        read(plain).map_err(|problem| corrupt(table, record, &problem))
    }

    /// A hash of `parts` that says nothing of them without this key.
    pub(super) fn hash(&self, label: &str, parts: &[&[u8]]) -> [u8; 16] {
        let mut data = Vec::with_capacity(256);
        for part in std::iter::once(label.as_bytes()).chain(parts.iter().copied()) {
            data.extend((part.len() as u64).to_be_bytes());
            data.extend(part);
        }
        let digest = self.index.digest(&data);
        *digest.first_chunk().expect("a digest has 32 bytes")
    }
}

/// The error that names a record and says what is wrong with it.
pub(super) fn corrupt(table: &str, record: &[u8], problem: &impl ToString) -> StoreError {
    let is_plain = |text: &&str| !text.chars().any(char::is_control);
    let name = std::str::from_utf8(record).ok().filter(is_plain);
    StoreError::Corrupt {
        table: table.to_owned(),
        record: name.map_or_else(|| text::base64url(record), str::to_owned),
        problem: problem.to_string(),
    }
}

/// Reads a wrapped key.
pub(super) fn read_wrapped(purpose: Purpose, bytes: &[u8]) -> Result<WrappedKey, StoreError> {
    records::from_json(bytes)
        .map_err(|problem| corrupt("keyring", purpose.word().as_bytes(), &problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring(seed: u64) -> Keyring {
        let entropy = Entropy::seeded(seed);
        let master = MasterKey::generate(&entropy);
        let wrapped = |purpose| Ok(WrappedKey::generate(purpose, &master, &entropy));
        Keyring::unwrap_all(&master, &entropy, wrapped).unwrap()
    }

    #[test]
    fn a_servers_keys_are_told_from_anothers() {
        assert!(keyring(1).is_of(&keyring(1)));
        assert!(!keyring(1).is_of(&keyring(2)));
    }

    #[test]
    fn checkpoints_are_signed_by_a_key_of_this_server_alone() {
        let public = |seed| keyring(seed).checkpoint_key().public().to_vec();
        assert_eq!(public(1), public(1));
        assert_ne!(public(1), public(2));
    }
}
