//! `jeton settings`: what operators decide for everything at once.

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    desk::{Desk, object},
    failure::Failure,
    pen::Pen,
};
use crate::domain::time::Span;

/// See and change the policy of the server: defaults, bounds, sessions, leaks.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum SettingsCommand {
    /// Show the policy.
    #[command(after_help = "Example:\n  jeton settings show")]
    Show,
    /// Change some of it. What was made before stays as it is.
    #[command(after_help = "Example:\n  jeton settings set --secret-lifetime 90d --overlap 48h")]
    Set(Box<Set>),
}

const EXAMPLES: &str = "\
Examples:
  jeton settings show
  jeton settings set --secret-lifetime 90d --endless-secrets false
  jeton settings set --session-idle 30m --on-leak flag
  jeton settings set --forward-policy 'orders https://api.example.com read:orders'
  jeton settings set --master-key-kept true";

/// What to change.
#[derive(Args, Debug)]
#[group(required = true, multiple = true)]
pub(crate) struct Set {
    /// What this server is called.
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
    /// How long the tokens of a new API live, unless it says otherwise.
    #[arg(long, value_name = "TIME")]
    token_lifetime: Option<String>,
    /// How long a new secret works where none may last for good.
    #[arg(long, value_name = "TIME")]
    secret_lifetime: Option<String>,
    /// The longest that a new secret may be set to work.
    #[arg(long, value_name = "TIME")]
    longest_secret_lifetime: Option<String>,
    /// Whether a secret may work until it is replaced.
    #[arg(long, value_name = "BOOL")]
    endless_secrets: Option<bool>,
    /// How long the old secret of a rotation goes on working, unless the rotation says otherwise.
    #[arg(long, value_name = "TIME")]
    overlap: Option<String>,
    /// How long a session of the console may rest.
    #[arg(long, value_name = "TIME")]
    session_idle: Option<String>,
    /// How long a session of the console may last.
    #[arg(long, value_name = "TIME")]
    session_longest: Option<String>,
    /// How long somebody counts as present after they proved who they are.
    #[arg(long, value_name = "TIME")]
    reauthenticate_after: Option<String>,
    /// What happens to a secret that is reported as leaked.
    #[arg(long, value_parser = ["revoke", "flag"])]
    on_leak: Option<String>,
    /// Whether every DPoP proof needs a nonce of this server.
    #[arg(long, value_name = "BOOL")]
    dpop_nonces: Option<bool>,
    /// A rule that proxies name at /forward-auth/policy/NAME: a name, an API's identifier, scopes. Give all that are
    /// to be kept; an empty one keeps none.
    #[arg(long, value_name = "RULE")]
    forward_policy: Vec<String>,
    /// Confirms that the master key is kept elsewhere too; false takes that back.
    #[arg(long, value_name = "BOOL")]
    master_key_kept: Option<bool>,
}

impl SettingsCommand {
    /// Carries the command out.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        match self {
            Self::Show => desk.answer(&desk.get("/settings").await?, show),
            Self::Set(set) => {
                let policy = desk.patch("/settings", set.body()).await?;
                desk.answer(&policy, show)
            }
        }
    }
}

impl Set {
    fn body(self) -> Value {
        object([
            ("server_name", self.server_name.map(Value::from)),
            ("token_lifetime", self.token_lifetime.map(Value::from)),
            ("secret_lifetime", self.secret_lifetime.map(Value::from)),
            (
                "longest_secret_lifetime",
                self.longest_secret_lifetime.map(Value::from),
            ),
            ("endless_secrets", self.endless_secrets.map(|it| json!(it))),
            ("overlap", self.overlap.map(Value::from)),
            ("session_idle", self.session_idle.map(Value::from)),
            ("session_longest", self.session_longest.map(Value::from)),
            (
                "reauthenticate_after",
                self.reauthenticate_after.map(Value::from),
            ),
            ("on_leak", self.on_leak.map(Value::from)),
            ("dpop_nonces", self.dpop_nonces.map(|it| json!(it))),
            (
                "forward_policies",
                (!self.forward_policy.is_empty()).then(|| json!(self.forward_policy)),
            ),
            ("master_key_kept", self.master_key_kept.map(|it| json!(it))),
        ])
    }
}

#[derive(Deserialize)]
struct PolicyView {
    server_name: String,
    token_lifetime: u64,
    secret_lifetime: u64,
    longest_secret_lifetime: u64,
    endless_secrets: bool,
    overlap: u64,
    session_idle: u64,
    session_longest: u64,
    reauthenticate_after: u64,
    on_leak: String,
    #[serde(default)]
    dpop_nonces: bool,
    #[serde(default)]
    forward_policies: Vec<String>,
    master_key_kept_at: Option<String>,
}

fn show(pen: &Pen, it: &PolicyView) -> String {
    let span = |seconds: u64| Span(seconds).to_string();
    let kept = it.master_key_kept_at.as_ref();
    pen.facts(&[
        ("server name", it.server_name.clone()),
        ("token lifetime", span(it.token_lifetime)),
        ("secret lifetime", span(it.secret_lifetime)),
        ("longest", span(it.longest_secret_lifetime)),
        (
            "endless secrets",
            if it.endless_secrets { "yes" } else { "no" }.to_owned(),
        ),
        ("overlap", span(it.overlap)),
        ("session rests", span(it.session_idle)),
        ("session lasts", span(it.session_longest)),
        ("present for", span(it.reauthenticate_after)),
        ("on a leak", it.on_leak.clone()),
        (
            "DPoP nonces",
            if it.dpop_nonces {
                "always"
            } else {
                "after a start"
            }
            .to_owned(),
        ),
        (
            "forward-auth",
            if it.forward_policies.is_empty() {
                "no rules".to_owned()
            } else {
                it.forward_policies.join(", ")
            },
        ),
        (
            "master key kept",
            kept.map_or_else(|| "not confirmed".to_owned(), |at| pen.time(at)),
        ),
    ])
}
