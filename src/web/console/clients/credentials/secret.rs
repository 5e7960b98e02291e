//! One secret: where it is in its life, and who used it; also as a table to take along.

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderValue, Response, header},
    routing::get,
};

use super::{
    cards::{Card, Row, rows},
    scene::{NamedSecret, Scene},
};
use crate::{
    admin::evidence::Aftermath,
    domain::secret::{Life, UNDO},
    web::console::{
        Console,
        clients::ClientHead,
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/clients/{id}/credentials/{secret}", get(show))
        .route("/clients/{id}/credentials/{secret}/uses.csv", get(export))
}

#[derive(Template)]
#[template(path = "clients/credentials/secret.html")]
struct SecretPage {
    frame: Frame,
    head: ClientHead,
    may_touch: bool,
    card: Card,
    rows: Vec<Row>,
    /// Whether it can be stopped for good.
    is_revocable: bool,
    /// Whether the client has nothing that works since this one was revoked.
    is_stranded: bool,
    /// What happened since it stopped.
    since: Option<Since>,
}

/// Who was refused since a secret stopped.
struct Since {
    words: String,
    is_missed: bool,
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    NamedSecret { client, secret }: NamedSecret,
) -> Result<Response<Body>, Trouble> {
    let scene = Scene::of(&console, client).await?;
    let (card, now) = (Card::of(&secret, &scene), scene.now);
    let ended_lately = secret.ended(now).is_some_and(|at| now < at.plus(UNDO));
    let is_revoked = secret.life(now) == Life::Revoked;
    let is_undoable = secret.life(now) == Life::Retired && ended_lately;
    let since = Aftermath::of(&secret, &scene.tally, now).map(|it| Since {
        words: it.in_words(now),
        is_missed: it.refused > 0,
    });
    Ok(page::ok(&SecretPage {
        frame: visitor.frame(Here::Clients).await,
        head: scene.head().below(&card.shown),
        may_touch: scene.may_touch(&visitor),
        rows: rows(&secret, &scene),
        is_revocable: secret.is_live(now) || is_undoable,
        is_stranded: is_revoked && scene.client.live_secrets(now).next().is_none(),
        since,
        card,
    }))
}

/// Who used it, as a table for other programs (RFC 4180).
async fn export(
    State(console): State<Console>,
    _: Visitor,
    NamedSecret { client, secret }: NamedSecret,
) -> Result<Response<Body>, Trouble> {
    let scene = Scene::of(&console, client).await?;
    let mut table = String::from("address,agent,first,last,tokens,refused,last_refused\r\n");
    for row in rows(&secret, &scene) {
        let at = |moment: Option<crate::web::console::words::Moment>| {
            moment.map_or_else(String::new, |moment| moment.iso)
        };
        let (count, refused) = (digits(&row.count), digits(&row.refused));
        let fields = [
            row.address,
            row.agent,
            at(row.first),
            at(row.last),
            count,
            refused,
            at(row.last_refused),
        ];
        table.push_str(&fields.map(|field| cell(&field)).join(","));
        table.push_str("\r\n");
    }
    let mut response = Response::new(Body::from(table));
    let name = format!("attachment; filename=\"{}-uses.csv\"", secret.id);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    let name = HeaderValue::from_str(&name).expect("a secret's id is visible ASCII");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

fn digits(number: &str) -> String {
    number.replace(',', "")
}

/// A field in quotes; one that a spreadsheet would compute is made a text.
fn cell(field: &str) -> String {
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_called_itself_cannot_break_out_of_its_cell() {
        assert_eq!(cell(r#"a "b", c"#), r#""a ""b"", c""#);
        assert_eq!(cell("=HYPERLINK()"), "\"'=HYPERLINK()\"");
    }
}
