//! Where a secret is stored: a note for the next person.

use askama::Template;
use axum::{Router, body::Body, extract::State, http::Response, routing::get};

use super::{
    cards::shown,
    scene::{NamedSecret, may_touch},
};
use crate::{
    admin::input::NoteInput,
    app::AdminError,
    domain::{audit::Object, client::Client, secret::Secret},
    web::console::{
        Console,
        clients::{ClientHead, Tab},
        form::{Fields, Form, Sheet},
        page::{self, Flash, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new().route(
        "/clients/{id}/credentials/{secret}/note",
        get(ask).post(write),
    )
}

#[derive(Template)]
#[template(path = "clients/credentials/note.html")]
struct NotePage {
    frame: Frame,
    head: ClientHead,
    sheet: Sheet,
    /// Where the form goes.
    path: String,
    shown: String,
}

impl NotePage {
    async fn of(
        (client, secret): (&Client, &Secret),
        sheet: Sheet,
        (console, visitor): (&Console, &Visitor),
    ) -> Self {
        let head = ClientHead::of(client, Tab::Credentials, console.app.now());
        Self {
            frame: visitor.frame(Here::Clients).await,
            path: head.to(format!("/credentials/{}/note", secret.id)),
            head: head.below("Where it is stored"),
            shown: shown(secret),
            sheet,
        }
    }
}

async fn ask(
    State(console): State<Console>,
    visitor: Visitor,
    NamedSecret { client, secret }: NamedSecret,
) -> Result<Response<Body>, Trouble> {
    may_touch(&client, &visitor)?;
    let mut fields = Fields::default();
    fields.set("note", secret.note.to_string());
    let sheet = Sheet::of(fields);
    let page = NotePage::of((&client, &secret), sheet, (&console, &visitor)).await;
    Ok(page::ok(&page))
}

async fn write(
    State(console): State<Console>,
    visitor: Visitor,
    NamedSecret { client, secret }: NamedSecret,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let note = form.fields.text("note").to_owned();
    let command = match (NoteInput { note }).parse(client.id.clone(), secret.id.clone()) {
        Ok(command) => command,
        Err(errors) => {
            let sheet = Sheet::refused(form.fields, &errors);
            let page = NotePage::of((&client, &secret), sheet, (&console, &visitor)).await;
            return Ok(page::refused(&page));
        }
    };
    let terms = form.terms(&console.app, Object::Client(client.id.clone()));
    let path = ClientHead::of(&client, Tab::Credentials, console.app.now()).to("/credentials");
    let done = console
        .app
        .execute_on(visitor.actor(), terms, command)
        .await;
    match done {
        Ok(()) => visitor.done(&path, Flash::done("Note saved.")).await,
        Err(AdminError::Replayed(_)) => Ok(visitor.see(&path)),
        Err(error) => Err(error.into()),
    }
}
