//! `jeton client dry-run`: would the token of its platform prove a client, and if not, why?

use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use crate::cli::{
    credential,
    desk::{Desk, path, read},
    failure::Failure,
    output::{self, Format},
    pen::Pen,
};

/// Which client, and which token.
#[derive(Args, Debug)]
pub(crate) struct DryRun {
    /// The client's id.
    #[arg(value_name = "ID")]
    id: String,
    /// The file with the token; `-` is standard input.
    #[arg(value_name = "FILE")]
    token: PathBuf,
}

#[derive(Deserialize)]
struct Found {
    accepted: bool,
    disabled: bool,
    trusts: Vec<Trust>,
}

#[derive(Deserialize)]
struct Trust {
    secret_id: String,
    issuer: String,
    subject: String,
    objections: Vec<String>,
    problem: Option<String>,
}

impl DryRun {
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let token = credential::read(&self.token)?;
        let path = path(["clients", &self.id, "dry-run"]);
        let answer = desk.post(&path, json!({ "token": token.trim() })).await?;
        let found: Found = read(&answer)?;
        match desk.format() {
            Format::Json => output::print_json(&answer),
            Format::Human => output::print(&words(&desk.format().pen(), &found)),
        }
        if found.accepted {
            return Ok(());
        }
        let id = &self.id;
        Err(Failure::refused(
            "token-refused",
            format!("{id} would not be let in by this token"),
        ))
    }
}

/// Every trust, and what it says.
fn words(pen: &Pen, found: &Found) -> String {
    use std::fmt::Write;

    let mut text = String::new();
    if found.trusts.is_empty() {
        text.push_str("The client trusts no other issuer.\n");
    }
    if found.disabled {
        text.push_str("The client is disabled: no token counts until it is enabled again.\n");
    }
    for trust in &found.trusts {
        let verdict = if trust.objections.is_empty() {
            "would take it"
        } else {
            "would refuse it"
        };
        let name = pen.strong(&format!("{} {}", trust.issuer, trust.subject));
        let _ = writeln!(text, "{name} ({}) {verdict}", trust.secret_id);
        for objection in &trust.objections {
            let _ = writeln!(text, "  {objection}");
        }
        if let Some(problem) = &trust.problem {
            let _ = writeln!(text, "  When its keys were last fetched: {problem}.");
        }
    }
    text
}
