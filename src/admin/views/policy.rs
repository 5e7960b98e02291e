//! The policy of the server, as it is shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment;
use crate::domain::policy::Policy;

/// The policy; lengths of time in seconds.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct PolicyView {
    /// What this server is called.
    pub server_name: String,
    /// How long the tokens of a new API live, unless it says otherwise.
    pub token_lifetime: u32,
    /// How long a new secret works where none may last for good.
    pub secret_lifetime: u64,
    /// The longest that a new secret may be set to work.
    pub longest_secret_lifetime: u64,
    /// Whether a secret may work until it is replaced.
    pub endless_secrets: bool,
    /// How long the old secret of a rotation goes on working, unless the rotation says otherwise.
    pub overlap: u64,
    /// How long a session of the console may rest.
    pub session_idle: u64,
    /// How long a session may last.
    pub session_longest: u64,
    /// How long somebody counts as present after they proved who they are.
    pub reauthenticate_after: u64,
    /// What happens to a secret that is reported as leaked: `revoke` or `flag`.
    pub on_leak: String,
    /// Whether every DPoP proof needs a nonce of this server.
    #[serde(default)]
    pub dpop_nonces: bool,
    /// What proxies name at `/forward-auth/policy/NAME`, each as `NAME AUDIENCE SCOPE…`.
    #[serde(default)]
    pub forward_policies: Vec<String>,
    /// When somebody confirmed that the master key is kept elsewhere too.
    pub master_key_kept_at: Option<String>,
    /// The revision that last changed it.
    pub revision: u64,
}

impl PolicyView {
    /// As it is.
    pub fn of(policy: &Policy) -> Self {
        Self {
            server_name: policy.server_name.to_string(),
            token_lifetime: policy.token_lifetime.seconds(),
            secret_lifetime: policy.secret_lifetime.seconds(),
            longest_secret_lifetime: policy.longest_secret_lifetime.seconds(),
            endless_secrets: policy.endless_secrets,
            overlap: policy.overlap.seconds(),
            session_idle: policy.session_idle.seconds(),
            session_longest: policy.session_longest.seconds(),
            reauthenticate_after: policy.reauthenticate_after.seconds(),
            on_leak: policy.on_leak.as_str().to_owned(),
            dpop_nonces: policy.dpop_nonces,
            forward_policies: policy.forward_policies.lines(),
            master_key_kept_at: policy.master_key_kept.map(moment),
            revision: policy.revision.0,
        }
    }
}
