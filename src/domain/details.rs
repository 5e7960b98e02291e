//! Types of authorization details (RFC 9396 §2): what an API understands beside its scopes, and in which form.

mod schema;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
    sync::Arc,
};

use serde::{Deserialize, Deserializer, Serialize};

pub use self::schema::{Schema, SchemaError};
use super::{id::ApiIdentifier, name::Description};
use crate::crypto::text;

/// How many types one API may have.
pub const MOST_TYPES: usize = 64;

/// The name of a type of authorization details (RFC 9396 §2.1): visible ASCII but `"` and `\`; 1 to 128
/// characters. Compared character by character.
#[derive(Clone, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(into = "String")]
pub struct DetailType(Arc<str>);

/// Types of one API.
pub type DetailTypes = BTreeSet<DetailType>;

/// Which types a client may ask for, on which API.
pub type DetailGrants = BTreeMap<ApiIdentifier, DetailTypes>;

/// A type as its API understands it.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeDetail {
    /// What it opens, in plain words.
    pub description: Description,
    /// The form that details of this type have.
    pub schema: Schema,
}

impl DetailType {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text names no type of authorization details.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a type is visible ASCII without spaces, quotes and backslashes, at most 128 characters")]
pub struct DetailTypeError;

impl FromStr for DetailType {
    type Err = DetailTypeError;

    fn from_str(text: &str) -> Result<Self, DetailTypeError> {
        let is_allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
        if text.is_empty() || text.len() > 128 || !text.bytes().all(is_allowed) {
            return Err(DetailTypeError);
        }
        Ok(Self(text.into()))
    }
}

impl<'de> Deserialize<'de> for DetailType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize(deserializer)
    }
}

impl From<DetailType> for String {
    fn from(name: DetailType) -> Self {
        name.0.as_ref().to_owned()
    }
}

impl std::borrow::Borrow<str> for DetailType {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DetailType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for DetailType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The names of `types` with a space between, for people and for the audit log.
pub fn in_words(types: &DetailTypes) -> String {
    let names: Vec<&str> = types.iter().map(DetailType::as_str).collect();
    names.join(" ")
}

#[test]
fn a_type_is_visible_ascii_of_at_most_128_characters() {
    for good in [
        "payment_initiation",
        "https://example.com/x",
        &"t".repeat(128),
    ] {
        assert_eq!(good.parse::<DetailType>().unwrap().as_str(), good);
    }
    for bad in ["", "a b", "a\"b", "a\\b", "ä", "a\n", &"t".repeat(129)] {
        assert_eq!(bad.parse::<DetailType>(), Err(DetailTypeError), "{bad}");
    }
}
