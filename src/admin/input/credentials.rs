//! What is written to give a client something else than a secret to prove itself with.

mod federation;

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

pub use self::federation::FederationInput;

use super::{CHECKED, SpanInput, certificates, parse_or_default};
use crate::{
    admin::{credentials::NewCredential, refusal::FieldErrors, secrets},
    domain::{credential::PublicKey, secret::Proof, time::Span},
};

/// The longest issuer, subject, audience, claim or address that is kept, in bytes.
const LONGEST: usize = 512;

/// How many keys of another issuer can be given.
const MOST_KEYS: usize = 20;

/// A credential that is no secret: exactly one of its kinds.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialInput {
    /// A public key: a JWK, or a JWK set of one key, as JSON or as its text; or PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<PublicKeyInput>,
    /// Where the client publishes its keys: an https address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// What its keys are for, those of `key` and of `jwks_uri`: `private_key_jwt`, if left out, where it signs an
    /// assertion with them, or `self_signed_tls_client_auth`, where it makes certificates with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_method: Option<String>,
    /// Whose tokens the client shows: workload identity federation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub federation: Option<FederationInput>,
    /// A certificate, in PEM, that is registered itself (`self_signed_tls_client_auth`). It works until it
    /// expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// The subject of certificates that an authority vouches for (`tls_client_auth`), as RFC 4514 writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_subject_dn: Option<String>,
    /// A DNS name in such certificates, instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_dns: Option<String>,
    /// A URI in such certificates, instead: a SPIFFE ID for example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_uri: Option<String>,
    /// An IP address in such certificates, instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_ip: Option<String>,
    /// An e-mail address in such certificates, instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_email: Option<String>,
    /// How long it works; for good, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<SpanInput>,
    /// Where its private half is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A public key as people and programs have it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(untagged)]
pub enum PublicKeyInput {
    /// The text of a JWK, of a JWK set, or of a PEM file.
    Text(String),
    /// A JWK, or a JWK set.
    #[schema(value_type = Object)]
    Object(BTreeMap<String, Value>),
}

impl CredentialInput {
    /// What it describes, or all that is wrong with it: fields are named as members of `credential`.
    pub fn read(self) -> Result<NewCredential, FieldErrors> {
        let mut errors = FieldErrors::default();
        let credential = self.parse("credential.", &mut errors);
        errors.finish()?;
        Ok(credential.expect(CHECKED))
    }

    /// Reads it; `prefix` stands before the names of its fields.
    pub(in crate::admin) fn parse(
        self,
        prefix: &str,
        errors: &mut FieldErrors,
    ) -> Option<NewCredential> {
        let field = |name: &str| format!("{prefix}{name}");
        let subjects = self.subjects();
        let given = [
            self.key.is_some(),
            self.jwks_uri.is_some(),
            self.federation.is_some(),
            self.certificate.is_some(),
        ];
        if given.into_iter().filter(|it| *it).count() + subjects.len() != 1 {
            let message = "give exactly one: key, jwks_uri, federation, certificate or one of tls_client_auth_*";
            errors.add(prefix.trim_end_matches('.'), message);
            return None;
        }
        let key_use = errors.check(&field("auth_method"), self.key_use())?;
        let proof = if let Some(key) = self.key {
            errors
                .check(&field("key"), key.parse_one())
                .map(|key| key_use.of_key(key))
        } else if let Some((name, value)) = subjects.first() {
            errors.check(&field(name), certificates::subject(name, value))
        } else if let Some(certificate) = self.certificate {
            errors.check(&field("certificate"), certificates::pinned(&certificate))
        } else if let Some(uri) = self.jwks_uri {
            let uri = errors.check(&field("jwks_uri"), check_address(uri));
            uri.map(|uri| key_use.of_set(uri))
        } else {
            let trust = self.federation.unwrap_or_default();
            let trust = trust.parse(&field("federation."), errors);
            trust.map(|trust| Proof::Federated(Arc::new(trust)))
        };
        let expires_in = self
            .expires_in
            .and_then(|span| errors.check(&field("expires_in"), secrets_life(&span)));
        let note = parse_or_default(self.note.as_deref(), &field("note"), errors);
        Some(NewCredential {
            proof: proof?,
            expires_in,
            note,
        })
    }
}

/// What a client does with its keys.
#[derive(Clone, Copy)]
enum KeyUse {
    /// It signs assertions.
    Assertions,
    /// It makes certificates of its own.
    Certificates,
}

impl KeyUse {
    fn of_key(self, key: PublicKey) -> Proof {
        match self {
            Self::Assertions => Proof::Key(key),
            Self::Certificates => Proof::CertificateKey(key),
        }
    }

    fn of_set(self, uri: String) -> Proof {
        match self {
            Self::Assertions => Proof::KeySet(uri),
            Self::Certificates => Proof::CertificateKeySet(uri),
        }
    }
}

impl CredentialInput {
    fn key_use(&self) -> Result<KeyUse, String> {
        let has_keys = self.key.is_some() || self.jwks_uri.is_some();
        match self.auth_method.as_deref() {
            None => Ok(KeyUse::Assertions),
            Some("private_key_jwt") if has_keys => Ok(KeyUse::Assertions),
            Some("self_signed_tls_client_auth") if has_keys => Ok(KeyUse::Certificates),
            Some(_) => Err(
                "keys are for private_key_jwt or self_signed_tls_client_auth; nothing else has a choice"
                    .to_owned(),
            ),
        }
    }

    /// What must stand in certificates of an authority: the names of the metadata, and the values.
    fn subjects(&self) -> Vec<(&'static str, String)> {
        let all = [
            (
                "tls_client_auth_subject_dn",
                &self.tls_client_auth_subject_dn,
            ),
            ("tls_client_auth_san_dns", &self.tls_client_auth_san_dns),
            ("tls_client_auth_san_uri", &self.tls_client_auth_san_uri),
            ("tls_client_auth_san_ip", &self.tls_client_auth_san_ip),
            ("tls_client_auth_san_email", &self.tls_client_auth_san_email),
        ];
        let given = all.into_iter();
        given
            .filter_map(|(name, value)| Some((name, value.clone()?)))
            .collect()
    }

    /// Asks for a name in certificates of an authority: by the name of the metadata.
    pub fn set_subject(&mut self, name: &str, value: String) {
        let place = match name {
            "tls_client_auth_san_dns" => &mut self.tls_client_auth_san_dns,
            "tls_client_auth_san_uri" => &mut self.tls_client_auth_san_uri,
            "tls_client_auth_san_ip" => &mut self.tls_client_auth_san_ip,
            "tls_client_auth_san_email" => &mut self.tls_client_auth_san_email,
            _ => &mut self.tls_client_auth_subject_dn,
        };
        *place = Some(value);
    }
}

fn secrets_life(input: &SpanInput) -> Result<Span, String> {
    let span = input.span()?;
    if (secrets::SHORTEST_LIFE..=secrets::LONGEST_LIFE).contains(&span) {
        Ok(span)
    } else {
        Err("a credential lives for a minute to ten years".to_owned())
    }
}

impl PublicKeyInput {
    /// The one key that it is.
    fn parse_one(self) -> Result<PublicKey, String> {
        let mut keys = self.parse()?;
        match (keys.pop(), keys.is_empty()) {
            (Some(key), true) => Ok(key),
            _ => Err(
                "give one key: a client moves from one to the next by rotating; for a set that \
                      changes, publish it and give its address"
                    .to_owned(),
            ),
        }
    }

    /// All keys of it; at least one. One that cannot be used spoils them.
    fn parse(self) -> Result<Vec<PublicKey>, String> {
        self.jwks()?.iter().map(read).collect()
    }

    /// The keys of it that signatures can be checked with here; at least one. Others may be among them, as in the bundle
    /// of a trust domain, but no private one.
    fn parse_usable(self) -> Result<Vec<PublicKey>, String> {
        let read: Vec<_> = self.jwks()?.iter().map(read).collect();
        if read.iter().any(|key| key == &Err(PRIVATE.to_owned())) {
            return Err(PRIVATE.to_owned());
        }
        let (usable, others): (Vec<_>, Vec<_>) = read.into_iter().partition(Result::is_ok);
        match others.into_iter().next() {
            Some(Err(error)) if usable.is_empty() => Err(error),
            _ => usable.into_iter().collect(),
        }
    }

    /// Its JWKs; at least one.
    fn jwks(self) -> Result<Vec<Value>, String> {
        let object = match self {
            Self::Object(members) => members.into_iter().collect(),
            Self::Text(text) => {
                let text = text.trim();
                if text.contains("PRIVATE KEY-----") {
                    return Err(PRIVATE.to_owned());
                }
                if text.starts_with("-----BEGIN ") {
                    let jwk = crate::crypto::pem::public_jwk(text);
                    return jwk.map(|jwk| vec![jwk]).map_err(|error| error.to_string());
                }
                serde_json::from_str(text).map_err(|_| "this is no JWK, JWK set or PEM")?
            }
        };
        let keys = match &object {
            Value::Object(members) => match members.get("keys") {
                Some(Value::Array(keys)) => keys.clone(),
                Some(_) => return Err("the keys of a JWK set are a list".to_owned()),
                None => vec![object],
            },
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => return Err("a JWK is an object of JSON".to_owned()),
        };
        if keys.is_empty() || keys.len() > MOST_KEYS {
            return Err(format!("give 1 to {MOST_KEYS} keys"));
        }
        Ok(keys)
    }
}

const PRIVATE: &str = "this is a private key: keep it to yourself, and give its public half. If it left the machine it was \
     made on, make another";

fn read(jwk: &Value) -> Result<PublicKey, String> {
    use crate::crypto::verifier::KeyError;
    PublicKey::from_jwk(jwk).map_err(|error| match error {
        KeyError::Private => PRIVATE.to_owned(),
        KeyError::Unsupported => {
            "the keys that are supported are EC on P-256, P-384 and P-521, RSA of 2048 bits or more (RS256; another of \
             RS384, RS512, PS256, PS384 and PS512 if its alg says so) and Ed25519"
                .to_owned()
        }
        KeyError::Malformed | KeyError::Purpose | KeyError::Size | KeyError::Weak => {
            error.to_string()
        }
    })
}

fn check_text(text: String) -> Result<String, String> {
    if text.is_empty() {
        return Err("this cannot be empty".to_owned());
    }
    if text.len() > LONGEST || text.chars().any(char::is_control) {
        return Err(format!(
            "at most {LONGEST} bytes, without control characters"
        ));
    }
    Ok(text)
}

/// An address that keys may be fetched from: https, without a user or a fragment.
pub(in crate::admin) fn check_address(address: String) -> Result<String, String> {
    let address = check_text(address)?;
    let rest = address.strip_prefix("https://").unwrap_or_default();
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let is_clean = address.bytes().all(|byte| byte.is_ascii_graphic()) && !address.contains('#');
    if is_clean && !host.is_empty() && !host.contains('@') {
        Ok(address)
    } else {
        Err("this is an https address without user and fragment".to_owned())
    }
}

#[cfg(test)]
mod tests;
