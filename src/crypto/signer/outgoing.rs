//! What a client signs: assertions of who it is, and proofs that it has a key.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::KeyPair as RsaKeyPair,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;

use super::{Algorithm, PrivateKey, SignError, Signer, Typ};
use crate::crypto::{mac::sha256, text, verifier::KeyError};

impl Signer {
    /// What signs with a key as files have it: PKCS #8, or the older forms of EC and RSA. Which algorithm that
    /// is follows from the key; an RSA key could have several, and has `rsa`.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] if it is of another kind than P-256, Ed25519 and RSA.
    pub fn from_der(key: &PrivateKeyDer<'_>, rsa: Algorithm) -> Result<Self, KeyError> {
        let unsupported = |_| KeyError::Unsupported;
        let bytes = match key {
            PrivateKeyDer::Pkcs8(key) => key.secret_pkcs8_der().to_vec(),
            PrivateKeyDer::Sec1(key) => {
                let der = key.secret_sec1_der();
                let pair =
                    EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der);
                let document = pair.map_err(unsupported)?.to_pkcs8v1();
                let document = document.map_err(|_| KeyError::Malformed)?;
                document.as_ref().to_vec()
            }
            PrivateKeyDer::Pkcs1(key) => {
                let pair = RsaKeyPair::from_der(key.secret_pkcs1_der()).map_err(unsupported)?;
                let document: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Malformed)?;
                document.as_ref().to_vec()
            }
            _ => return Err(KeyError::Unsupported),
        };
        let private = PrivateKey::from_bytes(bytes);
        [Algorithm::Es256, Algorithm::EdDsa, rsa]
            .into_iter()
            .find_map(|algorithm| Self::from_private(algorithm, &private).ok())
            .ok_or(KeyError::Unsupported)
    }

    /// What signs with a client's secret (`client_secret_jwt`).
    ///
    /// # Errors
    /// [`KeyError::Size`] if it has fewer than 32 bytes (RFC 7518 §3.2).
    pub fn from_secret(secret: &str) -> Result<Self, KeyError> {
        let bytes = secret.as_bytes();
        // What HMAC does with a key that is longer than a block of its hash (RFC 2104 §2).
        let bytes = if bytes.len() > 64 {
            sha256(bytes).to_vec()
        } else {
            bytes.to_vec()
        };
        Self::from_private(Algorithm::Hs256, &PrivateKey::from_bytes(bytes))
    }

    /// Signs an assertion (RFC 7523 §3). It names no key: a server calls the key as it was told to.
    ///
    /// # Errors
    /// Signing fails.
    pub fn sign_assertion(&self, claims_json: &[u8]) -> Result<String, SignError> {
        let typ = Typ::ClientAuthentication.as_str();
        let header = json!({ "alg": self.algorithm.as_str(), "typ": typ });
        self.sign_under(&header.to_string(), claims_json)
    }

    /// Signs a proof of having this key, which brings along the public half (RFC 9449 §4.2).
    ///
    /// # Errors
    /// Signing fails.
    pub fn sign_proof(&self, claims_json: &[u8]) -> Result<String, SignError> {
        let typ = Typ::DpopProof.as_str();
        let jwk = self.key.public_jwk();
        let header = json!({ "alg": self.algorithm.as_str(), "typ": typ, "jwk": jwk });
        self.sign_under(&header.to_string(), claims_json)
    }

    fn sign_under(&self, header: &str, claims_json: &[u8]) -> Result<String, SignError> {
        let mut token = text::base64url(header);
        token.push('.');
        text::append_base64url(claims_json, &mut token);
        self.key.sign_at_the_end(&mut token)?;
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject;

    use super::*;
    use crate::crypto::{jws::decode_unverified, random::Entropy};

    fn read(pem: &str) -> Result<Signer, KeyError> {
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap();
        Signer::from_der(&der, Algorithm::Ps256)
    }

    #[test]
    fn the_algorithm_follows_from_the_key() {
        let pem = |algorithm| {
            rcgen::KeyPair::generate_for(algorithm)
                .unwrap()
                .serialize_pem()
        };
        let algorithm = |pem: &str| read(pem).map(|it| it.algorithm());

        assert_eq!(
            algorithm(&pem(&rcgen::PKCS_ECDSA_P256_SHA256)),
            Ok(Algorithm::Es256)
        );
        assert_eq!(algorithm(&pem(&rcgen::PKCS_ED25519)), Ok(Algorithm::EdDsa));
        let p384 = pem(&rcgen::PKCS_ECDSA_P384_SHA384);
        assert_eq!(algorithm(&p384), Err(KeyError::Unsupported));
        let (_, rsa) = Signer::generate(Algorithm::Rs256, &Entropy::seeded(1));
        let rsa = PrivateKeyDer::Pkcs8(rsa.as_bytes().to_vec().into());
        for asked in [Algorithm::Rs256, Algorithm::Ps256] {
            let signer = Signer::from_der(&rsa, asked).unwrap();
            assert_eq!(signer.algorithm(), asked);
        }
    }

    /// The key of RFC 7515 §A.3 as `openssl ecparam -genkey` would write it (RFC 5915).
    #[test]
    fn the_older_form_of_a_key_is_read_as_well() {
        let pem = "-----BEGIN EC PRIVATE KEY-----
MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49
AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b
focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==
-----END EC PRIVATE KEY-----";

        let signer = read(pem).unwrap();

        let jwk = signer.public_jwk().unwrap();
        assert_eq!(jwk["x"], "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
    }

    /// PKCS #8 of an RSA key is PKCS #1 in an envelope (RFC 5208 §5, RFC 8017 §A.1.2).
    #[test]
    fn the_older_form_of_an_rsa_key_is_read_as_well() {
        let (signer, private) = Signer::generate(Algorithm::Ps256, &Entropy::seeded(1));
        let envelope = private.as_bytes();
        let inner = envelope
            .windows(6)
            .position(|it| it[..2] == [0x04, 0x82] && it[4..] == [0x30, 0x82])
            .unwrap();
        let older = PrivateKeyDer::Pkcs1(envelope[inner + 4..].to_vec().into());

        let read = Signer::from_der(&older, Algorithm::Ps256).unwrap();

        assert_eq!(read.public_jwk(), signer.public_jwk());
    }

    #[test]
    fn a_long_secret_signs_as_any_other_does() {
        for secret in [
            "x".repeat(32),
            "x".repeat(64),
            "y".repeat(65),
            "z".repeat(1024),
        ] {
            let signed = Signer::from_secret(&secret).unwrap().sign_assertion(b"{}");

            let verifier = crate::crypto::verifier::Verifier::secret(secret.as_bytes());
            assert!(
                verifier
                    .verify(Typ::ClientAuthentication, &signed.unwrap())
                    .is_ok()
            );
        }
        let short = Signer::from_secret(&"x".repeat(31));
        assert_eq!(short.err(), Some(KeyError::Size));
    }

    /// DP-04
    #[test]
    fn a_proof_brings_the_public_key_and_nothing_of_the_private_one() {
        let (signer, _) = Signer::generate(Algorithm::Es256, &Entropy::seeded(1));

        let proof = signer.sign_proof(b"{}").unwrap();

        let (header, _) = decode_unverified(&proof).unwrap();
        let members: Vec<_> = header["jwk"].as_object().unwrap().keys().collect();
        assert_eq!(members, ["crv", "kty", "x", "y"]);
        assert!(signer.verify(Typ::DpopProof, &proof).is_ok());
    }
}
