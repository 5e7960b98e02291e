//! A change of access, looked at and saved.

use askama::Template;
use axum::{body::Body, extract::State, http::Response};

use super::{
    super::{
        super::{
            Console,
            form::Form,
            page::{self, Flash, Frame, Here},
            review::{Change, Grants},
            trouble::Trouble,
            visit::Visitor,
        },
        ClientHead, Named, Tab,
    },
    again, ticked, undo,
};
use crate::{
    admin::{
        access::SetAccess,
        marks::{Granted, WatchScope},
        refusal::Refusal,
    },
    app::AdminError,
    domain::{audit::Object, client::Client, permission::Permission},
};

#[derive(Template)]
#[template(path = "clients/access_review.html")]
struct ReviewPage {
    frame: Frame,
    head: ClientHead,
    change: Change,
    grants: Vec<String>,
}

pub(super) async fn review(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteGrants)?;
    let wanted = ticked(&form.fields)?;
    let is_stale = form.fields.text("revision") != client.revision.to_string();
    if is_stale || form.fields.has("back") {
        return again(&console, &visitor, &client, &form.fields).await;
    }
    let head = ClientHead::of(&client, Tab::Access, console.app.now());
    Ok(page::ok(&ReviewPage {
        frame: visitor.plain_frame(Here::Clients),
        head: head.below("Review"),
        change: Change::of(&console, &client, &wanted).await?,
        grants: form.fields.all("grant").map(str::to_owned).collect(),
    }))
}

pub(super) async fn save(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let wanted = ticked(&form.fields)?;
    let change = Change::of(&console, &client, &wanted).await?;
    let is_watching = form.fields.text("when") == "watch";
    let (grants, lost) = if is_watching {
        watched_first(&client, wanted)
    } else {
        (wanted, Vec::new())
    };
    let set = SetAccess {
        client: client.id.clone(),
        grants,
        default_scopes: None,
    };
    let terms = form.terms(&console.app, Object::Client(client.id.clone()));
    let path = ClientHead::of(&client, Tab::Access, console.app.now()).to("/access");
    match console.app.execute_on(visitor.actor(), terms, set).await {
        Err(AdminError::Refusal(Refusal::Stale(_))) => {
            let registry = console.app.registry_arc();
            let newest = registry.find_client(&client.id).unwrap_or(&client);
            return again(&console, &visitor, newest, &form.fields).await;
        }
        Ok(()) => {}
        // What was told the first time stays, with the way back.
        Err(AdminError::Replayed(_)) => return Ok(visitor.see(&path)),
        Err(error) => return Err(error.into()),
    }
    for granted in lost {
        console
            .app
            .execute(visitor.actor(), WatchScope(granted))
            .await?;
    }
    let flash = told(&console, &client, &change, is_watching);
    visitor.done(&path, flash).await
}

/// What is saved if the scopes that are to go are watched first, and which those are.
fn watched_first(client: &Client, mut wanted: Grants) -> (Grants, Vec<Granted>) {
    let mut watched = Vec::new();
    for (api, held) in &client.grants {
        let kept = wanted.entry(api.clone()).or_default();
        for scope in &held.without(kept) {
            watched.push(Granted {
                client: client.id.clone(),
                api: api.clone(),
                scope: scope.clone(),
            });
        }
        *kept = kept.union(held);
    }
    (wanted, watched)
}

/// What the next page tells, and how to take it back.
fn told(console: &Console, before: &Client, change: &Change, is_watching: bool) -> Flash {
    if change.is_empty() {
        return Flash::done("Nothing was changed.");
    }
    if is_watching && change.takes_away() {
        return Flash::done(format!(
            "Saved: {}. What is to go is watched first, and still granted.",
            change.in_words()
        ));
    }
    let text = format!("Access saved: {}.", change.in_words());
    let flash = if change.takes_away() {
        Flash::watch(text)
    } else {
        Flash::done(text)
    };
    let registry = console.app.registry();
    match registry.find_client(&before.id) {
        Some(after) => flash.with_undo(undo::offer(before, after)),
        None => flash,
    }
}
