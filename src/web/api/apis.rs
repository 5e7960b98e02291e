//! `/apis`: defined, listed, shown, edited, rekeyed, disabled, enabled, removed.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    auth::{May, ReadApis, WriteApis},
    described::{OpenApiRouter, routes},
    extract::{At, Nothing, Queried, Written},
    idempotency::{Done, run},
    page::{List, PageQuery},
    problem::Problem,
    reply::{Location, Reply},
};
use crate::{
    admin::{
        apis::{Defined, DisableApi, EnableApi, RekeyApi, RemoveApi},
        halts::{HaltApi, ResumeApi},
        input::{ApiEditInput, ApiInput, HaltInput},
        refusal::Refusal,
        views::ApiView,
    },
    app::App,
    domain::{
        audit::Object,
        id::{ApiIdentifier, Revision},
    },
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, edit, remove))
        .routes(routes!(disable))
        .routes(routes!(enable))
        .routes(routes!(halt))
        .routes(routes!(resume))
        .routes(routes!(rekey))
}

/// Lists APIs in order of their identifiers.
#[utoipa::path(get, path = "/apis", tag = "apis", operation_id = "list_apis",
    security(("token" = ["apis:read"])), params(PageQuery),
    responses((status = 200, body = List<ApiView>)))]
async fn list(
    State(app): State<App>,
    _: May<ReadApis>,
    Queried(query): Queried<PageQuery>,
) -> Result<Reply, Problem> {
    let registry = app.registry();
    let (apis, next_cursor) = query
        .parse()?
        .take(registry.apis(), |api| api.identifier.as_str());
    let data = apis.iter().map(|api| ApiView::of(api, &registry)).collect();
    Ok(Reply::ok(&List { data, next_cursor }))
}

/// Defines an API; the key that it shares with Jeton, if it does, is shown this once.
#[utoipa::path(post, path = "/apis", tag = "apis", operation_id = "create_api",
    security(("token" = ["apis:write"])), request_body = ApiInput,
    responses((status = 201, body = DefinedView)))]
async fn create(
    State(app): State<App>,
    May { actor, .. }: May<WriteApis>,
    written: Written<ApiInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms_of_new();
    let policy = Arc::clone(app.registry().policy());
    let command = written.input.parse(&policy)?;
    let identifier = command.identifier.clone();
    let done = run(&app, actor, terms, command).await?;
    let is_replay = done.is_replay();
    let (view, revision) = DefinedView::of(&app, &identifier, done)?;
    let location = Location::of(&app, &["apis", identifier.as_str()]);
    Ok(Reply::created(&view, &location)
        .tagged(revision)
        .replayed(is_replay))
}

/// An API, and its shared key if it was just made.
#[derive(Serialize, ToSchema)]
struct DefinedView {
    #[serde(flatten)]
    api: ApiView,
    /// The shared key in base64url; never shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    shared_key: Option<String>,
    /// That the shared key was shown before.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_shown: Option<bool>,
}

impl DefinedView {
    fn of(
        app: &App,
        identifier: &ApiIdentifier,
        done: Done<Defined>,
    ) -> Result<(Self, Revision), Problem> {
        let registry = app.registry();
        let (api, shared_key, is_replay) = match done {
            Done::Now(made) => (made.api, made.shared_key, false),
            Done::Before(_) => {
                let api = registry
                    .find_api(identifier)
                    .ok_or_else(|| no_api(identifier))?;
                (api.clone(), None, true)
            }
        };
        let is_shared = api.signing.algorithm().is_symmetric();
        let view = Self {
            api: ApiView::of(&api, &registry),
            shared_key: shared_key.map(|key| key.reveal().to_owned()),
            secret_shown: (is_replay && is_shared).then_some(true),
        };
        Ok((view, api.revision))
    }
}

pub(super) fn no_api(identifier: &ApiIdentifier) -> Problem {
    Refusal::NotFound(Object::Api(identifier.clone())).into()
}

/// Shows an API.
#[utoipa::path(get, path = "/apis/{api}", tag = "apis", operation_id = "show_api",
    security(("token" = ["apis:read"])),
    params(("api" = String, Path, description = "percent-encoded")),
    responses((status = 200, body = ApiView)))]
async fn show(
    State(app): State<App>,
    _: May<ReadApis>,
    At(api): At<ApiIdentifier>,
) -> Result<Reply, Problem> {
    show_api(&app, &api)
}

fn show_api(app: &App, identifier: &ApiIdentifier) -> Result<Reply, Problem> {
    let registry = app.registry();
    let api = registry
        .find_api(identifier)
        .ok_or_else(|| no_api(identifier))?;
    Ok(Reply::ok(&ApiView::of(api, &registry)).tagged(api.revision))
}

/// Changes what is said of an API, or how its tokens are made.
#[utoipa::path(patch, path = "/apis/{api}", tag = "apis", operation_id = "edit_api",
    security(("token" = ["apis:write"])),
    params(("api" = String, Path, description = "percent-encoded")),
    request_body = ApiEditInput, responses((status = 200, body = DefinedView)))]
async fn edit(
    State(app): State<App>,
    May { actor, .. }: May<WriteApis>,
    At(api): At<ApiIdentifier>,
    written: Written<ApiEditInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Api(api.clone()))?;
    let command = written.input.parse(api.clone())?;
    let done = run(&app, actor, terms, command).await?;
    let (view, revision) = DefinedView::of(&app, &api, done)?;
    Ok(Reply::ok(&view).tagged(revision))
}

/// Makes a new key for an API that shares one; it is shown this once.
#[utoipa::path(post, path = "/apis/{api}/rekey", tag = "apis", operation_id = "rekey_api",
    security(("token" = ["apis:write"])),
    params(("api" = String, Path, description = "percent-encoded")),
    responses((status = 200, body = DefinedView)))]
async fn rekey(
    State(app): State<App>,
    May { actor, .. }: May<WriteApis>,
    At(api): At<ApiIdentifier>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Api(api.clone()))?;
    let done = run(&app, actor, terms, RekeyApi { api: api.clone() }).await?;
    let is_replay = done.is_replay();
    let (view, revision) = DefinedView::of(&app, &api, done)?;
    Ok(Reply::ok(&view).tagged(revision).replayed(is_replay))
}

/// Issues no tokens for an API any more.
#[utoipa::path(post, path = "/apis/{api}/disable", tag = "apis", operation_id = "disable_api",
    security(("token" = ["apis:write"])),
    params(("api" = String, Path, description = "percent-encoded")),
    responses((status = 200, body = ApiView)))]
async fn disable(
    State(app): State<App>,
    May { actor, .. }: May<WriteApis>,
    At(api): At<ApiIdentifier>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Api(api.clone()))?;
    let done = run(&app, actor, terms, DisableApi { api: api.clone() }).await?;
    Ok(show_api(&app, &api)?.replayed(done.is_replay()))
}

/// Issues tokens for a disabled API again.
#[utoipa::path(post, path = "/apis/{api}/enable", tag = "apis", operation_id = "enable_api",
    security(("token" = ["apis:write"])),
    params(("api" = String, Path, description = "percent-encoded")),
    responses((status = 200, body = ApiView)))]
async fn enable(
    State(app): State<App>,
    May { actor, .. }: May<WriteApis>,
    At(api): At<ApiIdentifier>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Api(api.clone()))?;
    let done = run(&app, actor, terms, EnableApi { api: api.clone() }).await?;
    Ok(show_api(&app, &api)?.replayed(done.is_replay()))
}

/// Issues no tokens for an API for a while: 503 `temporarily_unavailable`. What was issued goes on to count.
#[utoipa::path(post, path = "/apis/{api}/halt", tag = "apis", operation_id = "halt_api",
    security(("token" = ["apis:write"])),
    params(("api" = String, Path, description = "percent-encoded")),
    request_body = HaltInput, responses((status = 200, body = ApiView)))]
async fn halt(
    State(app): State<App>,
    May { actor, .. }: May<WriteApis>,
    At(api): At<ApiIdentifier>,
    written: Written<HaltInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Api(api.clone()))?;
    let reason = written.input.parse()?;
    let command = HaltApi {
        api: api.clone(),
        reason,
    };
    let done = run(&app, actor, terms, command).await?;
    Ok(show_api(&app, &api)?.replayed(done.is_replay()))
}

/// Issues tokens for an API again.
#[utoipa::path(post, path = "/apis/{api}/resume", tag = "apis", operation_id = "resume_api",
    security(("token" = ["apis:write"])),
    params(("api" = String, Path, description = "percent-encoded")),
    responses((status = 200, body = ApiView)))]
async fn resume(
    State(app): State<App>,
    May { actor, .. }: May<WriteApis>,
    At(api): At<ApiIdentifier>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Api(api.clone()))?;
    let done = run(&app, actor, terms, ResumeApi { api: api.clone() }).await?;
    Ok(show_api(&app, &api)?.replayed(done.is_replay()))
}

/// Removes an API on which nobody has a grant.
#[utoipa::path(delete, path = "/apis/{api}", tag = "apis", operation_id = "remove_api",
    security(("token" = ["apis:write"])),
    params(("api" = String, Path, description = "percent-encoded")),
    responses((status = 204)))]
async fn remove(
    State(app): State<App>,
    May { actor, .. }: May<WriteApis>,
    At(api): At<ApiIdentifier>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Api(api.clone()))?;
    run(&app, actor, terms, RemoveApi { api }).await?;
    Ok(Reply::gone())
}
