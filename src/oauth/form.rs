//! Form encoding (RFC 6749 Appendix B): `+` is a space, `%XX` an octet, all of it together UTF-8.
//!
//! Strict: a broken escape or broken UTF-8 is an error, never a replacement character. What needs
//! no decoding is borrowed.

use std::borrow::Cow;

use memchr::memchr2;

/// Decodes one name or value.
pub fn decode(encoded: &[u8]) -> Result<Cow<'_, str>, FormError> {
    let Some(first) = memchr2(b'%', b'+', encoded) else {
        return match str::from_utf8(encoded) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(_) => Err(FormError::Utf8),
        };
    };
    let mut decoded = Vec::with_capacity(encoded.len());
    decoded.extend_from_slice(&encoded[..first]);
    let mut rest = &encoded[first..];
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let ([high, low], after) = rest.split_first_chunk().ok_or(FormError::Escape)?;
                rest = after;
                hex(*high)? << 4 | hex(*low)?
            }
            other => *other,
        });
    }
    match String::from_utf8(decoded) {
        Ok(text) => Ok(Cow::Owned(text)),
        Err(_) => Err(FormError::Utf8),
    }
}

fn hex(digit: u8) -> Result<u8, FormError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(FormError::Escape),
    }
}

/// Appends `text` encoded: letters, digits, `-`, `.` and `_` as they are, everything else as `%XX`.
pub fn encode(text: &str, target: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') {
            target.push(char::from(byte));
        } else {
            target.push('%');
            target.push(char::from(DIGITS[usize::from(byte >> 4)]));
            target.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

/// Why a text is not form-encoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FormError {
    /// `%` without two hexadecimal digits after it.
    #[error("a percent sign is not followed by two hexadecimal digits")]
    Escape,
    /// Not UTF-8, an overlong form for example.
    #[error("the text is not UTF-8")]
    Utf8,
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;

    /// T-01: the example of RFC 6749 Appendix B.
    #[test]
    fn rfc_6749_appendix_b() {
        let decoded = decode(b"+%25%26%2B%C2%A3%E2%82%AC").unwrap();

        assert_eq!(decoded, " %&+\u{a3}\u{20ac}");
    }

    /// T-02
    #[test]
    fn broken_escapes_and_broken_utf_8_are_errors() {
        for escape in ["%", "%4", "%zz", "a%", "%%41", "%+1", "% 41", "%4g"] {
            assert_eq!(
                decode(escape.as_bytes()),
                Err(FormError::Escape),
                "{escape}"
            );
        }
        for utf8 in [
            b"%C0%AF".as_slice(),
            b"%ff",
            b"\xff",
            b"%C3",
            b"%ED%A0%80",
            b"%F8%88%80%80%80",
            b"a+\xc3",
        ] {
            assert_eq!(decode(utf8), Err(FormError::Utf8), "{utf8:?}");
        }
    }

    #[test]
    fn what_needs_no_decoding_is_borrowed() {
        assert!(matches!(decode(b"read:analytics"), Ok(Cow::Borrowed(_))));
        assert!(matches!(decode(b""), Ok(Cow::Borrowed(""))));
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(text in any::<String>(), spare: u8) {
            let mut encoded = String::new();
            for (n, byte) in text.bytes().enumerate() {
                let plain = byte.is_ascii_alphanumeric() && (n + usize::from(spare)) % 3 != 0;
                match byte {
                    b' ' => encoded.push('+'),
                    _ if plain => encoded.push(char::from(byte)),
                    _ => write!(encoded, "%{byte:02x}").unwrap(),
                }
            }
            prop_assert_eq!(decode(encoded.as_bytes()).unwrap(), text);
        }

        #[test]
        fn no_input_makes_the_decoder_fail_badly(bytes in any::<Vec<u8>>()) {
            if let Ok(text) = decode(&bytes) {
                prop_assert!(text.len() <= bytes.len());
            }
        }
    }
}
