//! `/clients/{client_id}/handovers`: one-time links by which a developer takes a new secret.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    auth::{May, ReadClients, WriteSecrets},
    described::{OpenApiRouter, routes},
    extract::{At, Nothing, Written},
    idempotency::{Done, run},
    page::List,
    problem::Problem,
    reply::{Location, Reply, no_client},
};
use crate::{
    admin::{
        handovers::{Offered, WithdrawHandover},
        input::HandoverInput,
        views::HandoverView,
    },
    app::App,
    domain::{
        audit::Object,
        handover::Handover,
        id::{ClientId, HandoverId},
    },
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, offer))
        .routes(routes!(show))
        .routes(routes!(withdraw))
}

/// Lists the links of a client that are remembered, the newest first.
#[utoipa::path(get, path = "/clients/{client_id}/handovers", tag = "handovers",
    operation_id = "list_handovers", security(("token" = ["clients:read"])),
    params(("client_id" = String, Path)), responses((status = 200, body = List<HandoverView>)))]
async fn list(
    State(app): State<App>,
    _: May<ReadClients>,
    At(client): At<ClientId>,
) -> Result<Reply, Problem> {
    let registry = app.registry_arc();
    if registry.find_client(&client).is_none() {
        return Err(no_client(&client));
    }
    let all = HandoverView::all_of(&registry, &client, app.now());
    Ok(Reply::ok(&List::whole(all)))
}

/// Makes a link, shown this once, by which whoever has it takes a new secret.
#[utoipa::path(post, path = "/clients/{client_id}/handovers", tag = "handovers",
    operation_id = "offer_handover", security(("token" = ["secrets:write"])),
    params(("client_id" = String, Path)), request_body = HandoverInput,
    responses((status = 201, body = OfferedView)))]
async fn offer(
    State(app): State<App>,
    May { actor, .. }: May<WriteSecrets>,
    At(client): At<ClientId>,
    written: Written<HandoverInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Client(client.clone()))?;
    let policy = Arc::clone(app.registry().policy());
    let command = written.input.parse(client.clone(), &policy)?;
    let done = run(&app, actor, terms, command).await?;
    let is_replay = done.is_replay();
    let view = OfferedView::of(&app, &client, done)?;
    let path = ["clients", client.as_str(), "handovers", &view.handover.id];
    Ok(Reply::created(&view, &Location::of(&app, &path)).replayed(is_replay))
}

/// A link that was just made.
#[derive(Serialize, ToSchema)]
struct OfferedView {
    #[serde(flatten)]
    handover: HandoverView,
    /// Where the secret is taken, once, until `expires_at`; never shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// That the link was shown before.
    #[serde(skip_serializing_if = "Option::is_none")]
    link_shown: Option<bool>,
}

impl OfferedView {
    fn of(app: &App, client: &ClientId, done: Done<Offered>) -> Result<Self, Problem> {
        let now = app.now();
        match done {
            Done::Now(offered) => {
                let path = format!("/handover/{}", offered.token.reveal());
                Ok(Self {
                    handover: HandoverView::of(&*find(app, client, &offered.id)?, now),
                    link: Some(crate::web::console::link(app, &path)),
                    link_shown: None,
                })
            }
            Done::Before(_) => {
                let registry = app.registry_arc();
                let newest = HandoverView::all_of(&registry, client, now);
                let newest = newest.into_iter().next();
                Ok(Self {
                    handover: newest.ok_or_else(Problem::nowhere)?,
                    link: None,
                    link_shown: Some(true),
                })
            }
        }
    }
}

fn find(app: &App, client: &ClientId, id: &HandoverId) -> Result<Arc<Handover>, Problem> {
    let registry = app.registry();
    let found = registry.find_handover(id).filter(|it| it.client == *client);
    found.cloned().ok_or_else(Problem::nowhere)
}

/// Shows what became of a link.
#[utoipa::path(get, path = "/clients/{client_id}/handovers/{handover_id}", tag = "handovers",
    operation_id = "show_handover", security(("token" = ["clients:read"])),
    params(("client_id" = String, Path), ("handover_id" = String, Path)),
    responses((status = 200, body = HandoverView)))]
async fn show(
    State(app): State<App>,
    _: May<ReadClients>,
    At((client, id)): At<(ClientId, HandoverId)>,
) -> Result<Reply, Problem> {
    let handover = find(&app, &client, &id)?;
    Ok(Reply::ok(&HandoverView::of(&handover, app.now())).tagged(handover.revision))
}

/// Voids a link that nobody has followed.
#[utoipa::path(post, path = "/clients/{client_id}/handovers/{handover_id}/withdraw",
    tag = "handovers", operation_id = "withdraw_handover",
    security(("token" = ["secrets:write"])),
    params(("client_id" = String, Path), ("handover_id" = String, Path)),
    responses((status = 200, body = HandoverView)))]
async fn withdraw(
    State(app): State<App>,
    May { actor, .. }: May<WriteSecrets>,
    At((client, handover)): At<(ClientId, HandoverId)>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    find(&app, &client, &handover)?;
    let terms = written.terms_of_new();
    let command = WithdrawHandover {
        handover: handover.clone(),
    };
    let done = run(&app, actor, terms, command).await?;
    let view = HandoverView::of(&*find(&app, &client, &handover)?, app.now());
    Ok(Reply::ok(&view).replayed(done.is_replay()))
}
