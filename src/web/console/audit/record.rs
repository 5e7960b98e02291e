//! One record of the log, whole.

use askama::Template;
use axum::{
    body::Body,
    extract::{Path, State},
    http::Response,
};

use super::{
    super::{
        Console,
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
    },
    line::Line,
};
use crate::domain::{audit::AuditPage, permission::Permission};

#[derive(Template)]
#[template(path = "audit/record.html")]
struct RecordPage {
    frame: Frame,
    line: Line,
}

/// The record of that number.
pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path(seq): Path<String>,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::ReadAudit)?;
    let missing = || Trouble::missing("record", &seq);
    let number: u64 = seq.parse().map_err(|_| missing())?;
    let page = AuditPage {
        before: number.checked_add(1),
        limit: 1,
        ..AuditPage::default()
    };
    let records = console.app.audit(page).await?;
    let record = records.first().filter(|record| record.seq == number);
    let record = record.ok_or_else(missing)?;
    let (registry, now) = (console.app.registry_arc(), console.app.now());
    Ok(page::ok(&RecordPage {
        line: Line::of(record, &registry, now),
        frame: visitor.frame(Here::Audit).await,
    }))
}
