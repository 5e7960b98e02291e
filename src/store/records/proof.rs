//! What a client proves itself with, as it is stored.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{RecordError, StoredPrivate};
use crate::{
    crypto::{
        algorithm::JwsAlgorithm, mac::SecretDigest, password::PasswordHash, signer::PrivateKey,
    },
    domain::{
        credential::{
            CertificateSubject, Federation, FederationKeys, PinnedCertificate, PublicKey,
        },
        secret::{Proof, SharedSecret},
        time::{Span, Timestamp},
    },
};

/// How a credential is recognised. All but the first two are of format 4.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum StoredProof {
    HmacSha256(SecretDigest),
    Argon2id(PasswordHash),
    Shared(StoredPrivate),
    Key(Value),
    KeySet(String),
    Certificate {
        thumbprint: String,
        subject: String,
        not_after: Timestamp,
    },
    CertificateKey(Value),
    CertificateKeySet(String),
    Subject(StoredSubject),
    Federated {
        issuer: String,
        subject: String,
        audience: String,
        claims: BTreeMap<String, String>,
        max_age: Span,
        /// Left out if empty, as in records of the first servers of format 4.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        algorithms: BTreeSet<String>,
        keys: StoredFederationKeys,
    },
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredSubject {
    Dn(String),
    SanDns(String),
    SanUri(String),
    SanIp(IpAddr),
    SanEmail(String),
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredFederationKeys {
    Discovered,
    At(String),
    Given(Vec<Value>),
}

impl From<&Proof> for StoredProof {
    fn from(proof: &Proof) -> Self {
        match proof {
            Proof::Mac(digest) => Self::HmacSha256(digest.clone()),
            Proof::Password(hash) => Self::Argon2id(hash.clone()),
            Proof::Shared(secret) => {
                let bytes = secret.reveal().as_bytes().to_vec();
                Self::Shared((&PrivateKey::from_bytes(bytes)).into())
            }
            Proof::Key(key) => Self::Key(key.jwk().clone()),
            Proof::KeySet(uri) => Self::KeySet(uri.clone()),
            Proof::Certificate(pinned) => Self::Certificate {
                thumbprint: pinned.thumbprint.clone(),
                subject: pinned.subject.clone(),
                not_after: pinned.not_after,
            },
            Proof::CertificateKey(key) => Self::CertificateKey(key.jwk().clone()),
            Proof::CertificateKeySet(uri) => Self::CertificateKeySet(uri.clone()),
            Proof::Subject(subject) => Self::Subject(subject.into()),
            Proof::Federated(federation) => Self::Federated {
                issuer: federation.issuer.clone(),
                subject: federation.subject.clone(),
                audience: federation.audience.clone(),
                claims: federation.claims.clone(),
                max_age: federation.max_age,
                algorithms: federation
                    .algorithms
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
                keys: (&federation.keys).into(),
            },
        }
    }
}

impl TryFrom<StoredProof> for Proof {
    type Error = RecordError;

    fn try_from(stored: StoredProof) -> Result<Self, RecordError> {
        Ok(match stored {
            StoredProof::HmacSha256(digest) => Self::Mac(digest),
            StoredProof::Argon2id(hash) => Self::Password(hash),
            StoredProof::Shared(text) => {
                let bytes = PrivateKey::try_from(text)?;
                let text = std::str::from_utf8(bytes.as_bytes())
                    .map_err(|_| RecordError::new("the secret is not text"))?;
                Self::Shared(SharedSecret::new(Zeroizing::new(text.to_owned())))
            }
            StoredProof::Key(jwk) => Self::Key(read_key(&jwk)?),
            StoredProof::KeySet(uri) => Self::KeySet(uri),
            StoredProof::Certificate {
                thumbprint,
                subject,
                not_after,
            } => Self::Certificate(PinnedCertificate {
                thumbprint,
                subject,
                not_after,
            }),
            StoredProof::CertificateKey(jwk) => Self::CertificateKey(read_key(&jwk)?),
            StoredProof::CertificateKeySet(uri) => Self::CertificateKeySet(uri),
            StoredProof::Subject(subject) => Self::Subject(subject.into()),
            StoredProof::Federated {
                issuer,
                subject,
                audience,
                claims,
                max_age,
                algorithms,
                keys,
            } => Self::Federated(Arc::new(Federation {
                issuer,
                subject,
                audience,
                claims,
                max_age,
                algorithms: algorithms
                    .iter()
                    .map(|name| JwsAlgorithm::named(name).ok_or_else(|| unknown(name)))
                    .collect::<Result<_, _>>()?,
                keys: keys.try_into()?,
            })),
        })
    }
}

fn unknown(algorithm: &str) -> RecordError {
    RecordError(format!("the algorithm {algorithm} is not known"))
}

fn read_key(jwk: &Value) -> Result<PublicKey, RecordError> {
    PublicKey::from_jwk(jwk).map_err(|error| RecordError::new(&error))
}

impl From<&FederationKeys> for StoredFederationKeys {
    fn from(keys: &FederationKeys) -> Self {
        match keys {
            FederationKeys::Discovered => Self::Discovered,
            FederationKeys::At(uri) => Self::At(uri.clone()),
            FederationKeys::Given(keys) => {
                Self::Given(keys.iter().map(|key| key.jwk().clone()).collect())
            }
        }
    }
}

impl TryFrom<StoredFederationKeys> for FederationKeys {
    type Error = RecordError;

    fn try_from(stored: StoredFederationKeys) -> Result<Self, RecordError> {
        Ok(match stored {
            StoredFederationKeys::Discovered => Self::Discovered,
            StoredFederationKeys::At(uri) => Self::At(uri),
            StoredFederationKeys::Given(keys) => {
                Self::Given(keys.iter().map(read_key).collect::<Result<_, _>>()?)
            }
        })
    }
}

impl From<&CertificateSubject> for StoredSubject {
    fn from(subject: &CertificateSubject) -> Self {
        match subject {
            CertificateSubject::Dn(text) => Self::Dn(text.clone()),
            CertificateSubject::SanDns(text) => Self::SanDns(text.clone()),
            CertificateSubject::SanUri(text) => Self::SanUri(text.clone()),
            CertificateSubject::SanIp(address) => Self::SanIp(*address),
            CertificateSubject::SanEmail(text) => Self::SanEmail(text.clone()),
        }
    }
}

impl From<StoredSubject> for CertificateSubject {
    fn from(stored: StoredSubject) -> Self {
        match stored {
            StoredSubject::Dn(text) => Self::Dn(text),
            StoredSubject::SanDns(text) => Self::SanDns(text),
            StoredSubject::SanUri(text) => Self::SanUri(text),
            StoredSubject::SanIp(address) => Self::SanIp(address),
            StoredSubject::SanEmail(text) => Self::SanEmail(text),
        }
    }
}
