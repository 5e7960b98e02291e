//! `jeton attention`: what needs somebody, put off and brought back.

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    desk::{Desk, object, path},
    failure::Failure,
    pen::Pen,
};
use crate::admin::views::ServerAttentionView;

/// See what needs attention, and put it off.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  jeton attention list
  jeton attention postpone report-service expiring --for 7d --note 'after the release'")]
pub(crate) enum AttentionCommand {
    /// List what needs attention, the worst first, and what was put off.
    #[command(after_help = "Example:\n  jeton attention list")]
    List,
    /// Put off what a rule finds about a client. It comes back in time, or sooner if it gets worse.
    #[command(after_help = "\
Example:
  jeton attention postpone report-service expiring --for 7d --note 'after the release'")]
    Postpone(Postpone),
    /// Put off what a rule finds about a client until it gets worse.
    #[command(after_help = "\
Example:
  jeton attention dismiss report-service unused --note 'runs once a year'")]
    Dismiss(Dismiss),
    /// Bring back what was put off.
    #[command(after_help = "Example:\n  jeton attention recall report-service expiring")]
    Recall(Named),
}

/// A rule of a client.
#[derive(Args, Debug)]
pub(crate) struct Named {
    /// The client's id.
    #[arg(value_name = "ID")]
    id: String,
    /// The rule, as the list names it.
    #[arg(value_name = "RULE")]
    rule: String,
}

/// What is postponed, for how long and why.
#[derive(Args, Debug)]
pub(crate) struct Postpone {
    #[command(flatten)]
    named: Named,
    /// For how long.
    #[arg(long = "for", value_name = "SPAN", default_value = "7d")]
    lasting: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// What is dismissed, and why.
#[derive(Args, Debug)]
pub(crate) struct Dismiss {
    #[command(flatten)]
    named: Named,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

impl AttentionCommand {
    /// Carries the command out.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let list = match self {
            Self::List => desk.get("/attention").await?,
            Self::Postpone(Postpone {
                named,
                lasting,
                note,
            }) => {
                let body = object([
                    ("for", Some(json!(lasting))),
                    ("note", note.map(Value::from)),
                ]);
                desk.post(&named.path("postpone"), body).await?
            }
            Self::Dismiss(Dismiss { named, note }) => {
                let body = object([("note", note.map(Value::from))]);
                desk.post(&named.path("postpone"), body).await?
            }
            Self::Recall(named) => desk.post(&named.path("recall"), json!({})).await?,
        };
        desk.answer(&list, ListView::in_words)
    }
}

impl Named {
    fn path(&self, act: &str) -> String {
        path(["clients", &self.id, "attention", &self.rule, act])
    }
}

#[derive(Deserialize)]
struct ListView {
    data: Vec<FoundView>,
    server: Vec<ServerAttentionView>,
    postponed: Vec<PostponedView>,
}

#[derive(Deserialize)]
struct FoundView {
    client_id: String,
    rule: String,
    level: String,
    reason: String,
    action: String,
}

#[derive(Deserialize)]
struct PostponedView {
    client_id: String,
    rule: String,
    until: Option<String>,
    note: String,
    by: String,
}

impl ListView {
    fn in_words(pen: &Pen, list: &Self) -> String {
        let row = |it: &FoundView| {
            [
                it.rule.clone(),
                it.client_id.clone(),
                it.level.clone(),
                it.reason.clone(),
                it.action.clone(),
            ]
        };
        let of_server = |it: &ServerAttentionView| {
            [
                it.rule.clone(),
                "this server".to_owned(),
                it.level.clone(),
                it.reason.clone(),
                it.action.clone(),
            ]
        };
        let titles = ["rule", "client", "level", "why", "to do"];
        let rows = list.server.iter().map(of_server);
        let rows = rows.chain(list.data.iter().map(row)).collect();
        let mut text = pen.table(titles, rows, "Nothing needs you.");
        if !list.postponed.is_empty() {
            let row = |it: &PostponedView| {
                let until = it.until.as_deref();
                [
                    it.rule.clone(),
                    it.client_id.clone(),
                    pen.time_or(until, "when it gets worse"),
                    it.note.clone(),
                    it.by.clone(),
                ]
            };
            let rows = list.postponed.iter().map(row).collect();
            text.push_str("\nPut off\n");
            text.push_str(&pen.table(["rule", "client", "comes back", "note", "by"], rows, ""));
        }
        text
    }
}
