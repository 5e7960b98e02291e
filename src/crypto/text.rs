//! Bytes as text: base64url without padding, and the checksum at the end of our secrets.
//!
//! Decoding is strict: one byte string has one text, so a token or digest cannot be respelled.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

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
