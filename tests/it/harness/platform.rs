//! A platform that gives its workloads tokens, with whatever header it likes.

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{self, KeySize},
    signature::{self, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RsaEncoding},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// Its key, and what it is called.
pub(crate) struct Platform {
    key: Key,
    kid: &'static str,
}

enum Key {
    Ec(EcdsaKeyPair),
    Rsa(rsa::KeyPair),
}

impl Platform {
    /// One whose key is on P-256.
    pub(crate) fn with_ec(kid: &'static str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self {
            key: Key::Ec(key),
            kid,
        }
    }

    /// One whose key is of RSA, with 2048 bits.
    pub(crate) fn with_rsa(kid: &'static str) -> Self {
        Self {
            key: Key::Rsa(rsa::KeyPair::generate(KeySize::Rsa2048).unwrap()),
            kid,
        }
    }

    /// The public key, with these members besides: it names no algorithm by itself.
    pub(crate) fn jwk(&self, more: &Value) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match &self.key {
            Key::Ec(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = (text(&point[1..33]), text(&point[33..]));
                json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": self.kid })
            }
            Key::Rsa(pair) => {
                let (n, e) = (pair.public_key().modulus(), pair.public_key().exponent());
                let n = text(n.big_endian_without_leading_zero());
                let e = text(e.big_endian_without_leading_zero());
                json!({ "kty": "RSA", "n": n, "e": e, "kid": self.kid })
            }
        };
        for (name, value) in more.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        jwk
    }

    /// A token: `header` says its `alg`, and of RSA's it is signed so. What it names is added if it names no key.
    pub(crate) fn token(&self, header: &Value, claims: &Value) -> String {
        let mut header = header.clone();
        if header.get("kid").is_none() {
            header["kid"] = self.kid.into();
        }
        let parts = [&header, claims].map(|it| URL_SAFE_NO_PAD.encode(it.to_string()));
        let signed = parts.join(".");
        let signature = match &self.key {
            Key::Ec(pair) => {
                let signature = pair.sign(&SystemRandom::new(), signed.as_bytes());
                signature.unwrap().as_ref().to_vec()
            }
            Key::Rsa(pair) => {
                let padding: &dyn RsaEncoding = match header["alg"].as_str() {
                    Some("PS256") => &signature::RSA_PSS_SHA256,
                    Some("RS512") => &signature::RSA_PKCS1_SHA512,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                let random = SystemRandom::new();
                pair.sign(padding, &random, signed.as_bytes(), &mut signature)
                    .unwrap();
                signature
            }
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
