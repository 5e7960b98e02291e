//! A copy of what the filter shows, written as it is read: CSV or JSON Lines.
//!
//! It ends early when nobody listens any more, and when the server stops.

use std::io;

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, Response, header},
};
use tokio::sync::mpsc;

use super::{
    filter::Filter,
    running::{Exports, Running},
    stretch,
};
use crate::{
    admin::{audit::NoteExport, views::AuditView},
    app::App,
    domain::{audit::AuditRecord, permission::Permission},
    web::console::{Console, confirm::Confirmed, page::Flash, pipe::Pipe, trouble::Trouble},
};

/// How many records are read at once.
const AT_ONCE: usize = 500;

/// How a copy is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Format {
    Csv,
    JsonLines,
}

pub(super) async fn export(
    State(console): State<Console>,
    confirmed: Confirmed,
) -> Result<Response<Body>, Trouble> {
    let Confirmed { visitor, form } = &confirmed;
    visitor.require(Permission::ReadAudit)?;
    let app = &console.app;
    let format = match form.fields.text("format") {
        "jsonl" => Format::JsonLines,
        _ => Format::Csv,
    };
    let filter = Filter::of_form(&form.fields, &app.registry());
    if filter.days.are_wrong() {
        let problems: Vec<&str> = filter
            .days
            .sheet
            .errors()
            .iter()
            .map(|(_, it)| it.as_str())
            .collect();
        return Err(Trouble::unacceptable(problems.join(". ")));
    }
    if confirmed.is_just_now(&console) {
        // The page that asked for the password would stay on the screen beside the file.
        let flash = Flash::done("Confirmed. Choose the export again; it starts at once.");
        return visitor
            .done(&format!("/audit{}", filter.query(None)), flash)
            .await;
    }
    let Some(running) = Exports::begin(&console.exports, &visitor.operator.id) else {
        return Err(Trouble::conflict(
            "An export of yours is still running. Let it finish, or stop it in your browser’s list \
             of downloads, then export again.",
        ));
    };
    // As of now: what is done while the copy is read, this export first of all, is no part of it.
    let end = app.report().await?.audit_records + 1;
    app.execute(visitor.actor(), NoteExport).await?;
    let (chunks, body) = mpsc::channel(2);
    let copy = Copy {
        app: app.clone(),
        filter,
        format,
        chunks,
    };
    app.tasks().finish_later(copy.write(end, running));
    Ok(download(format, Body::new(Pipe(body)), app))
}

fn download(format: Format, body: Body, app: &App) -> Response<Body> {
    let (content_type, ending) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
        Format::JsonLines => ("application/jsonl", "jsonl"),
    };
    let day: String = app.now().to_string().chars().take(10).collect();
    let disposition = format!("attachment; filename=\"jeton-audit-{day}.{ending}\"");
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    let disposition = HeaderValue::from_str(&disposition).expect("a date is visible ASCII");
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    response
}

/// A copy that is being written.
struct Copy {
    app: App,
    filter: Filter,
    format: Format,
    chunks: mpsc::Sender<Result<Bytes, io::Error>>,
}

impl Copy {
    /// Writes it, until it is whole, nobody listens any more, or the server stops.
    async fn write(self, end: u64, _running: Running) {
        let stopping = self.app.tasks().stopping();
        let broken = tokio::select! {
            written = self.stretches(end) => written.err(),
            () = self.chunks.closed() => None,
            () = stopping.cancelled() => Some("the server is stopping"),
        };
        if let Some(cause) = broken {
            // A copy that breaks off must not look whole.
            let _ = self.chunks.send(Err(io::Error::other(cause))).await;
        }
    }

    /// Writes one stretch after another, as fast as somebody reads them.
    async fn stretches(&self, end: u64) -> Result<(), &'static str> {
        if self.format == Format::Csv {
            self.send(Bytes::from_static(HEAD)).await;
        }
        let mut before = Some(end);
        while before.is_some() {
            let (records, next) = stretch(&self.app, &self.filter, before, AT_ONCE)
                .await
                .map_err(|_| "the audit log could not be read on")?;
            let lines = records.iter().map(|record| line(record, self.format));
            let text: String = lines.collect();
            if !text.is_empty() {
                self.send(text.into()).await;
            }
            before = next;
        }
        Ok(())
    }

    /// Nobody listening is noticed by [`Copy::write`].
    async fn send(&self, chunk: Bytes) {
        let _ = self.chunks.send(Ok(chunk)).await;
    }
}

const HEAD: &[u8] =
    b"seq,at,actor,action,object_kind,object_id,changes,revision,address,request_id\r\n";

fn line(record: &AuditRecord, format: Format) -> String {
    let view = AuditView::of(record);
    match format {
        Format::JsonLines => {
            let mut line = serde_json::to_string(&view).expect("texts and numbers are JSON");
            line.push('\n');
            line
        }
        Format::Csv => csv(&view),
    }
}

fn csv(view: &AuditView) -> String {
    let changes = view.changes.iter().map(|change| {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        format!(
            "{}: {} -> {}",
            change.field,
            text(&change.before),
            text(&change.after)
        )
    });
    let cells = [
        view.seq.to_string(),
        view.at.clone(),
        view.actor.clone(),
        view.action.clone(),
        view.object.kind.clone(),
        view.object.id.clone().unwrap_or_default(),
        changes.collect::<Vec<_>>().join("; "),
        view.revision.to_string(),
        view.address.clone().unwrap_or_default(),
        view.request_id.clone().unwrap_or_default(),
    ];
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell (RFC 4180). One that a spreadsheet would take for a formula begins with an apostrophe.
fn quoted(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if is_formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if cell.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_is_never_a_formula() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
        assert_eq!(quoted("@sum,1"), "\"'@sum,1\"");
    }
}
