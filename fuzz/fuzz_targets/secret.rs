//! F3: secrets, tokens and identifiers with a form of their own. What is accepted has one spelling, and the checksum
//! is that of a slow CRC-32.

#![no_main]

use std::{fmt::Display, str::FromStr};

use jeton::{
    crypto::sealed::MasterKey,
    domain::{
        id::{
            ApiIdentifier, ClientId, HandoverId, KeyId, OperatorId, RegistrationTokenId, SecretId,
        },
        issuer::Issuer,
        link::LinkToken,
        registration::{PlainToken, TokenUse},
        scope::{Scope, ScopeSet},
        secret::{PREFIX, public_id},
        time::{Lifetime, Span, Timestamp},
    },
};
use jeton_fuzz::bytes::Bytes;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

jeton_fuzz::target!(|data| {
    let mut bytes = Bytes::new(data);
    let prefix = bytes.pick(&[PREFIX, "jtr_", "jtm_", ""]);
    let is_completed = bytes.below(2) == 0;
    let Ok(rest) = std::str::from_utf8(bytes.rest()) else {
        return;
    };
    let mut text = format!("{prefix}{rest}");
    if is_completed {
        text += &checksum(&text);
    }
    let secret = public_id(&text);
    check(PREFIX, &text, secret.as_ref().map(SecretId::as_str));
    for (kind, prefix) in [(TokenUse::Register, "jtr_"), (TokenUse::Manage, "jtm_")] {
        let token = PlainToken::read(kind, &text);
        check(prefix, &text, token.as_ref().map(|it| it.id().as_str()));
        if let Some(token) = token {
            assert_eq!(token.reveal(), text);
        }
    }
    if let Ok(key) = MasterKey::parse(&text) {
        let again = key.to_text();
        let reread = MasterKey::parse(&again).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(key.id(), reread.id());
    }
    if let Ok(token) = text.parse::<LinkToken>() {
        assert_eq!(token.reveal(), text);
    }
    identifiers(&text);
});

/// Whether `id` may be what was found in `text`: only if all the rest of it is as it must be.
fn check(prefix: &str, text: &str, id: Option<&str>) {
    let is_whole = || {
        let rest = text.strip_prefix(prefix)?;
        let (id, rest) = rest.split_at_checked(8)?;
        let random = rest.strip_prefix('_')?;
        let body = text.len().checked_sub(6)?;
        let is_id = id
            .bytes()
            .all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b));
        let is_right = random.len() == 49 && text.is_char_boundary(body) && text.is_ascii();
        (is_id && is_right && checksum(&text[..body]) == text[body..]).then_some(id)
    };
    assert_eq!(id, is_whole(), "{text}");
    if let Some(id) = id {
        let random = &text[prefix.len() + 9..text.len() - 6];
        let written = format!("{prefix}{id}_{random}");
        assert_eq!(format!("{written}{}", checksum(&written)), text);
    }
}

/// Six digits of base62, from a CRC-32 of one bit after the other.
fn checksum(text: &str) -> String {
    let mut crc = u32::MAX;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    let mut rest = u64::from(!crc);
    let mut digits = Vec::new();
    for _ in 0..6 {
        digits.insert(
            0,
            char::from(DIGITS[usize::try_from(rest % 62).unwrap_or_default()]),
        );
        rest /= 62;
    }
    digits.into_iter().collect()
}

/// What is read is written as it was, or what is written is read as the same.
fn identifiers(text: &str) {
    verbatim::<ClientId>(text);
    verbatim::<SecretId>(text);
    verbatim::<ApiIdentifier>(text);
    verbatim::<KeyId>(text);
    verbatim::<OperatorId>(text);
    verbatim::<HandoverId>(text);
    verbatim::<RegistrationTokenId>(text);
    verbatim::<Scope>(text);
    verbatim::<Issuer>(text);
    the_same::<ScopeSet>(text);
    the_same::<Span>(text);
    the_same::<Lifetime>(text);
    the_same::<Timestamp>(text);
}

fn verbatim<T: FromStr + Display>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        assert_eq!(read.to_string(), text);
    }
}

fn the_same<T: FromStr + Display + PartialEq>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        let written = read.to_string();
        assert!(
            written.parse::<T>().is_ok_and(|again| again == read),
            "{text} {written}"
        );
    }
}
