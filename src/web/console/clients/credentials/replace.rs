//! Moving a client from its secret to something that is none: a certificate, or a key.

use std::sync::Arc;

use askama::Template;
use axum::{Router, body::Body, extract::State, http::Response, routing::get};

use super::{
    kinds::{Kind, KindsOffered, check, forget_private, renamed},
    rotate::under_way,
    scene::{Scene, may_touch},
};
use crate::{
    admin::{
        input::{CredentialInput, RotateInput, Rotation, SpanInput},
        refusal::{FieldErrors, Refusal},
    },
    app::AdminError,
    domain::{audit::Object, client::Client, policy::Policy, time::Timestamp},
    web::console::{
        Console,
        clients::{ClientHead, Named, Tab},
        confirm::Confirmed,
        form::{Fields, Form, Sheet},
        page::{self, Flash, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/clients/{id}/credentials/replace", get(ask).post(make))
}

#[derive(Template)]
#[template(path = "clients/credentials/replace.html")]
struct ReplacePage {
    frame: Frame,
    head: ClientHead,
    sheet: Sheet,
    /// Whether there is something that works, to keep for a while.
    has_old: bool,
    offered: KindsOffered,
}

impl ReplacePage {
    async fn of(client: &Client, sheet: Sheet, (console, visitor): (&Console, &Visitor)) -> Self {
        let now = console.app.now();
        Self {
            frame: visitor.frame(Here::Clients).await,
            head: ClientHead::of(client, Tab::Credentials, now).below("Another credential"),
            sheet,
            has_old: client.live_secrets(now).next().is_some(),
            offered: KindsOffered::by(&console.app),
        }
    }
}

async fn ask(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
) -> Result<Response<Body>, Trouble> {
    may_touch(&client, &visitor)?;
    let scene = Scene::of(&console, client).await?;
    if scene.rotation().is_some() {
        return under_way(&scene, &visitor).await;
    }
    let mut fields = Fields::default();
    let now = scene.client.live_secrets(scene.now).next();
    let kind = now.and_then(|now| Kind::of(&now.proof));
    fields.set("kind", kind.unwrap_or(Kind::Certificate).as_str());
    fields.set("overlap", "24h");
    let page = ReplacePage::of(&scene.client, Sheet::of(fields), (&console, &visitor)).await;
    Ok(page::ok(&page))
}

async fn make(
    State(console): State<Console>,
    Named(client): Named,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    let policy = Arc::clone(console.app.registry().policy());
    let read = read(&form.fields, &client, (&policy, console.app.now()));
    let said = "The new credential works from now on.";
    match replace((&console, &visitor), &client, (&form, read, said)).await? {
        Outcome::Answer(answer) => Ok(answer),
        Outcome::Refused(errors) => {
            may_touch(&client, &visitor)?;
            let renamed = renamed(&errors, form.fields.text("kind"));
            let mut sheet = Sheet::refused(form.fields, &renamed);
            forget_private(&mut sheet);
            let page = ReplacePage::of(&client, sheet, (&console, &visitor)).await;
            Ok(page::refused(&page))
        }
    }
}

/// What became of a form that gives a client another credential.
pub(super) enum Outcome {
    /// It has it, or somebody else was faster.
    Answer(Response<Body>),
    /// Something is wrong with it.
    Refused(FieldErrors),
}

/// Gives `client` the credential that was read from `form`, and says so.
pub(super) async fn replace(
    (console, visitor): (&Console, &Visitor),
    client: &Arc<Client>,
    (form, read, said): (&Form, Result<Rotation, FieldErrors>, &'static str),
) -> Result<Outcome, Trouble> {
    let command = match read {
        Ok(Rotation::Credential(command)) => {
            if let Err(errors) = check(&command.credential, console.app.profile()) {
                return Ok(Outcome::Refused(errors));
            }
            command
        }
        Ok(Rotation::Secret(_)) => return Err(Trouble::malformed()),
        Err(errors) => return Ok(Outcome::Refused(errors)),
    };
    let now = console.app.now();
    let terms = form.terms(&console.app, Object::Client(client.id.clone()));
    let done = console.app.execute_on(visitor.actor(), terms, command);
    let path = ClientHead::of(client, Tab::Credentials, now).to("/credentials");
    let answer = match done.await {
        Ok(_) => visitor.done(&path, Flash::done(said)).await?,
        Err(AdminError::Replayed(_)) => visitor.see(&path),
        Err(AdminError::Refusal(Refusal::Invalid(errors))) => return Ok(Outcome::Refused(errors)),
        Err(AdminError::Refusal(Refusal::Conflict(_) | Refusal::Stale(_)))
            if client.live_secrets(now).count() > 1 =>
        {
            let scene = Scene::of(console, Arc::clone(client)).await?;
            under_way(&scene, visitor).await?
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Outcome::Answer(answer))
}

/// How long what there is keeps working beside a new credential.
pub(super) struct OverlapChosen(&'static str);

impl OverlapChosen {
    /// The rotation to `credential`.
    pub(super) fn with(self, credential: CredentialInput) -> RotateInput {
        RotateInput {
            overlap: Some(SpanInput::Text(self.0.to_owned())),
            credential: Some(credential),
            ..RotateInput::default()
        }
    }
}

/// What the form says of it.
pub(super) fn overlap_of(
    fields: &Fields,
    client: &Client,
    now: Timestamp,
) -> Result<OverlapChosen, FieldErrors> {
    let chosen = match fields.text("overlap") {
        _ if client.live_secrets(now).next().is_none() => "0",
        "now" => "0",
        "1h" => "1h",
        "24h" => "24h",
        "7d" => "7d",
        _ => {
            let message = "choose how long the old one keeps working";
            return Err(FieldErrors::one("overlap", message));
        }
    };
    Ok(OverlapChosen(chosen))
}

/// The command, or all that is wrong with the form.
fn read(
    fields: &Fields,
    client: &Client,
    (policy, now): (&Policy, Timestamp),
) -> Result<Rotation, FieldErrors> {
    let kind = Kind::named(fields.text("kind"))
        .ok_or_else(|| FieldErrors::one("kind", "choose what the client proves itself with"))?;
    let credential = CredentialInput {
        note: Some(fields.text("note").to_owned()),
        ..kind.read(fields)?
    };
    let input = overlap_of(fields, client, now)?.with(credential);
    input.read(client.id.clone(), policy)
}
