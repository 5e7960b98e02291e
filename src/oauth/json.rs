//! JSON strings, appended to a buffer: all that the token path writes of JSON by hand. And JSON that others
//! wrote, read strictly.

mod strict;

pub use self::strict::{Unfit, read_strictly};

/// Appends `text` as a JSON string, quotes included (RFC 8259 §7).
pub fn append_string(text: &str, target: &mut String) {
    target.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        target.push_str(&text[plain..at]);
        plain = at + 1;
        match byte {
            b'"' => target.push_str("\\\""),
            b'\\' => target.push_str("\\\\"),
            control => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                target.push_str("\\u00");
                target.push(char::from(DIGITS[usize::from(control >> 4)]));
                target.push(char::from(DIGITS[usize::from(control & 15)]));
            }
        }
    }
    target.push_str(&text[plain..]);
    target.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in any::<String>(), odd in "[\\x00-\\x22\\\\é]{0,9}") {
            for text in [text, odd] {
                let mut json = String::from("[");
                append_string(&text, &mut json);
                json.push(']');
                let read: Vec<String> = serde_json::from_str(&json).unwrap();
                prop_assert_eq!(read, [text]);
            }
        }
    }
}
