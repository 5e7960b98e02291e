//! `jeton usage`: who asked for what, when and from where.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use serde::Deserialize;

use super::{
    desk::{Desk, path},
    failure::Failure,
    pen::{Pen, count},
};

/// See what was seen at the token endpoint in the last 90 days.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  jeton usage show report-service
  jeton usage jwks")]
pub(crate) enum UsageCommand {
    /// Show tokens issued and refused: of one client, or of all.
    #[command(after_help = "\
Examples:
  jeton usage show
  jeton usage show report-service")]
    Show(Show),
    /// Show who fetched the public keys in the last 7 days, and which was the newest they saw.
    #[command(after_help = "Example:\n  jeton usage jwks")]
    Jwks,
}

/// Whose usage.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The client's id. All clients, if not given.
    #[arg(value_name = "ID")]
    client: Option<String>,
}

impl UsageCommand {
    /// Carries the command out.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        match self {
            Self::Show(Show { client: Some(id) }) => {
                let usage = desk.get(&path(["clients", &id, "usage"])).await?;
                desk.answer(&usage, |pen, it: &ClientUsageView| it.in_words(pen, &id))
            }
            Self::Show(Show { client: None }) => desk
                .answer(&desk.get("/usage").await?, |pen, it: &TotalsView| {
                    it.in_words(pen)
                }),
            Self::Jwks => desk.answer(&desk.get("/usage/jwks").await?, fetches),
        }
    }
}

#[derive(Deserialize)]
struct ClientUsageView {
    days: Vec<DayView>,
    scopes: Vec<ScopeView>,
    unused: Vec<UnusedView>,
    refused: Vec<RefusedView>,
}

#[derive(Deserialize)]
struct DayView {
    date: String,
    hours: Vec<HourView>,
    #[serde(default)]
    secret_id: Option<String>,
}

#[derive(Deserialize)]
struct HourView {
    issued: u64,
    refused: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct ScopeView {
    api: String,
    scope: String,
    last_asked_on: Option<String>,
    named_30d: u64,
    default_30d: u64,
    #[serde(default)]
    last_exercised_on: Option<String>,
}

#[derive(Deserialize)]
struct UnusedView {
    api: String,
    scope: String,
    since: String,
}

#[derive(Deserialize)]
struct RefusedView {
    #[serde(default)]
    secret_id: Option<String>,
    address: String,
    count: u64,
    last_at: String,
}

#[derive(Deserialize)]
struct TotalsView {
    days: Vec<DayView>,
    unknown: Vec<UnknownView>,
}

#[derive(Deserialize)]
struct UnknownView {
    address: String,
    user_agent: Option<String>,
    count: u64,
    last_at: String,
}

#[derive(Deserialize)]
struct FetchesView {
    data: Vec<FetchView>,
}

#[derive(Deserialize)]
struct FetchView {
    address: String,
    at: String,
    newest_kid: String,
}

impl ClientUsageView {
    fn in_words(&self, pen: &Pen, id: &str) -> String {
        let mut text = days(
            pen,
            &self.days,
            &format!("{id} has asked for no tokens yet."),
        );
        let got = |it: &&ScopeView| {
            it.named_30d + it.default_30d > 0
                || it.last_asked_on.is_some()
                || it.last_exercised_on.is_some()
        };
        let got: Vec<&ScopeView> = self.scopes.iter().filter(got).collect();
        if !got.is_empty() {
            text.push_str("\nScopes it got in the last 30 days\n");
            let rows = got.into_iter().map(ScopeView::row).collect();
            let titles = [
                "scope",
                "api",
                "last asked for",
                "by name",
                "by default",
                "last exercised",
            ];
            text.push_str(&pen.table(titles, rows, ""));
        }
        if !self.unused.is_empty() {
            text.push_str("\nGranted and not asked for by name: candidates for withdrawal\n");
            let row = |it: &UnusedView| [it.scope.clone(), it.api.clone(), pen.time(&it.since)];
            let rows = self.unused.iter().map(row).collect();
            text.push_str(&pen.table(["scope", "api", "not since"], rows, ""));
        }
        text + &refusals(pen, &self.refused)
    }
}

impl ScopeView {
    fn row(&self) -> [String; 6] {
        [
            self.scope.clone(),
            self.api.clone(),
            self.last_asked_on
                .clone()
                .unwrap_or_else(|| "not yet".to_owned()),
            self.named_30d.to_string(),
            self.default_30d.to_string(),
            self.last_exercised_on
                .clone()
                .unwrap_or_else(|| "-".to_owned()),
        ]
    }
}

impl TotalsView {
    fn in_words(&self, pen: &Pen) -> String {
        let mut text = days(pen, &self.days, "No tokens were asked for yet.");
        if !self.unknown.is_empty() {
            text.push_str("\nWho asked as a client that there is not\n");
            let rows = self.unknown.iter().map(|it| it.row(pen)).collect();
            text.push_str(&pen.table(["address", "user agent", "how often", "last"], rows, ""));
        }
        text
    }
}

impl UnknownView {
    fn row(&self, pen: &Pen) -> [String; 4] {
        [
            self.address.clone(),
            self.user_agent.clone().unwrap_or_else(|| "-".to_owned()),
            count(self.count, "time"),
            pen.time(&self.last_at),
        ]
    }
}

fn days(pen: &Pen, days: &[DayView], nothing: &str) -> String {
    let row = |day: &DayView| {
        let issued: u64 = day.hours.iter().map(|hour| hour.issued).sum();
        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        for (reason, count) in day.hours.iter().flat_map(|hour| &hour.refused) {
            *reasons.entry(reason).or_default() += count;
        }
        let reasons: Vec<String> = reasons
            .into_iter()
            .map(|(reason, count)| format!("{count} {}", reason.replace('_', " ")))
            .collect();
        let secret = day.secret_id.as_ref().map(|id| format!("jtn_{id}"));
        [
            day.date.clone(),
            secret.unwrap_or_default(),
            issued.to_string(),
            reasons.join(", "),
        ]
    };
    let rows = days.iter().map(row).collect();
    pen.table(["day", "secret", "tokens", "refused"], rows, nothing)
}

fn refusals(pen: &Pen, refused: &[RefusedView]) -> String {
    if refused.is_empty() {
        return String::new();
    }
    let row = |it: &RefusedView| {
        let secret = it.secret_id.as_ref().map(|id| format!("jtn_{id}"));
        [
            it.address.clone(),
            secret.unwrap_or_else(|| "-".to_owned()),
            count(it.count, "time"),
            pen.time(&it.last_at),
        ]
    };
    let rows = refused.iter().map(row).collect();
    format!(
        "\nWho was refused\n{}",
        pen.table(["address", "secret", "how often", "last"], rows, "")
    )
}

fn fetches(pen: &Pen, list: &FetchesView) -> String {
    let row = |it: &FetchView| [it.address.clone(), pen.time(&it.at), it.newest_kid.clone()];
    let rows = list.data.iter().map(row).collect();
    pen.table(
        ["address", "last fetched", "newest key"],
        rows,
        "Nobody fetched the keys yet.",
    )
}
