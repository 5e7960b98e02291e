//! The policy of the server as it is stored.

use serde::{Deserialize, Serialize};

use super::halt::StoredHalt;
use crate::domain::{
    forward::ForwardRules,
    id::Revision,
    name::DisplayName,
    policy::{OnLeak, Policy},
    time::{Lifetime, Span, Timestamp},
};

/// The policy.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct StoredPolicy {
    server_name: DisplayName,
    token_lifetime: Lifetime,
    secret_lifetime: Span,
    longest_secret_lifetime: Span,
    endless_secrets: bool,
    overlap: Span,
    session_idle: Span,
    session_longest: Span,
    reauthenticate_after: Span,
    on_leak: StoredOnLeak,
    #[serde(default)]
    dpop_nonces: bool,
    #[serde(default)]
    forward_policies: ForwardRules,
    // Since format 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    halt: Option<StoredHalt>,
    master_key_kept: Option<Timestamp>,
    revision: Revision,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum StoredOnLeak {
    Revoke,
    Flag,
}

impl From<&Policy> for StoredPolicy {
    fn from(policy: &Policy) -> Self {
        Self {
            server_name: policy.server_name.clone(),
            token_lifetime: policy.token_lifetime,
            secret_lifetime: policy.secret_lifetime,
            longest_secret_lifetime: policy.longest_secret_lifetime,
            endless_secrets: policy.endless_secrets,
            overlap: policy.overlap,
            session_idle: policy.session_idle,
            session_longest: policy.session_longest,
            reauthenticate_after: policy.reauthenticate_after,
            on_leak: match policy.on_leak {
                OnLeak::Revoke => StoredOnLeak::Revoke,
                OnLeak::Flag => StoredOnLeak::Flag,
            },
            dpop_nonces: policy.dpop_nonces,
            forward_policies: policy.forward_policies.clone(),
            halt: policy.halt.as_ref().map(Into::into),
            master_key_kept: policy.master_key_kept,
            revision: policy.revision,
        }
    }
}

impl From<StoredPolicy> for Policy {
    fn from(stored: StoredPolicy) -> Self {
        Self {
            server_name: stored.server_name,
            token_lifetime: stored.token_lifetime,
            secret_lifetime: stored.secret_lifetime,
            longest_secret_lifetime: stored.longest_secret_lifetime,
            endless_secrets: stored.endless_secrets,
            overlap: stored.overlap,
            session_idle: stored.session_idle,
            session_longest: stored.session_longest,
            reauthenticate_after: stored.reauthenticate_after,
            on_leak: match stored.on_leak {
                StoredOnLeak::Revoke => OnLeak::Revoke,
                StoredOnLeak::Flag => OnLeak::Flag,
            },
            dpop_nonces: stored.dpop_nonces,
            forward_policies: stored.forward_policies,
            halt: stored.halt.map(Into::into),
            master_key_kept: stored.master_key_kept,
            revision: stored.revision,
        }
    }
}
