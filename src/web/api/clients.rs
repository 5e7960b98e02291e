//! `/clients`: registered, listed, shown, edited, disabled, enabled, removed.

mod query;

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use self::query::ClientQuery;
use super::{
    auth::{May, ReadClients, WriteClients, WriteSecrets},
    described::{OpenApiRouter, routes},
    extract::{At, Nothing, Queried, Written},
    idempotency::{Done, run},
    page::List,
    problem::Problem,
    reply::{Location, Reply, no_client, of_client, sight},
};
use crate::{
    admin::{
        clients::{DisableClient, EnableClient, RemoveClient, RevokeTokens},
        command::Command,
        input::{ClientEditInput, ClientInput, Registration},
        registrations::RevokeRegistrationAccess,
        views::{ClientView, Sight},
    },
    app::App,
    domain::{actor::Actor, audit::Object, client::Client, id::ClientId, secret::PlainSecret},
    store::UsageOf,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, edit, remove))
        .routes(routes!(disable))
        .routes(routes!(revoke_tokens))
        .routes(routes!(revoke_registration_access))
        .routes(routes!(enable))
}

/// Lists clients in order of their ids.
#[utoipa::path(get, path = "/clients", tag = "clients", operation_id = "list_clients",
    security(("token" = ["clients:read"])), params(ClientQuery),
    responses((status = 200, body = List<ClientView>)))]
async fn list(
    State(app): State<App>,
    _: May<ReadClients>,
    Queried(query): Queried<ClientQuery>,
) -> Result<Reply, Problem> {
    let registry = app.registry_arc();
    let (page, filter) = query.parse()?;
    let after = page.after.as_deref().and_then(|after| after.parse().ok());
    let candidates = filter.candidates(&registry, after.as_ref());
    let (clients, next_cursor) = page.take(candidates, |client| client.id.as_str());
    let mut data = Vec::with_capacity(clients.len());
    for client in clients {
        data.push(in_list(&app, client).await?);
    }
    Ok(Reply::ok(&List { data, next_cursor }))
}

/// In a list, the use of secrets is looked up only where there is a verdict to give.
async fn in_list(app: &App, client: &Client) -> Result<ClientView, Problem> {
    let usage = match client.old_secret(app.now()) {
        Some(_) => Some(app.usage(UsageOf::Client(client.id.clone())).await?),
        None => None,
    };
    let latest = |secret: &_| app.last_use(secret);
    let sight = Sight {
        usage: usage.as_ref(),
        ..sight(app, &latest)
    };
    Ok(ClientView::of(client, &sight))
}

/// Registers a client; its secret, if it begins with one, is shown this once.
#[utoipa::path(post, path = "/clients", tag = "clients", operation_id = "create_client",
    security(("token" = ["clients:write"])), request_body = ClientInput,
    responses((status = 201, body = NewClientView)))]
async fn create(
    State(app): State<App>,
    May { actor, .. }: May<WriteClients>,
    written: Written<ClientInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms_of_new();
    let done = match written.input.read()? {
        Registration::Secret(command) => {
            let done = run(&app, actor, terms, command).await?;
            done.map(|it| (it.client, Some(it.secret)))
        }
        Registration::Nothing(command) => {
            run(&app, actor, terms, command).await?.map(|it| (it, None))
        }
        Registration::Credential(command) => {
            run(&app, actor, terms, command).await?.map(|it| (it, None))
        }
    };
    let is_replay = done.is_replay();
    let (client, view) = new_client(&app, done)?;
    let location = Location::of(&app, &["clients", client.id.as_str()]);
    Ok(Reply::created(&view, &location)
        .tagged(client.revision)
        .replayed(is_replay))
}

/// A client that was just registered.
#[derive(Serialize, ToSchema)]
struct NewClientView {
    #[serde(flatten)]
    client: ClientView,
    /// What it proves itself with; never shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    /// The secret's public id.
    secret_id: Option<String>,
    /// That the secret was shown before.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_shown: Option<bool>,
}

fn new_client(
    app: &App,
    done: Done<(Arc<Client>, Option<PlainSecret>)>,
) -> Result<(Arc<Client>, NewClientView), Problem> {
    let is_replay = done.is_replay();
    let (client, secret) = match done {
        Done::Now(made) => made,
        Done::Before(object) => (client_of(app, &object)?, None),
    };
    let latest = |secret: &_| app.last_use(secret);
    let view = NewClientView {
        client: ClientView::of(&client, &sight(app, &latest)),
        client_secret: secret.as_ref().map(|secret| secret.reveal().to_owned()),
        secret_id: client.secrets.first().map(|secret| secret.id.to_string()),
        secret_shown: (is_replay && begins_with_secret(&client)).then_some(true),
    };
    Ok((client, view))
}

fn begins_with_secret(client: &Client) -> bool {
    let first = client.secrets.first();
    first.is_some_and(|secret| secret.proof.is_secret())
}

/// The client that a repeated request was about.
pub(super) fn client_of(app: &App, object: &Object) -> Result<Arc<Client>, Problem> {
    let registry = app.registry();
    let client = match object {
        Object::Client(id) => registry.find_client(id).ok_or_else(|| no_client(id))?,
        Object::Server
        | Object::Api(_)
        | Object::Key(_)
        | Object::Operator(_)
        | Object::RegistrationToken(_)
        | Object::Settings => {
            return Err(Problem::nowhere());
        }
    };
    Ok(Arc::clone(client))
}

/// Shows a client.
#[utoipa::path(get, path = "/clients/{client_id}", tag = "clients", operation_id = "show_client",
    security(("token" = ["clients:read"])), params(("client_id" = String, Path)),
    responses((status = 200, body = ClientView)))]
async fn show(
    State(app): State<App>,
    _: May<ReadClients>,
    At(client): At<ClientId>,
) -> Result<Reply, Problem> {
    show_client(&app, &client).await
}

pub(super) async fn show_client(app: &App, id: &ClientId) -> Result<Reply, Problem> {
    of_client(app, id, |client, sight| Ok(ClientView::of(client, sight))).await
}

/// Changes what is said of a client.
#[utoipa::path(patch, path = "/clients/{client_id}", tag = "clients", operation_id = "edit_client",
    security(("token" = ["clients:write"])), params(("client_id" = String, Path)),
    request_body = ClientEditInput, responses((status = 200, body = ClientView)))]
async fn edit(
    State(app): State<App>,
    May { actor, .. }: May<WriteClients>,
    At(client): At<ClientId>,
    written: Written<ClientEditInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Client(client.clone()))?;
    let command = written.input.parse(client.clone())?;
    run(&app, actor, terms, command).await?;
    show_client(&app, &client).await
}

/// Removes a client for good; its id is never used again.
#[utoipa::path(delete, path = "/clients/{client_id}", tag = "clients",
    operation_id = "remove_client", security(("token" = ["clients:write"])),
    params(("client_id" = String, Path)), responses((status = 204)))]
async fn remove(
    State(app): State<App>,
    May { actor, .. }: May<WriteClients>,
    At(client): At<ClientId>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Client(client.clone()))?;
    run(&app, actor, terms, RemoveClient { client }).await?;
    Ok(Reply::gone())
}

/// Stops all tokens that a client holds; it gets new ones as before.
#[utoipa::path(post, path = "/clients/{client_id}/revoke-tokens", tag = "clients",
    operation_id = "revoke_tokens", security(("token" = ["secrets:write"])),
    params(("client_id" = String, Path)), responses((status = 200, body = ClientView)))]
async fn revoke_tokens(
    State(app): State<App>,
    May { actor, .. }: May<WriteSecrets>,
    At(client): At<ClientId>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let command = RevokeTokens {
        client: client.clone(),
    };
    done_to(&app, actor, client, (written, command)).await
}

/// Revokes the token by which a client manages its own registration; the client goes on as it is.
#[utoipa::path(post, path = "/clients/{client_id}/revoke-registration-access", tag = "clients",
    operation_id = "revoke_registration_access", security(("token" = ["clients:write"])),
    params(("client_id" = String, Path)), responses((status = 200, body = ClientView)))]
async fn revoke_registration_access(
    State(app): State<App>,
    May { actor, .. }: May<WriteClients>,
    At(client): At<ClientId>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let command = RevokeRegistrationAccess {
        client: client.clone(),
    };
    done_to(&app, actor, client, (written, command)).await
}

/// Has something done to a client; the client as it is then.
async fn done_to<C: Command>(
    app: &App,
    actor: Actor,
    client: ClientId,
    (written, command): (Written<Nothing>, C),
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Client(client.clone()))?;
    let done = run(app, actor, terms, command).await?;
    Ok(show_client(app, &client).await?.replayed(done.is_replay()))
}

/// Gives a client no tokens any more.
#[utoipa::path(post, path = "/clients/{client_id}/disable", tag = "clients",
    operation_id = "disable_client", security(("token" = ["clients:write"])),
    params(("client_id" = String, Path)), responses((status = 200, body = ClientView)))]
async fn disable(
    State(app): State<App>,
    May { actor, .. }: May<WriteClients>,
    At(client): At<ClientId>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let command = DisableClient {
        client: client.clone(),
    };
    done_to(&app, actor, client, (written, command)).await
}

/// Gives a disabled client tokens again.
#[utoipa::path(post, path = "/clients/{client_id}/enable", tag = "clients",
    operation_id = "enable_client", security(("token" = ["clients:write"])),
    params(("client_id" = String, Path)), responses((status = 200, body = ClientView)))]
async fn enable(
    State(app): State<App>,
    May { actor, .. }: May<WriteClients>,
    At(client): At<ClientId>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let command = EnableClient {
        client: client.clone(),
    };
    done_to(&app, actor, client, (written, command)).await
}
