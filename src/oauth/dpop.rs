//! DPoP proofs (RFC 9449): that whoever asks has a key, shown anew with every request.
//!
//! A proof is a JWT that says for which request it was made and is signed with a key that it brings along. It says
//! nothing of who that is; the token that is bound to the key does. What keeps a proof from being used twice is
//! handed in, as it has to be remembered.

mod address;
mod claims;

use serde_json::Value;

pub use self::address::Address;
use self::claims::Claims;
use super::credentials::Header;
use crate::{
    crypto::{
        algorithm::JwsAlgorithm,
        jwk::thumbprint,
        jws::{Compact, Typ},
        mac::sha256,
        text,
        verifier::Verifier,
    },
    domain::{
        profile::Profile,
        time::{Span, Timestamp},
    },
};

/// The algorithms of proofs, by their JOSE names. `Ed25519` is another name of what `EdDSA` means here (RFC 9864).
pub const ALGORITHMS: [&str; 11] = [
    "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "PS256", "PS384", "PS512", "RS256", "RS384",
    "RS512",
];

/// Those of them that `profile` allows.
pub fn algorithms(profile: Profile) -> impl Iterator<Item = &'static str> {
    let is_allowed = move |name: &&str| {
        let algorithm = JwsAlgorithm::named(name);
        algorithm.is_some_and(|it| profile.allows_algorithm(it))
    };
    ALGORITHMS.into_iter().filter(is_allowed)
}

/// How old a proof without a nonce may be.
pub const OLDEST: Span = Span::minutes(1);

/// How far ahead of this server's clock its own may be.
pub const AHEAD: Span = Span(15);

/// The longest `jti`, in bytes.
const LONGEST_ID: usize = 256;

/// Members of a JWK that no public key has (RFC 7517 §9.3, RFC 7518 §6).
const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// What keeps proofs from being used twice, at one kind of place: where tokens are issued, or where they are used.
pub trait Proofs: Sync {
    /// Whether a proof made at `issued` counts only with a nonce of this server.
    fn needs_nonce(&self, issued: Timestamp) -> bool;

    /// Whether `nonce` is one that this server gave lately for this kind of place.
    fn is_nonce(&self, nonce: &str) -> bool;

    /// Remembers that a proof was used.
    fn burn(&self, proof: &[&[u8]]) -> Burnt;
}

/// A place where no proof counts.
#[derive(Clone, Copy, Debug)]
pub struct Nowhere;

impl Proofs for Nowhere {
    fn needs_nonce(&self, _: Timestamp) -> bool {
        true
    }

    fn is_nonce(&self, _: &str) -> bool {
        false
    }

    fn burn(&self, _: &[&[u8]]) -> Burnt {
        Burnt::Full
    }
}

/// What became of remembering a proof.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Burnt {
    /// It had not been used before.
    Now,
    /// It had been.
    Before,
    /// There is no room to remember it, so it cannot count.
    Full,
}

/// What a proof must be of.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// The moment.
    pub now: Timestamp,
    /// The method of the request.
    pub method: &'a str,
    /// Its address. One of these, where it is reached under several.
    pub addresses: &'a [Address],
    /// The token that it comes with, if it is used and not asked for.
    pub token: Option<&'a str>,
}

/// A proof as it came: well-formed, and signed by nobody knows whom.
pub struct Proof<'a> {
    text: &'a str,
    verifier: Verifier,
    thumbprint: String,
    claims: Claims,
}

impl<'a> Proof<'a> {
    /// Reads the header `DPoP`; nothing if there is none.
    ///
    /// # Errors
    /// There are several, or what stands there is no proof (RFC 9449 §4.3).
    pub fn read(header: Header<'a>, profile: Profile) -> Result<Option<Self>, ProofError> {
        let text = match header {
            Header::Absent => return Ok(None),
            Header::Several => return Err(ProofError::Several),
            Header::One(text) => str::from_utf8(text).map_err(|_| ProofError::Form)?,
        };
        let compact = Compact::parse(text).map_err(|_| ProofError::Form)?;
        let jwk = compact.header.value("jwk").ok_or(ProofError::Key)?;
        let algorithm = compact.header.text("alg").map_err(|_| ProofError::Form)?;
        let algorithm = algorithm.filter(|name| algorithms(profile).any(|it| it == *name));
        let algorithm = algorithm.ok_or(ProofError::Algorithm)?;
        let claims = serde_json::from_slice(&compact.claims).map_err(|_| ProofError::Claims)?;
        Ok(Some(Self {
            text,
            verifier: verifier(jwk, algorithm)?,
            thumbprint: thumbprint(jwk).ok_or(ProofError::Key)?,
            claims,
        }))
    }

    /// What a nonce has to say to it: its maker must come back with a nonce, or with another one. Says so before
    /// anything else is looked at, so that nothing that counts once is used up in vain.
    ///
    /// # Errors
    /// It has none and needs one, or has one that is none of ours or too old.
    pub fn check_nonce(&self, proofs: &dyn Proofs) -> Result<(), ProofError> {
        match &self.claims.nonce {
            Some(nonce) if proofs.is_nonce(nonce) => Ok(()),
            None if !proofs.needs_nonce(self.claims.iat.0) => Ok(()),
            Some(_) | None => Err(ProofError::Nonce),
        }
    }

    /// Whether it has a nonce.
    pub fn has_nonce(&self) -> bool {
        self.claims.nonce.is_some()
    }

    /// The thumbprint of its key, if it is a proof of what is expected, and used for the first time.
    ///
    /// # Errors
    /// It is not. Only then nothing is remembered of it.
    pub fn check(
        &self,
        expected: &Expected<'_>,
        proofs: &dyn Proofs,
    ) -> Result<String, ProofError> {
        self.check_nonce(proofs)?;
        let address = self.check_claims(expected)?;
        let verified = self.verifier.verify(Typ::DpopProof, self.text);
        verified.map_err(|_| ProofError::Signature)?;
        let jti = self.claims.jti.as_bytes();
        match proofs.burn(&[self.thumbprint.as_bytes(), address.as_bytes(), jti]) {
            Burnt::Now => Ok(self.thumbprint.clone()),
            Burnt::Before => Err(ProofError::Used),
            Burnt::Full => Err(ProofError::Full),
        }
    }

    fn check_claims<'e>(&self, expected: &Expected<'e>) -> Result<&'e str, ProofError> {
        let claims = &self.claims;
        if claims.jti.is_empty() || claims.jti.len() > LONGEST_ID {
            return Err(ProofError::Claims);
        }
        if claims.htm != expected.method {
            return Err(ProofError::Method);
        }
        let address = Address::parse(&claims.htu).ok_or(ProofError::Address)?;
        let meant = expected.addresses.iter().find(|it| **it == address);
        let meant = meant.ok_or(ProofError::Address)?;
        let (now, iat) = (expected.now, claims.iat.0);
        let is_recent = iat.plus(OLDEST) >= now && iat <= now.plus(AHEAD);
        // A nonce tells when a proof was made better than a clock that nobody set (§4.3, item 11).
        if !is_recent && claims.nonce.is_none() {
            return Err(ProofError::Time);
        }
        let is_over = claims.exp.as_ref().is_some_and(|exp| exp.0 <= now);
        if is_over
            || claims
                .nbf
                .as_ref()
                .is_some_and(|nbf| nbf.0 > now.plus(AHEAD))
        {
            return Err(ProofError::Time);
        }
        if let Some(token) = expected.token {
            let hash = text::base64url(sha256(token.as_bytes()));
            if claims.ath.as_deref() != Some(hash.as_str()) {
                return Err(ProofError::Token);
            }
        }
        Ok(meant.as_str())
    }
}

/// What verifies signatures of the key that a proof brings: a public one, of the algorithm that it names.
fn verifier(jwk: &Value, algorithm: &str) -> Result<Verifier, ProofError> {
    let members = jwk.as_object().ok_or(ProofError::Key)?;
    if PRIVATE.iter().any(|name| members.contains_key(*name)) {
        return Err(ProofError::Key);
    }
    let plain = |name| if name == "Ed25519" { "EdDSA" } else { name };
    let named = members.get("alg").map(|own| own.as_str());
    if named.is_some_and(|own| own.map(plain) != Some(plain(algorithm))) {
        return Err(ProofError::Algorithm);
    }
    let mut members = members.clone();
    members.insert("alg".to_owned(), plain(algorithm).into());
    Verifier::from_jwk(&Value::Object(members)).map_err(|_| ProofError::Key)
}

/// Why a proof proves nothing. For logs and tests; the caller is told less.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProofError {
    /// More than one.
    #[error("there are several DPoP headers")]
    Several,
    /// No compact JWS.
    #[error("the proof is no signed token")]
    Form,
    /// No key, a private one, or one that is not used for signatures.
    #[error("the proof brings no public key that can be used")]
    Key,
    /// No algorithm, a symmetric one, or another than its key's.
    #[error("the proof names no asymmetric algorithm that its key has")]
    Algorithm,
    /// A claim is missing or of the wrong kind.
    #[error("the proof's claims are not those of a proof")]
    Claims,
    /// Made for another method.
    #[error("the proof is for another method")]
    Method,
    /// Made for another address, or nobody can say for which.
    #[error("the proof is for another address")]
    Address,
    /// Too old, from the future, or over.
    #[error("the proof was made too long ago or in the future")]
    Time,
    /// Made for another token.
    #[error("the proof is for another token")]
    Token,
    /// Signed by another key, changed since, or no proof by its type.
    #[error("the proof's signature or type is wrong")]
    Signature,
    /// Without a nonce that is needed, or with one that does not count.
    #[error("the proof needs a nonce of this server")]
    Nonce,
    /// Used before.
    #[error("the proof was used before")]
    Used,
    /// Too many proofs are remembered.
    #[error("no more proofs can be remembered now")]
    Full,
}

#[cfg(test)]
mod tests;
