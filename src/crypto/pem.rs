//! Public keys as PEM files have them (RFC 7468 §13), read into JWKs.

use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer, pem::PemObject};
use serde_json::Value;
use x509_parser::{
    prelude::{FromDer, X509Certificate},
    x509::SubjectPublicKeyInfo,
};

use super::{spki::jwk_of, verifier::KeyError};

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
        return jwk_of(certificate.1.public_key());
    }
    let der = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes());
    let der = der.map_err(|_| KeyError::Malformed)?;
    let (_, key) = SubjectPublicKeyInfo::from_der(&der).map_err(|_| KeyError::Malformed)?;
    jwk_of(&key)
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
