//! Client secrets: the text that is shown once, and the record that is kept.
//!
//! The record is that of every credential: what is not a secret in the narrow sense, a public key for
//! example, has the same life.

mod proof;

use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

pub use self::proof::{Proof, SharedSecret};
use super::{
    id::SecretId,
    name::Note,
    time::{Span, Timestamp},
};
use crate::crypto::{random::Entropy, text::base62_checksum};

/// How every secret that Jeton makes begins, so that scanners can find a leaked one.
pub const PREFIX: &str = "jtn_";

/// The shortest secret that somebody may choose, in characters: 128 bits, if they are random
/// hexadecimal digits.
pub const SHORTEST: usize = 32;

/// The longest secret that is looked at, in bytes; a longer one is refused unhashed.
pub const LONGEST: usize = 1024;

/// How long a retired secret can be brought back.
pub const UNDO: Span = Span::hours(24);

/// How long a dead secret is remembered, so that who still sends it can be named.
pub const REMEMBERED: Span = Span::days(30);

/// A client secret in the clear. Exists between making it and showing it once.
///
/// `jtn_<8 characters of public id>_<43 random characters of base62><6 characters of checksum>`:
/// 256 random bits in an alphabet that needs no encoding anywhere, selectable by a double click.
///
/// No `Debug`, no `Clone`, no `Serialize`: it can be shown or hashed, nothing else. Wiped when
/// dropped.
pub struct PlainSecret {
    id: SecretId,
    text: Zeroizing<String>,
}

impl PlainSecret {
    /// A new secret.
    pub fn generate(entropy: &Entropy) -> Self {
        let id = SecretId::generate(entropy);
        let text = text_after(PREFIX, id.as_str(), entropy);
        Self { id, text }
    }

    /// A secret that somebody chose or brought along.
    ///
    /// # Errors
    /// If it is empty, longer than [`LONGEST`], or has other than printable ASCII
    /// (RFC 6749 Appendix A.2).
    pub fn chosen(text: Zeroizing<String>, entropy: &Entropy) -> Result<Self, SecretError> {
        Self::spell(&text)?;
        Ok(Self {
            id: SecretId::generate(entropy),
            text,
        })
    }

    /// Whether `text` may be taken from somebody as a secret they chose.
    ///
    /// # Errors
    /// As [`PlainSecret::chosen`], and if it is shorter than [`SHORTEST`].
    pub fn check(text: &str) -> Result<(), SecretError> {
        Self::spell(text)?;
        if text.len() < SHORTEST {
            return Err(SecretError::Short);
        }
        Ok(())
    }

    fn spell(text: &str) -> Result<(), SecretError> {
        if text.is_empty() || text.len() > LONGEST {
            return Err(SecretError::Length);
        }
        if !text.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
            return Err(SecretError::Characters);
        }
        Ok(())
    }

    /// Its public id.
    pub fn id(&self) -> &SecretId {
        &self.id
    }

    /// The only way out. Callers: the answer that shows it, and hashing.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

/// The public id in a text that has the form of a Jeton secret and the right checksum.
pub fn public_id(text: &str) -> Option<SecretId> {
    id_after(PREFIX, text)?.parse().ok()
}

/// A new text that begins with `prefix` and a public id of eight characters, has 256 random bits,
/// and ends with a checksum.
pub(super) fn text_after(prefix: &str, id: &str, entropy: &Entropy) -> Zeroizing<String> {
    let random = entropy.base62(43);
    let mut text = Zeroizing::new(String::with_capacity(prefix.len() + 8 + 1 + 43 + 6));
    text.push_str(prefix);
    text.push_str(id);
    text.push('_');
    text.push_str(&random);
    let checksum = base62_checksum(&text);
    text.push_str(&checksum);
    text
}

/// The public id in a text that has the form of what [`text_after`] made, and the right checksum.
pub(super) fn id_after<'t>(prefix: &str, text: &'t str) -> Option<&'t str> {
    let rest = text.strip_prefix(prefix)?;
    if rest.len() != 8 + 1 + 43 + 6 || !rest.is_ascii() || rest.as_bytes()[8] != b'_' {
        return None;
    }
    let (body, checksum) = text.split_at(text.len() - 6);
    (base62_checksum(body) == checksum).then(|| &rest[..8])
}

/// Why a chosen secret is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SecretError {
    /// Empty, or more than 1,024 bytes.
    #[error("a secret has 32 to 1024 characters")]
    Length,
    /// Fewer than 32 characters.
    #[error(
        "a secret that you choose has at least 32 characters, random ones; give none, and one is made"
    )]
    Short,
    /// Something but printable ASCII, a line break at the end for example.
    #[error("a secret has only printable ASCII characters")]
    Characters,
}

/// A client secret, or what stands in its place, as it is kept: enough to recognise it, and but for one
/// kind not enough to use it.
#[derive(Clone, Debug, PartialEq)]
pub struct Secret {
    /// Its public id.
    pub id: SecretId,
    /// How it is recognised.
    pub proof: Proof,
    /// When it was made.
    pub created: Timestamp,
    /// Who made it, as the audit log names them.
    pub created_by: Arc<str>,
    /// When it stops by itself, if ever.
    pub expires: Option<Timestamp>,
    /// Where it is kept.
    pub note: Note,
    /// Since when it is known to be where it should not be.
    pub leaked: Option<Timestamp>,
    /// Where it is in its life.
    pub state: SecretState,
}

/// Where a secret is in its life. Expiry is not here: it is a matter of the moment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SecretState {
    /// In use.
    Active,
    /// The old one of a rotation: works until it is retired.
    Retiring(Retiring),
    /// Stopped as planned; can be brought back for [`UNDO`].
    Retired {
        /// Since when.
        at: Timestamp,
    },
    /// Stopped for good, at once.
    Revoked {
        /// Since when.
        at: Timestamp,
    },
    /// The new one of a rotation that was cancelled; never comes back.
    Cancelled {
        /// Since when.
        at: Timestamp,
    },
}

/// The old secret's part in a rotation under way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Retiring {
    /// When the rotation began.
    pub since: Timestamp,
    /// When the old secret is to stop.
    pub deadline: Timestamp,
    /// What happens at the deadline if it is still in use.
    pub if_used: IfUsed,
    /// How often the deadline was moved because it was.
    pub held: u8,
}

/// What happens at the deadline of a rotation if the old secret is still in use.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum IfUsed {
    /// Wait another 24 hours, at most three times.
    #[default]
    Hold,
    /// Stop all the same.
    Stop,
}

/// What a secret is at a given moment.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Life {
    /// Works.
    Active,
    /// Works, and is on its way out.
    Retiring,
    /// Stopped as planned.
    Retired,
    /// Stopped for good.
    Revoked,
    /// Withdrawn before anything moved to it.
    Cancelled,
    /// Its time ran out.
    Expired,
}

impl Life {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Secret {
    /// What it is at `now`.
    pub fn life(&self, now: Timestamp) -> Life {
        match self.state {
            SecretState::Revoked { .. } => Life::Revoked,
            SecretState::Cancelled { .. } => Life::Cancelled,
            SecretState::Retired { .. } => Life::Retired,
            SecretState::Active | SecretState::Retiring(_)
                if self.expires.is_some_and(|expires| expires <= now) =>
            {
                Life::Expired
            }
            SecretState::Active => Life::Active,
            SecretState::Retiring(_) => Life::Retiring,
        }
    }

    /// Whether it authenticates its client at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        matches!(self.life(now), Life::Active | Life::Retiring)
    }

    /// When it stopped working, if it has by `now`.
    pub fn ended(&self, now: Timestamp) -> Option<Timestamp> {
        match self.state {
            SecretState::Retired { at }
            | SecretState::Revoked { at }
            | SecretState::Cancelled { at } => Some(at),
            SecretState::Active | SecretState::Retiring(_) => {
                self.expires.filter(|expires| *expires <= now)
            }
        }
    }

    /// Whether it can be forgotten: dead for so long that nobody needs to be named any more.
    pub fn is_forgettable(&self, now: Timestamp) -> bool {
        self.ended(now)
            .is_some_and(|ended| now >= ended.plus(REMEMBERED))
    }

    /// Its part in a rotation under way, if it is the old one of it.
    pub fn retiring(&self, now: Timestamp) -> Option<&Retiring> {
        match &self.state {
            SecretState::Retiring(retiring) if self.is_live(now) => Some(retiring),
            SecretState::Active
            | SecretState::Retiring(_)
            | SecretState::Retired { .. }
            | SecretState::Revoked { .. }
            | SecretState::Cancelled { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CS-03, CS-11
    #[test]
    fn a_secret_says_whose_it_is_and_needs_no_encoding() {
        let secret = PlainSecret::generate(&Entropy::seeded(7));
        let text = secret.reveal();
        assert_eq!(text.len(), 4 + 8 + 1 + 43 + 6);
        assert!(
            text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'),
            "{text}"
        );
        assert_eq!(public_id(text).as_ref(), Some(secret.id()));
    }

    #[test]
    fn a_mistyped_secret_names_nobody() {
        let secret = PlainSecret::generate(&Entropy::seeded(7));
        let text = secret.reveal();
        let mut other = text.to_owned();
        other.replace_range(20..21, if &text[20..21] == "a" { "b" } else { "a" });
        assert_eq!(public_id(&other), None);
        for odd in [
            "",
            "jtn_",
            &text[..text.len() - 1],
            &format!("{text}x"),
            "jtn_é",
        ] {
            assert_eq!(public_id(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_chosen_secret_is_visible_ascii() {
        let chosen = |text: &str| {
            PlainSecret::chosen(Zeroizing::new(text.to_owned()), &Entropy::seeded(1)).map(|_| ())
        };
        assert_eq!(chosen(" %&+:=/?"), Ok(()));
        assert_eq!(chosen(""), Err(SecretError::Length));
        assert_eq!(chosen("line\n"), Err(SecretError::Characters));
        assert_eq!(chosen(&"x".repeat(1025)), Err(SecretError::Length));
    }

    /// ST-01
    #[test]
    fn nobody_may_choose_a_secret_that_is_short_enough_to_guess() {
        assert_eq!(PlainSecret::check(&"x".repeat(31)), Err(SecretError::Short));
        assert_eq!(PlainSecret::check(&" %&+:=/?".repeat(4)), Ok(()));
        assert_eq!(PlainSecret::check(""), Err(SecretError::Length));
    }

    #[test]
    fn the_right_checksum_alone_makes_no_secret() {
        let summed = |body: &str| format!("{body}{}", base62_checksum(body));
        let id = SecretId::generate(&Entropy::seeded(7));
        let random = "a".repeat(43);

        let right = summed(&format!("{PREFIX}{id}_{random}"));
        assert_eq!(public_id(&right), Some(id.clone()));
        for wrong in [
            format!("{PREFIX}{id}i{random}"),
            format!("{PREFIX}{id}_{random}a"),
            format!("{PREFIX}{id}_{}", &random[1..]),
            format!("{PREFIX}{id}_{}é", &random[2..]),
        ] {
            assert_eq!(public_id(&summed(&wrong)), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_as_long_as_it_may_be() {
        assert_eq!(PlainSecret::check(&"x".repeat(1024)), Ok(()));
        assert_eq!(
            PlainSecret::check(&"x".repeat(1025)),
            Err(SecretError::Length)
        );
        assert_eq!(PlainSecret::check(&"x".repeat(32)), Ok(()));
    }
}
