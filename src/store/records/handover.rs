//! Hand-overs as they are stored.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::client::StoredIfUsed;
use crate::{
    crypto::mac::SecretDigest,
    domain::{
        handover::{Handover, HandoverState},
        id::{ClientId, HandoverId, Revision},
        name::Note,
        rotation::Overlap,
        time::{Span, Timestamp},
    },
};

/// A hand-over.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct StoredHandover {
    id: HandoverId,
    client: ClientId,
    token: SecretDigest,
    created: Timestamp,
    created_by: String,
    by_owner: bool,
    expires: Timestamp,
    state: StoredHandoverState,
    overlap: Option<Span>,
    if_used: StoredIfUsed,
    note: Note,
    secret_lifetime: Option<Span>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signs: Option<bool>,
    revision: Revision,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum StoredHandoverState {
    Open,
    Used {
        at: Timestamp,
        address: Option<IpAddr>,
    },
    Withdrawn(Timestamp),
}

impl From<&Handover> for StoredHandover {
    fn from(handover: &Handover) -> Self {
        Self {
            id: handover.id.clone(),
            client: handover.client.clone(),
            token: handover.token.clone(),
            created: handover.created,
            created_by: handover.created_by.clone(),
            by_owner: handover.by_owner,
            expires: handover.expires,
            state: match handover.state {
                HandoverState::Open => StoredHandoverState::Open,
                HandoverState::Used { at, address } => StoredHandoverState::Used { at, address },
                HandoverState::Withdrawn { at } => StoredHandoverState::Withdrawn(at),
            },
            overlap: match handover.overlap {
                Overlap::None => None,
                Overlap::For(span) => Some(span),
            },
            if_used: handover.if_used.into(),
            note: handover.note.clone(),
            secret_lifetime: handover.secret_lifetime,
            signs: handover.signs,
            revision: handover.revision,
        }
    }
}

impl From<StoredHandover> for Handover {
    fn from(stored: StoredHandover) -> Self {
        Self {
            id: stored.id,
            client: stored.client,
            token: stored.token,
            created: stored.created,
            created_by: stored.created_by,
            by_owner: stored.by_owner,
            expires: stored.expires,
            state: match stored.state {
                StoredHandoverState::Open => HandoverState::Open,
                StoredHandoverState::Used { at, address } => HandoverState::Used { at, address },
                StoredHandoverState::Withdrawn(at) => HandoverState::Withdrawn { at },
            },
            overlap: stored.overlap.map_or(Overlap::None, Overlap::For),
            if_used: stored.if_used.into(),
            note: stored.note,
            secret_lifetime: stored.secret_lifetime,
            signs: stored.signs,
            revision: stored.revision,
        }
    }
}
