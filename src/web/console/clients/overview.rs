//! The first page of a client: what it is, whether it is well, and how a program uses it.

mod facts;
mod first_token;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, Response},
    routing::get,
};
use serde::Deserialize;

use self::{
    facts::{Facts, Says},
    first_token::FirstToken,
};
use super::{
    super::{
        Console,
        chart::{Ink, Line, Plot},
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::counted,
    },
    ClientHead, Finding, Named, Tab,
    activity::numbers,
    credentials::federate::{TrustForm, platform::Platform},
    snippets::{Programs, Snippet},
};
use crate::{
    admin::evidence::{Series, Whose, attention::attention_to},
    domain::{client::Client, permission::Permission, time::Timestamp, usage::Tally},
    store::UsageOf,
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/clients/{id}", get(show))
        .route("/fragments/clients/{id}/first-token", get(first_token))
}

/// How often the page looks for the first token, in seconds.
const EVERY: u64 = 5;

#[derive(Template)]
#[template(path = "clients/overview.html")]
struct OverviewPage {
    frame: Frame,
    head: ClientHead,
    /// What needs attention.
    notice: Option<Finding>,
    first: Option<FirstToken>,
    facts: Facts,
    chart: Option<Chart>,
    /// What it reads from its environment: the variable, and what stands in it.
    reads: &'static [(&'static str, &'static str)],
    snippets: Vec<Snippet>,
    /// How it gets the token of its platform that it shows, if it shows one.
    trust: Option<TrustForm>,
}

#[derive(Template)]
#[template(path = "clients/first_token.html")]
struct FirstTokenPart {
    frame: Frame,
    first: Option<FirstToken>,
}

/// Tokens over time.
struct Chart {
    /// Whether it is of seven days, and not of 24 hours.
    is_week: bool,
    /// Whether there is a line of a week before.
    has_before: bool,
    title: String,
    plot: Plot,
    /// What is said below it.
    refused: String,
    /// The same in numbers: when, issued, refused.
    rows: Vec<(String, String, String)>,
}

#[derive(Deserialize)]
struct Range {
    #[serde(default)]
    range: String,
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    Query(range): Query<Range>,
    headers: HeaderMap,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::ReadClients)?;
    let now = console.app.now();
    let usage = UsageOf::Client(client.id.clone());
    let tally = console.app.usage(usage).await.ok();
    let overview = console.app.overview().await.ok();
    let first = match &tally {
        Some(tally) => FirstToken::of(&console.app, &client, tally).await,
        None => None,
    };
    let notice = overview.and_then(|overview| {
        let found = attention_to(&client, &console.app.lookout(&overview))?;
        Some(Finding::of(&found))
    });
    let programs = Programs::of(&client, &console.app, &headers);
    Ok(page::ok(&OverviewPage {
        frame: visitor.frame(Here::Clients).await,
        head: ClientHead::of(&client, Tab::Overview, now),
        notice,
        first,
        facts: Facts::of(&console.app, &client),
        chart: tally.map(|tally| Chart::of(&tally, &client, (range.range == "7d", now))),
        reads: programs.reads,
        snippets: programs.all,
        trust: trust(&client, &console),
    }))
}

/// How the workload gets the token of its platform that `client` came to show last.
fn trust(client: &Client, console: &Console) -> Option<TrustForm> {
    let newest = client.live_secrets(console.app.now()).last()?;
    let trust = newest.proof.trust()?;
    let platform = Platform::of_subject(&trust.subject);
    Some(TrustForm::shown(platform, &trust.audience))
}

/// The part that waits for the first token.
async fn first_token(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    headers: HeaderMap,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::ReadClients)?;
    let usage = UsageOf::Client(Arc::clone(&client).id.clone());
    let tally = console.app.usage(usage).await?;
    let part = FirstTokenPart {
        first: FirstToken::of(&console.app, &client, &tally).await,
        frame: visitor.plain_frame(Here::Clients),
    };
    Ok(page::fragment(&headers, &part))
}

impl Chart {
    fn of(tally: &Tally, client: &Client, (is_week, now): (bool, Timestamp)) -> Self {
        let whose = Whose::Client(&client.id);
        let series = if is_week {
            Series::last_days(7, tally, whose, now)
        } else {
            Series::last_day(tally, whose, now)
        };
        let line = |ink, series: &Series| Line {
            ink,
            label: String::new(),
            points: series.points.iter().map(|point| point.issued).collect(),
        };
        let mut lines = Vec::new();
        let before = Series::week_before(tally, whose, now);
        let has_before = !is_week && before.issued() > 0;
        if has_before {
            lines.push(line(Ink::Faint, &before));
        }
        lines.push(line(Ink::Plain, &series));
        let span = if is_week { "7 days" } else { "24 hours" };
        Self {
            is_week,
            has_before,
            title: format!("{} in {span}", counted(series.issued(), "token")),
            plot: Plot {
                sentence: series.issued_in_words(),
                from: format!("{span} ago"),
                until: "now".to_owned(),
                lines,
            },
            refused: match series.refused() {
                0 => "No request was refused.".to_owned(),
                n => format!("{} refused.", counted(n, "request")),
            },
            rows: numbers(&series),
        }
    }
}
