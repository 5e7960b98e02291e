//! `jeton audit verify`: whether the log is whole, and whether it is the one that checkpoints know.

use std::{fmt::Write, path::PathBuf};

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    app::checkpoints::{CheckpointFile, CheckpointFileError},
    cli::{
        desk::Desk,
        failure::{Exit, Failure},
        pen::count,
        server::whole_log,
    },
};

/// What to hold the log against.
#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// Checkpoints that were kept elsewhere, as `jeton serve --audit-checkpoints` writes them. Those of the server
    /// itself are looked at in any case.
    #[arg(long, value_name = "FILE")]
    anchors: Option<PathBuf>,
}

/// How many lines are sent at once.
const AT_ONCE: usize = 100;

#[derive(Deserialize)]
struct VerifiedView {
    records: u64,
    issued_tokens: Option<u64>,
    checkpoints: Option<ComparedView>,
    anchors: Option<ComparedView>,
}

#[derive(Clone, Copy, Deserialize)]
struct ComparedView {
    kept: u64,
    given_up: u64,
}

impl Verify {
    /// Verifies.
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let lines = match &self.anchors {
            Some(path) => Some(read(&CheckpointFile::at(path))?),
            None => None,
        };
        let mut verified = desk.get("/audit/verify").await?;
        if let Some(lines) = lines {
            verified["anchors"] = compare(desk, &lines).await?;
        }
        desk.answer(&verified, |_, it: &VerifiedView| it.in_words())
    }
}

fn read(file: &CheckpointFile) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    file.each(|_, line| {
        lines.push(line.to_owned());
        Ok::<_, CheckpointFileError>(())
    })?;
    Ok(lines)
}

/// Holds lines against the log, some at a time.
async fn compare(desk: &Desk, lines: &[String]) -> Result<Value, Failure> {
    let (mut kept, mut given_up) = (0, 0);
    for some in lines.chunks(AT_ONCE) {
        let input = json!({ "checkpoints": some });
        let found = desk.post("/audit/checkpoints/compare", input).await?;
        let found: ComparedView = crate::cli::desk::read(&found)?;
        (kept, given_up) = (kept + found.kept, given_up + found.given_up);
    }
    Ok(json!({ "kept": kept, "given_up": given_up }))
}

impl VerifiedView {
    fn in_words(&self) -> String {
        let both = self.anchors.or(self.checkpoints);
        let mut text = format!(
            "The audit log is {}.\n",
            whole_log(self.records, both.map(|it| it.kept))
        );
        if let Some(tokens) = self.issued_tokens {
            let tokens = count(tokens, "issued token");
            let _ = writeln!(text, "So is the record of {tokens}.");
        }
        match both.map_or(0, |it| it.given_up) {
            0 => {}
            1 => text.push_str("1 more checkpoint is"),
            many => {
                let _ = write!(text, "{} are", count(many, "more checkpoint"));
            }
        }
        if both.is_some_and(|it| it.given_up > 0) {
            text.push_str(" of records that were given up when a backup was restored.\n");
        }
        text
    }
}

impl From<CheckpointFileError> for Failure {
    fn from(error: CheckpointFileError) -> Self {
        let message = error.to_string();
        match error {
            CheckpointFileError::Missing(_) => Self::refused("not-found", message),
            CheckpointFileError::Unreadable { .. } => Self::new(Exit::Forbidden, "file", message),
            CheckpointFileError::Line { .. } => Self::refused("invalid", message),
        }
    }
}
