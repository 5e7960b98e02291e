//! Public keys as X.509 writes them (RFC 5280 §4.1.2.7), read into JWKs.

use serde_json::Value;
use x509_parser::{
    oid_registry::{OID_EC_P256, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_SIG_ED25519},
    public_key::PublicKey,
    x509::SubjectPublicKeyInfo,
};

use super::{curve::Curve, jwk, verifier::KeyError};

/// `key` as a JWK.
///
/// # Errors
/// [`KeyError::Malformed`] if it is none, [`KeyError::Unsupported`] if it is of another kind than those that are used
/// here.
pub(crate) fn jwk_of(key: &SubjectPublicKeyInfo<'_>) -> Result<Value, KeyError> {
    if key.algorithm.algorithm == OID_SIG_ED25519 {
        return Ok(jwk::ed25519(&key.subject_public_key.data));
    }
    match key.parsed().map_err(|_| KeyError::Malformed)? {
        PublicKey::RSA(rsa) => Ok(jwk::rsa(unpadded(rsa.modulus), unpadded(rsa.exponent))),
        PublicKey::EC(point) => {
            let curve = curve_of(key).ok_or(KeyError::Unsupported)?;
            let data = point.data();
            if data.len() != 1 + 2 * curve.coordinate_len() || data[0] != 4 {
                return Err(KeyError::Malformed);
            }
            Ok(jwk::ec(curve, data))
        }
        PublicKey::DSA(_)
        | PublicKey::GostR3410(_)
        | PublicKey::GostR3410_2012(_)
        | PublicKey::Unknown(_) => Err(KeyError::Unsupported),
    }
}

fn curve_of(key: &SubjectPublicKeyInfo<'_>) -> Option<Curve> {
    let named = key.algorithm.parameters.as_ref()?.as_oid().ok()?;
    [
        (OID_EC_P256, Curve::P256),
        (OID_NIST_EC_P384, Curve::P384),
        (OID_NIST_EC_P521, Curve::P521),
    ]
    .into_iter()
    .find_map(|(oid, curve)| (oid == named).then_some(curve))
}

/// A number of DER without the zero that keeps it from being negative.
fn unpadded(number: &[u8]) -> &[u8] {
    number.strip_prefix(&[0]).unwrap_or(number)
}
