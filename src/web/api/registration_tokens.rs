//! `/registration-tokens`: tokens by which clients register themselves (RFC 7591, initial access
//! tokens).

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    auth::{May, ReadClients, WriteSettings},
    described::{OpenApiRouter, routes},
    extract::{At, Nothing, Written},
    idempotency::{Done, run},
    page::List,
    problem::Problem,
    reply::{Location, Reply},
};
use crate::{
    admin::{
        input::RegistrationTokenInput,
        refusal::Refusal,
        registrations::{Created, RevokeRegistrationToken},
        views::RegistrationTokenView,
    },
    app::App,
    domain::{audit::Object, id::RegistrationTokenId, registration::RegistrationToken},
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show))
        .routes(routes!(revoke))
}

/// Lists the registration tokens that are remembered, the newest first.
#[utoipa::path(get, path = "/registration-tokens", tag = "registration-tokens",
    operation_id = "list_registration_tokens", security(("token" = ["clients:read"])),
    responses((status = 200, body = List<RegistrationTokenView>)))]
async fn list(State(app): State<App>, _: May<ReadClients>) -> Reply {
    let all = RegistrationTokenView::all(&app.registry(), app.now());
    Reply::ok(&List::whole(all))
}

/// Makes a token, shown this once, by which clients register themselves within a template.
#[utoipa::path(post, path = "/registration-tokens", tag = "registration-tokens",
    operation_id = "create_registration_token", security(("token" = ["settings:write"])),
    request_body = RegistrationTokenInput, responses((status = 201, body = CreatedView)))]
async fn create(
    State(app): State<App>,
    May { actor, .. }: May<WriteSettings>,
    written: Written<RegistrationTokenInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms_of_new();
    let command = written.input.parse()?;
    let done = run(&app, actor, terms, command).await?;
    let is_replay = done.is_replay();
    let view = CreatedView::of(&app, done)?;
    let path = ["registration-tokens", &view.of.id];
    Ok(Reply::created(&view, &Location::of(&app, &path)).replayed(is_replay))
}

/// A registration token that was just made.
#[derive(Serialize, ToSchema)]
struct CreatedView {
    #[serde(flatten)]
    of: RegistrationTokenView,
    /// The token itself; never shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// That it was shown before.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_shown: Option<bool>,
}

impl CreatedView {
    fn of(app: &App, done: Done<Created>) -> Result<Self, Problem> {
        match done {
            Done::Now(created) => Ok(Self {
                of: RegistrationTokenView::of(&*find(app, created.token.id())?, app.now()),
                token: Some(created.token.reveal().to_owned()),
                token_shown: None,
            }),
            Done::Before(Object::RegistrationToken(id)) => Ok(Self {
                of: RegistrationTokenView::of(&*find(app, &id)?, app.now()),
                token: None,
                token_shown: Some(true),
            }),
            Done::Before(_) => Err(Problem::nowhere()),
        }
    }
}

fn find(app: &App, id: &RegistrationTokenId) -> Result<Arc<RegistrationToken>, Problem> {
    let found = app.registry().find_registration_token(id).cloned();
    found.ok_or_else(|| Refusal::NotFound(Object::RegistrationToken(id.clone())).into())
}

/// Shows a registration token: everything but the token.
#[utoipa::path(get, path = "/registration-tokens/{token_id}", tag = "registration-tokens",
    operation_id = "show_registration_token", security(("token" = ["clients:read"])),
    params(("token_id" = String, Path)), responses((status = 200, body = RegistrationTokenView)))]
async fn show(
    State(app): State<App>,
    _: May<ReadClients>,
    At(id): At<RegistrationTokenId>,
) -> Result<Reply, Problem> {
    let token = find(&app, &id)?;
    Ok(Reply::ok(&RegistrationTokenView::of(&token, app.now())).tagged(token.revision))
}

/// Lets no client be registered with a token any more; those that were stay.
#[utoipa::path(post, path = "/registration-tokens/{token_id}/revoke", tag = "registration-tokens",
    operation_id = "revoke_registration_token", security(("token" = ["settings:write"])),
    params(("token_id" = String, Path)), responses((status = 200, body = RegistrationTokenView)))]
async fn revoke(
    State(app): State<App>,
    May { actor, .. }: May<WriteSettings>,
    At(token): At<RegistrationTokenId>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::RegistrationToken(token.clone()))?;
    let command = RevokeRegistrationToken {
        token: token.clone(),
    };
    let done = run(&app, actor, terms, command).await?;
    let view = RegistrationTokenView::of(&*find(&app, &token)?, app.now());
    Ok(Reply::ok(&view).replayed(done.is_replay()))
}
