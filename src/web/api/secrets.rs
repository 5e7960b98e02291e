//! `/clients/{client_id}/secrets`: listed, rotated, retired, brought back, revoked.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    auth::{May, ReadClients, WriteSecrets},
    clients::client_of,
    described::{OpenApiRouter, routes},
    extract::{At, Nothing, Written},
    idempotency::{Done, run},
    problem::Problem,
    reply::{Location, Reply, of_client},
};
use crate::{
    admin::{
        command::Command,
        input::{ExtendInput, NoteInput, RotateInput, Rotation, SecretChoiceInput},
        refusal::FieldErrors,
        secrets::CancelRotation,
        views::{RetiringView, SecretDetailView, SecretsView},
    },
    app::App,
    domain::{
        actor::Actor,
        audit::Object,
        id::{ClientId, SecretId},
        secret::{PlainSecret, Retiring},
    },
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show, edit))
        .routes(routes!(rotate))
        .routes(routes!(cancel))
        .routes(routes!(extend))
        .routes(routes!(retire))
        .routes(routes!(undo))
        .routes(routes!(revoke))
}

/// Lists the secrets of a client, and says whether the old one can go.
#[utoipa::path(get, path = "/clients/{client_id}/secrets", tag = "secrets",
    operation_id = "list_secrets", security(("token" = ["clients:read"])),
    params(("client_id" = String, Path)), responses((status = 200, body = SecretsView)))]
async fn list(
    State(app): State<App>,
    _: May<ReadClients>,
    At(client): At<ClientId>,
) -> Result<Reply, Problem> {
    show_all(&app, &client).await
}

async fn show_all(app: &App, id: &ClientId) -> Result<Reply, Problem> {
    of_client(app, id, |client, sight| Ok(SecretsView::of(client, sight))).await
}

/// Shows a secret, and who used it.
#[utoipa::path(get, path = "/clients/{client_id}/secrets/{secret_id}", tag = "secrets",
    operation_id = "show_secret", security(("token" = ["clients:read"])),
    params(("client_id" = String, Path), ("secret_id" = String, Path)),
    responses((status = 200, body = SecretDetailView)))]
async fn show(
    State(app): State<App>,
    _: May<ReadClients>,
    At((client, secret)): At<(ClientId, SecretId)>,
) -> Result<Reply, Problem> {
    show_one(&app, &client, &secret).await
}

async fn show_one(app: &App, client: &ClientId, secret: &SecretId) -> Result<Reply, Problem> {
    of_client(app, client, |client, sight| {
        let secret = client.find_secret(secret).ok_or_else(Problem::nowhere)?;
        Ok(SecretDetailView::of(client, secret, sight))
    })
    .await
}

/// Writes down where a secret is kept.
#[utoipa::path(patch, path = "/clients/{client_id}/secrets/{secret_id}", tag = "secrets",
    operation_id = "edit_secret", security(("token" = ["secrets:write"])),
    params(("client_id" = String, Path), ("secret_id" = String, Path)),
    request_body = NoteInput, responses((status = 200, body = SecretDetailView)))]
async fn edit(
    State(app): State<App>,
    May { actor, .. }: May<WriteSecrets>,
    At((client, secret)): At<(ClientId, SecretId)>,
    written: Written<NoteInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Client(client.clone()))?;
    let known = app
        .registry()
        .find_client(&client)
        .is_some_and(|it| it.find_secret(&secret).is_some());
    if !known {
        return Err(Problem::nowhere());
    }
    let command = written.input.parse(client.clone(), secret.clone())?;
    run(&app, actor, terms, command).await?;
    show_one(&app, &client, &secret).await
}

/// Makes a new secret, shown this once; the old one goes on working for a while.
#[utoipa::path(post, path = "/clients/{client_id}/secrets/rotate", tag = "secrets",
    operation_id = "rotate_secret", security(("token" = ["secrets:write"])),
    params(("client_id" = String, Path)), request_body = RotateInput,
    responses((status = 201, body = RotatedView)))]
async fn rotate(
    State(app): State<App>,
    May { actor, .. }: May<WriteSecrets>,
    At(client): At<ClientId>,
    written: Written<RotateInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Client(client.clone()))?;
    let policy = Arc::clone(app.registry().policy());
    let done = match written.input.read(client.clone(), &policy)? {
        Rotation::Secret(command) => run(&app, actor, terms, command).await?.map(|rotated| {
            let id = rotated.secret.id().clone();
            (id, Some(rotated.secret), rotated.retiring)
        }),
        Rotation::Credential(command) => run(&app, actor, terms, command)
            .await?
            .map(|moved| (moved.credential, None, moved.retiring)),
    };
    let is_replay = done.is_replay();
    let view = RotatedView::of(&app, &client, done)?;
    let path = ["clients", &view.client_id, "secrets", &view.secret_id];
    Ok(Reply::created(&view, &Location::of(&app, &path)).replayed(is_replay))
}

/// What a rotation led to: the new credential, the one chance to read it if it is a secret, and the old one.
type Begun = (SecretId, Option<PlainSecret>, Option<(SecretId, Retiring)>);

/// A rotation that has just begun.
#[derive(Serialize, ToSchema)]
struct RotatedView {
    client_id: String,
    /// What the client proves itself with from now on; never shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    /// The new secret's public id.
    secret_id: String,
    /// How the old secret is on its way out; `null` if none goes on working.
    retiring: Option<RetiringView>,
    /// That the new secret was shown before.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_shown: Option<bool>,
}

impl RotatedView {
    fn of(app: &App, client: &ClientId, done: Done<Begun>) -> Result<Self, Problem> {
        match done {
            Done::Now((id, secret, retiring)) => Ok(Self {
                client_id: client.to_string(),
                client_secret: secret.map(|secret| secret.reveal().to_owned()),
                secret_id: id.to_string(),
                retiring: retiring.map(|(_, part)| RetiringView::of(&part)),
                secret_shown: None,
            }),
            Done::Before(object) => {
                let (client, now) = (client_of(app, &object)?, app.now());
                let old = client.old_secret(now).and_then(|old| old.retiring(now));
                let new = client.new_secret(now).or(client.secrets.last());
                Ok(Self {
                    client_id: client.id.to_string(),
                    client_secret: None,
                    secret_id: new.map(|new| new.id.to_string()).unwrap_or_default(),
                    retiring: old.map(RetiringView::of),
                    secret_shown: new.is_some_and(|new| new.proof.is_secret()).then_some(true),
                })
            }
        }
    }
}

/// Withdraws the new secret; the old one goes on as before.
#[utoipa::path(post, path = "/clients/{client_id}/secrets/cancel", tag = "secrets",
    operation_id = "cancel_rotation", security(("token" = ["secrets:write"])),
    params(("client_id" = String, Path)), responses((status = 200, body = SecretsView)))]
async fn cancel(
    State(app): State<App>,
    May { actor, .. }: May<WriteSecrets>,
    At(client): At<ClientId>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let cancel = |_, client| Ok(CancelRotation { client });
    step(&app, (actor, client), written, cancel).await
}

/// Moves the deadline of the old secret.
#[utoipa::path(post, path = "/clients/{client_id}/secrets/extend", tag = "secrets",
    operation_id = "extend_rotation", security(("token" = ["secrets:write"])),
    params(("client_id" = String, Path)), request_body = ExtendInput,
    responses((status = 200, body = SecretsView)))]
async fn extend(
    State(app): State<App>,
    May { actor, .. }: May<WriteSecrets>,
    At(client): At<ClientId>,
    written: Written<ExtendInput>,
) -> Result<Reply, Problem> {
    step(&app, (actor, client), written, ExtendInput::parse).await
}

/// Stops the old secret as planned; it can be brought back for a day.
#[utoipa::path(post, path = "/clients/{client_id}/secrets/retire", tag = "secrets",
    operation_id = "retire_secret", security(("token" = ["secrets:write"])),
    params(("client_id" = String, Path)), request_body = SecretChoiceInput,
    responses((status = 200, body = SecretsView)))]
async fn retire(
    State(app): State<App>,
    May { actor, .. }: May<WriteSecrets>,
    At(client): At<ClientId>,
    written: Written<SecretChoiceInput>,
) -> Result<Reply, Problem> {
    step(&app, (actor, client), written, SecretChoiceInput::retire).await
}

/// Brings a retired secret back for another day.
#[utoipa::path(post, path = "/clients/{client_id}/secrets/undo", tag = "secrets",
    operation_id = "undo_retire", security(("token" = ["secrets:write"])),
    params(("client_id" = String, Path)), request_body = SecretChoiceInput,
    responses((status = 200, body = SecretsView)))]
async fn undo(
    State(app): State<App>,
    May { actor, .. }: May<WriteSecrets>,
    At(client): At<ClientId>,
    written: Written<SecretChoiceInput>,
) -> Result<Reply, Problem> {
    step(&app, (actor, client), written, SecretChoiceInput::undo).await
}

/// Stops a secret at once and for good.
#[utoipa::path(post, path = "/clients/{client_id}/secrets/revoke", tag = "secrets",
    operation_id = "revoke_secret", security(("token" = ["secrets:write"])),
    params(("client_id" = String, Path)), request_body = SecretChoiceInput,
    responses((status = 200, body = SecretsView)))]
async fn revoke(
    State(app): State<App>,
    May { actor, .. }: May<WriteSecrets>,
    At(client): At<ClientId>,
    written: Written<SecretChoiceInput>,
) -> Result<Reply, Problem> {
    step(&app, (actor, client), written, SecretChoiceInput::revoke).await
}

/// One step of a rotation, and how things are after it.
async fn step<T, C: Command>(
    app: &App,
    (actor, client): (Actor, ClientId),
    written: Written<T>,
    parse: impl FnOnce(T, ClientId) -> Result<C, FieldErrors>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Client(client.clone()))?;
    let command = parse(written.input, client.clone())?;
    let done = run(app, actor, terms, command).await?;
    Ok(show_all(app, &client).await?.replayed(done.is_replay()))
}
