//! `/audit`: what operators changed, newest first.

mod issued;
mod query;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::{issued::IssuedQuery, query::AuditQuery};
use super::{
    auth::{May, ReadAudit},
    described::{OpenApiRouter, routes},
    extract::{Queried, Written},
    page::List,
    problem::{Kind, Problem},
    reply::Reply,
};
use crate::{
    admin::{
        refusal::FieldErrors,
        views::{AuditView, IssuedTokenView},
    },
    app::{
        App,
        checkpoints::{AuditFault, AuditVerdict},
    },
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(verify))
        .routes(routes!(issued_tokens))
        .routes(routes!(compare))
}

/// Lists what was done, newest first.
#[utoipa::path(get, path = "/audit", tag = "audit", operation_id = "list_audit",
    security(("token" = ["audit:read"])), params(AuditQuery),
    responses((status = 200, body = List<AuditView>)))]
async fn list(
    State(app): State<App>,
    _: May<ReadAudit>,
    Queried(query): Queried<AuditQuery>,
) -> Result<Reply, Problem> {
    let mut page = query.parse()?;
    let limit = page.limit;
    page.limit += 1;
    let mut records = app.audit(page).await?;
    let more = records.len() > limit;
    records.truncate(limit);
    let last = records.last().filter(|_| more);
    Ok(Reply::ok(&List {
        next_cursor: last.map(|record| record.seq.to_string()),
        data: records.iter().map(AuditView::of).collect(),
    }))
}

/// Checks the chain of the log from its first record to its last, and that it agrees with the checkpoints that
/// this server wrote, if it writes any.
#[utoipa::path(get, path = "/audit/verify", tag = "audit", operation_id = "verify_audit",
    security(("token" = ["audit:read"])), responses((status = 200, body = VerifiedView)))]
async fn verify(State(app): State<App>, _: May<ReadAudit>) -> Result<Reply, Problem> {
    let verdict = app.verify_audit().await.map_err(not_verified)?;
    Ok(Reply::ok(&VerifiedView::of(verdict)))
}

/// Lists the tokens that were issued, newest first, if they are put on record (`audit_tokens`). Of one answer at most
/// 100,000 records are looked through, however few of them are asked for.
#[utoipa::path(get, path = "/audit/tokens", tag = "audit", operation_id = "list_issued_tokens",
    security(("token" = ["audit:read"])), params(IssuedQuery),
    responses((status = 200, body = List<IssuedTokenView>)))]
async fn issued_tokens(
    State(app): State<App>,
    _: May<ReadAudit>,
    Queried(query): Queried<IssuedQuery>,
) -> Result<Reply, Problem> {
    let mut page = query.parse()?;
    let limit = page.limit;
    page.limit += 1;
    let mut records = app.issued_tokens(page).await?;
    let more = records.len() > limit;
    records.truncate(limit);
    let last = records.last().filter(|_| more);
    Ok(Reply::ok(&List {
        next_cursor: last.map(|record| record.seq.to_string()),
        data: records.iter().map(IssuedTokenView::of).collect(),
    }))
}

/// Checkpoints that were kept apart from the server.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CheckpointsInput {
    /// Lines of the file that they were written to, 1 to 100 of them.
    #[serde(default)]
    #[schema(required, min_items = 1, max_items = 100)]
    checkpoints: Vec<String>,
}

/// How many checkpoints may be handed in at once.
const MOST_CHECKPOINTS: usize = 100;

/// Holds checkpoints that were kept elsewhere against the log: whether its end is missing, or it is an older one.
#[utoipa::path(post, path = "/audit/checkpoints/compare", tag = "audit", operation_id = "compare_checkpoints",
    security(("token" = ["audit:read"])), request_body = CheckpointsInput,
    responses((status = 200, body = ComparedView)))]
async fn compare(
    State(app): State<App>,
    _: May<ReadAudit>,
    written: Written<CheckpointsInput>,
) -> Result<Reply, Problem> {
    let lines = written.input.checkpoints;
    if lines.is_empty() || lines.len() > MOST_CHECKPOINTS {
        let message = format!("give 1 to {MOST_CHECKPOINTS} lines");
        return Err(FieldErrors::one("checkpoints", &message).into());
    }
    match app.compare_checkpoints(&lines).await {
        Ok((kept, given_up)) => Ok(Reply::ok(&ComparedView { kept, given_up })),
        Err(AuditFault::Line { place, error }) => {
            let message = format!("number {place}: {error}");
            Err(FieldErrors::one("checkpoints", &message).into())
        }
        Err(fault) => Err(not_verified(fault)),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn not_verified(fault: AuditFault) -> Problem {
    let detail = format!("the audit log could not be verified: {fault}");
    Problem::new(Kind::Internal, detail)
}

/// An audit log without a gap.
#[derive(Serialize, ToSchema)]
struct VerifiedView {
    /// How many records it has.
    records: u64,
    /// How many issued tokens are on record; left out if none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_tokens: Option<u64>,
    /// What the checkpoints say of it; left out if this server writes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoints: Option<ComparedView>,
}

/// Checkpoints that the log agrees with.
#[derive(Serialize, ToSchema)]
struct ComparedView {
    /// How many are of records that are there as they were.
    kept: u64,
    /// How many are of records that were given up when a backup was restored.
    given_up: u64,
}

impl VerifiedView {
    fn of(verdict: AuditVerdict) -> Self {
        let compared = |(kept, given_up)| ComparedView { kept, given_up };
        Self {
            records: verdict.records,
            issued_tokens: Some(verdict.issued_tokens).filter(|it| *it > 0),
            checkpoints: verdict.checkpoints.map(compared),
        }
    }
}
