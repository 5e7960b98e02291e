//! `/audit`: what operators changed, newest first.

mod query;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use self::query::AuditQuery;
use super::{
    auth::{May, ReadAudit},
    described::{OpenApiRouter, routes},
    extract::Queried,
    page::List,
    problem::{Kind, Problem},
    reply::Reply,
};
use crate::{
    admin::views::AuditView,
    app::{AdminError, App},
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(verify))
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

/// Checks the chain of the log from its first record to its last.
#[utoipa::path(get, path = "/audit/verify", tag = "audit", operation_id = "verify_audit",
    security(("token" = ["audit:read"])), responses((status = 200, body = VerifiedView)))]
async fn verify(State(app): State<App>, _: May<ReadAudit>) -> Result<Reply, Problem> {
    match app.verify_audit().await {
        Ok(records) => Ok(Reply::ok(&VerifiedView { records })),
        Err(AdminError::Unavailable(cause)) => {
            let detail = format!("the audit log could not be verified: {cause}");
            Err(Problem::new(Kind::Internal, detail))
        }
        Err(error) => Err(error.into()),
    }
}

/// An audit log without a gap.
#[derive(Serialize, ToSchema)]
struct VerifiedView {
    /// How many records it has.
    records: u64,
}
