//! `/apis/{api}/authorization-details-types`: defined, listed, edited, removed (RFC 9396).

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
        details::RemoveDetailType,
        input::{DetailTypeEditInput, DetailTypeInput},
        views::DetailTypeView,
    },
    app::App,
    domain::{
        audit::Object,
        details::DetailType,
        id::{ApiIdentifier, Revision},
    },
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(edit, remove))
}

/// Lists the types of authorization details of an API.
#[utoipa::path(get, path = "/apis/{api}/authorization-details-types", tag = "authorization details",
    operation_id = "list_detail_types", security(("token" = ["apis:read"])),
    params(("api" = String, Path, description = "percent-encoded")),
    responses((status = 200, body = List<DetailTypeView>)))]
async fn list(
    State(app): State<App>,
    _: May<ReadApis>,
    At(api): At<ApiIdentifier>,
) -> Result<Reply, Problem> {
    let registry = app.registry();
    let api = registry.find_api(&api).ok_or_else(|| no_api(&api))?;
    Ok(Reply::ok(&List::whole(DetailTypeView::all_of(api))).tagged(api.revision))
}

/// Gives an API another type of authorization details.
#[utoipa::path(post, path = "/apis/{api}/authorization-details-types", tag = "authorization details",
    operation_id = "create_detail_type", security(("token" = ["apis:write"])),
    params(("api" = String, Path, description = "percent-encoded")),
    request_body = DetailTypeInput, responses((status = 201, body = DetailTypeView)))]
async fn create(
    State(app): State<App>,
    May { actor, .. }: May<WriteApis>,
    At(api): At<ApiIdentifier>,
    written: Written<DetailTypeInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Api(api.clone()))?;
    let command = written.input.parse(api.clone())?;
    let name = command.name.clone();
    let done = run(&app, actor, terms, command).await?;
    let (view, revision) = look(&app, &api, &name)?;
    let place = [
        "apis",
        api.as_str(),
        "authorization-details-types",
        name.as_str(),
    ];
    let reply = Reply::created(&view, &Location::of(&app, &place)).tagged(revision);
    Ok(reply.replayed(done.is_replay()))
}

fn look(
    app: &App,
    identifier: &ApiIdentifier,
    name: &DetailType,
) -> Result<(DetailTypeView, Revision), Problem> {
    let registry = app.registry();
    let api = registry
        .find_api(identifier)
        .ok_or_else(|| no_api(identifier))?;
    let detail = api.rules.details.get(name).ok_or_else(Problem::nowhere)?;
    Ok((DetailTypeView::of(name, detail), api.revision))
}

/// Changes what is said of a type of authorization details, or its schema.
#[utoipa::path(patch, path = "/apis/{api}/authorization-details-types/{type}",
    tag = "authorization details", operation_id = "edit_detail_type",
    security(("token" = ["apis:write"])),
    params(("api" = String, Path, description = "percent-encoded"),
        ("type" = String, Path, description = "percent-encoded")),
    request_body = DetailTypeEditInput, responses((status = 200, body = DetailTypeView)))]
async fn edit(
    State(app): State<App>,
    May { actor, .. }: May<WriteApis>,
    At((api, name)): At<(ApiIdentifier, DetailType)>,
    written: Written<DetailTypeEditInput>,
) -> Result<Reply, Problem> {
    look(&app, &api, &name)?;
    let terms = written.terms(Object::Api(api.clone()))?;
    let command = written.input.parse(api.clone(), name.clone())?;
    run(&app, actor, terms, command).await?;
    let (view, revision) = look(&app, &api, &name)?;
    Ok(Reply::ok(&view).tagged(revision))
}

/// Takes a type of authorization details away that no client may ask for.
#[utoipa::path(delete, path = "/apis/{api}/authorization-details-types/{type}",
    tag = "authorization details", operation_id = "remove_detail_type",
    security(("token" = ["apis:write"])),
    params(("api" = String, Path, description = "percent-encoded"),
        ("type" = String, Path, description = "percent-encoded")),
    responses((status = 204)))]
async fn remove(
    State(app): State<App>,
    May { actor, .. }: May<WriteApis>,
    At((api, name)): At<(ApiIdentifier, DetailType)>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    look(&app, &api, &name)?;
    let terms = written.terms(Object::Api(api.clone()))?;
    run(&app, actor, terms, RemoveDetailType { api, name }).await?;
    Ok(Reply::gone())
}
