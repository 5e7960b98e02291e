//! `/clients/{client_id}/grants`: what a client may have, by API.

use axum::extract::State;

use super::{
    auth::{May, ReadClients, WriteGrants},
    described::{OpenApiRouter, routes},
    extract::{At, Nothing, Written},
    idempotency::run,
    page::List,
    problem::Problem,
    reply::{Reply, no_client},
};
use crate::{
    admin::{grants::RemoveGrant, input::GrantScopesInput, views::GrantView},
    app::App,
    domain::{
        audit::Object,
        id::{ApiIdentifier, ClientId},
    },
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(set, remove))
}

/// Lists what a client may have.
#[utoipa::path(get, path = "/clients/{client_id}/grants", tag = "grants",
    operation_id = "list_grants", security(("token" = ["clients:read"])),
    params(("client_id" = String, Path)), responses((status = 200, body = List<GrantView>)))]
async fn list(
    State(app): State<App>,
    _: May<ReadClients>,
    At(client): At<ClientId>,
) -> Result<Reply, Problem> {
    show(&app, &client)
}

fn show(app: &App, id: &ClientId) -> Result<Reply, Problem> {
    let registry = app.registry();
    let client = registry.find_client(id).ok_or_else(|| no_client(id))?;
    let list = List::whole(GrantView::all_of(client));
    Ok(Reply::ok(&list).tagged(client.revision))
}

/// Sets all that a client may have on one API.
#[utoipa::path(put, path = "/clients/{client_id}/grants/{api}", tag = "grants",
    operation_id = "set_grant", security(("token" = ["grants:write"])),
    params(("client_id" = String, Path), ("api" = String, Path, description = "percent-encoded")),
    request_body = GrantScopesInput, responses((status = 200, body = List<GrantView>)))]
async fn set(
    State(app): State<App>,
    May { actor, .. }: May<WriteGrants>,
    At((client, api)): At<(ClientId, ApiIdentifier)>,
    written: Written<GrantScopesInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Client(client.clone()))?;
    let command = written.input.parse(client.clone(), api)?;
    run(&app, actor, terms, command).await?;
    show(&app, &client)
}

/// Withdraws all that a client may have on one API.
#[utoipa::path(delete, path = "/clients/{client_id}/grants/{api}", tag = "grants",
    operation_id = "remove_grant", security(("token" = ["grants:write"])),
    params(("client_id" = String, Path), ("api" = String, Path, description = "percent-encoded")),
    responses((status = 204)))]
async fn remove(
    State(app): State<App>,
    May { actor, .. }: May<WriteGrants>,
    At((client, api)): At<(ClientId, ApiIdentifier)>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Client(client.clone()))?;
    run(&app, actor, terms, RemoveGrant { client, api }).await?;
    Ok(Reply::gone())
}
