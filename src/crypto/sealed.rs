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
        let mut room = Room::default();
        let key = self.sealer.open(place, wrapped, &mut room)?;
        let key = key.try_into().map_err(|_| SealError::Broken)?;
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
        let mut room = Room::default();
        self.open_in(&mut room, table, record, sealed)?;
        Ok(room.0)
    }

    /// Opens it in `room`, which many records can use one after the other.
    pub fn open_in<'r>(
        &self,
        room: &'r mut Room,
        table: &str,
        record: &[u8],
        sealed: &[u8],
    ) -> Result<&'r [u8], SealError> {
        self.0
            .open(Place::new("jeton record", table, record), sealed, room)
    }
}

/// Where records are opened. What lies in it is wiped with it, not before each further one.
#[derive(Default)]
pub struct Room(Zeroizing<Vec<u8>>);

impl Room {
    /// With nothing in it but these bytes.
    fn fill(&mut self, bytes: &[u8]) -> &mut Vec<u8> {
        if self.0.capacity() < bytes.len() {
            // Never grown: that would leave the old bytes behind.
            self.0 = Zeroizing::new(Vec::with_capacity(bytes.len().next_power_of_two()));
        }
        self.0.clear();
        self.0.extend_from_slice(bytes);
        &mut self.0
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Room(..)")
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

    fn open<'r>(
        &self,
        place: Place,
        sealed: &[u8],
        room: &'r mut Room,
    ) -> Result<&'r [u8], SealError> {
        if sealed.len() < HEAD + TAG {
            return Err(SealError::Broken);
        }
        if sealed[0] != VERSION {
            return Err(SealError::Version(sealed[0]));
        }
        let nonce =
            Nonce::try_assume_unique_for_key(&sealed[1..HEAD]).map_err(|_| SealError::Broken)?;
        let plain = room.fill(&sealed[HEAD..]);
        let len = self
            .0
            .open_in_place(nonce, place.0, plain)
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
        let parts = [label.as_bytes(), group.as_bytes(), member];
        let mut data =
            Vec::with_capacity(1 + parts.iter().map(|part| 8 + part.len()).sum::<usize>());
        data.push(VERSION);
        for part in parts {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn master(byte: u8) -> MasterKey {
        MasterKey::new(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn a_master_key_comes_back_from_its_text() {
        let key = MasterKey::generate(&Entropy::seeded(1));

        let text = key.to_text();
        let read = MasterKey::parse(&format!("  {}\r\n", *text)).unwrap();

        assert_eq!(text.len(), 49);
        assert_eq!(read.key, key.key);
        assert_eq!(read.id(), key.id());
    }

    #[test]
    fn the_id_of_a_master_key_never_changes() {
        assert_eq!(master(7).id(), "5859a190");
        assert_ne!(master(7).id(), master(8).id());
    }

    #[test]
    fn other_texts_are_no_master_key() {
        let text = master(7).to_text();
        for wrong in [
            "",
            "jtnmk_",
            &text[6..],
            &text[..48],
            &format!("{}A", *text),
            &format!("{}=", *text),
            &format!("jtnmk_ {}", &text[6..]),
            &format!("# key\n{}", *text),
            &text.replace("jtnmk", "JTNMK"),
            // The last character carries two bits of nothing, which must be zero.
            &format!("{}d", &text[..48]),
        ] {
            assert_eq!(
                MasterKey::parse(wrong).err(),
                Some(MasterKeyError),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn a_wrapped_key_unwraps_for_its_purpose_and_id_alone() {
        let entropy = Entropy::seeded(1);
        let wrapped = master(7).wrap("audit", "k1", &[9; 32], &entropy);

        assert_eq!(
            *master(7).unwrap_key("audit", "k1", &wrapped).unwrap(),
            [9; 32]
        );
        assert_eq!(
            master(7).unwrap_key("pepper", "k1", &wrapped),
            Err(SealError::Broken)
        );
        assert_eq!(
            master(7).unwrap_key("audit", "k2", &wrapped),
            Err(SealError::Broken)
        );
        assert_eq!(
            master(7).unwrap_key("auditk", "1", &wrapped),
            Err(SealError::Broken)
        );
        assert_eq!(
            master(8).unwrap_key("audit", "k1", &wrapped),
            Err(SealError::Broken)
        );
    }

    #[test]
    fn a_record_opens_in_its_place_alone() {
        let entropy = Entropy::seeded(1);
        let key = SealingKey::new(&[3; 32]);
        let sealed = key.seal("keys", b"a1", b"plain", &entropy);

        assert_eq!(
            key.open("keys", b"a1", &sealed).unwrap().as_slice(),
            b"plain"
        );
        assert_eq!(key.open("keyt", b"a1", &sealed), Err(SealError::Broken));
        assert_eq!(key.open("keys", b"a2", &sealed), Err(SealError::Broken));
        assert_eq!(key.open("keysa", b"1", &sealed), Err(SealError::Broken));
        assert_eq!(key.open("", b"keysa1", &sealed), Err(SealError::Broken));
        assert_eq!(
            SealingKey::new(&[4; 32]).open("keys", b"a1", &sealed),
            Err(SealError::Broken)
        );
    }

    #[test]
    fn records_open_one_after_the_other_in_one_room() {
        let entropy = Entropy::seeded(1);
        let key = SealingKey::new(&[3; 32]);
        let texts: [&[u8]; 5] = [
            b"one",
            b"",
            b"a longer one than all before it",
            b"on",
            &[7; 5000],
        ];
        let mut room = Room::default();

        for text in texts {
            let sealed = key.seal("keys", b"a1", text, &entropy);
            assert_eq!(key.open_in(&mut room, "keys", b"a1", &sealed), Ok(text));
            // What grows as a vector does leaves its bytes behind where it was.
            assert!(room.0.capacity().is_power_of_two());
            assert_eq!(
                key.open_in(&mut room, "keys", b"a2", &sealed),
                Err(SealError::Broken)
            );
        }
        assert_eq!(format!("{room:?}"), "Room(..)");
    }

    #[test]
    fn a_wrapped_key_is_no_record_even_under_one_key() {
        let entropy = Entropy::seeded(1);
        let wrapped = master(7).wrap("keys", "a1", &[9; 32], &entropy);

        let opened = SealingKey::new(&[7; 32]).open("keys", b"a1", &wrapped);

        assert_eq!(opened, Err(SealError::Broken));
    }

    #[test]
    fn a_box_cut_short_or_changed_anywhere_does_not_open() {
        let key = SealingKey::new(&[3; 32]);
        let sealed = key.seal("keys", b"a1", b"plain", &Entropy::seeded(1));

        for len in 0..sealed.len() {
            assert_eq!(
                key.open("keys", b"a1", &sealed[..len]),
                Err(SealError::Broken)
            );
        }
        for byte in 1..sealed.len() {
            let mut changed = sealed.clone();
            changed[byte] ^= 0x80;
            assert_eq!(key.open("keys", b"a1", &changed), Err(SealError::Broken));
        }
        let longer = [sealed.as_slice(), &[0]].concat();
        assert_eq!(key.open("keys", b"a1", &longer), Err(SealError::Broken));
    }

    #[test]
    fn a_box_of_a_later_format_says_so() {
        let key = SealingKey::new(&[3; 32]);
        let mut sealed = key.seal("keys", b"a1", b"plain", &Entropy::seeded(1));

        sealed[0] = 2;

        assert_eq!(key.open("keys", b"a1", &sealed), Err(SealError::Version(2)));
    }

    #[test]
    fn the_same_text_is_sealed_differently_each_time() {
        let entropy = Entropy::seeded(1);
        let key = SealingKey::new(&[3; 32]);

        let first = key.seal("keys", b"a1", b"", &entropy);
        let second = key.seal("keys", b"a1", b"", &entropy);

        assert_eq!(first.len(), 29);
        assert_ne!(first, second);
        assert_eq!(key.open("keys", b"a1", &first).unwrap().as_slice(), b"");
    }

    #[test]
    fn a_key_of_another_length_is_no_wrapped_key() {
        let place = Place::new("jeton wrapped key", "audit", b"k1");
        let wrapped = master(7).sealer.seal(place, &[9; 31], &Entropy::seeded(1));

        assert_eq!(
            master(7).unwrap_key("audit", "k1", &wrapped),
            Err(SealError::Broken)
        );
    }

    #[test]
    fn the_format_of_boxes_is_what_another_implementation_makes() {
        // Made with another library's AES-256-GCM-SIV, from the format as documented here.
        let sealed =
            text::from_base64url("AQABAgMEBQYHCAkKC7JbsNFArMt9DJxtBuprELd-akCIig").unwrap();

        let plain = SealingKey::new(&[3; 32])
            .open("keys", b"a1", &sealed)
            .unwrap();

        assert_eq!(plain.as_slice(), b"plain");
        let wrapped = text::from_base64url(
            "AQABAgMEBQYHCAkKC7uO5QLKASshUbMf0ATDHHWDKTkoo9UePqmG2P-MUgqQ7kLzVl0XRD5Dp0UFhlwayA",
        )
        .unwrap();
        assert_eq!(
            *master(7).unwrap_key("audit", "k1", &wrapped).unwrap(),
            [9; 32]
        );
    }

    #[test]
    fn debug_keeps_quiet() {
        assert_eq!(format!("{:?}", master(7)), "MasterKey(5859a190)");
        assert_eq!(format!("{:?}", SealingKey::new(&[3; 32])), "SealingKey(..)");
    }
}
