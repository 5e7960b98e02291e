//! Identifiers that cannot be mixed up: a client's is not a secret's is not a key's.
//!
//! Every identifier is an immutable shared text, parsed once at the door and cheap to clone.

use std::{
    borrow::Borrow,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
    sync::Arc,
};

use serde::{Deserialize, Deserializer, Serialize};

use crate::crypto::{random::Entropy, text};

/// Why a text is not an identifier of the kind asked for.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct IdError(&'static str);

impl IdError {
    pub(super) const fn new(problem: &'static str) -> Self {
        Self(problem)
    }
}

/// What texts that name things have in common, however they are kept.
macro_rules! text_traits {
    ($name:ident) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                text::deserialize(deserializer)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                $check(text)?;
                Ok(Self(text.into()))
            }
        }

        text_traits! { $name }
    };
}

text_id! {
    /// A client's identifier (`client_id`, RFC 6749 §2.2): 1 to 256 printable ASCII characters,
    /// not beginning or ending with a space (RFC 6749 Appendix A.1 allows spaces within).
    ClientId, check_client_id
}

/// The public part of a client secret: eight characters of upper-case base32.
///
/// Safe to show, log and search for; it names a secret without giving it away.
#[derive(Clone, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(into = "String")]
pub struct SecretId([u8; PUBLIC_PART]);

/// How many characters the public part of a secret has.
const PUBLIC_PART: usize = 8;

impl SecretId {
    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("base32 is ASCII")
    }

    /// The identifier as a number.
    pub const fn number(&self) -> u64 {
        u64::from_be_bytes(self.0)
    }
}

impl FromStr for SecretId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        const NO_ID: IdError = IdError("a secret's id has eight characters of A-Z and 2-7");
        let is_id = is_public_part(text);
        let bytes = text.as_bytes().first_chunk().filter(|_| is_id);
        bytes.map(|bytes| Self(*bytes)).ok_or(NO_ID)
    }
}

/// As its text.
impl Hash for SecretId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

text_traits! { SecretId }

text_id! {
    /// An API's identifier: an absolute URI without fragment, at most 512 characters.
    ///
    /// It is the audience: the `aud` claim of tokens and the `resource` of requests
    /// (RFC 8707 §2). Compared character by character, never normalised.
    ApiIdentifier, check_api_identifier
}

text_id! {
    /// A signing key's identifier (`kid`, RFC 7517 §4.5): 1 to 128 URL-safe characters.
    KeyId, check_key_id
}

text_id! {
    /// An operator's identifier: `op_` and sixteen characters of lower-case base32.
    OperatorId, check_operator_id
}

text_id! {
    /// A hand-over's identifier: `ho_` and sixteen characters of lower-case base32.
    HandoverId, check_handover_id
}

text_id! {
    /// The public part of a token by which clients register, or manage their registration: eight
    /// characters of upper-case base32.
    RegistrationTokenId, check_registration_token_id
}

impl ClientId {
    /// A readable identifier made from the client's name: its slug and six random characters.
    pub fn generate(name: &str, entropy: &Entropy) -> Self {
        let mut slug = slug(name);
        slug.truncate(48);
        let slug = slug.trim_end_matches('-');
        let tail = entropy.lower_base32(6);
        let text = if slug.is_empty() {
            format!("client-{tail}")
        } else {
            format!("{slug}-{tail}")
        };
        Self(text.into())
    }
}

impl SecretId {
    /// Forty random bits.
    pub fn generate(entropy: &Entropy) -> Self {
        let text = entropy.base32(PUBLIC_PART);
        text.parse().expect("base32 makes ids of secrets")
    }
}

impl OperatorId {
    /// Eighty random bits.
    pub fn generate(entropy: &Entropy) -> Self {
        Self(format!("op_{}", entropy.lower_base32(16)).into())
    }
}

impl HandoverId {
    /// Eighty random bits. Not the secret part of its link.
    pub fn generate(entropy: &Entropy) -> Self {
        Self(format!("ho_{}", entropy.lower_base32(16)).into())
    }
}

impl RegistrationTokenId {
    /// Forty random bits.
    pub fn generate(entropy: &Entropy) -> Self {
        let text = entropy.base32(PUBLIC_PART);
        text.parse().expect("base32 makes ids of secrets")
    }
}

/// Counts the commits: each raises it by one.
#[derive(
    Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize,
)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl Revision {
    /// The revision that the next commit makes.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug
}

fn check_client_id(text: &str) -> Result<(), IdError> {
    if text.is_empty() || text.len() > 256 {
        return Err(IdError("a client id has 1 to 256 characters"));
    }
    if !text.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
        return Err(IdError("a client id has only printable ASCII characters"));
    }
    if text.starts_with(' ') || text.ends_with(' ') {
        return Err(IdError("a client id does not begin or end with a space"));
    }
    Ok(())
}

fn check_registration_token_id(text: &str) -> Result<(), IdError> {
    if is_public_part(text) {
        Ok(())
    } else {
        Err(IdError(
            "a registration token's id has eight characters of A-Z and 2-7",
        ))
    }
}

fn is_public_part(text: &str) -> bool {
    let base32 = |byte: u8| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte);
    text.len() == PUBLIC_PART && text.bytes().all(base32)
}

fn check_api_identifier(text: &str) -> Result<(), IdError> {
    const NOT_A_URI: IdError =
        IdError("an API identifier is an absolute URI, such as https://api.example.com");
    if text.len() > 512 {
        return Err(IdError("an API identifier has at most 512 characters"));
    }
    let (scheme, rest) = text.split_once(':').ok_or(NOT_A_URI)?;
    let scheme_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.bytes().all(scheme_byte) {
        return Err(NOT_A_URI);
    }
    if rest.contains('#') {
        return Err(IdError("an API identifier has no fragment (#)"));
    }
    let uri_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&byte);
    if rest.is_empty() || !rest.bytes().all(uri_byte) {
        return Err(NOT_A_URI);
    }
    match rest.strip_prefix("//") {
        Some(authority) if authority.is_empty() || authority.starts_with(['/', '?', ':']) => Err(
            IdError("an API identifier that begins with // names a host"),
        ),
        None if rest.starts_with('/') && matches!(scheme, "http" | "https") => Err(NOT_A_URI),
        Some(_) | None => Ok(()),
    }
}

fn check_key_id(text: &str) -> Result<(), IdError> {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    if text.is_empty() || text.len() > 128 || !text.bytes().all(safe) {
        return Err(IdError(
            "a key id has 1 to 128 characters of A-Z, a-z, 0-9, . _ ~ and -",
        ));
    }
    Ok(())
}

fn check_handover_id(text: &str) -> Result<(), IdError> {
    match text.strip_prefix("ho_") {
        Some(rest) if is_lower_base32(rest) => Ok(()),
        Some(_) | None => Err(IdError("a hand-over's id begins with ho_")),
    }
}

fn is_lower_base32(text: &str) -> bool {
    let base32 = |byte: u8| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte);
    text.len() == 16 && text.bytes().all(base32)
}

fn check_operator_id(text: &str) -> Result<(), IdError> {
    match text.strip_prefix("op_") {
        Some(rest) if is_lower_base32(rest) => Ok(()),
        Some(_) | None => Err(IdError("an operator's id begins with op_")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_client_id_is_readable_and_needs_no_encoding() {
        let entropy = Entropy::seeded(1);
        let id = ClientId::generate("Report  Service (EU)", &entropy);
        assert!(id.as_str().starts_with("report-service-eu-"), "{id}");
        assert!(
            id.as_str()
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        );
        assert!(
            ClientId::generate("日本", &entropy)
                .as_str()
                .starts_with("client-")
        );
        let long = ClientId::generate(&"x".repeat(300), &entropy);
        assert!(long.as_str().len() <= 64, "{long}");
    }

    /// CA-01
    #[test]
    fn a_client_id_has_only_visible_ascii() {
        for good in ["a", "https://c.example/a b?x=1&y=%2B:z", &"x".repeat(256)] {
            assert!(good.parse::<ClientId>().is_ok(), "{good}");
        }
        for bad in [
            "",
            " a",
            "a ",
            "é",
            "a\0",
            "a\n",
            "a\u{7f}",
            &"x".repeat(257),
        ] {
            assert!(bad.parse::<ClientId>().is_err(), "{bad:?}");
        }
    }

    /// RI-01
    #[test]
    fn an_api_identifier_is_an_absolute_uri_without_fragment() {
        for good in [
            "https://api.example.com",
            "https://api.example.com/v1?x=1",
            "urn:jeton:admin",
            "spiffe://prod/billing",
            "https://[::1]:8080/",
        ] {
            assert!(good.parse::<ApiIdentifier>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "invalid",
            "/relative",
            "//host/x",
            "https://x/#f",
            "https://",
            "https:///x",
            "https:/x",
            "https://a b",
            "1a:x",
            "https://é",
            "https://:80/",
            "a:",
            "urn:a\"b",
        ] {
            assert!(bad.parse::<ApiIdentifier>().is_err(), "{bad}");
        }
    }
}
