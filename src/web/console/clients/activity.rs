//! What a client asked for lately, and how it was answered.

use std::net::IpAddr;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::Response,
    routing::get,
};
use serde::Deserialize;

use super::{
    super::{
        Console,
        chart::{Ink, Line, Plot},
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::{Moment, counted, number, segment},
    },
    ClientHead, Named, Tab,
};
use crate::{
    admin::evidence::{
        Refusals, RefusedAddress, Series, Step, Whose,
        words::{clock, code, date as short_date, outcome as in_words},
    },
    app::RecentRequest,
    domain::{time::Timestamp, usage::Outcome},
    store::UsageOf,
};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/clients/{id}/activity", get(show))
}

#[derive(Template)]
#[template(path = "clients/activity.html")]
struct ActivityPage {
    frame: Frame,
    head: ClientHead,
    listed: Listed,
    plot: Plot,
    sums: String,
    numbers: Vec<(String, String, String)>,
    reasons: Vec<Reason>,
    addresses: Vec<Refused>,
    requests: Vec<Row>,
    remembered: usize,
}

/// What is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
struct Listed {
    /// `30d`: the last thirty days; else the last 24 hours.
    #[serde(default)]
    since: String,
    /// `issued` or `refused`: only those.
    #[serde(default)]
    result: String,
    /// Only what came from there.
    #[serde(default)]
    address: String,
}

/// A reason for refusals.
struct Reason {
    words: &'static str,
    code: &'static str,
    count: String,
}

/// An address that was refused.
struct Refused {
    address: String,
    agent: String,
    count: String,
    last: Moment,
}

/// A request, or several refusals in a row that were alike.
struct Row {
    at: Moment,
    is_issued: bool,
    words: String,
    code: &'static str,
    hint: &'static str,
    count: u64,
    scopes: String,
    api: String,
    secret: String,
    address: IpAddr,
    agent: String,
    request: String,
}

impl Listed {
    fn takes(&self, request: &RecentRequest) -> bool {
        let is_issued = request.outcome == Outcome::Issued;
        let result = match self.result.as_str() {
            "issued" => is_issued,
            "refused" => !is_issued,
            _ => true,
        };
        let address = self.address.trim();
        result && (address.is_empty() || request.seen.address.to_string() == address)
    }

    fn is_month(&self) -> bool {
        self.since == "30d"
    }

    fn is_filtered(&self) -> bool {
        !self.result.is_empty() || !self.address.is_empty()
    }
}

impl ActivityPage {
    /// This page with another filter.
    fn at(&self, since: &str, result: &str, address: &str) -> String {
        let query = [("since", since), ("result", result), ("address", address)];
        let query: Vec<String> = query
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", segment(value)))
            .collect();
        let path = self.head.to("/activity");
        if query.is_empty() {
            path
        } else {
            format!("{path}?{}", query.join("&"))
        }
    }

    /// This page with another result.
    fn with_result(&self, result: &str) -> String {
        self.at(&self.listed.since, result, &self.listed.address)
    }

    /// This page with another address.
    fn with_address(&self, address: &str) -> String {
        self.at(&self.listed.since, &self.listed.result, address)
    }

    /// This page over another time.
    fn with_since(&self, since: &str) -> String {
        self.at(since, &self.listed.result, &self.listed.address)
    }
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    Query(listed): Query<Listed>,
) -> Result<Response<Body>, Trouble> {
    let now = console.app.now();
    let tally = console
        .app
        .usage(UsageOf::Client(client.id.clone()))
        .await?;
    let recent = console.app.recent(&client.id).await;
    let whose = Whose::Client(&client.id);
    let series = if listed.is_month() {
        Series::last_days(30, &tally, whose, now)
    } else {
        Series::last_day(&tally, whose, now)
    };
    let refusals = Refusals::of(&tally, whose, now);
    let remembered = recent.len();
    let shown = recent.into_iter().filter(|request| listed.takes(request));
    Ok(page::ok(&ActivityPage {
        frame: visitor.frame(Here::Clients).await,
        head: ClientHead::of(&client, Tab::Activity, now),
        plot: plot(&series),
        sums: sums(&series),
        numbers: numbers(&series),
        reasons: refusals.outcomes.iter().map(Reason::of).collect(),
        addresses: refusals
            .addresses
            .iter()
            .map(|it| Refused::of(it, now))
            .collect(),
        requests: rows(shown, now),
        remembered,
        listed,
    }))
}

fn plot(series: &Series) -> Plot {
    let line = |ink, label: String, points: Vec<u64>| Line { ink, label, points };
    let issued: Vec<u64> = series.points.iter().map(|point| point.issued).collect();
    let refused: Vec<u64> = series.points.iter().map(|point| point.refused).collect();
    Plot {
        sentence: format!(
            "Tokens issued: {} Requests refused: {}",
            series.issued_in_words(),
            series.refused_in_words()
        ),
        from: match series.step {
            Step::Hour => "24 hours ago".to_owned(),
            Step::Day => "30 days ago".to_owned(),
        },
        until: "now".to_owned(),
        lines: vec![
            line(
                Ink::Old,
                format!("Refused {}", number(series.refused())),
                refused,
            ),
            line(
                Ink::Plain,
                format!("Issued {}", number(series.issued())),
                issued,
            ),
        ],
    }
}

fn sums(series: &Series) -> String {
    format!(
        "{} issued, {} refused",
        counted(series.issued(), "token"),
        counted(series.refused(), "request")
    )
}

/// When something happened, how much was issued, how much refused; the newest first.
pub(super) fn numbers(series: &Series) -> Vec<(String, String, String)> {
    let points = series.points.iter().rev();
    let points = points.filter(|point| point.issued + point.refused > 0);
    points
        .map(|point| {
            let when = match series.step {
                Step::Hour => clock(point.start),
                Step::Day => short_date(point.start),
            };
            (when, number(point.issued), number(point.refused))
        })
        .collect()
}

impl Reason {
    fn of(refused: &crate::admin::evidence::RefusedOutcome) -> Self {
        Self {
            words: refused.words(),
            code: refused.code(),
            count: number(refused.count),
        }
    }
}

impl Refused {
    fn of(refused: &RefusedAddress, now: Timestamp) -> Self {
        Self {
            address: refused.address.to_string(),
            agent: refused.agent.as_deref().unwrap_or_default().to_owned(),
            count: number(refused.in_90_days),
            last: Moment::of(refused.last, now),
        }
    }
}

/// The requests, newest first; refusals in a row that are alike are one line.
fn rows(requests: impl Iterator<Item = RecentRequest>, now: Timestamp) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for request in requests {
        let row = Row::of(request, now);
        match rows.last_mut() {
            Some(last) if last.is_like(&row) => last.count += 1,
            Some(_) | None => rows.push(row),
        }
    }
    rows
}

impl Row {
    fn of(request: RecentRequest, now: Timestamp) -> Self {
        let RecentRequest {
            seen,
            outcome,
            secret,
            hint,
            token,
        } = request;
        let (scopes, api) = token.map_or_else(Default::default, |token| {
            (
                token.scopes.as_str().replace(' ', ", "),
                token.api.to_string(),
            )
        });
        Self {
            at: Moment::of(seen.at, now),
            is_issued: outcome == Outcome::Issued,
            words: in_words(outcome).to_owned(),
            code: code(outcome).unwrap_or_default(),
            hint: hint.map_or("", |hint| hint.words()),
            count: 1,
            scopes,
            api,
            secret: secret.map_or_else(String::new, |id| format!("jtn_{id}")),
            address: seen.address,
            agent: seen.agent.as_deref().unwrap_or_default().to_owned(),
            request: seen.request.as_deref().unwrap_or_default().to_owned(),
        }
    }

    /// Whether `other` is a refusal of the same kind, from the same place.
    fn is_like(&self, other: &Self) -> bool {
        !self.is_issued
            && !other.is_issued
            && self.address == other.address
            && self.words == other.words
            && self.secret == other.secret
            && self.hint == other.hint
    }

    /// `Same address, 38 refusals`.
    fn repeated(&self) -> String {
        format!("Same address, {}", counted(self.count, "refusal"))
    }
}
