//! JSON strings, appended to a buffer: all that the token path writes of JSON by hand. And JSON that others
//! wrote, read strictly.

mod strict;

pub use self::strict::{Unfit, read_strictly};

/// Which bytes stand for themselves in a JSON string.
const PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut control = 0;
    while control < 0x20 {
        plain[control] = false;
        control += 1;
    }
    plain[b'"' as usize] = false;
    plain[b'\\' as usize] = false;
    plain
};

/// Appends `text` as a JSON string, quotes included (RFC 8259 §7).
pub fn append_string(text: &str, target: &mut String) {
    target.push('"');
    if text.bytes().all(|byte| PLAIN[usize::from(byte)]) {
        target.push_str(text);
        target.push('"');
        return;
    }
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if PLAIN[usize::from(byte)] {
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

    /// RFC 8259 §7
    #[test]
    fn only_what_must_be_escaped_is() {
        for byte in 0..0x80_u8 {
            let mut json = String::new();
            append_string(&char::from(byte).to_string(), &mut json);
            let expected = match byte {
                b'"' => r#""\"""#.to_owned(),
                b'\\' => r#""\\""#.to_owned(),
                0..0x20 => format!("\"\\u{byte:04x}\""),
                plain => format!("\"{}\"", char::from(plain)),
            };
            assert_eq!(json, expected);
        }
    }
}
