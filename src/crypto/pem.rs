//! Public keys as PEM files have them (RFC 7468 §13), read into JWKs.

use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer, pem::PemObject};
use serde_json::Value;
use x509_parser::{
    oid_registry::{OID_EC_P256, OID_SIG_ED25519},
    prelude::{FromDer, X509Certificate},
    public_key::PublicKey,
    x509::SubjectPublicKeyInfo,
};

use super::{jwk, verifier::KeyError};

/// The key of a `PUBLIC KEY`, or of a `CERTIFICATE`, as a JWK.
///
/// # Errors
/// [`KeyError::Malformed`] if it is neither, [`KeyError::Unsupported`] if the key is of another kind than
/// those that are used here.
pub fn public_jwk(pem: &str) -> Result<Value, KeyError> {
    if pem.contains("-----BEGIN CERTIFICATE-----") {
        let der =
            CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| KeyError::Malformed)?;
        let certificate = X509Certificate::from_der(&der).map_err(|_| KeyError::Malformed)?;
        return of(certificate.1.public_key());
    }
    let der = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes());
    let der = der.map_err(|_| KeyError::Malformed)?;
    let (_, key) = SubjectPublicKeyInfo::from_der(&der).map_err(|_| KeyError::Malformed)?;
    of(&key)
}

fn of(key: &SubjectPublicKeyInfo<'_>) -> Result<Value, KeyError> {
    if key.algorithm.algorithm == OID_SIG_ED25519 {
        return Ok(jwk::ed25519(&key.subject_public_key.data));
    }
    match key.parsed().map_err(|_| KeyError::Malformed)? {
        PublicKey::RSA(rsa) => Ok(jwk::rsa(unpadded(rsa.modulus), unpadded(rsa.exponent))),
        PublicKey::EC(point) => {
            let curve = key
                .algorithm
                .parameters
                .as_ref()
                .and_then(|it| it.as_oid().ok());
            let data = point.data();
            if curve != Some(OID_EC_P256) {
                return Err(KeyError::Unsupported);
            }
            if data.len() != 65 || data[0] != 4 {
                return Err(KeyError::Malformed);
            }
            Ok(jwk::p256(data))
        }
        PublicKey::DSA(_)
        | PublicKey::GostR3410(_)
        | PublicKey::GostR3410_2012(_)
        | PublicKey::Unknown(_) => Err(KeyError::Unsupported),
    }
}

/// A number of DER without the zero that keeps it from being negative.
fn unpadded(number: &[u8]) -> &[u8] {
    number.strip_prefix(&[0]).unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const P256: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9
q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==
-----END PUBLIC KEY-----";

    #[test]
    fn a_pem_file_is_read_as_the_key_it_holds() {
        let jwk = public_jwk(P256).unwrap();
        assert_eq!(jwk["crv"], "P-256");
        assert!(crate::crypto::verifier::Verifier::from_jwk(&jwk).is_ok());
        let ed25519 = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----";
        assert_eq!(public_jwk(ed25519).unwrap()["kty"], "OKP");
    }

    #[test]
    fn what_is_no_public_key_is_refused() {
        for text in [
            "",
            "x",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        ] {
            assert_eq!(public_jwk(text), Err(KeyError::Malformed));
        }
    }
}
