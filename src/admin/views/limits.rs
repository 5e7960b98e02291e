//! The limits of a client, as they are shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment;
use crate::domain::{client::Client, limits::TokenQuota, time::Timestamp};

/// What limits a client beside its scopes.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct LimitsView {
    /// The networks that it may authenticate from; none: from anywhere.
    pub allowed_networks: Vec<String>,
    /// How many tokens it may get; left out: as many as it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<QuotaView>,
    /// The revision that last changed the client.
    pub revision: u64,
}

/// A quota, and what was too much for it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct QuotaView {
    /// How many tokens.
    pub tokens: u32,
    /// In how long: `minute` or `hour`.
    pub per: String,
    /// How many of them may come at once.
    pub burst: u32,
    /// Whether what is too much is refused: `enforce`, or counted only: `watch`.
    pub mode: String,
    /// How many requests were too much since the quota was set or the server started.
    pub exceeded: u64,
    /// When the latest of them came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exceeded_at: Option<String>,
}

impl LimitsView {
    /// Those of `client`, with what was too much: how many requests, and when the latest came.
    pub fn of(client: &Client, over: Option<(u64, Timestamp)>) -> Self {
        let limits = &client.rules.limits;
        Self {
            allowed_networks: limits.networks.texts(),
            quota: limits
                .quota
                .as_ref()
                .map(|quota| QuotaView::of(quota, over)),
            revision: client.revision.0,
        }
    }
}

impl QuotaView {
    fn of(quota: &TokenQuota, over: Option<(u64, Timestamp)>) -> Self {
        Self {
            tokens: quota.tokens(),
            per: quota.per().as_str().to_owned(),
            burst: quota.burst(),
            mode: quota.mode.as_str().to_owned(),
            exceeded: over.map_or(0, |(count, _)| count),
            exceeded_at: over.map(|(_, last)| moment(last)),
        }
    }
}
