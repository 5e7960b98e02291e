//! No more tokens: for a while, or for good. Both say first what stops.

use askama::Template;
use axum::{
    body::Body,
    extract::{Path, State},
    http::Response,
};

use super::super::{
    super::{
        Console,
        act::carry_out,
        confirm::Confirmed,
        form::{Form, Sheet},
        page::{self, Flash, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::{Moment, counted},
    },
    ClientHead, Named, Tab, address, find,
};
use crate::{
    admin::clients::{DisableClient, RemoveClient},
    domain::{
        audit::Object, client::Client, permission::Permission, registry::Registry, time::Span,
    },
    store::UsageOf,
};

#[derive(Template)]
#[template(path = "clients/settings/disable.html")]
struct DisablePage {
    frame: Frame,
    head: ClientHead,
    usage: InUse,
}

#[derive(Template)]
#[template(path = "clients/settings/delete.html")]
struct DeletePage {
    frame: Frame,
    head: ClientHead,
    sheet: Sheet,
    usage: InUse,
}

/// Who would notice.
struct InUse {
    last: Option<Moment>,
    /// `1,204 tokens`, in the last 24 hours.
    tokens: Option<String>,
    /// How long tokens live on that were issued already, at most.
    lives_on: String,
}

impl InUse {
    async fn of(console: &Console, client: &Client) -> Self {
        let app = &console.app;
        let now = app.now();
        let uses = client.secrets.iter().filter_map(|it| app.last_use(&it.id));
        let last = uses.map(|(at, _)| at).max();
        let tally = app.usage(UsageOf::Client(client.id.clone())).await.ok();
        let tokens = tally.map(|tally| {
            use crate::admin::evidence::{Series, Whose};
            Series::last_day(&tally, Whose::Client(&client.id), now).issued()
        });
        Self {
            last: last.map(|at| Moment::of(at, now)),
            tokens: tokens.filter(|n| *n > 0).map(|n| counted(n, "token")),
            lives_on: longest(client, &app.registry()).in_words(),
        }
    }
}

/// The longest that a token of `client` can live.
pub(super) fn longest(client: &Client, registry: &Registry) -> Span {
    let apis = client.grants.keys().filter_map(|id| registry.find_api(id));
    let lives = apis.map(|api| {
        let of_client = client.token_lifetime.unwrap_or(api.token_lifetime);
        of_client.min(api.token_lifetime).span()
    });
    lives.max().unwrap_or(Span::hours(1))
}

fn head(console: &Console, client: &Client, page: &str) -> ClientHead {
    ClientHead::of(client, Tab::Settings, console.app.now()).below(page)
}

pub(super) async fn ask_disable(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteClients)?;
    Ok(page::ok(&DisablePage {
        frame: visitor.frame(Here::Clients).await,
        head: head(&console, &client, "Disable"),
        usage: InUse::of(&console, &client).await,
    }))
}

pub(super) async fn disable(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteClients)?;
    let terms = form.terms(&console.app, Object::Client(client.id.clone()));
    let command = DisableClient {
        client: client.id.clone(),
    };
    let done = carry_out((&console, &visitor), terms, command);
    let path = format!("{}/settings", address(&client.id));
    if done.await?.is_none() {
        return Ok(visitor.see(&path));
    }
    let done = Flash::watch(format!("Disabled. {} is refused from now on.", client.name));
    visitor.done(&path, done).await
}

pub(super) async fn ask_delete(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteClients)?;
    let frame = visitor.frame(Here::Clients).await;
    let page = deletion(&console, (frame, Sheet::default()), &client);
    Ok(page::ok(&page.await))
}

pub(super) async fn delete(
    State(console): State<Console>,
    Path(id): Path<String>,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteClients)?;
    if form.earlier(&console.app, visitor.actor()).await?.is_some() {
        return Ok(visitor.see("/clients"));
    }
    let client = find(&console, &id)?;
    if form.fields.text("typed") != client.name.as_str() {
        let mut sheet = Sheet::of(form.fields);
        let wanted = format!("Type the name as it is written: {}", client.name);
        sheet.complain("typed", &wanted);
        let frame = visitor.plain_frame(Here::Clients);
        let page = deletion(&console, (frame, sheet), &client);
        return Ok(page::refused(&page.await));
    }
    let terms = form.terms(&console.app, Object::Client(client.id.clone()));
    let command = RemoveClient {
        client: client.id.clone(),
    };
    let done = carry_out((&console, &visitor), terms, command);
    if done.await?.is_none() {
        return Ok(visitor.see("/clients"));
    }
    let done = Flash::watch(format!(
        "Deleted {} ({}). Its requests are refused, and nobody else ever gets its ID.",
        client.name, client.id
    ));
    visitor.done("/clients", done).await
}

async fn deletion(
    console: &Console,
    (frame, sheet): (Frame, Sheet),
    client: &Client,
) -> DeletePage {
    DeletePage {
        frame,
        head: head(console, client, "Delete"),
        sheet,
        usage: InUse::of(console, client).await,
    }
}
