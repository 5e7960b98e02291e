//! `/apis/{api}/scopes`: added, listed, edited, deprecated, removed.

use axum::extract::State;

use super::{
    apis::no_api,
    auth::{May, ReadApis, WriteApis},
    described::{OpenApiRouter, routes},
    extract::{At, Nothing, Written},
    idempotency::run,
    page::List,
    problem::Problem,
    reply::{Location, Reply},
};
use crate::{
    admin::{
        input::{ScopeEditInput, ScopeInput},
        scopes::RemoveScope,
        views::ScopeView,
    },
    app::App,
    domain::{
        audit::Object,
        id::{ApiIdentifier, Revision},
        scope::Scope,
    },
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(edit, remove))
}

/// Lists the scopes of an API.
#[utoipa::path(get, path = "/apis/{api}/scopes", tag = "scopes", operation_id = "list_scopes",
    security(("token" = ["apis:read"])),
    params(("api" = String, Path, description = "percent-encoded")),
    responses((status = 200, body = List<ScopeView>)))]
async fn list(
    State(app): State<App>,
    _: May<ReadApis>,
    At(api): At<ApiIdentifier>,
) -> Result<Reply, Problem> {
    let registry = app.registry();
    let api = registry.find_api(&api).ok_or_else(|| no_api(&api))?;
    Ok(Reply::ok(&List::whole(ScopeView::all_of(api))).tagged(api.revision))
}

/// Gives an API another scope.
#[utoipa::path(post, path = "/apis/{api}/scopes", tag = "scopes", operation_id = "create_scope",
    security(("token" = ["apis:write"])),
    params(("api" = String, Path, description = "percent-encoded")),
    request_body = ScopeInput, responses((status = 201, body = ScopeView)))]
async fn create(
    State(app): State<App>,
    May { actor, .. }: May<WriteApis>,
    At(api): At<ApiIdentifier>,
    written: Written<ScopeInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Api(api.clone()))?;
    let command = written.input.parse(api.clone())?;
    let scope = command.scope.clone();
    let done = run(&app, actor, terms, command).await?;
    let (view, revision) = look(&app, &api, &scope)?;
    let location = Location::of(&app, &["apis", api.as_str(), "scopes", scope.as_str()]);
    let reply = Reply::created(&view, &location).tagged(revision);
    Ok(reply.replayed(done.is_replay()))
}

fn look(
    app: &App,
    identifier: &ApiIdentifier,
    scope: &Scope,
) -> Result<(ScopeView, Revision), Problem> {
    let registry = app.registry();
    let api = registry
        .find_api(identifier)
        .ok_or_else(|| no_api(identifier))?;
    let detail = api.scopes.get(scope).ok_or_else(Problem::nowhere)?;
    Ok((ScopeView::of(scope, detail), api.revision))
}

/// Changes what is said of a scope, or deprecates it.
#[utoipa::path(patch, path = "/apis/{api}/scopes/{scope}", tag = "scopes",
    operation_id = "edit_scope", security(("token" = ["apis:write"])),
    params(("api" = String, Path, description = "percent-encoded"), ("scope" = String, Path)),
    request_body = ScopeEditInput, responses((status = 200, body = ScopeView)))]
async fn edit(
    State(app): State<App>,
    May { actor, .. }: May<WriteApis>,
    At((api, scope)): At<(ApiIdentifier, Scope)>,
    written: Written<ScopeEditInput>,
) -> Result<Reply, Problem> {
    look(&app, &api, &scope)?;
    let terms = written.terms(Object::Api(api.clone()))?;
    let command = written.input.parse(api.clone(), scope.clone())?;
    run(&app, actor, terms, command).await?;
    let (view, revision) = look(&app, &api, &scope)?;
    Ok(Reply::ok(&view).tagged(revision))
}

/// Takes a scope away that nobody has.
#[utoipa::path(delete, path = "/apis/{api}/scopes/{scope}", tag = "scopes",
    operation_id = "remove_scope", security(("token" = ["apis:write"])),
    params(("api" = String, Path, description = "percent-encoded"), ("scope" = String, Path)),
    responses((status = 204)))]
async fn remove(
    State(app): State<App>,
    May { actor, .. }: May<WriteApis>,
    At((api, scope)): At<(ApiIdentifier, Scope)>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    look(&app, &api, &scope)?;
    let terms = written.terms(Object::Api(api.clone()))?;
    run(&app, actor, terms, RemoveScope { api, scope }).await?;
    Ok(Reply::gone())
}
