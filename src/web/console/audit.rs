//! The audit log: who did what to which, from where, when, and what it was before and after.

mod chain;
mod days;
mod export;
mod filter;
mod line;
mod record;
mod running;
mod tokens;
mod words;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::Response,
    routing::{get, post},
};

use self::{
    chain::Chain,
    filter::{Asked, Filter},
    line::Line,
};
pub(super) use self::{chain::Checks, running::Exports};
use super::{
    Console,
    page::{self, Frame, Here},
    trouble::Trouble,
    visit::Visitor,
};
use crate::{
    app::App,
    domain::{audit::AuditRecord, permission::Permission},
};

/// How many changes a page has.
const ON_A_PAGE: usize = 50;

/// How many records the store looks through for one page.
const LOOKED_THROUGH: u64 = 100_000;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/audit", get(show))
        .route("/audit/tokens", get(tokens::show))
        .route("/audit/{seq}", get(record::show))
        .route("/audit/check", post(check))
        .route("/audit/export", post(export::export))
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    filter: Filter,
    lines: Vec<Line>,
    /// The query of the next page; nothing at the end.
    older: Option<String>,
    chain: Chain,
    groups: &'static [words::Group],
    /// Whether tokens are put on record.
    records_tokens: bool,
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::ReadAudit)?;
    let (registry, now) = (console.app.registry_arc(), console.app.now());
    let filter = Filter::read(&asked, &registry);
    let (records, next) = stretch(&console.app, &filter, filter.before, ON_A_PAGE).await?;
    let lines = records.iter();
    Ok(page::ok(&AuditPage {
        frame: visitor.frame(Here::Audit).await,
        lines: lines
            .map(|it| Line::of(it, &registry, now).in_short())
            .collect(),
        older: next.map(|before| filter.query(Some(before))),
        chain: Chain::look(&console, false).await,
        groups: words::GROUPS,
        records_tokens: console.app.records_tokens(),
        filter,
    }))
}

/// Records that pass the filter, newest first, and where to go on; nothing at the end.
async fn stretch(
    app: &App,
    filter: &Filter,
    before: Option<u64>,
    limit: usize,
) -> Result<(Vec<AuditRecord>, Option<u64>), Trouble> {
    if filter.days.are_wrong() {
        return Ok((Vec::new(), None));
    }
    let mut records = app.audit(filter.page(before, limit + 1)).await?;
    if records.len() > limit {
        records.truncate(limit);
        let last = records.last().map(|record| record.seq);
        return Ok((records, last));
    }
    // The store looks at so many records and no further, however few of them were wanted.
    let newest = match before {
        Some(before) => before,
        None => app.report().await?.audit_records + 1,
    };
    let looked_until = newest.saturating_sub(LOOKED_THROUGH);
    Ok((records, (looked_until > 1).then_some(looked_until)))
}

/// Checks the chain now.
async fn check(
    State(console): State<Console>,
    visitor: Visitor,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::ReadAudit)?;
    Chain::look(&console, true).await;
    Ok(visitor.see("/audit"))
}
