//! First page: what it is called, what it does, who answers for it.

use askama::Template;
use axum::{
    body::Body,
    extract::{Query, State},
    http::Response,
};
use serde::Deserialize;

use super::{
    super::super::{
        Console,
        form::{Form, Sheet},
        page::{self, Frame},
        trouble::Trouble,
        visit::Visitor,
    },
    Plan, STEPS, Steps, frame,
};
use crate::domain::{
    api::Offer,
    client::Client,
    id::ClientId,
    name::{Description, DisplayName, Owner, Place},
    order,
    permission::{ADMIN_API, Permission},
    registry::Registry,
};

/// How many clients are offered to copy from; any other is named by its id.
const OFFERED: usize = 100;

#[derive(Template)]
#[template(path = "clients/new/about.html")]
struct AboutPage {
    frame: Frame,
    steps: Steps,
    sheet: Sheet,
    /// Clients to copy from: id and name.
    others: Vec<(String, String)>,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    /// The client whose access the new one is to have.
    #[serde(default)]
    like: String,
}

pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response<Body>, Trouble> {
    let frame = frame(&visitor).await?;
    let plan = Plan::of(&visitor, console.app.now());
    let mut fields = plan.clone().unwrap_or_default().fields();
    if !asked.like.is_empty() {
        fields.set("like", asked.like);
    }
    let sheet = Sheet::of(fields);
    Ok(page::ok(&about(&console, (frame, plan.as_ref()), sheet)))
}

pub(super) async fn save(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let frame = frame(&visitor).await?;
    let now = console.app.now();
    let registry = console.app.registry_arc();
    let plan = Plan::of(&visitor, now);
    let mut sheet = Sheet::of(form.fields.clone());
    let like = checked(&form, &registry, &mut sheet);
    if sheet.is_refused() {
        let page = about(&console, (frame, plan.as_ref()), sheet);
        return Ok(page::refused(&page));
    }
    let text = |name: &str| form.fields.text(name).to_owned();
    let mut plan = plan.unwrap_or_else(|| Plan {
        begun: now,
        ..Plan::default()
    });
    plan.name = text("name");
    plan.client_id = text("client_id");
    plan.description = text("description");
    plan.owner = text("owner");
    if let Some(like) = like.filter(|like| like.id.as_str() != plan.like) {
        let may_own = visitor.require(Permission::Own).is_ok();
        plan.scopes = access_of(like, &registry, may_own);
        plan.defaults = like
            .default_scopes
            .iter()
            .map(ToString::to_string)
            .collect();
    }
    plan.like = like.map_or_else(String::new, |like| like.id.to_string());
    plan.keep(&visitor).await?;
    Ok(visitor.see(STEPS[1].0))
}

/// Says what is wrong with the page; gives the client to copy from.
fn checked<'a>(form: &Form, registry: &'a Registry, sheet: &mut Sheet) -> Option<&'a Client> {
    let text = |name: &str| form.fields.text(name);
    if text("name").is_empty() {
        sheet.complain("name", "Enter a name for the client");
    } else if let Err(error) = text("name").parse::<DisplayName>() {
        sheet.complain("name", &error.to_string());
    }
    if let Err(error) = text("description").parse::<Description>() {
        sheet.complain("description", &error.to_string());
    }
    if let Err(error) = text("owner").parse::<Owner>() {
        sheet.complain("owner", &error.to_string());
    }
    match text("client_id").parse::<ClientId>() {
        _ if text("client_id").is_empty() => {}
        Err(error) => sheet.complain("client_id", &error.to_string()),
        Ok(id) if registry.find_client(&id).is_some() => {
            sheet.complain("client_id", "Another client has this ID");
        }
        Ok(id) if registry.was_removed(&id) => {
            sheet.complain(
                "client_id",
                "A client that was removed had this ID; it is never given again",
            );
        }
        Ok(_) => {}
    }
    let like = text("like");
    if like.is_empty() {
        return None;
    }
    let named = || {
        registry
            .clients()
            .find(|client| client.name.as_str() == like)
    };
    let found = registry.find_client_by_text(like).or_else(named);
    if found.is_none() {
        sheet.complain("like", "No client has this ID or name");
    }
    found.map(AsRef::as_ref)
}

/// What `client` may have that can be given to another.
fn access_of(client: &Client, registry: &Registry, may_own: bool) -> Vec<(String, String)> {
    let grants = client.grants.iter();
    let grants = grants.filter(|(api, _)| may_own || api.as_str() != ADMIN_API);
    grants
        .flat_map(|(api, scopes)| scopes.iter().map(move |scope| (api, scope)))
        .filter(|(api, scope)| {
            let api = registry.find_api(api);
            let offered = api.and_then(|api| api.scopes.get(*scope));
            offered.is_some_and(|scope| scope.offer == Offer::Open)
        })
        .map(|(api, scope)| (api.to_string(), scope.to_string()))
        .collect()
}

fn about(console: &Console, (frame, plan): (Frame, Option<&Plan>), sheet: Sheet) -> AboutPage {
    let registry = console.app.registry();
    let mut others: Vec<(String, String)> = registry
        .clients()
        .filter(|client| !client.grants.is_empty())
        .take(OFFERED)
        .map(|client| (client.id.to_string(), client.name.to_string()))
        .collect();
    order::by_key(&mut others, |(_, name)| Place::of(name));
    AboutPage {
        frame,
        steps: Steps::at(0, plan, console.app.now()),
        sheet,
        others,
    }
}
