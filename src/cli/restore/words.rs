//! What `restore` says when it is done.

use std::fmt::Write;

use serde::Serialize;
use serde_json::json;

use crate::{
    cli::{
        output::{self, Format},
        pen::{Pen, count},
    },
    domain::audit::AuditRecord,
};

/// What was restored.
#[derive(Debug, Serialize)]
pub(super) struct Restored {
    /// The data file.
    pub(super) data: String,
    /// The epoch that began.
    pub(super) epoch: u64,
    /// The revision that the backup held.
    pub(super) revision: u64,
    /// How many audit records it held.
    pub(super) records: u64,
    /// How many one-time links are void now.
    pub(super) links_voided: usize,
    /// Where the data are kept that were there before.
    pub(super) replaced: Option<String>,
    /// How many of their audit records the backup does not have.
    pub(super) records_lost: u64,
    /// Those of them that took something away, which works again.
    pub(super) undone: Vec<UndoneAct>,
}

/// An act that took something away, and is undone by the restore.
#[derive(Debug, Serialize)]
pub(super) struct UndoneAct {
    seq: u64,
    at: String,
    actor: String,
    action: String,
    object: String,
}

impl UndoneAct {
    /// What the record tells.
    pub(super) fn of(record: &AuditRecord) -> Self {
        let entry = &record.entry;
        Self {
            seq: record.seq,
            at: entry.at.to_string(),
            actor: entry.actor.clone(),
            action: entry.action.clone(),
            object: entry.object.to_string(),
        }
    }
}

impl Restored {
    /// Says so.
    pub(super) fn answer(&self, format: Format) {
        match format {
            Format::Json => output::print_json(&json!(self)),
            Format::Human => output::print(&self.in_words(&format.pen())),
        }
    }

    fn in_words(&self, pen: &Pen) -> String {
        let mut text = format!(
            "Restored to {}: revision {}, {}. Epoch {} begins.\n",
            self.data,
            self.revision,
            count(self.records, "audit record"),
            self.epoch
        );
        let links = u64::try_from(self.links_voided).unwrap_or(u64::MAX);
        let _ = writeln!(
            text,
            "Everybody has to sign in anew, and {} {} void.",
            count(links, "one-time link"),
            if links == 1 { "is" } else { "are" }
        );
        if let Some(replaced) = &self.replaced {
            let _ = writeln!(
                text,
                "What was there before is kept in {replaced}; remove it when you need it no more."
            );
        }
        if self.undone.is_empty() {
            return text;
        }
        let _ = writeln!(
            text,
            "\n{}",
            pen.warning(
                "These were undone with what was lost. Do them again before you start the server:"
            )
        );
        for act in &self.undone {
            let _ = writeln!(
                text,
                "  {:>6}  {}  {}  {}  by {}",
                act.seq,
                pen.time(&act.at),
                pen.strong(&act.action),
                act.object,
                act.actor
            );
        }
        text
    }
}
