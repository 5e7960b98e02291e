//! One-time links: a token that is shown once, and the tag that is kept of it.
//!
//! Whoever has the token may do the one thing that it is for, once. The server keeps a MAC of it
//! under its pepper, bound to what it is for: a stolen file opens no link.

use std::str::FromStr;

use zeroize::Zeroizing;

use crate::crypto::{
    mac::{MacKey, SecretDigest},
    random::Entropy,
};

/// How many characters of base62 a token has: 256 bits.
const LENGTH: usize = 43;

/// What a link is for. A token for one opens no other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LinkUse {
    /// An operator chooses a password.
    Account,
    /// A developer takes a secret.
    Handover,
}

impl LinkUse {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Account => b"account link\0",
            Self::Handover => b"handover link\0",
        }
    }
}

/// The secret part of a one-time link. Exists between making it and showing it once.
///
/// No `Debug`, no `Clone`, no `Serialize`. Wiped when dropped.
pub struct LinkToken(Zeroizing<String>);

impl LinkToken {
    /// A new one.
    pub fn generate(entropy: &Entropy) -> Self {
        Self(entropy.base62(LENGTH))
    }

    /// The only way out. Callers: the answer that shows the link, and hashing.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn digest(&self, link: LinkUse, pepper: &MacKey) -> SecretDigest {
        SecretDigest::new(pepper.digest_parts(&[link.label(), self.0.as_bytes()]))
    }
}

impl FromStr for LinkToken {
    type Err = LinkTokenError;

    fn from_str(text: &str) -> Result<Self, LinkTokenError> {
        let is_whole =
            text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_whole {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(LinkTokenError)
        }
    }
}

/// The text is no token of a one-time link.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this link is not complete")]
pub struct LinkTokenError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_from_a_link_and_opens_only_what_it_is_for() {
        let pepper = MacKey::new(&[7; 32]);
        let token = LinkToken::generate(&Entropy::seeded(1));

        let Ok(read) = token.reveal().parse::<LinkToken>() else {
            panic!("a token reads back");
        };

        let digest = token.digest(LinkUse::Account, &pepper);
        assert_eq!(read.digest(LinkUse::Account, &pepper), digest);
        assert_ne!(read.digest(LinkUse::Handover, &pepper), digest);
        assert_ne!(
            LinkToken::generate(&Entropy::seeded(2)).digest(LinkUse::Account, &pepper),
            digest
        );
    }

    #[test]
    fn half_a_link_is_none() {
        let token = LinkToken::generate(&Entropy::seeded(1));

        for odd in ["", &token.reveal()[1..], &format!("{}x", token.reveal())] {
            assert!(odd.parse::<LinkToken>().is_err(), "{odd}");
        }
        assert!("-".repeat(43).parse::<LinkToken>().is_err());
    }
}
