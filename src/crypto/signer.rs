//! Signing keys: made, kept, and put to use.
//!
//! A [`Signer`] is parsed once and signs for as long as the process lives: the key, its id and the token's
//! header are ready before the first request. Which key signs when is decided elsewhere.

mod outgoing;

use std::borrow::Cow;
use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

pub use crate::crypto::algorithm::Algorithm;
use crate::crypto::curve::Curve;
use crate::crypto::jwk;
pub use crate::crypto::jws::{Typ, VerifyError};
use crate::crypto::random::Entropy;
use crate::crypto::text;
pub use crate::crypto::verifier::KeyError;
use crate::crypto::verifier::Verifier;

/// A signing key in the clear: PKCS#8 DER, or for HS256 the secret itself. Wiped when dropped.
///
/// No `Debug`, no `Clone`, no `Serialize`: it is sealed, opened and parsed, nothing else.
pub struct PrivateKey(Zeroizing<Vec<u8>>);

impl PrivateKey {
    /// Takes over bytes that were opened or imported. [`Signer::from_private`] says whether they are a key.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for sealing.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A key ready to sign. Shared behind an `Arc`; equal to another if the key ids are.
pub struct Signer {
    algorithm: Algorithm,
    key: Key,
    key_id: String,
    jwk: Option<Value>,
    verifier: Verifier,
    /// The encoded header of access tokens, with its dot.
    access_token_header: String,
}

enum Key {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
    Ps256(RsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Hs256(Box<hmac::Key>),
}

impl Signer {
    /// Makes a key, and the bytes to keep it by. RSA keys have 3072 bits and take seconds to find.
    ///
    /// All but RSA keys are drawn from `entropy` alone, so a seed repeats them; aws-lc finds RSA primes from its
    /// own generator.
    ///
    /// # Panics
    /// If there is no memory or randomness to make a key with.
    pub fn generate(algorithm: Algorithm, entropy: &Entropy) -> (Self, PrivateKey) {
        let private = match algorithm {
            Algorithm::Es256 => generate_p256(entropy),
            Algorithm::Rs256 | Algorithm::Ps256 => generate_rsa(),
            Algorithm::EdDsa => generate_ed25519(entropy),
            Algorithm::Hs256 => PrivateKey::from_bytes(entropy.bytes::<32>().to_vec()),
        };
        let signer =
            Self::from_private(algorithm, &private).expect("a key made here is a key of its kind");
        (signer, private)
    }

    /// Parses a key for the one algorithm it has.
    pub fn from_private(algorithm: Algorithm, private: &PrivateKey) -> Result<Self, KeyError> {
        let key = Key::parse(algorithm, private.as_bytes())?;
        let verifier = key.verifier(private)?;
        let key_id = key.id();
        Ok(Self {
            access_token_header: encode_header(algorithm, Typ::AccessToken, &key_id),
            jwk: key
                .public_jwk()
                .map(|public| jwk::published(public, &key_id, algorithm)),
            algorithm,
            key,
            key_id,
            verifier,
        })
    }

    /// Signs `claims_json` as a token of type `typ` (compact JWS, RFC 7515 §7.1). The claims are not looked at.
    pub fn sign(&self, typ: Typ, claims_json: &[u8]) -> Result<String, SignError> {
        let header = self.header(typ);
        let len = header.len() + text::base64url_len(claims_json.len()) + 1;
        let mut token = String::with_capacity(len + text::base64url_len(self.key.signature_len()));
        token.push_str(&header);
        text::append_base64url(claims_json, &mut token);
        self.key.sign_at_the_end(&mut token)?;
        Ok(token)
    }

    /// Signs any header and any text, for tests of what strangers send.
    #[cfg(test)]
    pub(crate) fn sign_any(&self, header: &str, claims: &str) -> String {
        let mut token = String::new();
        text::append_base64url(header.as_bytes(), &mut token);
        token.push('.');
        text::append_base64url(claims.as_bytes(), &mut token);
        self.key.sign_at_the_end(&mut token).expect("a key signs");
        token
    }

    /// The claims of `token`, as JSON bytes, if it is of type `typ` and this key signed it.
    ///
    /// What an access token's header says need not be read if it is, letter by letter, what this key writes.
    pub fn verify(&self, typ: Typ, token: &str) -> Result<Vec<u8>, VerifyError> {
        if typ == Typ::AccessToken && self.begins(token) {
            return self.verifier.verify_below(&self.access_token_header, token);
        }
        self.verifier.verify(typ, token)
    }

    /// Whether `token` begins as this key's access tokens do.
    pub fn begins(&self, token: &str) -> bool {
        token.starts_with(&self.access_token_header)
    }

    /// The claims of `token` if this key signed it, whatever it is for. For looking at tokens, not for
    /// trusting them.
    pub fn verify_any_typ(&self, token: &str) -> Result<Vec<u8>, VerifyError> {
        self.verifier.verify_any_typ(token)
    }

    /// What tokens and the key set call this key: its thumbprint (RFC 7638); for HS256 a tag under the key.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The one algorithm of this key.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public key as it is published; none for HS256.
    pub fn public_jwk(&self) -> Option<&Value> {
        self.jwk.as_ref()
    }

    /// That of access tokens is at hand; others are rarer.
    fn header(&self, typ: Typ) -> Cow<'_, str> {
        match typ {
            Typ::AccessToken => Cow::Borrowed(&self.access_token_header),
            Typ::TokenIntrospection | Typ::ClientAuthentication | Typ::DpopProof => {
                Cow::Owned(encode_header(self.algorithm, typ, &self.key_id))
            }
        }
    }
}

impl Key {
    fn parse(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        Ok(match algorithm {
            Algorithm::Es256 => Self::Es256(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes)
                    .map_err(|_| KeyError::Malformed)?,
            ),
            Algorithm::Rs256 => {
                Self::Rs256(RsaKeyPair::from_pkcs8(bytes).map_err(|_| KeyError::Malformed)?)
            }
            Algorithm::Ps256 => {
                Self::Ps256(RsaKeyPair::from_pkcs8(bytes).map_err(|_| KeyError::Malformed)?)
            }
            Algorithm::EdDsa => Self::EdDsa(
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes)
                    .map_err(|_| KeyError::Malformed)?,
            ),
            // RFC 7518 §3.2: no shorter than the hash. Longer than a block of it, a key would be hashed.
            Algorithm::Hs256 if (32..=64).contains(&bytes.len()) => {
                Self::Hs256(Box::new(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
            }
            Algorithm::Hs256 => return Err(KeyError::Size),
        })
    }

    fn verifier(&self, private: &PrivateKey) -> Result<Verifier, KeyError> {
        match self {
            Self::Es256(key) => Verifier::ec(Curve::P256, key.public_key().as_ref()),
            Self::Rs256(key) => rsa_verifier(Algorithm::Rs256, key),
            Self::Ps256(key) => rsa_verifier(Algorithm::Ps256, key),
            Self::EdDsa(key) => Verifier::ed25519(key.public_key().as_ref()),
            Self::Hs256(_) => Ok(Verifier::secret(private.as_bytes())),
        }
    }

    fn public_jwk(&self) -> Option<Value> {
        match self {
            Self::Es256(key) => Some(jwk::ec(Curve::P256, key.public_key().as_ref())),
            Self::Rs256(key) | Self::Ps256(key) => {
                let key = key.public_key();
                Some(jwk::rsa(
                    key.modulus().big_endian_without_leading_zero(),
                    key.exponent().big_endian_without_leading_zero(),
                ))
            }
            Self::EdDsa(key) => Some(jwk::ed25519(key.public_key().as_ref())),
            Self::Hs256(_) => None,
        }
    }

    /// The thumbprint; for a secret a tag under it, as the thumbprint would be its hash (RFC 7638 §7).
    fn id(&self) -> String {
        match (self, self.public_jwk()) {
            (Self::Hs256(key), _) => text::base64url(&hmac::sign(key, b"jeton kid").as_ref()[..16]),
            (_, public) => public
                .as_ref()
                .and_then(jwk::thumbprint)
                .expect("a key pair has a public half with all members"),
        }
    }

    fn signature_len(&self) -> usize {
        match self {
            Self::Es256(_) | Self::EdDsa(_) => 64,
            Self::Rs256(key) | Self::Ps256(key) => key.public_modulus_len(),
            Self::Hs256(_) => 32,
        }
    }

    /// Signs all that stands in `token` and appends a dot and the signature.
    fn sign_at_the_end(&self, token: &mut String) -> Result<(), SignError> {
        let rng = SystemRandom::new();
        let signed = token.as_bytes();
        match self {
            Self::Es256(key) => append(key.sign(&rng, signed).map_err(|_| SignError)?, token),
            Self::EdDsa(key) => append(key.try_sign(signed).map_err(|_| SignError)?, token),
            Self::Hs256(key) => append(hmac::sign(key, signed), token),
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &rng, signed, &mut signature)
                    .map_err(|_| SignError)?;
                append(signature, token);
            }
            Self::Ps256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PSS_SHA256, &rng, signed, &mut signature)
                    .map_err(|_| SignError)?;
                append(signature, token);
            }
        }
        Ok(())
    }
}

fn append(signature: impl AsRef<[u8]>, token: &mut String) {
    token.push('.');
    text::append_base64url(signature.as_ref(), token);
}

fn rsa_verifier(algorithm: Algorithm, key: &RsaKeyPair) -> Result<Verifier, KeyError> {
    let public = key.public_key();
    Verifier::rsa(
        algorithm.into(),
        public.modulus().big_endian_without_leading_zero(),
        public.exponent().big_endian_without_leading_zero(),
    )
}

fn encode_header(algorithm: Algorithm, typ: Typ, key_id: &str) -> String {
    let header = json!({ "alg": algorithm.as_str(), "kid": key_id, "typ": typ.as_str() });
    text::base64url(header.to_string()) + "."
}

/// A random number below the group's order, found by trying (FIPS 186-5 §A.2.2).
fn generate_p256(entropy: &Entropy) -> PrivateKey {
    loop {
        let scalar = Zeroizing::new(entropy.bytes::<32>());
        let bytes = Zeroizing::new([P256_PKCS8.as_slice(), scalar.as_slice()].concat());
        // Refused about once in four thousand million times: when the number is no scalar of the curve.
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes) {
            let document = pair.to_pkcs8v1().expect("a parsed key can be written");
            return PrivateKey::from_bytes(document.as_ref().to_vec());
        }
    }
}

/// PKCS#8 of a P-256 key up to its 32 private bytes, without the optional public key (RFC 5208, RFC 5915).
const P256_PKCS8: [u8; 35] = [
    0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01,
    0x01, 0x04, 0x20,
];

fn generate_ed25519(entropy: &Entropy) -> PrivateKey {
    let seed = Zeroizing::new(entropy.bytes::<32>());
    let pair =
        Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).expect("any 32 bytes are a seed");
    // Version 1 of PKCS#8: other tools refuse the second.
    let document = pair.to_pkcs8v1().expect("a parsed key can be written");
    PrivateKey::from_bytes(document.as_ref().to_vec())
}

fn generate_rsa() -> PrivateKey {
    let pair = RsaKeyPair::generate(KeySize::Rsa3072).expect("aws-lc finds two primes");
    let document: Pkcs8V1Der<'_> = pair.as_der().expect("a parsed key can be written");
    PrivateKey::from_bytes(document.as_ref().to_vec())
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

impl Eq for Signer {}

impl PartialEq for Signer {
    fn eq(&self, other: &Self) -> bool {
        self.key_id == other.key_id
    }
}

/// aws-lc had no memory or randomness to sign with.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("signing failed for want of memory or randomness")]
pub struct SignError;

#[cfg(test)]
mod tests;
