//! Form encoding by other means than the server's: strictness by hand, decoding by `percent-encoding`.

/// A name or value, decoded; nothing if a percent sign is not followed by two hexadecimal digits, or it is no
/// UTF-8.
pub fn decode(encoded: &[u8]) -> Option<String> {
    let is_whole = encoded.iter().enumerate().all(|(at, byte)| {
        let digits = encoded.get(at + 1..at + 3);
        *byte != b'%' || digits.is_some_and(|it| it.iter().all(u8::is_ascii_hexdigit))
    });
    if !is_whole {
        return None;
    }
    let spaced: Vec<u8> = encoded
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    let decoded = percent_encoding::percent_decode(&spaced).decode_utf8();
    decoded.ok().map(std::borrow::Cow::into_owned)
}

/// `text`, so that every reader of forms decodes it to what it was.
pub fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
