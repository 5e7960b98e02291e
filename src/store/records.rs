//! The stored form of what the domain knows: never the domain's own, and with a version in front.
//!
//! What people configure is JSON, so that a record can be read with a key and a text editor, and
//! may grow; counters are postcard, and frozen. Whatever makes no sense when it is read is an
//! error that names the record, never a guess. Nothing here knows which backend keeps the bytes.

mod acme;
mod api;
mod audit;
mod client;
mod epoch;
mod halt;
mod handover;
mod issued;
mod key;
mod limits;
mod marks;
mod operator;
mod policy;
mod proof;
mod registration;
mod revocation;
mod session;
mod usage;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use zeroize::Zeroizing;

pub(super) use self::{
    acme::StoredAcme,
    api::StoredApi,
    audit::{StoredOnce, chain, check_link, read_link},
    client::{StoredClient, StoredTombstone},
    epoch::StoredEpochs,
    handover::StoredHandover,
    issued::{IssuedHead, chain_issued, mac_of_issued, read_issued},
    key::StoredKey,
    operator::StoredOperator,
    policy::StoredPolicy,
    registration::StoredRegistrationToken,
    revocation::StoredRevocation,
    session::StoredSession,
    usage::{UsageRow, first_of, rows_of},
};
use crate::crypto::{signer::PrivateKey, text};

/// A record as JSON, its version in front.
pub(super) fn to_json(record: &impl Serialize) -> Zeroizing<Vec<u8>> {
    // With room for most, so that few halves of a key stay behind in smaller allocations.
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    bytes.push(JSON);
    serde_json::to_writer(&mut *bytes, record).expect("a record is a JSON object");
    bytes
}

/// Reads what [`to_json`] wrote.
pub(super) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, RecordError> {
    serde_json::from_slice(body(bytes, JSON)?).map_err(|error| RecordError::new(&error))
}

/// A record as postcard, its version in front.
pub(super) fn to_postcard(record: &impl Serialize) -> Vec<u8> {
    postcard::to_extend(record, vec![POSTCARD]).expect("a record fits in memory")
}

/// Reads what [`to_postcard`] wrote.
pub(super) fn from_postcard<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, RecordError> {
    let (record, rest) = postcard::take_from_bytes(body(bytes, POSTCARD)?)
        .map_err(|error| RecordError::new(&error))?;
    if rest.is_empty() {
        Ok(record)
    } else {
        Err(RecordError::new("more bytes than the record has"))
    }
}

fn body(bytes: &[u8], version: u8) -> Result<&[u8], RecordError> {
    match bytes.split_first() {
        Some((found, body)) if *found == version => Ok(body),
        Some((found, _)) => Err(RecordError(format!("record version {found} is not known"))),
        None => Err(RecordError::new("the record is empty")),
    }
}

const JSON: u8 = 1;
const POSTCARD: u8 = 2;

/// Why stored bytes make no sense.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub(super) struct RecordError(String);

impl RecordError {
    /// With this problem.
    pub(super) fn new(problem: &(impl ToString + ?Sized)) -> Self {
        Self(problem.to_string())
    }
}

/// A private key in a record: base64url, wiped when dropped.
struct StoredPrivate(Zeroizing<String>);

impl From<&PrivateKey> for StoredPrivate {
    fn from(key: &PrivateKey) -> Self {
        let bytes = key.as_bytes();
        let mut encoded = Zeroizing::new(String::with_capacity(text::base64url_len(bytes.len())));
        text::append_base64url(bytes, &mut encoded);
        Self(encoded)
    }
}

impl TryFrom<StoredPrivate> for PrivateKey {
    type Error = RecordError;

    fn try_from(key: StoredPrivate) -> Result<Self, RecordError> {
        text::from_base64url(&key.0)
            .map(Self::from_bytes)
            .ok_or_else(|| RecordError::new("the private key is not base64url"))
    }
}

impl Serialize for StoredPrivate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for StoredPrivate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_in_the_version_that_it_was_written_in() {
        let json = to_json(&7_u32);
        let postcard = to_postcard(&7_u32);
        assert_eq!(from_json(&json), Ok(7_u32));
        assert_eq!(from_postcard(&postcard), Ok(7_u32));

        let other = |bytes: &[u8]| [&[bytes[0] + 2], &bytes[1..]].concat();
        for (read, about) in [
            (from_json::<u32>(&other(&json)), "version 3"),
            (from_postcard::<u32>(&other(&postcard)), "version 4"),
            (from_json(&[]), "empty"),
            (from_postcard(&[&postcard[..], &[0]].concat()), "more bytes"),
        ] {
            let problem = read.unwrap_err().to_string();
            assert!(problem.contains(about), "{problem}");
        }
    }
}
