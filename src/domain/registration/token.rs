//! The tokens of registration: made, read, and how long each is open.

use zeroize::Zeroizing;

use super::Template;
use crate::{
    crypto::{
        mac::{MacKey, SecretDigest},
        random::Entropy,
    },
    domain::{
        audit::{Facts, facts},
        id::{RegistrationTokenId, Revision},
        name::Note,
        secret::{id_after, text_after},
        time::{Span, Timestamp},
    },
};

/// The shortest time that a registration token can be used.
pub const SHORTEST_LIFE: Span = Span::minutes(1);

/// The longest time that a registration token can be used.
pub const LONGEST_LIFE: Span = Span::days(365);

/// How many clients can be registered with one token, at most.
pub const MOST_CLIENTS: u32 = 10_000;

/// How long a registration token is remembered after it ended.
pub const REMEMBERED: Span = Span::days(30);

/// Which of the two kinds a token is. A token of one kind does nothing of the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenUse {
    /// It registers clients: an initial access token (RFC 7591 §1.2).
    Register,
    /// It manages one registration: a registration access token (RFC 7592 §1).
    Manage,
}

impl TokenUse {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Register => "jtr_",
            Self::Manage => "jtm_",
        }
    }

    const fn label(self) -> &'static [u8] {
        match self {
            Self::Register => b"registration token\0",
            Self::Manage => b"registration access token\0",
        }
    }
}

/// A token of either kind in the clear: a public id, 256 random bits, and a checksum, as in a
/// client's secret.
///
/// No `Debug`, no `Clone`, no `Serialize`. Wiped when dropped.
pub struct PlainToken {
    token_use: TokenUse,
    id: RegistrationTokenId,
    text: Zeroizing<String>,
}

impl PlainToken {
    /// A new one.
    pub fn generate(token_use: TokenUse, entropy: &Entropy) -> Self {
        let id = RegistrationTokenId::generate(entropy);
        Self {
            token_use,
            text: text_after(token_use.prefix(), id.as_str(), entropy),
            id,
        }
    }

    /// What somebody sent as one; nothing if it has not the form of one, or not its checksum.
    pub fn read(token_use: TokenUse, text: &str) -> Option<Self> {
        let id = id_after(token_use.prefix(), text)?;
        Some(Self {
            token_use,
            id: id.parse().ok()?,
            text: Zeroizing::new(text.to_owned()),
        })
    }

    /// The part of it that is no secret.
    pub fn id(&self) -> &RegistrationTokenId {
        &self.id
    }

    /// The only way out. Callers: the answer that shows it, and hashing.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// What is kept of it.
    pub fn digest(&self, pepper: &MacKey) -> SecretDigest {
        SecretDigest::new(pepper.digest_parts(&[self.token_use.label(), self.text.as_bytes()]))
    }
}

/// A registration token, as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct RegistrationToken {
    /// The part of it that is no secret.
    pub id: RegistrationTokenId,
    /// The tag of the token.
    pub digest: SecretDigest,
    /// Who has it, and what for.
    pub note: Note,
    /// What clients may ask for.
    pub template: Template,
    /// How many clients can be registered with it.
    pub limit: u32,
    /// How many were.
    pub used: u32,
    /// When the latest was.
    pub last_used: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// By whom, as the audit log names them.
    pub created_by: String,
    /// Until when it can be used.
    pub expires: Timestamp,
    /// When it was revoked, if it was.
    pub revoked: Option<Timestamp>,
    /// The revision that last changed it.
    pub revision: Revision,
}

impl RegistrationToken {
    /// Whether a client can be registered with it at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended(now).is_none()
    }

    /// When it ended, if it has by `now`.
    pub fn ended(&self, now: Timestamp) -> Option<Timestamp> {
        let used_up = self.last_used.filter(|_| self.used >= self.limit);
        let expired = (self.expires <= now).then_some(self.expires);
        [self.revoked, used_up, expired].into_iter().flatten().min()
    }

    /// Whether it can be forgotten.
    pub fn is_forgettable(&self, now: Timestamp) -> bool {
        self.ended(now)
            .is_some_and(|ended| now >= ended.plus(REMEMBERED))
    }

    /// The word for what became of it.
    pub fn status(&self, now: Timestamp) -> &'static str {
        if self.revoked.is_some() {
            "revoked"
        } else if self.used >= self.limit {
            "used up"
        } else if self.expires <= now {
            "expired"
        } else {
            "open"
        }
    }

    /// What the audit log may say of it.
    pub fn facts(&self) -> Facts {
        let mut all = facts([
            ("note", self.note.to_string()),
            ("limit", self.limit.to_string()),
            ("used", self.used.to_string()),
            ("expires", self.expires.to_string()),
        ]);
        if let Some(at) = self.revoked {
            all.insert("revoked".to_owned(), at.to_string());
        }
        self.template.add_facts(&mut all);
        all
    }
}

#[cfg(test)]
mod tests;
