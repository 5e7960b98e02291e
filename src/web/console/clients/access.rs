//! What a client may call: its scopes by API, what is known of their use, and what it could do without.

mod details;
mod marks;
mod review;
mod undo;
mod view;

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::{Response, StatusCode},
    routing::{get, post},
};
use serde::Deserialize;

use self::{
    details::TypeGroup,
    view::{Group, Known, Offered, Suggested},
};
use super::{
    super::{
        Console,
        form::Fields,
        page::{self, Frame, Here},
        review::Grants,
        trouble::Trouble,
        visit::Visitor,
        words::{actor, capital, counted, relative},
    },
    ClientHead, Named, Tab,
};
use crate::domain::{
    api::Api, audit::AuditPage, client::Client, id::ApiIdentifier, name::Place, order,
    permission::ADMIN_API, registry::Registry, scope::Scope,
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/clients/{id}/access", get(show).post(review::save))
        .route("/clients/{id}/access/review", post(review::review))
        .route("/clients/{id}/access/undo", post(undo::undo))
        .route("/clients/{id}/access/details", post(details::save))
        .route("/clients/{id}/access/keep", post(marks::keep))
        .route("/clients/{id}/access/watch", post(marks::watch))
        .route("/clients/{id}/access/unwatch", post(marks::stop_watching))
}

#[derive(Template)]
#[template(path = "clients/access.html")]
struct AccessPage {
    frame: Frame,
    head: ClientHead,
    groups: Vec<Group>,
    offered: Vec<Offered>,
    /// The types of authorization details, by API.
    details: Vec<TypeGroup>,
    suggestions: Vec<Suggested>,
    /// Whether it gets tokens without ever naming a scope.
    names_no_scope: bool,
    /// All that it has, as a `scope` parameter.
    all_scopes: String,
    conflict: Option<Conflict>,
}

/// Somebody else changed what this page showed.
struct Conflict {
    /// Who, and when.
    who: String,
    /// What the client has now: scopes, and the API that they are of.
    now: Vec<(String, String)>,
}

#[derive(Default, Deserialize)]
struct Asked {
    /// An API that is to be listed too.
    #[serde(default)]
    api: String,
}

impl AccessPage {
    fn may_edit(&self) -> bool {
        self.frame.may_write_grants()
    }

    /// Whether it is noted when some scope is asked for.
    fn is_watching(&self) -> bool {
        let mut rows = self.groups.iter().flat_map(|group| &group.rows);
        rows.any(|row| row.watched.is_some())
    }

    fn suggested(&self) -> String {
        counted(self.suggestions.len() as u64, "suggestion")
    }
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    Query(asked): Query<Asked>,
) -> Result<Response<Body>, Trouble> {
    let frame = visitor.frame(Here::Clients).await;
    let held = |api: &str, scope: &str| holds(&client.grants, api, scope);
    let page = page_of(&console, frame, &client, (&held, &[asked.api])).await?;
    Ok(page::ok(&page))
}

fn holds(grants: &Grants, api: &str, scope: &str) -> bool {
    let granted = grants.get(api);
    granted.is_some_and(|scopes| scopes.find(scope).is_some())
}

/// Whether the box of a scope of an API is ticked.
type Ticks<'a> = dyn Fn(&str, &str) -> bool + Sync + 'a;

/// The page with the boxes ticked that `ticks` says, and `more` APIs than those that are granted.
async fn page_of(
    console: &Console,
    frame: Frame,
    client: &Client,
    (ticks, more): (&Ticks<'_>, &[String]),
) -> Result<AccessPage, Trouble> {
    let overview = console.app.overview().await?;
    let registry = console.app.registry_arc();
    let known = Known::of(client, &overview, console.app.now());
    let is_listed = |id: &ApiIdentifier| {
        client.grants.contains_key(id) || more.iter().any(|more| more == id.as_str())
    };
    let may_own = frame.may_own();
    let mut all: Vec<&Api> = registry.apis().map(AsRef::as_ref).collect();
    order::by_key(&mut all, |api| {
        (api.is_admin(), Place::of(api.name.as_str()))
    });
    let (listed, others): (Vec<&Api>, Vec<&Api>) =
        all.into_iter().partition(|api| is_listed(&api.identifier));
    let others = others
        .into_iter()
        .filter(|api| !api.is_admin() || may_own)
        .filter(|api| api.is_active() && !api.scopes.is_empty());
    let scopes = client.grants.values().flat_map(|scopes| scopes.iter());
    let head = ClientHead::of(client, Tab::Access, console.app.now());
    Ok(AccessPage {
        groups: listed
            .into_iter()
            .map(|api| Group::of(api, &known, ticks, may_own))
            .collect(),
        offered: others.map(|api| Offered::of(api, &head)).collect(),
        details: details::groups(&registry, client),
        suggestions: known.suggested(),
        names_no_scope: known.names_no_scope(),
        all_scopes: format!(
            "scope={}",
            scopes.map(Scope::as_str).collect::<Vec<_>>().join(" ")
        ),
        conflict: None,
        frame,
        head,
    })
}

/// The page again with what was ticked, after somebody else changed what it showed.
async fn again(
    console: &Console,
    visitor: &Visitor,
    client: &Client,
    fields: &Fields,
) -> Result<Response<Body>, Trouble> {
    let ticks = |api: &str, scope: &str| fields.holds("grant", &format!("{api} {scope}"));
    let apis: Vec<String> = fields
        .all("grant")
        .filter_map(|grant| Some(grant.split_once(' ')?.0.to_owned()))
        .collect();
    let frame = visitor.plain_frame(Here::Clients);
    let mut page = page_of(console, frame, client, (&ticks, &apis)).await?;
    if fields.text("revision") == client.revision.to_string() {
        return Ok(page::ok(&page));
    }
    page.conflict = Some(Conflict {
        who: who_changed(console, client).await?,
        now: in_words(&client.grants, &console.app.registry()),
    });
    Ok(page::page(StatusCode::CONFLICT, &page))
}

/// Who changed a client last: `ana@example.com changed this 2 minutes ago`.
async fn who_changed(console: &Console, client: &Client) -> Result<String, Trouble> {
    let page = AuditPage {
        limit: 1,
        object: Some(client.id.to_string()),
        ..AuditPage::default()
    };
    let latest = console.app.audit(page).await?;
    Ok(latest.first().map_or_else(
        || "Somebody changed this".to_owned(),
        |record| {
            let who = actor(&record.entry.actor);
            let when = relative(record.entry.at, console.app.now());
            let who = if who.contains('@') {
                who
            } else {
                capital(&who)
            };
            format!("{who} changed this {when}")
        },
    ))
}

fn in_words(grants: &Grants, registry: &Registry) -> Vec<(String, String)> {
    let name = |id: &ApiIdentifier| {
        let api = registry.find_api(id);
        api.map_or_else(|| id.to_string(), |api| api.name.to_string())
    };
    let on = grants.iter();
    on.map(|(api, scopes)| (scopes.as_str().replace(' ', ", "), name(api)))
        .collect()
}

/// What a form asks for: the boxes that are ticked.
fn ticked(fields: &Fields) -> Result<Grants, Trouble> {
    let mut all: BTreeMap<ApiIdentifier, Vec<Scope>> = BTreeMap::new();
    for grant in fields.all("grant") {
        let (api, scope) = grant.split_once(' ').ok_or_else(Trouble::malformed)?;
        let api = api.parse().map_err(|_| Trouble::malformed())?;
        let scope = scope.parse().map_err(|_| Trouble::malformed())?;
        all.entry(api).or_default().push(scope);
    }
    Ok(all
        .into_iter()
        .map(|(api, scopes)| (api, scopes.into()))
        .collect())
}

/// Whether the admin API is meant, which only an Owner grants.
fn is_admin(api: &str) -> bool {
    api == ADMIN_API
}
