//! What is noted on a scope of a client: keep it, watch it first.

use axum::{body::Body, extract::State, http::Response};

use super::super::{
    super::{Console, form::Form, page::Flash, trouble::Trouble, visit::Visitor, words::date},
    ClientHead, Named, Tab,
};
use crate::{
    admin::{
        command::Command,
        marks::{Granted, KeepScope, StopWatching, WatchScope},
    },
    app::AdminError,
    domain::{audit::Object, client::Client, permission::Permission},
};

/// The scope that a form names.
fn named(client: &Client, form: &Form) -> Result<Granted, Trouble> {
    let grant = form.fields.text("grant");
    let (api, scope) = grant.split_once(' ').ok_or_else(Trouble::malformed)?;
    Ok(Granted {
        client: client.id.clone(),
        api: api.parse().map_err(|_| Trouble::malformed())?,
        scope: scope.parse().map_err(|_| Trouble::malformed())?,
    })
}

async fn note<C: Command>(
    console: &Console,
    visitor: &Visitor,
    (client, form): (&Client, &Form),
    command: C,
) -> Result<Option<C::Outcome>, Trouble> {
    let terms = form.terms(&console.app, Object::Client(client.id.clone()));
    match console
        .app
        .execute_on(visitor.actor(), terms, command)
        .await
    {
        Ok(outcome) => Ok(Some(outcome)),
        Err(AdminError::Replayed(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn told(
    console: &Console,
    visitor: &Visitor,
    client: &Client,
    text: String,
) -> Result<Response<Body>, Trouble> {
    let head = ClientHead::of(client, Tab::Access, console.app.now());
    visitor.done(&head.to("/access"), Flash::done(text)).await
}

pub(super) async fn keep(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteGrants)?;
    let granted = named(&client, &form)?;
    let scope = granted.scope.clone();
    let until = note(&console, &visitor, (&client, &form), KeepScope(granted)).await?;
    let text = match until {
        Some(until) => {
            let until = date(until, console.app.now());
            format!("{scope} is kept. You are asked again from {until} on, if it is still unused.")
        }
        None => format!("{scope} is kept."),
    };
    told(&console, &visitor, &client, text).await
}

pub(super) async fn watch(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteGrants)?;
    let granted = named(&client, &form)?;
    let scope = granted.scope.clone();
    note(&console, &visitor, (&client, &form), WatchScope(granted)).await?;
    let text =
        format!("{scope} is watched. It is still granted; this page tells if it is asked for.");
    told(&console, &visitor, &client, text).await
}

pub(super) async fn stop_watching(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteGrants)?;
    let granted = named(&client, &form)?;
    let scope = granted.scope.clone();
    note(&console, &visitor, (&client, &form), StopWatching(granted)).await?;
    let text = format!("{scope} is watched no more. It is still granted.");
    told(&console, &visitor, &client, text).await
}
