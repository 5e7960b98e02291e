//! Public keys as JSON (RFC 7517), and the thumbprint that names a key (RFC 7638).
//!
//! Built member by member from the public half: no private member can slip in.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::crypto::algorithm::Algorithm;
use crate::crypto::curve::Curve;
use crate::crypto::text;

/// A key on `curve`, from the uncompressed point. Coordinates keep their length (RFC 7518 §6.2.1.2).
pub(crate) fn ec(curve: Curve, point: &[u8]) -> Value {
    let (x, y) = point[1..].split_at(curve.coordinate_len());
    json!({ "kty": "EC", "crv": curve.name(), "x": text::base64url(x), "y": text::base64url(y) })
}

/// The public half of an RSA key, from its big-endian numbers.
pub(crate) fn rsa(modulus: &[u8], exponent: &[u8]) -> Value {
    json!({ "kty": "RSA", "n": text::base64url(modulus), "e": text::base64url(exponent) })
}

/// The public half of an Ed25519 key (RFC 8037 §2).
pub(crate) fn ed25519(public: &[u8]) -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": text::base64url(public) })
}

/// `key` as it is published: with its id, its one use and its one algorithm.
pub(crate) fn published(key: Value, id: &str, algorithm: Algorithm) -> Value {
    let mut key = key;
    key["kid"] = id.into();
    key["use"] = "sig".into();
    key["alg"] = algorithm.as_str().into();
    key
}

/// The SHA-256 thumbprint of a public JWK (RFC 7638 §3); none if a required member is missing or `kty` is not
/// EC, RSA or OKP. Symmetric keys get none: theirs would be a hash of the secret.
pub fn thumbprint(jwk: &Value) -> Option<String> {
    let required: &[&str] = match jwk.get("kty")?.as_str()? {
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        "RSA" => &["e", "kty", "n"],
        _ => return None,
    };
    let members = required
        .iter()
        .map(|name| Some((*name, jwk.get(name)?.as_str()?)))
        .collect::<Option<BTreeMap<&str, &str>>>()?;
    let canonical = json!(members).to_string();
    Some(text::base64url(digest(&SHA256, canonical.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_7638_3_1_thumbprint_of_an_rsa_key() {
        let jwk = json!({
            "kty": "RSA",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
            "e": "AQAB",
            "alg": "RS256",
            "kid": "2011-04-29",
        });

        assert_eq!(
            thumbprint(&jwk).unwrap(),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }

    #[test]
    fn rfc_8037_a_3_thumbprint_of_an_ed25519_key() {
        let jwk = json!({
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        });

        assert_eq!(
            thumbprint(&jwk).unwrap(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn symmetric_and_incomplete_keys_have_no_thumbprint() {
        for jwk in [
            json!({ "kty": "oct", "k": "c2VjcmV0" }),
            json!({ "kty": "EC", "crv": "P-256", "x": "AA" }),
            json!({ "kty": "RSA", "n": 5, "e": "AQAB" }),
            json!("EC"),
        ] {
            assert_eq!(thumbprint(&jwk), None, "{jwk}");
        }
    }
}
