//! `/settings`: the policy of the server, shown and edited.

use axum::extract::State;

use super::{
    auth::{Anything, May, WriteSettings},
    described::{OpenApiRouter, routes},
    extract::Written,
    idempotency::run,
    problem::Problem,
    reply::Reply,
};
use crate::{
    admin::{input::PolicyInput, views::PolicyView},
    app::App,
    domain::audit::Object,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show, edit))
}

/// Shows what operators decided for everything at once.
#[utoipa::path(get, path = "/settings", tag = "settings", operation_id = "show_settings",
    security(("token" = [])), responses((status = 200, body = PolicyView)))]
async fn show(State(app): State<App>, _: May<Anything>) -> Result<Reply, Problem> {
    Ok(show_settings(&app))
}

fn show_settings(app: &App) -> Reply {
    let registry = app.registry();
    let policy = registry.policy();
    Reply::ok(&PolicyView::of(policy)).tagged(policy.revision)
}

/// Changes some of it; what was made before stays as it is.
#[utoipa::path(patch, path = "/settings", tag = "settings", operation_id = "edit_settings",
    security(("token" = ["settings:write"])), request_body = PolicyInput,
    responses((status = 200, body = PolicyView)))]
async fn edit(
    State(app): State<App>,
    May { actor, .. }: May<WriteSettings>,
    written: Written<PolicyInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Settings)?;
    let command = written.input.parse()?;
    run(&app, actor, terms, command).await?;
    Ok(show_settings(&app))
}
