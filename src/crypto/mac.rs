//! HMAC-SHA-256, for look-ups and proofs: what we keep of a secret, and tags nobody else can make.
//!
//! Every comparison here takes the same time whatever it finds.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac::{self, HMAC_SHA256},
};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::crypto::text;

/// SHA-256 of `bytes`: a name for what is itself too random to guess.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// A key for HMAC-SHA-256, its schedule computed once. Clones share it.
#[derive(Clone)]
pub struct MacKey(Arc<hmac::Key>);

impl MacKey {
    /// A key from 32 random bytes. The caller wipes its copy.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(Arc::new(hmac::Key::new(HMAC_SHA256, key)))
    }

    /// The tag of `data`.
    pub fn digest(&self, data: &[u8]) -> [u8; 32] {
        self.digest_parts(&[data])
    }

    /// The tag of all `parts` as one text. Boundaries are *not* part of it: prefix lengths where they matter.
    pub fn digest_parts(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(part);
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.sign().as_ref());
        digest
    }

    /// A key for something else: nothing that is digested as a text begins with a zero byte, so that none of
    /// those digests is it.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        self.digest_parts(&[&[0], purpose.as_bytes()])
    }

    /// Whether `tag` is the tag of `data`, in constant time.
    pub fn matches(&self, data: &[u8], tag: &[u8; 32]) -> bool {
        self.digest(data).ct_eq(tag).into()
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(..)")
    }
}

/// What is kept of a secret of 112 bits or more: its tag under a key of ours (NIST SP 800-63B §5.1.2.2).
///
/// Compared in constant time, by `==` too. Written as base64url.
#[derive(Clone, Deserialize, Serialize)]
#[serde(into = "String", try_from = "String")]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// Wraps a tag made by [`MacKey::digest`].
    pub fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Whether both are of the same secret, in constant time.
    pub fn matches(&self, other: &SecretDigest) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// The tag itself, for a store or a further digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(..)")
    }
}

impl Eq for SecretDigest {}

impl PartialEq for SecretDigest {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other)
    }
}

impl From<SecretDigest> for String {
    fn from(digest: SecretDigest) -> Self {
        text::base64url(digest.0)
    }
}

impl TryFrom<String> for SecretDigest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        let bytes = text::from_base64url(&text).ok_or(DigestError)?;
        Ok(Self(bytes.try_into().map_err(|_| DigestError)?))
    }
}

/// The text is no digest.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a secret's digest is 32 bytes in base64url")]
pub struct DigestError;

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> MacKey {
        MacKey::new(&[0x0b; 32])
    }

    #[test]
    fn rfc_4231_4_2_key_zero_padded_to_32_bytes() {
        // HMAC pads keys with zeros to a block, so the RFC's 20-byte key and this one are the same key.
        let mut bytes = [0; 32];
        bytes[..20].fill(0x0b);

        let digest = MacKey::new(&bytes).digest(b"Hi There");

        assert_eq!(
            digest[..8],
            [0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53]
        );
        assert_eq!(
            digest[24..],
            [
                0x88, 0x1d, 0xc2, 0x00, 0xc9, 0x83, 0x3d, 0xa7, 0x26, 0xe9, 0x37, 0x6c, 0x2e, 0x32,
                0xcf, 0xf7
            ][8..]
        );
    }

    #[test]
    fn parts_are_digested_as_one_text() {
        assert_eq!(
            key().digest_parts(&[b"ab", b"", b"c"]),
            key().digest(b"abc")
        );
        assert_eq!(key().digest_parts(&[]), key().digest(b""));
    }

    #[test]
    fn only_the_right_tag_matches() {
        let tag = key().digest(b"text");

        assert!(key().matches(b"text", &tag));
        assert!(!key().matches(b"texT", &tag));
        assert!(!MacKey::new(&[0x0c; 32]).matches(b"text", &tag));
        for byte in 0..32 {
            let mut wrong = tag;
            wrong[byte] ^= 1;
            assert!(!key().matches(b"text", &wrong));
        }
    }

    #[test]
    fn digests_are_equal_if_their_secrets_are() {
        let digest = |secret: &[u8]| SecretDigest::new(key().digest(secret));

        assert_eq!(digest(b"a"), digest(b"a"));
        assert_ne!(digest(b"a"), digest(b"b"));
    }

    #[test]
    fn a_digest_is_kept_as_text() {
        let digest = SecretDigest::new([0xff; 32]);

        let json = serde_json::to_string(&digest).unwrap();

        assert_eq!(json, format!("\"{}8\"", "_".repeat(42)));
        assert_eq!(serde_json::from_str::<SecretDigest>(&json).unwrap(), digest);
        for wrong in [
            "\"\"",
            "\"AAAA\"",
            "5",
            &json.replace('8', "9"),
            &json.replace('8', "8="),
        ] {
            assert!(
                serde_json::from_str::<SecretDigest>(wrong).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn debug_keeps_quiet() {
        assert_eq!(format!("{:?}", key()), "MacKey(..)");
        assert_eq!(
            format!("{:?}", SecretDigest::new([7; 32])),
            "SecretDigest(..)"
        );
    }

    #[test]
    fn a_derived_key_is_the_keys_and_the_purposes_own() {
        let derived = key().derive("checkpoints");

        assert_eq!(derived, key().derive("checkpoints"));
        assert_ne!(derived, key().derive("checkpoint"));
        assert_ne!(derived, MacKey::new(&[0x0c; 32]).derive("checkpoints"));
        assert_ne!(derived, key().digest(b"checkpoints"));
    }
}
