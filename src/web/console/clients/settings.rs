//! What is said of a client, and whether it gets tokens: edited, disabled, enabled, deleted.

mod ending;
mod limits;
mod registration;
mod tokens;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{Response, StatusCode},
    routing::{get, post},
};

use super::{
    super::{
        Console,
        act::carry_out,
        form::{Fields, Form, Sheet},
        other::{Labels, Other},
        page::{self, Flash, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
    },
    ClientHead, Named, Tab, address,
};
use crate::{
    admin::{
        clients::{EditClient, EnableClient},
        input::{ClientEditInput, Edit, SpanInput},
        refusal::{FieldErrors, Refusal},
    },
    app::AdminError,
    domain::{audit::Object, client::Client, name::Place, order, permission::Permission},
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/clients/{id}/settings", get(show).post(save))
        .route(
            "/clients/{id}/settings/disable",
            get(ending::ask_disable).post(ending::disable),
        )
        .route("/clients/{id}/settings/enable", post(enable))
        .route(
            "/clients/{id}/settings/limits",
            get(limits::show).post(limits::save),
        )
        .route(
            "/clients/{id}/settings/revoke-registration-access",
            get(registration::ask).post(registration::revoke),
        )
        .route(
            "/clients/{id}/settings/revoke-tokens",
            get(tokens::ask).post(tokens::revoke),
        )
        .route(
            "/clients/{id}/settings/delete",
            get(ending::ask_delete).post(ending::delete),
        )
}

#[derive(Template)]
#[template(path = "clients/settings.html")]
struct SettingsPage {
    frame: Frame,
    head: ClientHead,
    sheet: Sheet,
    /// Every scope that the client has anywhere.
    scopes: Vec<String>,
    /// The APIs whose resource server it may be: identifier and name.
    apis: Vec<(String, String)>,
    /// Whether it manages its registration by a token of its own.
    is_managed: bool,
    /// From where it may authenticate, in words.
    networks: String,
    /// How many tokens it may get, in words.
    quota: String,
    /// What somebody else changed while this was filled in.
    other: Option<Other>,
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::ReadClients)?;
    let frame = visitor.frame(Here::Clients).await;
    let sheet = Sheet::of(filled(&client));
    Ok(page::ok(&settings(&console, (frame, sheet), &client)))
}

async fn save(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteClients)?;
    let refused = |errors: &FieldErrors| {
        let frame = visitor.plain_frame(Here::Clients);
        let sheet = Sheet::refused(form.fields.clone(), errors);
        page::refused(&settings(&console, (frame, sheet), &client))
    };
    let command = match edit(&form, &client) {
        Ok(command) => command,
        Err(errors) => return Ok(refused(&errors)),
    };
    let terms = form.terms(&console.app, Object::Client(client.id.clone()));
    let done = console.app.execute_on(visitor.actor(), terms, command);
    let path = format!("{}/settings", address(&client.id));
    match done.await {
        Ok(()) => visitor.done(&path, Flash::done("Saved.")).await,
        Err(AdminError::Refusal(Refusal::Invalid(errors))) => Ok(refused(&errors)),
        Err(AdminError::Refusal(Refusal::Stale(_))) => {
            met(&console, &visitor, (&client, form)).await
        }
        Err(AdminError::Replayed(_)) => Ok(visitor.see(&path)),
        Err(error) => Err(error.into()),
    }
}

/// Somebody else was faster: their values and these are shown side by side.
async fn met(
    console: &Console,
    visitor: &Visitor,
    (client, form): (&Arc<Client>, Form),
) -> Result<Response<Body>, Trouble> {
    let registry = console.app.registry_arc();
    let Some(now) = registry.find_client(&client.id) else {
        return Err(Trouble::missing("client", client.id.as_str()));
    };
    let values = (&filled(now), &form.fields);
    let other = Other::of(&console.app, (now.id.as_str(), LABELS), values).await?;
    let frame = visitor.plain_frame(Here::Clients);
    let mut page = settings(console, (frame, Sheet::of(form.fields)), now);
    page.other = Some(other);
    Ok(page::page(StatusCode::CONFLICT, &page))
}

fn settings(console: &Console, (frame, sheet): (Frame, Sheet), client: &Client) -> SettingsPage {
    let mut scopes: Vec<String> = client
        .grants
        .values()
        .flatten()
        .map(ToString::to_string)
        .collect();
    scopes.sort();
    scopes.dedup();
    let limits = &client.rules.limits;
    let registry = console.app.registry();
    let apis = registry.apis().filter(|api| !api.is_admin());
    let apis = apis.map(|api| (api.identifier.to_string(), api.name.to_string()));
    let mut apis: Vec<(String, String)> = apis.collect();
    order::by_key(&mut apis, |(_, name)| Place::of(name));
    SettingsPage {
        apis,
        frame,
        head: ClientHead::of(client, Tab::Settings, console.app.now()),
        sheet,
        scopes,
        is_managed: client.manages_itself(),
        networks: limits.networks.to_string(),
        quota: limits.quota.map_or_else(String::new, |it| it.to_string()),
        other: None,
    }
}

/// The fields that two people can differ on.
const LABELS: &Labels = &[
    ("name", "Name"),
    ("description", "What it does"),
    ("owner", "Owner"),
    ("token_lifetime", "Token lifetime at most"),
    ("default_scopes", "By default"),
    ("token_binding", "Tokens are bound to"),
    ("claims", "Claims"),
    ("token_exchange", "May exchange tokens"),
];

/// The form, as the client is.
fn filled(client: &Client) -> Fields {
    let mut fields = Fields::default();
    fields.set("name", client.name.as_str());
    fields.set("description", client.description.as_str());
    fields.set("owner", client.owner.as_str());
    let lifetime = client.token_lifetime;
    let lifetime = lifetime.map_or_else(String::new, |lifetime| lifetime.to_string());
    fields.set("token_lifetime", lifetime);
    for scope in &client.default_scopes {
        fields.add("default_scopes", scope.as_str());
    }
    fields.set("token_binding", client.rules.binding.as_str());
    for api in &client.introspects {
        fields.add("introspects", api.as_str());
    }
    fields.set("claims", client.rules.claims.to_string());
    if client.rules.legacy_assertion_audience {
        fields.set("legacy_assertion_audience", "yes");
    }
    if client.rules.token_exchange {
        fields.set("token_exchange", "yes");
    }
    fields
}

fn edit(form: &Form, client: &Client) -> Result<EditClient, FieldErrors> {
    let fields = &form.fields;
    let set = |name: &str| Edit::Set(fields.text(name).to_owned());
    let lifetime = fields.text("token_lifetime");
    // A box that is not ticked is not sent: only of a form that has them is that an answer.
    let is_whole = fields.has("token_binding");
    let input = ClientEditInput {
        name: set("name"),
        description: set("description"),
        owner: set("owner"),
        token_lifetime: if lifetime.is_empty() {
            Edit::Clear
        } else {
            Edit::Set(SpanInput::Text(lifetime.to_owned()))
        },
        default_scopes: Edit::Set(fields.all("default_scopes").map(str::to_owned).collect()),
        introspects: Edit::Set(fields.all("introspects").map(str::to_owned).collect()),
        token_binding: if fields.has("token_binding") {
            set("token_binding")
        } else {
            Edit::Keep
        },
        claims: fields.claims(),
        legacy_assertion_audience: is_whole.then(|| fields.has("legacy_assertion_audience")),
        token_exchange: is_whole.then(|| fields.has("token_exchange")),
    };
    let parsed = input.parse(client.id.clone());
    if fields.has("name") {
        return parsed;
    }
    let mut errors = FieldErrors::one("name", "enter a name for the client");
    if let Err(others) = parsed {
        errors.merge(others);
    }
    Err(errors)
}

/// It gets tokens again.
async fn enable(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteClients)?;
    let terms = form.terms(&console.app, Object::Client(client.id.clone()));
    let command = EnableClient {
        client: client.id.clone(),
    };
    let done = carry_out((&console, &visitor), terms, command);
    let path = address(&client.id);
    if done.await?.is_none() {
        return Ok(visitor.see(&path));
    }
    let done = Flash::done(format!("Enabled. {} gets tokens again.", client.name));
    visitor.done(&path, done).await
}
