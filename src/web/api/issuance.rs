//! `/issuance`: whether tokens are issued; halted and resumed.

use axum::extract::State;

use super::{
    auth::{Anything, May, WriteSettings},
    described::{OpenApiRouter, routes},
    extract::{Nothing, Written},
    idempotency::run,
    problem::Problem,
    reply::Reply,
};
use crate::{
    admin::{
        halts::{HaltIssuance, ResumeIssuance},
        input::HaltInput,
        views::IssuanceView,
    },
    app::App,
    domain::audit::Object,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(halt))
        .routes(routes!(resume))
}

/// Shows whether tokens are issued, and for which APIs they are not.
#[utoipa::path(get, path = "/issuance", tag = "server", operation_id = "show_issuance",
    security(("token" = [])), responses((status = 200, body = IssuanceView)))]
async fn show(State(app): State<App>, _: May<Anything>) -> Result<Reply, Problem> {
    Ok(show_issuance(&app))
}

fn show_issuance(app: &App) -> Reply {
    let registry = app.registry();
    Reply::ok(&IssuanceView::of(&registry)).tagged(registry.policy().revision)
}

/// Issues no tokens at all, from the next request on: 503 `temporarily_unavailable`. What was issued goes on to count.
#[utoipa::path(post, path = "/issuance/halt", tag = "server", operation_id = "halt_issuance",
    security(("token" = ["settings:write"])), request_body = HaltInput,
    responses((status = 200, body = IssuanceView)))]
async fn halt(
    State(app): State<App>,
    May { actor, .. }: May<WriteSettings>,
    written: Written<HaltInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Settings)?;
    let reason = written.input.parse()?;
    let done = run(&app, actor, terms, HaltIssuance { reason }).await?;
    Ok(show_issuance(&app).replayed(done.is_replay()))
}

/// Issues tokens again.
#[utoipa::path(post, path = "/issuance/resume", tag = "server", operation_id = "resume_issuance",
    security(("token" = ["settings:write"])),
    responses((status = 200, body = IssuanceView)))]
async fn resume(
    State(app): State<App>,
    May { actor, .. }: May<WriteSettings>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Settings)?;
    let done = run(&app, actor, terms, ResumeIssuance).await?;
    Ok(show_issuance(&app).replayed(done.is_replay()))
}
