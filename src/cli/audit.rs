//! `jeton audit`: what was changed, by whom.

mod tokens;
mod verify;

use std::{
    fmt::Write as _,
    fs::OpenOptions,
    io::{BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    desk::{Desk, with_query},
    failure::Failure,
    output,
    pen::Pen,
};

/// Read, check and export the audit log: every change, by whom, when, and what it was before.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum AuditCommand {
    /// List changes, newest first.
    #[command(after_help = "\
Examples:
  jeton audit list --object report-service
  jeton audit list --action secret. --since 2026-11-01T00:00:00Z")]
    List(List),
    /// Check that no record was changed, removed or put in: each is chained to the one before it. Checkpoints tell
    /// whether the end is missing, or all of it is an older copy.
    #[command(after_help = "\
Examples:
  jeton audit verify
  jeton audit verify --anchors /mnt/elsewhere/jeton-checkpoints.jsonl")]
    Verify(verify::Verify),
    /// List the tokens that were issued, newest first, if the server puts them on record.
    #[command(after_help = "\
Examples:
  jeton audit tokens --client report-service
  jeton audit tokens --token-id 7f3k2m9q4h8s --json")]
    Tokens(tokens::Tokens),
    /// Write changes as JSON, one per line, newest first.
    #[command(after_help = "\
Examples:
  jeton audit export --output audit.jsonl
  jeton audit export --actor operator:ana@example.com")]
    Export(Export),
}

const EXAMPLES: &str = "\
Examples:
  jeton audit list --object report-service
  jeton audit list --action secret. --since 2026-11-01T00:00:00Z
  jeton audit export --output audit.jsonl";

/// Which changes.
#[derive(Args, Debug)]
pub(crate) struct Filter {
    /// Only what this one did: local:0, operator:ana@example.com, client:deployer.
    #[arg(long)]
    actor: Option<String>,
    /// Only this act, as secret.rotate, or all acts of a kind, as secret.
    #[arg(long)]
    action: Option<String>,
    /// Only what was done to the client, API, key or operator with this id.
    #[arg(long, value_name = "ID")]
    object: Option<String>,
    /// Only from this time on: 2026-11-23T19:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only until this time.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

/// Which changes to list, and how many.
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    filter: Filter,
    /// How many at most, 1 to 200.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u8).range(1..=200))]
    limit: u8,
}

/// Which changes to write, and where.
#[derive(Args, Debug)]
pub(crate) struct Export {
    #[command(flatten)]
    filter: Filter,
    /// The file to make. Standard output, if not given.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl AuditCommand {
    /// Carries the command out.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        match self {
            Self::List(List { filter, limit }) => {
                let path = with_query("/audit", filter.parameters(Some(&limit.to_string())));
                desk.answer(&desk.get(&path).await?, list)
            }
            Self::Verify(verify) => verify.run(desk).await,
            Self::Tokens(tokens) => tokens.run(desk).await,
            Self::Export(export) => export.run(desk).await,
        }
    }
}

impl Filter {
    fn parameters<'a>(&'a self, limit: Option<&'a str>) -> [(&'static str, Option<&'a str>); 6] {
        [
            ("actor", self.actor.as_deref()),
            ("action", self.action.as_deref()),
            ("object", self.object.as_deref()),
            ("since", self.since.as_deref()),
            ("until", self.until.as_deref()),
            ("limit", limit),
        ]
    }
}

impl Export {
    async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let path = with_query("/audit", self.filter.parameters(None));
        let mut sink = self.sink()?;
        let mut records = 0_u64;
        let mut cursor = None;
        loop {
            let (page, next) = desk.page(&path, cursor.as_deref()).await?;
            for record in &page {
                sink.write(record)?;
                records += 1;
            }
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        sink.finish()?;
        match &self.output {
            Some(file) => {
                let exported = json!({ "records": records, "file": file });
                desk.answer(&exported, |_, it: &ExportedView| {
                    format!(
                        "{} written to {}.\n",
                        super::pen::count(it.records, "record"),
                        it.file
                    )
                })
            }
            None => Ok(()),
        }
    }

    fn sink(&self) -> Result<Sink, Failure> {
        let Some(path) = &self.output else {
            return Ok(Sink::Output);
        };
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        let file = file.map_err(|error| Failure::file(path, &error))?;
        Ok(Sink::File(BufWriter::new(file), path.clone()))
    }
}

enum Sink {
    Output,
    File(BufWriter<std::fs::File>, PathBuf),
}

impl Sink {
    fn write(&mut self, record: &Value) -> Result<(), Failure> {
        match self {
            Self::Output => output::print(&format!("{record}\n")),
            Self::File(file, path) => {
                writeln!(file, "{record}").map_err(|error| Failure::file(path, &error))?;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Output => Ok(()),
            Self::File(file, path) => file
                .into_inner()
                .map_err(std::io::IntoInnerError::into_error)
                .and_then(|file| file.sync_all())
                .map_err(|error| Failure::file(&path, &error)),
        }
    }
}

#[derive(Deserialize)]
struct ExportedView {
    records: u64,
    file: String,
}

#[derive(Deserialize)]
struct RecordView {
    seq: u64,
    at: String,
    actor: String,
    action: String,
    object: ObjectView,
    changes: Vec<ChangeView>,
    address: Option<String>,
}

#[derive(Deserialize)]
struct ObjectView {
    kind: String,
    id: Option<String>,
}

#[derive(Deserialize)]
struct ChangeView {
    field: String,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Deserialize)]
struct ListView {
    data: Vec<RecordView>,
}

fn list(pen: &Pen, list: &ListView) -> String {
    if list.data.is_empty() {
        return "Nothing on record is like that.\n".to_owned();
    }
    let entries: Vec<String> = list
        .data
        .iter()
        .map(|record| record.in_words(pen))
        .collect();
    entries.join("\n")
}

impl RecordView {
    fn in_words(&self, pen: &Pen) -> String {
        let object = match &self.object.id {
            Some(id) => format!("{} {id}", self.object.kind),
            None => self.object.kind.clone(),
        };
        let from = self
            .address
            .as_ref()
            .map(|it| format!(" from {it}"))
            .unwrap_or_default();
        let mut text = format!(
            "{:>6}  {}  {}  {object}\n        by {}{from}\n",
            self.seq,
            pen.time(&self.at),
            pen.strong(&self.action),
            self.actor,
        );
        for change in &self.changes {
            let _ = writeln!(text, "        {}", change.in_words());
        }
        text
    }
}

impl ChangeView {
    fn in_words(&self) -> String {
        let field = &self.field;
        match (&self.before, &self.after) {
            (None, Some(after)) => format!("{field}: {after:?}"),
            (Some(before), None) => format!("{field}: {before:?} is gone"),
            (Some(before), Some(after)) => format!("{field}: {before:?} is now {after:?}"),
            (None, None) => field.clone(),
        }
    }
}
