//! Second page: what it may call.

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
        form::Form,
        page::{self, Frame},
        trouble::Trouble,
        visit::Visitor,
        words::segment,
    },
    Plan, STEPS, Steps, frame,
};
use crate::domain::{
    api::{Api, ApiStatus, Offer, Sensitivity},
    name::Place,
    order,
    permission::Permission,
};

#[derive(Template)]
#[template(path = "clients/new/access.html")]
struct AccessPage {
    frame: Frame,
    steps: Steps,
    name: String,
    /// The client whose access was copied; nothing is the empty text.
    like: String,
    apis: Vec<ApiChoice>,
    /// Whether any API has a scope to give.
    has_apis: bool,
    /// Whether what is searched for is nowhere; what is ticked is shown all the same.
    finds_nothing: bool,
    /// What the scopes are searched for.
    find: String,
}

/// An API, and what can be given of it.
struct ApiChoice {
    name: String,
    identifier: String,
    is_active: bool,
    is_admin: bool,
    scopes: Vec<ScopeChoice>,
}

/// A scope to tick.
struct ScopeChoice {
    /// API and scope.
    value: String,
    name: String,
    opens: String,
    is_sensitive: bool,
    is_ticked: bool,
    /// Whether the search is for it.
    is_found: bool,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    find: String,
}

pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response<Body>, Trouble> {
    let frame = frame(&visitor).await?;
    let now = console.app.now();
    let Some(plan) = Plan::of(&visitor, now) else {
        return Ok(visitor.see(STEPS[0].0));
    };
    let find = asked.find.trim().to_lowercase();
    let registry = console.app.registry();
    let may_own = visitor.require(Permission::Own).is_ok();
    let offered = || {
        let apis = registry.apis();
        apis.filter(move |api| (may_own || !api.is_admin()) && !api.scopes.is_empty())
    };
    let mut apis: Vec<ApiChoice> = offered()
        .map(|api| ApiChoice::of(api, &plan, &find))
        .filter(|api| !api.scopes.is_empty())
        .collect();
    order::by_key(&mut apis, |api| (api.is_admin, Place::of(&api.name)));
    let like = registry.find_client_by_text(&plan.like);
    let page = AccessPage {
        steps: Steps::at(1, Some(&plan), now),
        frame,
        name: plan.name,
        like: like.map_or_else(String::new, |like| like.name.to_string()),
        finds_nothing: !apis
            .iter()
            .any(|api| api.scopes.iter().any(|scope| scope.is_found)),
        apis,
        has_apis: offered().next().is_some(),
        find: asked.find,
    };
    Ok(page::ok(&page))
}

impl ApiChoice {
    /// What of `api` matches a search; what is ticked is always there.
    fn of(api: &Api, plan: &Plan, find: &str) -> Self {
        let identifier = api.identifier.to_string();
        let is_met = |text: &str| text.to_lowercase().contains(find);
        let is_whole = is_met(api.name.as_str()) || is_met(&identifier);
        let scopes = api.scopes.iter().filter_map(|(scope, about)| {
            let is_ticked = plan.may_have(&identifier, scope.as_str());
            let is_found = is_whole || is_met(scope.as_str()) || is_met(about.description.as_str());
            let is_offered = about.offer == Offer::Open;
            (is_offered && (is_found || is_ticked)).then(|| ScopeChoice {
                value: format!("{identifier} {scope}"),
                name: scope.to_string(),
                opens: about.description.to_string(),
                is_sensitive: about.sensitivity == Sensitivity::Sensitive,
                is_ticked,
                is_found,
            })
        });
        Self {
            name: api.name.to_string(),
            is_active: api.status == ApiStatus::Active,
            is_admin: api.is_admin(),
            scopes: scopes.collect(),
            identifier,
        }
    }
}

pub(super) async fn save(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteClients)?;
    let Some(mut plan) = Plan::of(&visitor, console.app.now()) else {
        return Ok(visitor.see(STEPS[0].0));
    };
    let ticked = form.fields.all("scope").filter_map(|it| it.split_once(' '));
    plan.scopes = ticked
        .map(|(api, scope)| (api.to_owned(), scope.to_owned()))
        .collect();
    plan.keep(&visitor).await?;
    // Who searches comes back to this page, with what is ticked.
    if form.fields.has("search") {
        let find = segment(form.fields.text("find"));
        return Ok(visitor.see(&format!("{}?find={find}", STEPS[1].0)));
    }
    Ok(visitor.see(STEPS[2].0))
}
