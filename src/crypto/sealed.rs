//! Secrets at rest: random keys wrapped by the master key, and records sealed by those keys.
//!
//! AES-256-GCM-SIV (RFC 8452): a nonce that repeats gives away only that two texts are equal. What a box is
//! for is part of the seal: moved to another table, record or purpose, it does not open. Nothing is derived
//! straight from the master key, so changing it means wrapping a handful of keys anew.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{self, SHA256};
use zeroize::Zeroizing;

use crate::crypto::random::Entropy;
use crate::crypto::text;

/// The key to all keys: the one secret that lives outside the data file.
///
/// No `Clone`, no `Serialize`; `Debug` shows its id.
pub struct MasterKey {
    key: Zeroizing<[u8; 32]>,
    sealer: Sealer,
    id: String,
}

impl MasterKey {
    /// A new one.
    pub fn generate(entropy: &Entropy) -> Self {
        Self::new(Zeroizing::new(entropy.bytes()))
    }

    /// Reads the text form, white space around it forgiven.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(MasterKeyError)?;
        let bytes = Zeroizing::new(text::from_base64url(encoded).ok_or(MasterKeyError)?);
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| MasterKeyError)?;
        Ok(Self::new(Zeroizing::new(key)))
    }

    /// The text form, for its file: `jtnmk_` and 43 characters of base64url.
    pub fn to_text(&self) -> Zeroizing<String> {
        // With room for all, so that no half of it stays behind in a smaller allocation.
        let mut text = String::with_capacity(PREFIX.len() + text::base64url_len(self.key.len()));
        text.push_str(PREFIX);
        text::append_base64url(self.key.as_slice(), &mut text);
        Zeroizing::new(text)
    }

    /// Which master key this is, in eight hexadecimal digits. Not secret: it says nothing of the key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Wraps `key`, to be unwrapped only as the key `id` for `purpose`.
    pub fn wrap(&self, purpose: &str, id: &str, key: &[u8; 32], entropy: &Entropy) -> Vec<u8> {
        let place = Place::new("jeton wrapped key", purpose, id.as_bytes());
        self.sealer.seal(place, key, entropy)
    }

    /// Unwraps what [`wrap`](Self::wrap) made for this purpose and id.
    pub fn unwrap_key(
        &self,
        purpose: &str,
        id: &str,
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, SealError> {
        let place = Place::new("jeton wrapped key", purpose, id.as_bytes());
        let key = self.sealer.open(place, wrapped)?;
        let key = key.as_slice().try_into().map_err(|_| SealError::Broken)?;
        Ok(Zeroizing::new(key))
    }

    fn new(key: Zeroizing<[u8; 32]>) -> Self {
        let mut context = digest::Context::new(&SHA256);
        context.update(b"jeton master key id");
        context.update(key.as_slice());
        let digest = context.finish();
        let start = digest.as_ref().iter().take(4);
        let id = start.fold(String::new(), |id, byte| id + &format!("{byte:02x}"));
        Self {
            sealer: Sealer::new(&key),
            key,
            id,
        }
    }
}

const PREFIX: &str = "jtnmk_";

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id)
    }
}

/// The text is no master key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a master key is {PREFIX} followed by 43 characters of base64url")]
pub struct MasterKeyError;

/// A key that seals records, each to its place.
pub struct SealingKey(Sealer);

impl SealingKey {
    /// A key from 32 random bytes. The caller wipes its copy.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(Sealer::new(key))
    }

    /// Seals `plain`, to be opened only as this record of this table.
    pub fn seal(&self, table: &str, record: &[u8], plain: &[u8], entropy: &Entropy) -> Vec<u8> {
        self.0
            .seal(Place::new("jeton record", table, record), plain, entropy)
    }

    /// Opens what [`seal`](Self::seal) made for this record of this table.
    pub fn open(
        &self,
        table: &str,
        record: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.0
            .open(Place::new("jeton record", table, record), sealed)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(..)")
    }
}

/// A sealed box: the version, 12 bytes of nonce, the ciphertext, 16 bytes of tag.
struct Sealer(LessSafeKey);

impl Sealer {
    fn new(key: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM_SIV, key).expect("the algorithm takes 32 bytes");
        Self(LessSafeKey::new(key))
    }

    fn seal(&self, place: Place, plain: &[u8], entropy: &Entropy) -> Vec<u8> {
        let nonce = entropy.bytes::<NONCE_LEN>();
        let mut sealed = Vec::with_capacity(HEAD + plain.len() + TAG);
        sealed.push(VERSION);
        sealed.extend(nonce);
        sealed.extend(plain);
        let tag = self
            .0
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                place.0,
                &mut sealed[HEAD..],
            )
            .expect("what fits in memory is short enough to seal");
        sealed.extend(tag.as_ref());
        sealed
    }

    fn open(&self, place: Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        if sealed.len() < HEAD + TAG {
            return Err(SealError::Broken);
        }
        if sealed[0] != VERSION {
            return Err(SealError::Version(sealed[0]));
        }
        let nonce =
            Nonce::try_assume_unique_for_key(&sealed[1..HEAD]).map_err(|_| SealError::Broken)?;
        let mut plain = Zeroizing::new(sealed[HEAD..].to_vec());
        let len = self
            .0
            .open_in_place(nonce, place.0, &mut plain)
            .map_err(|_| SealError::Broken)?
            .len();
        plain.truncate(len);
        Ok(plain)
    }
}

const VERSION: u8 = 1;
const HEAD: usize = 1 + NONCE_LEN;
const TAG: usize = 16;

/// Where a box belongs, as data that the seal covers. Each part has its length in front, so no two places look alike.
struct Place(Aad<Vec<u8>>);

impl Place {
    fn new(label: &str, group: &str, member: &[u8]) -> Self {
        let mut data = vec![VERSION];
        for part in [label.as_bytes(), group.as_bytes(), member] {
            data.extend((part.len() as u64).to_be_bytes());
            data.extend(part);
        }
        Self(Aad::from(data))
    }
}

/// Why a box did not open.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SealError {
    /// Another key, another place, or changed bytes: they cannot be told apart.
    #[error("the sealed data does not open: wrong key, wrong place, or damage")]
    Broken,
    /// Written by a version that seals in another way.
    #[error("the sealed data has format {0}, which this version does not know")]
    Version(u8),
}
