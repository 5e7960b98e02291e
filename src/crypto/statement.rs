//! Statements: texts that this server signed, for whoever holds them against it later.
//!
//! Ed25519 (RFC 8032) over the text and what kind of statement it is, so that none passes for another kind.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

/// A key that signs statements.
pub struct StatementKey(Ed25519KeyPair);

impl StatementKey {
    /// The key of this seed. The caller wipes its copy.
    ///
    /// # Panics
    /// Never: any 32 bytes are a seed (RFC 8032 §5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("any 32 bytes are a seed");
        Self(pair)
    }

    /// The signature of `text` as a statement of this kind.
    pub fn sign(&self, kind: &str, text: &[u8]) -> Vec<u8> {
        self.0.sign(&signed(kind, text)).as_ref().to_vec()
    }

    /// The public key, 32 bytes.
    pub fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }
}

impl fmt::Debug for StatementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StatementKey(..)")
    }
}

/// Whether `signature` is that of `text` as a statement of this kind, under the key `public`.
pub fn is_signed(public: &[u8], (kind, text): (&str, &[u8]), signature: &[u8]) -> bool {
    let key = UnparsedPublicKey::new(&ED25519, public);
    key.verify(&signed(kind, text), signature).is_ok()
}

/// What is signed: the kind, a line feed, the text.
fn signed(kind: &str, text: &[u8]) -> Vec<u8> {
    [kind.as_bytes(), b"\n", text].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_one_text_of_one_kind_by_one_key() {
        let key = StatementKey::from_seed(&[7; 32]);
        let signature = key.sign("kind", b"text");

        assert!(is_signed(key.public(), ("kind", b"text"), &signature));
        assert!(!is_signed(key.public(), ("kind", b"texT"), &signature));
        assert!(!is_signed(key.public(), ("other", b"text"), &signature));
        let other = StatementKey::from_seed(&[8; 32]);
        assert!(!is_signed(other.public(), ("kind", b"text"), &signature));
        assert!(!is_signed(b"short", ("kind", b"text"), &signature));
        for byte in 0..signature.len() {
            let mut changed = signature.clone();
            changed[byte] ^= 1;
            assert!(!is_signed(key.public(), ("kind", b"text"), &changed));
        }
    }

    #[test]
    fn debug_keeps_quiet() {
        let key = StatementKey::from_seed(&[7; 32]);
        assert_eq!(format!("{key:?}"), "StatementKey(..)");
    }
}
