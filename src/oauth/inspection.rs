//! A text that somebody pasted: a token or a secret, what it says, and why an API would refuse it.
//!
//! For showing to people. Nothing is let in on the strength of it, and nothing is kept.

pub mod claims;
mod objections;

use std::sync::Arc;

use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

pub use self::objections::Wanted;
use super::opaque;
use crate::{
    crypto::{
        jws::{VerifyError, decode_unverified, key_id_of},
        mac::SecretDigest,
        signer::{Signer, Typ},
    },
    domain::{
        api::Signing,
        client::Client,
        id::{ApiIdentifier, KeyId},
        key::Age,
        registry::Registry,
        secret::{PREFIX, Proof, Secret, public_id},
        time::Timestamp,
    },
};

/// What was pasted, without what is often copied along: the name of a header, `Bearer`, quotes, line
/// breaks.
pub fn trimmed(pasted: &str) -> Zeroizing<String> {
    let edge = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | ';' | '<' | '>');
    let mut rest = pasted.trim_matches(edge);
    loop {
        let after = ["-h", "authorization:", "bearer ", "access_token=", "token="]
            .into_iter()
            .find_map(|prefix| {
                let start = rest.get(..prefix.len())?;
                start
                    .eq_ignore_ascii_case(prefix)
                    .then(|| &rest[prefix.len()..])
            });
        match after {
            Some(after) => rest = after.trim_matches(edge),
            None => break,
        }
    }
    let mut text = Zeroizing::new(String::with_capacity(rest.len()));
    text.extend(rest.chars().filter(|c| !c.is_whitespace()));
    text
}

/// Why a text is no token.
pub fn not_a_token(text: &str) -> String {
    if text.starts_with(opaque::PREFIX) {
        return "this is an opaque token: only this server can read it, and tells the API that it is for \
                (introspection, RFC 7662)"
            .to_owned();
    }
    match (text.is_empty(), text.split('.').count()) {
        (true, _) => "there is nothing to inspect".to_owned(),
        (_, 3) => {
            "this has the three parts of a token, but they are not a JOSE header and claims: has it been \
             cut or wrapped?"
                .to_owned()
        }
        (_, 5) => {
            "this is an encrypted token (JWE, five parts); this server makes signed ones".to_owned()
        }
        (_, parts) => {
            format!(
                "this is no signed token (JWS), which has three parts with dots between: this has {parts}"
            )
        }
    }
}

/// What the clock says of a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Validity {
    /// It is valid.
    Current {
        /// Until when.
        until: Timestamp,
    },
    /// It was.
    Expired {
        /// Since when it is not.
        at: Timestamp,
    },
    /// It will be.
    NotYet {
        /// From when on.
        from: Timestamp,
    },
    /// It does not say.
    Endless,
}

impl Validity {
    /// That of a token with these claims.
    pub fn of(claims: &Value, now: Timestamp) -> Self {
        let moment = |name: &str| claims[name].as_i64().map(Timestamp);
        if let Some(from) = moment("nbf").filter(|from| *from > now) {
            return Self::NotYet { from };
        }
        match moment("exp") {
            Some(at) if at <= now => Self::Expired { at },
            Some(until) => Self::Current { until },
            None => Self::Endless,
        }
    }

    /// The word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Current { .. } => "current",
            Self::Expired { .. } => "expired",
            Self::NotYet { .. } => "not-yet-valid",
            Self::Endless => "without-expiry",
        }
    }
}

/// Who signed a token, as far as this server can tell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Signature {
    /// This server, with one of its keys.
    Ours(KeyId, Age),
    /// This server, with the key that it shares with an API.
    Shared(ApiIdentifier),
    /// A key that is not known here, or none is named.
    UnknownKey(Option<String>),
    /// A key that was here once and does not exist any more.
    LostKey(KeyId, Age),
    /// Not who it says, or what it says was changed since.
    Altered(String),
    /// Nobody.
    Unsigned,
    /// It asks to be checked in a way that no API should.
    Odd(VerifyError),
}

impl Signature {
    /// Whether an API that fetches the keys now would find it good.
    pub fn is_good(&self) -> bool {
        match self {
            Self::Ours(_, age) => age.is_published(),
            Self::Shared(_) => true,
            Self::UnknownKey(_)
            | Self::LostKey(..)
            | Self::Altered(_)
            | Self::Unsigned
            | Self::Odd(_) => false,
        }
    }
}

/// A token taken apart and looked at.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// Its header.
    pub header: Value,
    /// Its claims.
    pub claims: Value,
    /// Who signed it.
    pub signature: Signature,
    /// What the clock says.
    pub validity: Validity,
}

impl Inspection {
    /// Looks at `token`; nothing if it is none.
    pub fn of(registry: &Registry, token: &str, now: Timestamp) -> Option<Self> {
        let (header, claims) = decode_unverified(token).ok()?;
        let signature = signature(registry, token, (&header, &claims), now);
        Some(Self {
            validity: Validity::of(&claims, now),
            header,
            claims,
            signature,
        })
    }

    /// A claim that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims[name].as_str()
    }

    /// Whether it names `api` among those it is for (RFC 7519 §4.1.3).
    pub fn is_for(&self, api: &str) -> bool {
        let audience = &self.claims["aud"];
        let several = audience.as_array();
        audience == api || several.is_some_and(|all| all.iter().any(|one| one == api))
    }

    /// The scopes it has.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let scopes = self.text("scope").unwrap_or_default();
        scopes.split(' ').filter(|scope| !scope.is_empty())
    }
}

fn signature(
    registry: &Registry,
    token: &str,
    (header, claims): (&Value, &Value),
    now: Timestamp,
) -> Signature {
    let algorithm = header["alg"].as_str().unwrap_or_default();
    if algorithm.eq_ignore_ascii_case("none") || algorithm.is_empty() {
        return Signature::Unsigned;
    }
    let named = key_id_of(token);
    if algorithm == "HS256" {
        return shared(registry, token, claims, named);
    }
    let known = named.as_deref().and_then(|id| id.parse::<KeyId>().ok());
    let Some(key) = known.and_then(|id| registry.find_key(&id)) else {
        return Signature::UnknownKey(named);
    };
    let age = registry.age(key, now);
    match key.signer() {
        None => Signature::LostKey(key.id.clone(), age),
        Some(signer) => match check(signer, token) {
            Ok(()) => Signature::Ours(key.id.clone(), age),
            Err(VerifyError::Signature) => Signature::Altered(key.id.to_string()),
            Err(error) => Signature::Odd(error),
        },
    }
}

/// One signed with a key that an API shares with this server.
fn shared(registry: &Registry, token: &str, claims: &Value, named: Option<String>) -> Signature {
    let audience = claims["aud"].as_str().unwrap_or_default();
    let api = audience.parse::<ApiIdentifier>().ok();
    let Some(api) = api.and_then(|id| registry.find_api(&id)) else {
        return Signature::UnknownKey(named);
    };
    let Signing::Shared { signer, .. } = &api.signing else {
        return Signature::UnknownKey(named);
    };
    match check(signer, token) {
        Ok(()) => Signature::Shared(api.identifier.clone()),
        Err(VerifyError::Signature) if named.as_deref() != Some(signer.key_id()) => {
            Signature::UnknownKey(named)
        }
        Err(VerifyError::Signature) => Signature::Altered(signer.key_id().to_owned()),
        Err(error) => Signature::Odd(error),
    }
}

/// Whether `signer` made `token`, whatever it is for.
fn check(signer: &Signer, token: &str) -> Result<(), VerifyError> {
    signer.verify_any_typ(token).map(drop)
}

/// The type of every access token (RFC 9068 §2.1).
fn is_access_token(header: &Value) -> bool {
    let typ = header["typ"].as_str();
    typ.is_some_and(|typ| Typ::AccessToken.is_named_by(typ))
}

/// What a text is that begins as secrets of this server do.
#[derive(Clone, Debug)]
pub enum FoundSecret {
    /// Its checksum does not fit: a character is wrong, missing or too many.
    Mistyped,
    /// The form is right, and no client here has it.
    Unknown,
    /// It is a client's.
    Known(Arc<Client>, Box<Secret>),
}

impl FoundSecret {
    /// Whose secret `text` is; nothing if it does not begin as secrets of this server do.
    pub fn of(registry: &Registry, text: &str) -> Option<Self> {
        text.starts_with(PREFIX).then(|| {
            let Some(id) = public_id(text) else {
                return Self::Mistyped;
            };
            let client = registry.find_client_by_secret(&id);
            let secret = client.and_then(|client| Some((client, client.find_secret(&id)?)));
            match secret {
                Some((client, secret)) if is_it(registry, secret, text) => {
                    Self::Known(Arc::clone(client), Box::new(secret.clone()))
                }
                Some(_) | None => Self::Unknown,
            }
        })
    }
}

fn is_it(registry: &Registry, secret: &Secret, text: &str) -> bool {
    let mut digest = registry.pepper().digest(text.as_bytes());
    let presented = SecretDigest::new(digest);
    digest.zeroize();
    match &secret.proof {
        Proof::Mac(kept) => presented.matches(kept),
        Proof::Shared(kept) => kept.is(text),
        Proof::Password(_)
        | Proof::Key(_)
        | Proof::KeySet(_)
        | Proof::Certificate(_)
        | Proof::CertificateKey(_)
        | Proof::CertificateKeySet(_)
        | Proof::Subject(_)
        | Proof::Federated(_) => false,
    }
}

#[cfg(test)]
mod tests;
