//! A copy of what the filter shows, written as it is read: CSV or JSON Lines.

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, Response, header},
};
use tokio::sync::mpsc;

use super::{filter::Filter, stretch};
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
    if filter.finds_nothing() {
        let problems: Vec<&str> = filter.problems.iter().map(|(_, it)| it.as_str()).collect();
        return Err(Trouble::unacceptable(problems.join(". ")));
    }
    if confirmed.is_just_now(&console) {
        // The page that asked for the password would stay on the screen beside the file.
        let flash = Flash::done("Confirmed. Choose the export again; it starts at once.");
        return visitor
            .done(&format!("/audit{}", filter.query(None)), flash)
            .await;
    }
    // As of now: what is done while the copy is read, this export first of all, is no part of it.
    let end = app.report().await?.audit_records + 1;
    app.execute(visitor.actor(), NoteExport).await?;
    let (chunks, body) = mpsc::channel(2);
    let writing = write(app.clone(), filter, (end, format), chunks);
    app.tasks().finish_later(writing);
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

/// Writes one stretch after another, as fast as somebody reads them.
async fn write(
    app: App,
    filter: Filter,
    (end, format): (u64, Format),
    chunks: mpsc::Sender<Result<Bytes, std::io::Error>>,
) {
    if format == Format::Csv && chunks.send(Ok(Bytes::from_static(HEAD))).await.is_err() {
        return;
    }
    let mut before = Some(end);
    while before.is_some() {
        let Ok((records, next)) = stretch(&app, &filter, before, AT_ONCE).await else {
            // A copy that breaks off must not look whole.
            let broken = std::io::Error::other("the audit log could not be read on");
            let _ = chunks.send(Err(broken)).await;
            return;
        };
        let text: String = records.iter().map(|record| line(record, format)).collect();
        if !text.is_empty() && chunks.send(Ok(text.into())).await.is_err() {
            return;
        }
        before = next;
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
