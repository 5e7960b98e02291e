//! Usage: what was asked for, when, from where, with which secret.

use axum::extract::State;

use super::{
    auth::{May, ReadUsage},
    described::{OpenApiRouter, routes},
    extract::At,
    page::List,
    problem::Problem,
    reply::{Reply, no_client},
};
use crate::{
    admin::views::{ClientUsageView, KeyFetchView, UsageView},
    app::App,
    domain::id::ClientId,
    store::UsageOf,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(of_client))
        .routes(routes!(of_everyone))
        .routes(routes!(of_keys))
}

/// What a client did in the last 90 days.
#[utoipa::path(get, path = "/clients/{client_id}/usage", tag = "usage",
    operation_id = "client_usage", security(("token" = ["usage:read"])),
    params(("client_id" = String, Path)), responses((status = 200, body = ClientUsageView)))]
async fn of_client(
    State(app): State<App>,
    _: May<ReadUsage>,
    At(id): At<ClientId>,
) -> Result<Reply, Problem> {
    let registry = app.registry_arc();
    let client = registry.find_client(&id).ok_or_else(|| no_client(&id))?;
    let usage = app.usage(UsageOf::Client(id)).await?;
    Ok(Reply::ok(&ClientUsageView::of(client, &usage, app.now())))
}

/// What everybody did in the last 90 days, and who asked as a client that there is not.
#[utoipa::path(get, path = "/usage", tag = "usage", operation_id = "usage",
    security(("token" = ["usage:read"])), responses((status = 200, body = UsageView)))]
async fn of_everyone(State(app): State<App>, _: May<ReadUsage>) -> Result<Reply, Problem> {
    let usage = app.usage(UsageOf::Everyone).await?;
    Ok(Reply::ok(&UsageView::of(&usage)))
}

/// Who fetched the JWK set in the last 7 days.
#[utoipa::path(get, path = "/usage/jwks", tag = "usage", operation_id = "key_fetches",
    security(("token" = ["usage:read"])), responses((status = 200, body = List<KeyFetchView>)))]
async fn of_keys(State(app): State<App>, _: May<ReadUsage>) -> Result<Reply, Problem> {
    let usage = app.usage(UsageOf::KeyFetches).await?;
    Ok(Reply::ok(&List::whole(KeyFetchView::all_of(&usage))))
}
