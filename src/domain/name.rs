//! Words that people give to things: trimmed, bounded, printable.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize};

use crate::crypto::text;

/// Why a text is not a name or a note.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NameError {
    /// Nothing but white space where something is needed.
    #[error("enter a name")]
    Empty,
    /// More than the kind allows.
    #[error("at most {0} characters")]
    TooLong(usize),
    /// Control characters, or characters that change the direction of the text around them.
    #[error("only characters that can be seen, on one line")]
    Unprintable,
    /// Not an e-mail address.
    #[error("write an e-mail address, such as ana@example.com")]
    NotAnAddress,
}

macro_rules! bounded_text {
    ($(#[$doc:meta])* $name:ident, $least:expr, $most:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Ok(Self(shared(printable(text, $least, $most)?)))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                text::deserialize(deserializer)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

bounded_text! {
    /// What a client, an API or an operator is called: 1 to 128 printable characters.
    DisplayName, 1, 128
}

bounded_text! {
    /// A sentence or two about a thing; up to 1,024 printable characters, may be empty.
    Description, 0, 1024
}

bounded_text! {
    /// Who answers for a client: a person, a team or an address; up to 128 characters, may be empty.
    Owner, 0, 128
}

bounded_text! {
    /// Where a secret is kept, and why it was made; up to 256 characters, may be empty.
    Note, 0, 256
}

bounded_text! {
    /// Why no tokens are issued: 1 to 256 printable characters.
    HaltReason, 1, 256
}

impl Default for Description {
    fn default() -> Self {
        Self("".into())
    }
}

impl Default for Owner {
    fn default() -> Self {
        Self("".into())
    }
}

impl Default for Note {
    fn default() -> Self {
        Self("".into())
    }
}

/// An operator's e-mail address, in lower case: the name to sign in with.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(into = "String")]
pub struct Email(Arc<str>);

impl Email {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let text = printable(text, 3, 254).map_err(|_| NameError::NotAnAddress)?;
        let (local, host) = text.rsplit_once('@').ok_or(NameError::NotAnAddress)?;
        let odd = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ',' | ';' | '@');
        if local.is_empty() || host.is_empty() || local.contains(odd) || host.contains(odd) {
            return Err(NameError::NotAnAddress);
        }
        Ok(Self(text.to_lowercase().into()))
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize(deserializer)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0.as_ref().to_owned()
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a name stands among others, as people look for it: capitals make no difference, and `Till 2` comes
/// before `Till 10`. Names that differ only in capitals or leading noughts stand at one place.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place(Vec<Piece>);

/// A run of digits or of anything else; numbers come before words.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Piece {
    /// By how many digits it has, and then by what they are: so it may be of any length.
    Number(usize, String),
    Word(String),
}

impl Place {
    /// The place of `name`.
    pub fn of(name: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = name;
        while let Some(first) = rest.chars().next() {
            let is_number = first.is_ascii_digit();
            let end = rest.find(|c: char| c.is_ascii_digit() != is_number);
            let (piece, after) = rest.split_at(end.unwrap_or(rest.len()));
            pieces.push(if is_number {
                let digits = piece.trim_start_matches('0');
                Piece::Number(digits.len(), digits.to_owned())
            } else {
                Piece::Word(piece.to_lowercase())
            });
            rest = after;
        }
        Self(pieces)
    }
}

/// The text, on the heap unless it is empty: most notes are.
fn shared(text: &str) -> Arc<str> {
    if text.is_empty() {
        Arc::default()
    } else {
        text.into()
    }
}

fn printable(text: &str, least: usize, most: usize) -> Result<&str, NameError> {
    let text = text.trim();
    let length = text.chars().count();
    if length < least {
        return Err(NameError::Empty);
    }
    if length > most {
        return Err(NameError::TooLong(most));
    }
    let turns_text = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    if text.chars().any(|c| c.is_control() || turns_text(c)) {
        return Err(NameError::Unprintable);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_bounded_and_printable() {
        assert_eq!(
            "  Report Service ".parse::<DisplayName>().unwrap().as_str(),
            "Report Service"
        );
        assert_eq!(" ".parse::<DisplayName>(), Err(NameError::Empty));
        assert_eq!(
            "a\u{202e}b".parse::<DisplayName>(),
            Err(NameError::Unprintable)
        );
        assert_eq!("a\nb".parse::<Note>(), Err(NameError::Unprintable));
        assert_eq!(
            "x".repeat(129).parse::<DisplayName>(),
            Err(NameError::TooLong(128))
        );
        assert!("".parse::<Note>().is_ok());
    }

    #[test]
    fn names_stand_where_people_look_for_them() {
        let sorted = [
            "10 pins",
            "accounts",
            "Till",
            "till 1",
            "Till 2",
            "Till 10",
            "till 10 a",
            "Till 10 b",
            "Till 99999999999999999999998",
            "Till 99999999999999999999999",
            "till-1",
            "v1.9",
            "v1.10",
            "Zürich",
        ];

        let places = sorted.map(Place::of);

        assert!(places.is_sorted(), "{places:?}");
        assert_eq!(Place::of("Till 007"), Place::of("till 7"));
        assert_ne!(Place::of("Till 7"), Place::of("Till 70"));
    }

    #[test]
    fn an_address_is_kept_in_lower_case() {
        assert_eq!(
            "Ana@Example.com".parse::<Email>().unwrap().as_str(),
            "ana@example.com"
        );
        for bad in ["", "ana", "@x", "a@", "a b@x", "a@b@c", "<a@b>"] {
            assert!(bad.parse::<Email>().is_err(), "{bad}");
        }
    }
}
