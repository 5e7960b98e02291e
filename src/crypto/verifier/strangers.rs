//! Keys of others, for tests: of every algorithm with a public half, also those that this server signs nothing with.

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
        ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
        RsaKeyPair, RsaSignatureEncoding,
    },
};
use serde_json::Value;

use crate::crypto::{algorithm::JwsAlgorithm, curve::Curve, jwk, text};

/// A key pair that is somebody else's.
pub(crate) struct Stranger {
    pub(crate) algorithm: JwsAlgorithm,
    key: Key,
}

enum Key {
    Ec(EcdsaKeyPair, Curve),
    Rsa(RsaKeyPair, &'static RsaSignatureEncoding),
    Ed25519(Ed25519KeyPair),
}

impl Stranger {
    /// One of each algorithm.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let all = JwsAlgorithm::ALL.into_iter();
        all.filter(|it| !it.is_symmetric()).map(Self::of)
    }

    pub(crate) fn of(algorithm: JwsAlgorithm) -> Self {
        let ec = |signing, curve| Key::Ec(EcdsaKeyPair::generate(signing).unwrap(), curve);
        let rsa = |encoding| Key::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap(), encoding);
        let key = match algorithm {
            JwsAlgorithm::Es256 => ec(&ECDSA_P256_SHA256_FIXED_SIGNING, Curve::P256),
            JwsAlgorithm::Es384 => ec(&ECDSA_P384_SHA384_FIXED_SIGNING, Curve::P384),
            JwsAlgorithm::Es512 => ec(&ECDSA_P521_SHA512_FIXED_SIGNING, Curve::P521),
            JwsAlgorithm::Rs256 => rsa(&RSA_PKCS1_SHA256),
            JwsAlgorithm::Rs384 => rsa(&RSA_PKCS1_SHA384),
            JwsAlgorithm::Rs512 => rsa(&RSA_PKCS1_SHA512),
            JwsAlgorithm::Ps256 => rsa(&RSA_PSS_SHA256),
            JwsAlgorithm::Ps384 => rsa(&RSA_PSS_SHA384),
            JwsAlgorithm::Ps512 => rsa(&RSA_PSS_SHA512),
            JwsAlgorithm::EdDsa => Key::Ed25519(Ed25519KeyPair::generate().unwrap()),
            JwsAlgorithm::Hs256 => panic!("a secret has no public half"),
        };
        Self { algorithm, key }
    }

    /// The public half, for this algorithm.
    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = match &self.key {
            Key::Ec(pair, curve) => jwk::ec(*curve, pair.public_key().as_ref()),
            Key::Rsa(pair, _) => {
                let key = pair.public_key();
                jwk::rsa(
                    key.modulus().big_endian_without_leading_zero(),
                    key.exponent().big_endian_without_leading_zero(),
                )
            }
            Key::Ed25519(pair) => jwk::ed25519(pair.public_key().as_ref()),
        };
        jwk["alg"] = self.algorithm.as_str().into();
        jwk
    }

    pub(crate) fn signature(&self, signed: &str) -> Vec<u8> {
        let (signed, rng) = (signed.as_bytes(), SystemRandom::new());
        match &self.key {
            Key::Ec(pair, _) => pair.sign(&rng, signed).unwrap().as_ref().to_vec(),
            Key::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &rng, signed, &mut signature).unwrap();
                signature
            }
            Key::Ed25519(pair) => pair.sign(signed).as_ref().to_vec(),
        }
    }

    /// A JWT of exactly this header and these claims.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let (header, claims) = (header.to_string(), claims.to_string());
        let signed = format!("{}.{}", text::base64url(header), text::base64url(claims));
        let signature = text::base64url(self.signature(&signed));
        format!("{signed}.{signature}")
    }
}
