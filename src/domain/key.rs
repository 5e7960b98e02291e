//! Signing keys and their four ages: pending, active, retiring, retired.
//!
//! An age is a function of the moment, so a rotation needs no coordination: what is planned at
//! generation happens by itself. Only generation, destruction and revocation are changes.

use std::{fmt, sync::Arc};

use super::{
    audit::{Facts, facts},
    id::{KeyId, Revision},
    time::{Span, Timestamp},
};
use crate::crypto::signer::{Algorithm, PrivateKey, Signer};

/// How long a key signs before its successor takes over.
pub const SIGNS_FOR: Span = Span::days(90);

/// How long before its first signature a scheduled key is published.
pub const PUBLISHED_AHEAD: Span = Span::days(7);

/// The least time between publishing a key and its first signature, unless it is an emergency:
/// twice the time for which verifiers may keep the JWK set.
pub const SHORTEST_NOTICE: Span = Span::minutes(10);

/// How long a key stays published after its last token has expired.
pub const KEPT_AFTER: Span = Span::hours(1);

/// A key that signs tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct SigningKey {
    /// `kid`: the RFC 7638 thumbprint. Never used again for another key.
    pub id: KeyId,
    /// The one algorithm it is used with (RFC 8725 §3.1).
    pub algorithm: Algorithm,
    /// The key itself, while it exists.
    pub material: Material,
    /// Since when verifiers can see it.
    pub published: Timestamp,
    /// From when on it signs, until a younger key of its algorithm does.
    pub active_from: Timestamp,
    /// The revision that last changed it.
    pub revision: Revision,
}

/// What there is of a key.
#[derive(Clone)]
pub enum Material {
    /// All of it.
    Whole {
        /// Ready to sign and to verify.
        signer: Arc<Signer>,
        /// What is kept of it, sealed.
        private: Arc<PrivateKey>,
    },
    /// Nothing: it was retired and destroyed as planned.
    Destroyed {
        /// When.
        at: Timestamp,
    },
    /// Nothing: it was compromised or withdrawn, and stopped at once.
    Revoked {
        /// When.
        at: Timestamp,
    },
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole { .. } => f.write_str("Whole(..)"),
            Self::Destroyed { at } => write!(f, "Destroyed({at})"),
            Self::Revoked { at } => write!(f, "Revoked({at})"),
        }
    }
}

impl PartialEq for Material {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole { signer: one, .. }, Self::Whole { signer: two, .. }) => {
                one.key_id() == two.key_id()
            }
            (Self::Destroyed { at: one }, Self::Destroyed { at: two })
            | (Self::Revoked { at: one }, Self::Revoked { at: two }) => one == two,
            _ => false,
        }
    }
}

/// How old a key is at a given moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Age {
    /// Published, not yet signing.
    Pending {
        /// When it begins to sign.
        active_from: Timestamp,
    },
    /// Signing.
    Active {
        /// Since when.
        since: Timestamp,
    },
    /// No longer signing; verifies what it signed.
    Retiring {
        /// When it leaves the JWK set.
        until: Timestamp,
    },
    /// Gone from the JWK set.
    Retired {
        /// Since when.
        at: Timestamp,
    },
    /// Taken out at once.
    Revoked {
        /// Since when.
        at: Timestamp,
    },
}

impl Age {
    /// The word for it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pending { .. } => "pending",
            Self::Active { .. } => "active",
            Self::Retiring { .. } => "retiring",
            Self::Retired { .. } => "retired",
            Self::Revoked { .. } => "revoked",
        }
    }

    /// Whether the key stands in the JWK set.
    pub const fn is_published(&self) -> bool {
        matches!(
            self,
            Self::Pending { .. } | Self::Active { .. } | Self::Retiring { .. }
        )
    }
}

impl SigningKey {
    /// A key from freshly generated material.
    pub fn new(
        (signer, private): (Signer, PrivateKey),
        published: Timestamp,
        active_from: Timestamp,
    ) -> Self {
        Self {
            id: signer.key_id().parse().expect("a thumbprint is a key id"),
            algorithm: signer.algorithm(),
            material: Material::Whole {
                signer: Arc::new(signer),
                private: Arc::new(private),
            },
            published,
            active_from,
            revision: Revision::default(),
        }
    }

    /// Of two keys of one algorithm that may sign, the greater one does: the one that began later,
    /// then the one that was published later.
    pub fn seniority(&self) -> (Timestamp, Timestamp, &KeyId) {
        (self.active_from, self.published, &self.id)
    }

    /// Ready to sign and to verify, while it exists.
    pub fn signer(&self) -> Option<&Arc<Signer>> {
        match &self.material {
            Material::Whole { signer, .. } => Some(signer),
            Material::Destroyed { .. } | Material::Revoked { .. } => None,
        }
    }

    /// What the audit log may say of it: nothing of the key itself.
    pub fn facts(&self) -> Facts {
        let material = match &self.material {
            Material::Whole { .. } => "whole",
            Material::Destroyed { .. } => "destroyed",
            Material::Revoked { .. } => "revoked",
        };
        facts([
            ("algorithm", self.algorithm.to_string()),
            ("material", material.to_owned()),
            ("published", self.published.to_string()),
            ("active_from", self.active_from.to_string()),
        ])
    }
}
