//! Hand-overs: a one-time link by which a developer, who is no operator, takes a new secret.
//!
//! No secret waits anywhere: it is made when the developer asks for it, and shown to nobody else.

use std::net::IpAddr;

use super::{
    audit::{Facts, facts},
    id::{ClientId, HandoverId, Revision},
    name::Note,
    rotation::Overlap,
    secret::IfUsed,
    time::{Span, Timestamp},
};
use crate::crypto::mac::SecretDigest;

/// How long a link can be followed.
pub const LINK_LIFE: Span = Span::hours(24);

/// How long a hand-over is remembered after it ended.
pub const REMEMBERED: Span = Span::days(30);

/// A one-time link to a new secret.
#[derive(Clone, Debug, PartialEq)]
pub struct Handover {
    /// Never changes.
    pub id: HandoverId,
    /// Whose secret it gives.
    pub client: ClientId,
    /// The tag of its token.
    pub token: SecretDigest,
    /// When it was offered.
    pub created: Timestamp,
    /// By whom, as the audit log names them.
    pub created_by: String,
    /// Whether that one might touch a client that can manage this server.
    pub by_owner: bool,
    /// Until when it can be followed.
    pub expires: Timestamp,
    /// What became of it. Expiry is not here: it is a matter of the moment.
    pub state: HandoverState,
    /// How long the old secret goes on working.
    pub overlap: Overlap,
    /// What happens then if it is still in use.
    pub if_used: IfUsed,
    /// Where the new secret will be kept.
    pub note: Note,
    /// How long the new secret works.
    pub secret_lifetime: Option<Span>,
    /// Whether the client signs with it; as with the one that it replaces, if nothing is said.
    pub signs: Option<bool>,
    /// The revision that last changed it.
    pub revision: Revision,
}

/// What became of a hand-over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HandoverState {
    /// Nothing yet.
    Open,
    /// Somebody took the secret.
    Used {
        /// When.
        at: Timestamp,
        /// From where, if over the network.
        address: Option<IpAddr>,
    },
    /// It was withdrawn.
    Withdrawn {
        /// When.
        at: Timestamp,
    },
}

impl Handover {
    /// Whether it can be followed at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended(now).is_none()
    }

    /// When it ended, if it has by `now`.
    pub fn ended(&self, now: Timestamp) -> Option<Timestamp> {
        match self.state {
            HandoverState::Used { at, .. } | HandoverState::Withdrawn { at } => Some(at),
            HandoverState::Open => (self.expires <= now).then_some(self.expires),
        }
    }

    /// Whether it can be forgotten.
    pub fn is_forgettable(&self, now: Timestamp) -> bool {
        self.ended(now)
            .is_some_and(|ended| now >= ended.plus(REMEMBERED))
    }

    /// The word for what became of it.
    pub fn status(&self, now: Timestamp) -> &'static str {
        match self.state {
            HandoverState::Used { .. } => "used",
            HandoverState::Withdrawn { .. } => "withdrawn",
            HandoverState::Open if self.is_open(now) => "open",
            HandoverState::Open => "expired",
        }
    }

    /// What the audit log may say of it.
    pub fn facts(&self) -> Facts {
        let state = match self.state {
            HandoverState::Open => format!("open until {}", self.expires),
            HandoverState::Used { at, .. } => format!("used at {at}"),
            HandoverState::Withdrawn { at } => format!("withdrawn at {at}"),
        };
        let mut all = facts([
            ("handover.id", self.id.to_string()),
            ("handover.state", state),
            ("handover.note", self.note.to_string()),
        ]);
        if let Overlap::For(span) = self.overlap {
            all.insert("handover.overlap".to_owned(), span.to_string());
        }
        if let Some(span) = self.secret_lifetime {
            all.insert("handover.secret_lifetime".to_owned(), span.to_string());
        }
        if let Some(signs) = self.signs {
            all.insert("handover.signs".to_owned(), signs.to_string());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::Entropy;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    #[test]
    fn what_became_of_a_link_is_a_matter_of_the_moment() {
        let offered = Handover {
            id: HandoverId::generate(&Entropy::seeded(1)),
            client: "svc".parse().unwrap(),
            token: SecretDigest::new([1; 32]),
            created: NOW,
            created_by: "local:0".to_owned(),
            by_owner: false,
            expires: NOW.plus(LINK_LIFE),
            state: HandoverState::Open,
            overlap: Overlap::None,
            if_used: IfUsed::Hold,
            note: Note::default(),
            secret_lifetime: None,
            signs: None,
            revision: Revision::default(),
        };
        let at_last = NOW.plus(LINK_LIFE).minus(Span(1));
        assert_eq!(offered.status(at_last), "open");
        assert_eq!(offered.status(NOW.plus(LINK_LIFE)), "expired");
        let withdrawn = Handover {
            state: HandoverState::Withdrawn { at: NOW },
            ..offered
        };
        assert_eq!(withdrawn.status(NOW), "withdrawn");
    }
}
