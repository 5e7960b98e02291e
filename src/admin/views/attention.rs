//! What needs attention, and what was put off.

use serde::Serialize;
use utoipa::ToSchema;

use super::{ServerAttentionView, moment};
use crate::admin::evidence::{
    attention::{Act, Attention, Lookout, PutOff, attention, put_off},
    directory::{Directory, Kind},
    server::ServerAttention,
};

/// What needs attention among all clients and about the server, and what was put off.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AttentionListView {
    /// What needs attention: one row for each client, the worst first.
    pub data: Vec<AttentionView>,
    /// What needs attention about the server itself, the worst first. Never put off.
    pub server: Vec<ServerAttentionView>,
    /// What was put off, and is still.
    pub postponed: Vec<PostponedView>,
}

/// What is the matter with a client.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AttentionView {
    /// Which client.
    pub client_id: String,
    /// What it is called.
    pub name: String,
    /// By which rule: `leaked`, `broken`, `deadline`, `expiring`, `finish`, `guessing`, `unused`,
    /// `too_broad` or `old`.
    pub rule: String,
    /// How much it matters: `danger`, `warning` or `notice`.
    pub level: String,
    /// The same in a sentence.
    pub reason: String,
    /// What to do about it.
    pub action: String,
    /// To which secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_id: Option<String>,
}

/// What was put off.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PostponedView {
    /// Of which client.
    pub client_id: String,
    /// What it is called.
    pub name: String,
    /// By which rule.
    pub rule: String,
    /// What is the matter now; left out if it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it comes back at the latest; only when it is worse, if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Why it was put off.
    pub note: String,
    /// By whom.
    pub by: String,
    /// When.
    pub at: String,
}

impl AttentionListView {
    /// As it is seen from there, with what is the matter with the server.
    pub fn of(directory: &Directory, lookout: &Lookout<'_>, server: Vec<ServerAttention>) -> Self {
        let found = attention(directory.of(Kind::Attention), lookout);
        let hidden = put_off(directory.of(Kind::PutOff), lookout);
        Self {
            data: found.into_iter().map(AttentionView::of).collect(),
            server: server.into_iter().map(ServerAttentionView::of).collect(),
            postponed: hidden.into_iter().map(PostponedView::of).collect(),
        }
    }
}

impl AttentionView {
    fn of(found: Attention) -> Self {
        Self {
            client_id: found.client.to_string(),
            name: found.name.to_string(),
            rule: found.rule.as_str().to_owned(),
            level: found.level.as_str().to_owned(),
            reason: found.reason,
            action: found.act.words().to_owned(),
            secret_id: match found.act {
                Act::Revoke(secret) | Act::Retire(secret) => Some(secret.to_string()),
                Act::MakeSecret
                | Act::Extend
                | Act::Rotate
                | Act::OpenActivity
                | Act::ReviewClient
                | Act::ReviewAccess => None,
            },
        }
    }
}

impl PostponedView {
    fn of(put_off: PutOff) -> Self {
        let postponed = put_off.postponed;
        Self {
            client_id: put_off.client.to_string(),
            name: put_off.name.to_string(),
            rule: put_off.rule.as_str().to_owned(),
            reason: put_off.reason,
            until: postponed.until.map(moment),
            note: postponed.note.to_string(),
            by: postponed.by,
            at: moment(postponed.at),
        }
    }
}
