//! `jeton issuance`: whether tokens are issued at all.

use clap::{Args, Subcommand};
use serde_json::json;

use super::{desk::Desk, failure::Failure, pen::Pen};
use crate::admin::views::{HaltView, IssuanceView};

/// Halt and resume the issuing of tokens, while all else goes on.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  jeton issuance halt --reason 'a signing key may be known to others'
  jeton issuance resume")]
pub(crate) enum IssuanceCommand {
    /// Show whether tokens are issued, and for which APIs they are not.
    #[command(after_help = "Example:\n  jeton issuance show")]
    Show,
    /// Issue no tokens at all, from the next request on. What was issued goes on to count.
    #[command(after_help = "\
Example:
  jeton issuance halt --reason 'a signing key may be known to others'

Clients are told to ask again in a minute (503). To stop tokens that were issued already: jeton key revoke,
jeton client revoke-tokens, jeton client disable. For one API only: jeton api halt.")]
    Halt(Reason),
    /// Issue tokens again.
    #[command(after_help = "Example:\n  jeton issuance resume")]
    Resume,
}

/// Why.
#[derive(Args, Debug)]
pub(crate) struct Reason {
    /// Why, for operators alone: those who are refused are not told.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl IssuanceCommand {
    /// Carries the command out.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let found = match self {
            Self::Show => desk.get("/issuance").await?,
            Self::Halt(Reason { reason }) => {
                desk.post("/issuance/halt", json!({ "reason": reason }))
                    .await?
            }
            Self::Resume => desk.post("/issuance/resume", json!({})).await?,
        };
        desk.answer(&found, show)
    }
}

fn show(pen: &Pen, it: &IssuanceView) -> String {
    let state = match &it.halted {
        None => "tokens are issued".to_owned(),
        Some(halt) => pen.warning(&format!("halted {}", in_words(pen, halt))),
    };
    let mut facts = vec![("issuance", state)];
    for api in &it.apis {
        let text = format!("{} is halted {}", api.api, in_words(pen, &api.halted));
        facts.push(("  api", pen.warning(&text)));
    }
    pen.facts(&facts)
}

/// Since when, by whom and why.
pub(super) fn in_words(pen: &Pen, halt: &HaltView) -> String {
    format!(
        "since {}, by {}: {}",
        pen.time(&halt.since),
        halt.by,
        halt.reason
    )
}
