//! `jeton client limit`: from where a client may authenticate, how many tokens it may get.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    admin::views::{LimitsView, QuotaView},
    cli::{
        desk::{Desk, object, path},
        failure::Failure,
        pen::{Pen, count},
    },
};

/// What limits it from now on; without any option, what limits it is shown.
#[derive(Args, Debug)]
pub(crate) struct Limit {
    /// The client's id.
    #[arg(value_name = "ID")]
    id: String,
    /// A network or an address that it may authenticate from. Give all that are to hold; an empty one lifts the
    /// limit.
    #[arg(long, value_name = "NETWORK")]
    allowed_network: Vec<String>,
    /// Saves the networks even if it was answered from elsewhere in the last 30 days.
    #[arg(long, requires = "allowed_network")]
    even_if_used: bool,
    /// How many tokens it may get, as 600/minute or 100/hour; none lifts the limit.
    #[arg(long, value_name = "TOKENS/TIME")]
    quota: Option<String>,
    /// How many of them may come at once; all, if not given.
    #[arg(long, value_name = "TOKENS", requires = "quota")]
    burst: Option<u32>,
    /// What becomes of what is too much: it is counted, or it is refused.
    #[arg(long, value_parser = ["watch", "enforce"], default_value = "watch", requires = "quota")]
    quota_mode: String,
}

impl Limit {
    /// Limits the client, or shows how it is limited.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let path = path(["clients", &self.id, "limits"]);
        let body = self.body()?;
        let limits = if body.as_object().is_some_and(serde_json::Map::is_empty) {
            desk.get(&path).await?
        } else {
            desk.patch(&path, body).await?
        };
        desk.answer(&limits, show)
    }

    fn body(self) -> Result<Value, Failure> {
        let networks = self.allowed_network.iter().map(|it| it.trim());
        let networks: Vec<&str> = networks.filter(|it| !it.is_empty()).collect();
        let is_named = !self.allowed_network.is_empty();
        let quota = match self.quota.as_deref() {
            None => None,
            Some("none") => Some(Value::Null),
            Some(text) => {
                let (tokens, per) = text.split_once('/').unwrap_or((text, ""));
                let tokens: u32 = tokens.trim().parse().map_err(|_| {
                    Failure::usage("write a quota as 600/minute or 100/hour, or none")
                })?;
                Some(object([
                    ("tokens", Some(json!(tokens))),
                    ("per", Some(json!(per.trim()))),
                    ("burst", self.burst.map(Value::from)),
                    ("mode", Some(json!(self.quota_mode))),
                ]))
            }
        };
        Ok(object([
            ("allowed_networks", is_named.then(|| json!(networks))),
            ("even_if_used", self.even_if_used.then_some(json!(true))),
            ("quota", quota),
        ]))
    }
}

fn show(pen: &Pen, it: &LimitsView) -> String {
    let networks = match it.allowed_networks.as_slice() {
        [] => "from anywhere".to_owned(),
        networks => format!("from {} only", networks.join(", ")),
    };
    let mut facts = vec![("authenticates", networks)];
    match &it.quota {
        None => facts.push(("tokens", "as many as it asks for".to_owned())),
        Some(quota) => {
            let mode = if quota.mode == "watch" {
                "; what is more is counted, and issued"
            } else {
                ""
            };
            let QuotaView {
                tokens, per, burst, ..
            } = quota;
            let tokens = count(u64::from(*tokens), "token");
            facts.push((
                "tokens",
                format!("{tokens} per {per}, {burst} at once{mode}"),
            ));
            let exceeded = match &quota.exceeded_at {
                None => "never since it was set or the server started".to_owned(),
                Some(last) => format!("{} times, last {}", quota.exceeded, pen.time(last)),
            };
            facts.push(("exceeded", exceeded));
        }
    }
    pen.facts(&facts)
}
