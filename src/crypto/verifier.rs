//! Checking who signed a token.
//!
//! The key decides the algorithm, never the token (RFC 8725 §3.1), and a key is parsed once. Keys that are weak,
//! private or for something else are refused when they are read, not when they are used.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
};
use serde_json::Value;

use crate::crypto::algorithm::JwsAlgorithm;
use crate::crypto::curve::Curve;
use crate::crypto::jws::{Compact, MAX_TOKEN, Typ, VerifyError};
use crate::crypto::text;

/// Checks the signatures of one key, parsed once.
pub struct Verifier {
    algorithm: JwsAlgorithm,
    key: Key,
}

enum Key {
    Public(ParsedPublicKey),
    Secret(Box<hmac::Key>),
}

impl Verifier {
    /// A public JWK, for its `alg`; without one, for the algorithm of its kind (RSA: RS256; EC: that of the curve).
    ///
    /// Symmetric keys, keys for encryption and private members are refused: none belongs in a key set.
    pub fn from_jwk(jwk: &Value) -> Result<Self, KeyError> {
        let member = |name: &str| {
            jwk.get(name)
                .map(|value| value.as_str().ok_or(KeyError::Malformed))
        };
        let required = |name: &str| member(name).ok_or(KeyError::Malformed)?;
        let bytes = |name: &str| text::from_base64url(required(name)?).ok_or(KeyError::Malformed);
        if jwk.get("d").is_some() {
            return Err(KeyError::Private);
        }
        if member("use")
            .transpose()?
            .is_some_and(|purpose| !SIGNING.contains(&purpose))
        {
            return Err(KeyError::Purpose);
        }
        let may_verify = |operations: &Value| {
            operations
                .as_array()
                .is_some_and(|all| all.contains(&"verify".into()))
        };
        if jwk
            .get("key_ops")
            .is_some_and(|operations| !may_verify(operations))
        {
            return Err(KeyError::Purpose);
        }
        let kind = required("kty")?;
        let curve = member("crv").transpose()?;
        let known = |name| JwsAlgorithm::named(name).ok_or(KeyError::Unsupported);
        let named = member("alg").transpose()?.map(known).transpose()?;
        match (kind, curve, named) {
            ("EC", Some(curve), named) => {
                let curve = Curve::named(curve).ok_or(KeyError::Unsupported)?;
                if named.is_some_and(|named| named != curve.algorithm()) {
                    return Err(KeyError::Unsupported);
                }
                let (x, y) = (bytes("x")?, bytes("y")?);
                if [&x, &y].iter().any(|it| it.len() != curve.coordinate_len()) {
                    return Err(KeyError::Malformed);
                }
                Self::ec(curve, &[&[4], x.as_slice(), y.as_slice()].concat())
            }
            ("OKP", Some("Ed25519"), None | Some(JwsAlgorithm::EdDsa)) => {
                Self::ed25519(&bytes("x")?)
            }
            ("RSA", None, named) => {
                let algorithm = named.unwrap_or(JwsAlgorithm::Rs256);
                Self::rsa(algorithm, &bytes("n")?, &bytes("e")?)
            }
            _ => Err(KeyError::Unsupported),
        }
    }

    /// An uncompressed point of `curve`.
    pub(crate) fn ec(curve: Curve, point: &[u8]) -> Result<Self, KeyError> {
        let key = ParsedPublicKey::new(curve.verification(), point);
        Ok(Self {
            algorithm: curve.algorithm(),
            key: Key::Public(key.map_err(|_| KeyError::Malformed)?),
        })
    }

    /// An encoded point of Ed25519.
    pub(crate) fn ed25519(point: &[u8]) -> Result<Self, KeyError> {
        if point.len() != 32 {
            return Err(KeyError::Malformed);
        }
        let mut unsigned = [0; 32];
        unsigned.copy_from_slice(point);
        unsigned[31] &= 0x7f;
        if SMALL_ORDER.contains(&unsigned) {
            return Err(KeyError::Weak);
        }
        let key = ParsedPublicKey::new(&ED25519, point);
        Ok(Self {
            algorithm: JwsAlgorithm::EdDsa,
            key: Key::Public(key.map_err(|_| KeyError::Malformed)?),
        })
    }

    /// The big-endian numbers of an RSA key.
    pub(crate) fn rsa(
        algorithm: JwsAlgorithm,
        modulus: &[u8],
        exponent: &[u8],
    ) -> Result<Self, KeyError> {
        let parameters = rsa_parameters(algorithm).ok_or(KeyError::Unsupported)?;
        if !(256..=1024).contains(&modulus.len()) {
            return Err(KeyError::Size);
        }
        if modulus[0] == 0 {
            return Err(KeyError::Malformed);
        }
        let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
        if !is_odd(modulus) || !is_odd(exponent) || exponent == [1] {
            return Err(KeyError::Weak);
        }
        let components = RsaPublicKeyComponents {
            n: modulus,
            e: exponent,
        };
        let key = components.to_parsed_public_key(parameters);
        Ok(Self {
            algorithm,
            key: Key::Public(key.map_err(|_| KeyError::Malformed)?),
        })
    }

    /// A secret shared with whoever signs.
    pub(crate) fn secret(key: &[u8]) -> Self {
        Self {
            algorithm: JwsAlgorithm::Hs256,
            key: Key::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, key))),
        }
    }

    /// The claims of `token`, as JSON bytes, if it is of type `typ` and this key signed it.
    pub fn verify(&self, typ: Typ, token: &str) -> Result<Vec<u8>, VerifyError> {
        let token = Compact::parse(token)?;
        match token.header.text("typ")? {
            Some(found) if typ.is_named_by(found) => self.check(token),
            _ => Err(VerifyError::Typ),
        }
    }

    /// The claims of `token` if this key signed it, whatever it is for. For looking at tokens, not for trusting them.
    pub fn verify_any_typ(&self, token: &str) -> Result<Vec<u8>, VerifyError> {
        self.check(Compact::parse(token)?)
    }

    /// The claims of `token`, which begins with a `header` that is known to be right, if this key signed it.
    pub(super) fn verify_below(&self, header: &str, token: &str) -> Result<Vec<u8>, VerifyError> {
        if token.len() > MAX_TOKEN {
            return Err(VerifyError::TooLong);
        }
        let rest = token.strip_prefix(header).ok_or(VerifyError::Header)?;
        let (claims, signature) = rest.split_once('.').ok_or(VerifyError::Parts)?;
        if signature.contains('.') {
            return Err(VerifyError::Parts);
        }
        self.check_signature(&token[..header.len() + claims.len()], signature)?;
        text::from_base64url(claims).ok_or(VerifyError::Encoding)
    }

    /// The algorithm of the key.
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    fn check(&self, token: Compact<'_>) -> Result<Vec<u8>, VerifyError> {
        let named = token.header.text("alg")?;
        if named.is_none_or(|name| !self.algorithm.is_named(name)) {
            return Err(VerifyError::Algorithm);
        }
        for extension in ["crit", "b64"] {
            if token.header.has(extension) {
                return Err(VerifyError::Extension(extension));
            }
        }
        self.check_signature(token.signed, token.signature)?;
        Ok(token.claims)
    }

    fn check_signature(&self, signed: &str, signature: &str) -> Result<(), VerifyError> {
        let signature = text::from_base64url(signature).ok_or(VerifyError::Encoding)?;
        let signed = signed.as_bytes();
        match &self.key {
            Key::Public(key) => key.verify_sig(signed, &signature),
            Key::Secret(key) => hmac::verify(key, signed, &signature),
        }
        .map_err(|_| VerifyError::Signature)
    }
}

/// The values of `use` that keys for signatures have: that of RFC 7517 §4.2, and that of a SPIFFE bundle for its
/// JWT-SVIDs (SPIFFE Trust Domain and Bundle §4.2.2).
const SIGNING: [&str; 2] = ["sig", "jwt-svid"];

/// How RSA keys of `algorithm` are used; nothing if it is none of RSA's.
fn rsa_parameters(algorithm: JwsAlgorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        JwsAlgorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        JwsAlgorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
        JwsAlgorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        JwsAlgorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        JwsAlgorithm::Ps384 => &RSA_PSS_2048_8192_SHA384,
        JwsAlgorithm::Ps512 => &RSA_PSS_2048_8192_SHA512,
        JwsAlgorithm::Es256
        | JwsAlgorithm::Es384
        | JwsAlgorithm::Es512
        | JwsAlgorithm::EdDsa
        | JwsAlgorithm::Hs256 => return None,
    })
}

/// The claims of `token`, as JSON bytes, if the key in `jwk` signed it, whatever it is for.
pub fn verify_with_jwk(jwk: &Value, token: &str) -> Result<Vec<u8>, VerifyError> {
    Verifier::from_jwk(jwk)?.verify_any_typ(token)
}

/// The points of Ed25519 whose order divides eight, sign bit cleared: each fits forgeries. Of numbers beyond the
/// field, which would spell them again, aws-lc refuses every signature.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00,
    ],
    [
        0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0x7f,
    ],
];

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// Not the encoding of a key of its kind.
    #[error("the key is malformed")]
    Malformed,
    /// A kind, curve or algorithm that we do not use, or a pair that does not fit.
    #[error("the key's kind, curve or algorithm is not supported")]
    Unsupported,
    /// Not for signatures.
    #[error("the key is not for signatures")]
    Purpose,
    /// A private key where a public one belongs.
    #[error("the key has private members")]
    Private,
    /// Too small to be safe, or too large to be quick.
    #[error("the key's size is out of bounds")]
    Size,
    /// A key that anyone could sign for.
    #[error("the key is weak")]
    Weak,
}

#[cfg(test)]
pub(crate) mod strangers;
#[cfg(test)]
mod tests;
