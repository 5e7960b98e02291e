//! Records of issued tokens as they are stored.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{RecordError, audit, from_json, to_json};
use crate::{
    crypto::{mac::MacKey, text},
    domain::{
        id::{ApiIdentifier, ClientId, SecretId},
        issued_token::IssuedToken,
        time::Timestamp,
    },
};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StoredIssued {
    at: Timestamp,
    token: String,
    client: ClientId,
    secret: SecretId,
    api: ApiIdentifier,
    scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<ClientId>,
    expires: Timestamp,
    address: IpAddr,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

/// Where a chain of these records stands: the number and the mac of its last record, and of the last one
/// that was pruned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store) struct IssuedHead {
    /// The end of the chain.
    pub(in crate::store) last: (u64, [u8; 32]),
    /// What lies before its first record.
    pub(in crate::store) pruned: (u64, [u8; 32]),
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StoredHead {
    last: u64,
    last_mac: String,
    pruned: u64,
    pruned_mac: String,
}

impl IssuedHead {
    /// That of a chain with no record. It begins elsewhere than the audit log's: no record of one fits into
    /// the other.
    pub(in crate::store) fn new(key: &MacKey) -> Self {
        let origin = (0, key.digest_parts(&[b"issued tokens"]));
        Self {
            last: origin,
            pruned: origin,
        }
    }

    /// As it is stored.
    pub(in crate::store) fn to_bytes(self) -> Vec<u8> {
        let stored = StoredHead {
            last: self.last.0,
            last_mac: text::base64url(self.last.1),
            pruned: self.pruned.0,
            pruned_mac: text::base64url(self.pruned.1),
        };
        to_json(&stored).to_vec()
    }

    /// Reads it.
    pub(in crate::store) fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        let stored: StoredHead = from_json(bytes)?;
        Ok(Self {
            last: (stored.last, mac(&stored.last_mac)?),
            pruned: (stored.pruned, mac(&stored.pruned_mac)?),
        })
    }
}

fn mac(text: &str) -> Result<[u8; 32], RecordError> {
    let bytes = text::from_base64url(text).and_then(|it| it.try_into().ok());
    bytes.ok_or_else(|| RecordError::new("a mac has 32 bytes"))
}

/// The bytes of `issued` as the record after `last`, and its mac.
pub(in crate::store) fn chain_issued(
    issued: &IssuedToken,
    last: (u64, [u8; 32]),
    key: &MacKey,
) -> (Vec<u8>, [u8; 32]) {
    let json = to_json(&StoredIssued::from(issued));
    audit::link(&json, (last.0 + 1, last.1), key)
}

/// Reads the bytes that [`chain_issued`] made. Says nothing about whether they fit the chain.
pub(in crate::store) fn read_issued(bytes: &[u8]) -> Result<IssuedToken, RecordError> {
    let (_, _, json) = audit::split(bytes)?;
    Ok(from_json::<StoredIssued>(json)?.into())
}

/// The mac that a record has.
pub(in crate::store) fn mac_of_issued(bytes: &[u8]) -> Result<[u8; 32], RecordError> {
    Ok(audit::split(bytes)?.1)
}

impl From<&IssuedToken> for StoredIssued {
    fn from(issued: &IssuedToken) -> Self {
        Self {
            at: issued.at,
            token: issued.token.clone(),
            client: issued.client.clone(),
            secret: issued.secret.clone(),
            api: issued.api.clone(),
            scope: issued.scope.clone(),
            subject: issued.subject.clone(),
            expires: issued.expires,
            address: issued.address,
            request_id: issued.request_id.clone(),
        }
    }
}

impl From<StoredIssued> for IssuedToken {
    fn from(stored: StoredIssued) -> Self {
        Self {
            at: stored.at,
            token: stored.token,
            client: stored.client,
            secret: stored.secret,
            api: stored.api,
            scope: stored.scope,
            subject: stored.subject,
            expires: stored.expires,
            address: stored.address,
            request_id: stored.request_id,
        }
    }
}
