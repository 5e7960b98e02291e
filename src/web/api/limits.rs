//! `/clients/{client_id}/limits`: from where a client may authenticate, and how many tokens it may get.

use axum::extract::State;

use super::{
    auth::{May, ReadClients, WriteClients},
    described::{OpenApiRouter, routes},
    extract::{At, Written},
    idempotency::run,
    problem::Problem,
    reply::{Reply, no_client},
};
use crate::{
    admin::{
        evidence::outside::{in_words, outside},
        input::LimitsInput,
        refusal::Refusal,
        views::LimitsView,
    },
    app::App,
    domain::{audit::Object, id::ClientId},
    store::UsageOf,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show, edit))
}

/// Shows what limits a client, and what was too much for it.
#[utoipa::path(get, path = "/clients/{client_id}/limits", tag = "clients",
    operation_id = "show_limits", security(("token" = ["clients:read"])),
    params(("client_id" = String, Path)), responses((status = 200, body = LimitsView)))]
async fn show(
    State(app): State<App>,
    _: May<ReadClients>,
    At(client): At<ClientId>,
) -> Result<Reply, Problem> {
    show_limits(&app, &client)
}

fn show_limits(app: &App, id: &ClientId) -> Result<Reply, Problem> {
    let registry = app.registry();
    let client = registry.find_client(id).ok_or_else(|| no_client(id))?;
    let over = app.over_quota(client).map(|over| (over.count, over.last));
    Ok(Reply::ok(&LimitsView::of(client, over)).tagged(client.revision))
}

/// Limits a client, or less than before. Networks that leave out where it was answered lately are refused with a
/// conflict, unless `even_if_used` says otherwise.
#[utoipa::path(patch, path = "/clients/{client_id}/limits", tag = "clients",
    operation_id = "edit_limits", security(("token" = ["clients:write"])),
    params(("client_id" = String, Path)), request_body = LimitsInput,
    responses((status = 200, body = LimitsView)))]
async fn edit(
    State(app): State<App>,
    May { actor, .. }: May<WriteClients>,
    At(client): At<ClientId>,
    written: Written<LimitsInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Client(client.clone()))?;
    let even_if_used = written.input.even_if_used;
    let command = written.input.parse(client.clone())?;
    if let Some(networks) = command.networks.as_ref().filter(|_| !even_if_used) {
        let tally = app.usage(UsageOf::Client(client.clone())).await?;
        let now = app.now();
        let uses = outside(&client, networks, &tally, now);
        if !uses.is_empty() {
            let words = format!(
                "{} Those would be refused; even_if_used saves it all the same.",
                in_words(&uses, now)
            );
            return Err(Refusal::Conflict(words).into());
        }
    }
    let done = run(&app, actor, terms, command).await?;
    Ok(show_limits(&app, &client)?.replayed(done.is_replay()))
}
