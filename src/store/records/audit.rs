//! Audit entries and idempotency keys as they are stored.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{RecordError, from_json, to_json};
use crate::{
    crypto::mac::MacKey,
    domain::{
        audit::{AuditEntry, AuditRecord, FieldChange, Object},
        change::OnceRecord,
        id::{ApiIdentifier, ClientId, KeyId, OperatorId, RegistrationTokenId, Revision},
        time::Timestamp,
    },
};

/// An audit entry.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct StoredAudit {
    at: Timestamp,
    actor: String,
    action: String,
    object: StoredObject,
    changes: Vec<StoredChange>,
    revision: Revision,
    address: Option<IpAddr>,
    request_id: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum StoredObject {
    Server,
    Client(ClientId),
    Api(ApiIdentifier),
    Key(KeyId),
    Operator(OperatorId),
    RegistrationToken(RegistrationTokenId),
    Settings,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StoredChange {
    field: String,
    before: Option<String>,
    after: Option<String>,
}

/// An idempotency key.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct StoredOnce {
    actor: String,
    key: String,
    request: String,
    object: StoredObject,
    at: Timestamp,
}

/// The bytes of `entry` as record `seq`, which follows one with the mac `prev`, and its own mac.
///
/// `prev`, then `mac`, then the entry as JSON.
pub(in crate::store) fn chain(
    entry: &AuditEntry,
    (seq, prev): (u64, [u8; 32]),
    key: &MacKey,
) -> (Vec<u8>, [u8; 32]) {
    link(&to_json(&StoredAudit::from(entry)), (seq, prev), key)
}

/// The same for any record of a chain, given as JSON.
pub(super) fn link(json: &[u8], (seq, prev): (u64, [u8; 32]), key: &MacKey) -> (Vec<u8>, [u8; 32]) {
    let mac = mac_of(json, (seq, prev), key);
    ([&prev, &mac, json].concat(), mac)
}

/// Reads the bytes that [`chain`] made. Says nothing about whether they fit the chain.
pub(in crate::store) fn read_link(seq: u64, bytes: &[u8]) -> Result<AuditRecord, RecordError> {
    let (prev, mac, json) = split(bytes)?;
    let entry: StoredAudit = from_json(json)?;
    Ok(AuditRecord {
        seq,
        entry: entry.into(),
        prev,
        mac,
    })
}

/// The mac of the record with these bytes, if it follows one with the mac `prev` and is whole.
pub(in crate::store) fn check_link(
    bytes: &[u8],
    (seq, prev): (u64, [u8; 32]),
    key: &MacKey,
) -> Result<[u8; 32], RecordError> {
    let (found, mac, json) = split(bytes)?;
    if found != prev {
        return Err(RecordError::new("it does not follow the record before it"));
    }
    if mac != mac_of(json, (seq, prev), key) {
        return Err(RecordError::new("its mac is not that of its entry"));
    }
    Ok(mac)
}

/// `prev`, `mac`, and the entry as JSON.
pub(super) type Link<'a> = ([u8; 32], [u8; 32], &'a [u8]);

pub(super) fn split(bytes: &[u8]) -> Result<Link<'_>, RecordError> {
    let short = || RecordError::new("the record is too short");
    let (prev, rest) = bytes.split_first_chunk::<32>().ok_or_else(short)?;
    let (mac, json) = rest.split_first_chunk::<32>().ok_or_else(short)?;
    Ok((*prev, *mac, json))
}

fn mac_of(json: &[u8], (seq, prev): (u64, [u8; 32]), key: &MacKey) -> [u8; 32] {
    key.digest_parts(&[&prev, json, &seq.to_be_bytes()])
}

impl From<&AuditEntry> for StoredAudit {
    fn from(entry: &AuditEntry) -> Self {
        Self {
            at: entry.at,
            actor: entry.actor.clone(),
            action: entry.action.clone(),
            object: (&entry.object).into(),
            changes: entry.changes.iter().map(Into::into).collect(),
            revision: entry.revision,
            address: entry.address,
            request_id: entry.request_id.clone(),
        }
    }
}

impl From<StoredAudit> for AuditEntry {
    fn from(stored: StoredAudit) -> Self {
        Self {
            at: stored.at,
            actor: stored.actor,
            action: stored.action,
            object: stored.object.into(),
            changes: stored.changes.into_iter().map(Into::into).collect(),
            revision: stored.revision,
            address: stored.address,
            request_id: stored.request_id,
        }
    }
}

impl From<&Object> for StoredObject {
    fn from(object: &Object) -> Self {
        match object {
            Object::Server => Self::Server,
            Object::Client(id) => Self::Client(id.clone()),
            Object::Api(id) => Self::Api(id.clone()),
            Object::Key(id) => Self::Key(id.clone()),
            Object::Operator(id) => Self::Operator(id.clone()),
            Object::RegistrationToken(id) => Self::RegistrationToken(id.clone()),
            Object::Settings => Self::Settings,
        }
    }
}

impl From<StoredObject> for Object {
    fn from(stored: StoredObject) -> Self {
        match stored {
            StoredObject::Server => Self::Server,
            StoredObject::Client(id) => Self::Client(id),
            StoredObject::Api(id) => Self::Api(id),
            StoredObject::Key(id) => Self::Key(id),
            StoredObject::Operator(id) => Self::Operator(id),
            StoredObject::RegistrationToken(id) => Self::RegistrationToken(id),
            StoredObject::Settings => Self::Settings,
        }
    }
}

impl From<&FieldChange> for StoredChange {
    fn from(change: &FieldChange) -> Self {
        Self {
            field: change.field.clone(),
            before: change.before.clone(),
            after: change.after.clone(),
        }
    }
}

impl From<StoredChange> for FieldChange {
    fn from(stored: StoredChange) -> Self {
        Self {
            field: stored.field,
            before: stored.before,
            after: stored.after,
        }
    }
}

impl From<&OnceRecord> for StoredOnce {
    fn from(once: &OnceRecord) -> Self {
        Self {
            actor: once.actor.clone(),
            key: once.key.clone(),
            request: once.request.clone(),
            object: (&once.object).into(),
            at: once.at,
        }
    }
}

impl From<StoredOnce> for OnceRecord {
    fn from(stored: StoredOnce) -> Self {
        Self {
            actor: stored.actor,
            key: stored.key,
            request: stored.request,
            object: stored.object.into(),
            at: stored.at,
        }
    }
}
