//! Hand-overs, as they are shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment;
use crate::domain::{
    handover::{Handover, HandoverState},
    id::ClientId,
    order,
    registry::Registry,
    rotation::Overlap,
    time::{Span, Timestamp},
};

/// A link that gives a developer a secret: everything but its token.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct HandoverView {
    /// Its id.
    pub id: String,
    /// Whose secret it gives.
    pub client_id: String,
    /// `open`, `used`, `withdrawn` or `expired`.
    pub status: String,
    /// When it was offered.
    pub created_at: String,
    /// By whom.
    pub created_by: String,
    /// Until when it can be followed.
    pub expires_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// From where it was followed.
    pub used_from: Option<String>,
    /// How long the old secret goes on working after that, in seconds.
    pub overlap: u64,
    /// Where the new secret will be kept.
    pub note: String,
    /// How long the new secret works, in seconds; `null`: until it is replaced.
    pub secret_lifetime: Option<u64>,
    /// Whether the client signs with the new secret; `null`: as with the one that it replaces.
    pub signs: Option<bool>,
}

impl HandoverView {
    /// As it is at `now`.
    pub fn of(handover: &Handover, now: Timestamp) -> Self {
        let used_from = match handover.state {
            HandoverState::Used { address, .. } => address,
            HandoverState::Open | HandoverState::Withdrawn { .. } => None,
        };
        Self {
            id: handover.id.to_string(),
            client_id: handover.client.to_string(),
            status: handover.status(now).to_owned(),
            created_at: moment(handover.created),
            created_by: handover.created_by.clone(),
            expires_at: moment(handover.expires),
            ended_at: handover.ended(now).map(moment),
            used_from: used_from.map(|address| address.to_string()),
            overlap: match handover.overlap {
                Overlap::None => 0,
                Overlap::For(span) => span.seconds(),
            },
            note: handover.note.to_string(),
            secret_lifetime: handover.secret_lifetime.map(Span::seconds),
            signs: handover.signs,
        }
    }

    /// All of one client that are remembered, the newest first.
    pub fn all_of(registry: &Registry, client: &ClientId, now: Timestamp) -> Vec<Self> {
        let mut all: Vec<_> = registry
            .handovers()
            .filter(|handover| handover.client == *client)
            .collect();
        order::by_key(&mut all, |handover| std::cmp::Reverse(handover.created));
        all.into_iter().map(|it| Self::of(it, now)).collect()
    }
}
