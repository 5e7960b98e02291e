//! What is written to edit the policy of the server.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{SpanInput, parse_some};
use crate::{
    admin::{refusal::FieldErrors, settings::SetPolicy},
    domain::{forward::ForwardRules, policy::OnLeak, time::Span},
};

/// Changes to the policy: what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyInput {
    /// What this server is called: 1 to 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// How long the tokens of a new API live: 60 seconds to 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_lifetime: Option<SpanInput>,
    /// How long a new secret works where none may last for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_lifetime: Option<SpanInput>,
    /// The longest that a new secret may be set to work: a minute to ten years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_secret_lifetime: Option<SpanInput>,
    /// Whether a secret may work until it is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endless_secrets: Option<bool>,
    /// How long the old secret of a rotation goes on working: 0, or a minute to 30 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<SpanInput>,
    /// How long a session of the console may rest: from 5 minutes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_idle: Option<SpanInput>,
    /// How long a session may last: 15 minutes to 7 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_longest: Option<SpanInput>,
    /// How long somebody counts as present after they proved who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reauthenticate_after: Option<SpanInput>,
    /// What happens to a secret that is reported as leaked: `revoke` or `flag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_leak: Option<String>,
    /// Whether every DPoP proof needs a nonce of this server (RFC 9449 §8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_nonces: Option<bool>,
    /// All rules that proxies name at `/forward-auth/policy/NAME`, each as `NAME AUDIENCE SCOPE…`; with `preflight`
    /// after the name, CORS preflights pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_policies: Option<Vec<String>>,
    /// Confirms that the master key is kept elsewhere too; `false` takes that back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master_key_kept: Option<bool>,
}

impl PolicyInput {
    /// The command, or all that is wrong with it.
    pub fn parse(self) -> Result<SetPolicy, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut span = |field: &str, input: Option<SpanInput>| -> Option<Span> {
            input.and_then(|input| errors.check(field, input.span()))
        };
        let secret_lifetime = span("secret_lifetime", self.secret_lifetime);
        let longest = span("longest_secret_lifetime", self.longest_secret_lifetime);
        let overlap = span("overlap", self.overlap);
        let session_idle = span("session_idle", self.session_idle);
        let session_longest = span("session_longest", self.session_longest);
        let reauthenticate_after = span("reauthenticate_after", self.reauthenticate_after);
        let token_lifetime = self
            .token_lifetime
            .and_then(|span| errors.check("token_lifetime", span.parse()));
        let on_leak = self
            .on_leak
            .and_then(|word| errors.check("on_leak", parse_on_leak(&word)));
        let forward_policies = self
            .forward_policies
            .and_then(|lines| errors.check("forward_policies", ForwardRules::try_from(lines)));
        let edit = SetPolicy {
            server_name: parse_some(self.server_name, "server_name", &mut errors),
            token_lifetime,
            secret_lifetime,
            longest_secret_lifetime: longest,
            endless_secrets: self.endless_secrets,
            overlap,
            session_idle,
            session_longest,
            reauthenticate_after,
            on_leak,
            dpop_nonces: self.dpop_nonces,
            forward_policies,
            master_key_kept: self.master_key_kept,
        };
        errors.finish()?;
        Ok(edit)
    }
}

fn parse_on_leak(word: &str) -> Result<OnLeak, &'static str> {
    match word {
        "revoke" => Ok(OnLeak::Revoke),
        "flag" => Ok(OnLeak::Flag),
        _ => Err("write revoke or flag"),
    }
}
