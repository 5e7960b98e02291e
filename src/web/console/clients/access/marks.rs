//! What is noted on a scope of a client: keep it, watch it first.

use axum::{body::Body, extract::State, http::Response};

use super::super::{
    super::{
        Console, act::carry_out, form::Form, page::Flash, trouble::Trouble, visit::Visitor,
        words::date,
    },
    ClientHead, Named, Tab,
};
use crate::{
    admin::{
        command::Command,
        marks::{Granted, KeepScope, StopWatching, WatchScope},
    },
    domain::{audit::Object, client::Client, permission::Permission, scope::Scope},
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

/// Notes something on the scope that a form names, and says so on the page with the scopes.
async fn note<C: Command>(
    (console, visitor): (&Console, &Visitor),
    (client, form): (&Client, &Form),
    command: impl FnOnce(Granted) -> C,
    words: impl FnOnce(&Scope, Option<C::Outcome>) -> String,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteGrants)?;
    let granted = named(client, form)?;
    let scope = granted.scope.clone();
    let terms = form.terms(&console.app, Object::Client(client.id.clone()));
    let outcome = carry_out((console, visitor), terms, command(granted)).await?;
    let flash = Flash::done(words(&scope, outcome));
    let head = ClientHead::of(client, Tab::Access, console.app.now());
    visitor.done(&head.to("/access"), flash).await
}

pub(super) async fn keep(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let now = console.app.now();
    let words = |scope: &Scope, until| match until {
        Some(until) => {
            let until = date(until, now);
            format!("{scope} is kept. You are asked again from {until} on, if it is still unused.")
        }
        None => format!("{scope} is kept."),
    };
    note((&console, &visitor), (&client, &form), KeepScope, words).await
}

pub(super) async fn watch(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let words = |scope: &Scope, _| {
        format!("{scope} is watched. It is still granted; this page tells if it is asked for.")
    };
    note((&console, &visitor), (&client, &form), WatchScope, words).await
}

pub(super) async fn stop_watching(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let words = |scope: &Scope, _| format!("{scope} is watched no more. It is still granted.");
    note((&console, &visitor), (&client, &form), StopWatching, words).await
}
