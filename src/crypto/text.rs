//! Bytes as text: base64url without padding, and the checksum at the end of our secrets.
//!
//! Decoding is strict: one byte string has one text, so a token or digest cannot be respelled.

use std::{fmt, marker::PhantomData, str::FromStr};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{
    Deserializer,
    de::{self, Visitor},
};
use zeroize::Zeroizing;

/// The digits of base62 in order of value: `0-9`, then `A-Z`, then `a-z`.
pub const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The CRC-32 (IEEE) of `text` as exactly six digits of [`BASE62`], highest first.
///
/// Tells a mistyped or made-up secret from a real one without a look-up. It is no MAC: anyone can compute it.
pub fn base62_checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.map(char::from).iter().collect()
}

/// `bytes` in base64url without padding (RFC 4648 §5).
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends `bytes` to `target` in base64url without padding, in place.
pub fn append_base64url(bytes: &[u8], target: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, target);
}

/// How many characters `len` bytes take in base64url without padding.
pub const fn base64url_len(len: usize) -> usize {
    (len * 4).div_ceil(3)
}

/// The bytes behind base64url text; none for padding, white space, `+`, `/` or bits that encode nothing.
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// The bytes behind padded base64 text of the ordinary alphabet (RFC 4648 §4), wiped when dropped;
/// none if the text is spelled in any other way.
pub fn from_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 4 * 3 + 3));
    STANDARD.decode_vec(text, &mut bytes).ok()?;
    Some(bytes)
}

/// Reads a `T` from the text that stands in `deserializer`, without a copy of it between.
///
/// # Errors
/// If no text stands there, or none of a `T`.
pub fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    struct Parse<T>(PhantomData<T>);

    impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Parse<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Parse(PhantomData))
}

/// `bytes` in hexadecimal, in small letters.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A short name for exactly these bytes: 132 bits of their SHA-256 in base64url.
pub fn fingerprint(bytes: &[u8]) -> String {
    let mut name = base64url(digest(&SHA256, bytes));
    name.truncate(22);
    name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_checksum_is_the_crc_in_six_digits() {
        // The check value of CRC-32: cbf43926.
        assert_eq!(base62_checksum("123456789"), "3jZRME");
        assert_eq!(base62_checksum(""), "000000");
    }

    #[test]
    fn padded_base64_has_one_spelling() {
        assert_eq!(from_base64(b"Zm9vYg==").unwrap().as_slice(), b"foob");
        for other in [
            "Zm9vYg",
            "Zm9vYg=",
            "Zm9vYh==",
            "Zm9v Yg==",
            "-_-_",
            "Zm9vYg===",
        ] {
            assert!(from_base64(other.as_bytes()).is_none(), "{other}");
        }
    }

    #[test]
    fn a_fingerprint_is_the_start_of_the_digest() {
        // FIPS 180-2 B.1: ba7816bf 8f01cfea 414140de 5dae2223
        assert_eq!(fingerprint(b"abc"), "ungWv48Bz-pBQUDeXa4iI7");
    }

    #[test]
    fn rfc_4648_10_vectors_without_padding() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64url(bytes), text);
            assert_eq!(from_base64url(text).unwrap(), bytes.as_bytes());
        }
    }

    #[test]
    fn a_second_spelling_is_refused() {
        for text in [
            "Zg==", "Zg=", "Zh", "Zm9", " Zg", "Zg\n", "Z g", "Z", "+_8", "/_8", "Zg\0", "Zé",
        ] {
            assert_eq!(from_base64url(text), None, "{text:?}");
        }
        assert_eq!(from_base64url("-_8").unwrap(), [0xfb, 0xff]);
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes: Vec<u8>) {
            let text = base64url(&bytes);
            let mut appended = String::from("before.");
            append_base64url(&bytes, &mut appended);

            prop_assert_eq!(text.len(), base64url_len(bytes.len()));
            prop_assert_eq!(appended, format!("before.{text}"));
            prop_assert_eq!(from_base64url(&text), Some(bytes));
        }

        #[test]
        fn what_is_read_would_be_written_the_same(text in "[A-Za-z0-9_+/= -]{0,40}") {
            if let Some(bytes) = from_base64url(&text) {
                prop_assert_eq!(base64url(bytes), text);
            }
        }

        #[test]
        fn a_checksum_reads_back_as_the_crc(text: String) {
            let checksum = base62_checksum(&text);

            let value = checksum.bytes().fold(0_u64, |value, letter| {
                let digit = BASE62.iter().position(|digit| *digit == letter);
                value * 62 + digit.expect("a digit of base62") as u64
            });

            prop_assert_eq!(checksum.len(), 6);
            prop_assert_eq!(value, u64::from(crc32fast::hash(text.as_bytes())));
        }
    }
}
