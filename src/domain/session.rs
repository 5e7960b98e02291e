//! Sessions of the console, as they outlive the process: what is known of one, under a hash.
//!
//! The id itself is in the browser's cookie and nowhere else. What is kept is a hash of it, which
//! opens nothing.

use std::{fmt, str::FromStr};

use super::{
    id::{IdError, OperatorId},
    time::Timestamp,
};
use crate::crypto::{mac, text};

/// Which session: SHA-256 of its id. Safe to show to whose session it is.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// Of the session with this id.
    pub fn of(id: &[u8]) -> Self {
        Self(mac::sha256(id))
    }

    /// From the hash itself.
    pub const fn from_bytes(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// The hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// In base64url.
impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::base64url(self.0))
    }
}

impl FromStr for SessionKey {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        text::from_base64url(text)
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| IdError::new("a session is named by 32 bytes in base64url"))
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

/// A session.
#[derive(Clone, Eq, PartialEq)]
pub struct SessionRecord {
    /// Which.
    pub key: SessionKey,
    /// Whose, once somebody has signed in.
    pub operator: Option<OperatorId>,
    /// What the console remembers in it; nothing here looks inside.
    pub data: Vec<u8>,
    /// When it began.
    pub created: Timestamp,
    /// When it was last used.
    pub seen: Timestamp,
    /// When it ends unless it is used before.
    pub expires: Timestamp,
}

impl SessionRecord {
    /// Whether it is over at `now`.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires <= now
    }
}

impl fmt::Debug for SessionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionRecord")
            .field("operator", &self.operator)
            .field("created", &self.created)
            .field("seen", &self.seen)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_by_a_hash_that_comes_back_from_its_text() {
        let key = SessionKey::of(b"abc");

        let text = key.to_string();

        assert_eq!(text, "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        assert_eq!(text.parse(), Ok(key));
        assert!("ungWv48B".parse::<SessionKey>().is_err());
    }

    #[test]
    fn debug_keeps_quiet_of_what_is_in_a_session() {
        let session = SessionRecord {
            key: SessionKey::of(b"abc"),
            operator: None,
            data: b"remembered".to_vec(),
            created: Timestamp(1),
            seen: Timestamp(2),
            expires: Timestamp(3),
        };

        let shown = format!("{session:?}");

        assert!(
            !shown.contains("data") && !shown.contains("ungW"),
            "{shown}"
        );
    }
}
