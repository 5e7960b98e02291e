//! Who may call an API: its clients and its scopes as a table of boxes, and the review of a change.

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::{Response, StatusCode},
    routing::{get, post},
};
use serde::Deserialize;

use super::{
    super::{
        Console,
        act::carry_out,
        form::{Fields, Form},
        page::{self, Flash, Frame, Here},
        review::Change,
        trouble::Trouble,
        visit::Visitor,
        words::{counted, segment},
    },
    ApiHead, Named, Tab, head,
};
use crate::{
    admin::{
        holders::{Holder, SetHolders},
        refusal::Refusal,
        views::ScopeView,
    },
    app::AdminError,
    domain::{api::Api, client::Client, id::Revision, permission::Permission, scope::ScopeSet},
};

/// How many clients stand on one page.
const ON_A_PAGE: usize = 50;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/apis/{id}/clients", get(show).post(save))
        .route("/apis/{id}/clients/review", post(review))
}

#[derive(Template)]
#[template(path = "apis/clients.html")]
struct ClientsPage {
    frame: Frame,
    head: ApiHead,
    scopes: Vec<ScopeView>,
    rows: Vec<Row>,
    total: usize,
    listed: Listed,
    conflict: Vec<String>,
}

/// Which clients are listed.
#[derive(Clone, Debug, Default, Deserialize)]
struct Listed {
    /// Those whose name or id has this in it.
    #[serde(default)]
    q: String,
    /// `all`: those too that have nothing here.
    #[serde(default)]
    show: String,
    /// Which page of them, from 1.
    #[serde(default)]
    page: usize,
}

/// A client in the table.
struct Row {
    id: String,
    name: String,
    path: String,
    revision: u64,
    cells: Vec<Cell>,
}

/// A box.
struct Cell {
    scope: String,
    is_ticked: bool,
    is_closed: bool,
}

#[derive(Template)]
#[template(path = "apis/review.html")]
struct ReviewPage {
    frame: Frame,
    head: ApiHead,
    changes: Vec<Change>,
    kept: Vec<(String, String)>,
}

impl Listed {
    fn is_all(&self) -> bool {
        self.show == "all"
    }

    fn number(&self) -> usize {
        self.page.max(1)
    }
}

impl Row {
    /// A row with the boxes ticked that `holds` says.
    fn of(client: &Client, api: &Api, holds: &dyn Fn(&str) -> bool) -> Self {
        let granted = client.grants.get(&api.identifier);
        let cells = ScopeView::all_of(api).into_iter().map(|scope| Cell {
            is_ticked: holds(&scope.name),
            is_closed: scope.deprecated && granted.is_none_or(|it| it.find(&scope.name).is_none()),
            scope: scope.name,
        });
        Self {
            id: client.id.to_string(),
            name: client.name.to_string(),
            path: format!("/clients/{}/access", segment(client.id.as_str())),
            revision: client.revision.0,
            cells: cells.collect(),
        }
    }
}

impl ClientsPage {
    fn may_edit(&self) -> bool {
        self.frame.may_write_grants() && (!self.head.is_built_in || self.frame.may_own())
    }

    fn count(&self) -> String {
        counted(self.total as u64, "client")
    }

    fn pages(&self) -> usize {
        self.total.div_ceil(ON_A_PAGE)
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "a template hands over a reference"
    )]
    fn page_at(&self, number: &usize) -> String {
        let q = segment(&self.listed.q);
        format!(
            "{}?q={q}&show={}&page={number}",
            self.head.to("/clients"),
            segment(&self.listed.show)
        )
    }
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
    Query(listed): Query<Listed>,
) -> Response<Body> {
    let frame = visitor.frame(Here::Apis).await;
    let directory = console.app.directory();
    // A search is one among all clients.
    let is_wide = listed.is_all() || !listed.q.trim().is_empty();
    let holds = Some(&api.identifier).filter(|_| !is_wide);
    let all: Vec<_> = directory.named(&listed.q, holds).collect();
    let shown = all
        .iter()
        .skip((listed.number() - 1).saturating_mul(ON_A_PAGE));
    let row = |client: &Client| {
        let granted = client.grants.get(&api.identifier);
        Row::of(client, &api, &|scope| {
            granted.is_some_and(|it| it.find(scope).is_some())
        })
    };
    page::ok(&ClientsPage {
        frame,
        head: ApiHead::of(&api, Tab::Clients),
        scopes: ScopeView::all_of(&api),
        rows: shown.take(ON_A_PAGE).map(|client| row(client)).collect(),
        total: all.len(),
        listed,
        conflict: Vec::new(),
    })
}

/// What a form of the table asks for: of each client in it, the boxes that are ticked.
fn wanted(console: &Console, api: &Api, fields: &Fields) -> Result<Vec<Holder>, Trouble> {
    let registry = console.app.registry();
    let mut holders = Vec::new();
    for row in fields.all("row") {
        let (revision, id) = row.split_once(' ').ok_or_else(Trouble::malformed)?;
        let revision = revision.parse().map_err(|_| Trouble::malformed())?;
        let client = registry.find_client_by_text(id);
        let client = client.ok_or_else(|| Trouble::missing("client", id))?;
        let ticked = fields
            .all("grant")
            .filter_map(|grant| grant.rsplit_once(' '));
        let ticked = ticked.filter(|(of, _)| *of == id);
        let scopes: Result<ScopeSet, _> = ticked.map(|(_, scope)| scope.parse()).collect();
        let scopes = scopes.map_err(|_| Trouble::malformed())?;
        let held = client.grants.get(&api.identifier);
        if held.cloned().unwrap_or_default() != scopes || client.revision.0 != revision {
            holders.push(Holder {
                client: client.id.clone(),
                scopes,
                revision: Revision(revision),
            });
        }
    }
    Ok(holders)
}

async fn review(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteGrants)?;
    let holders = wanted(&console, &api, &form.fields)?;
    if form.fields.has("back") || is_stale(&console, &holders) {
        return Ok(again(&console, &visitor, &api, &form.fields));
    }
    let registry = console.app.registry_arc();
    let mut changes = Vec::new();
    for holder in &holders {
        if let Some(client) = registry.find_client(&holder.client) {
            let mut after = client.grants.clone();
            after.insert(api.identifier.clone(), holder.scopes.clone());
            changes.push(Change::of(&console, client, &after).await?);
        }
    }
    changes.retain(|change| !change.is_empty());
    let kept = form.fields.iter().filter(|(name, _)| *name != "once");
    Ok(page::ok(&ReviewPage {
        kept: kept
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        frame: visitor.plain_frame(Here::Apis),
        head: ApiHead::of(&api, Tab::Clients).below("Review"),
        changes,
    }))
}

fn is_stale(console: &Console, holders: &[Holder]) -> bool {
    let registry = console.app.registry();
    let mut holders = holders.iter();
    holders.any(|holder| {
        let client = registry.find_client(&holder.client);
        client.is_none_or(|client| client.revision != holder.revision)
    })
}

async fn save(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let holders = wanted(&console, &api, &form.fields)?;
    let count = holders.len();
    let command = SetHolders {
        api: api.identifier.clone(),
        holders,
    };
    let terms = form.terms_of_new(&console.app);
    let done = carry_out((&console, &visitor), terms, command).await;
    if let Err(AdminError::Refusal(Refusal::Stale(_))) = &done {
        return Ok(again(&console, &visitor, &api, &form.fields));
    }
    done?;
    let text = match count {
        0 => "Nothing was changed.".to_owned(),
        n => format!("Access of {} is saved.", counted(n as u64, "client")),
    };
    let path = format!("{}/clients", head::address(&api.identifier));
    visitor.done(&path, Flash::done(text)).await
}

/// The table again with what was ticked; says whose access somebody else changed in the meantime.
fn again(console: &Console, visitor: &Visitor, api: &Api, fields: &Fields) -> Response<Body> {
    let registry = console.app.registry_arc();
    let (mut rows, mut conflict) = (Vec::new(), Vec::new());
    for row in fields.all("row") {
        let Some((revision, client)) = row
            .split_once(' ')
            .and_then(|(revision, id)| Some((revision, registry.find_client_by_text(id)?)))
        else {
            continue;
        };
        if client.revision.to_string() != revision {
            let held = client.grants.get(&api.identifier);
            let held = held.filter(|it| !it.is_empty());
            let has = held.map_or("nothing".to_owned(), |it| it.as_str().replace(' ', ", "));
            conflict.push(format!("{} has {has} now.", client.name));
        }
        rows.push(Row::of(client, api, &|scope| {
            fields.holds("grant", &format!("{} {scope}", client.id))
        }));
    }
    let status = if conflict.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::CONFLICT
    };
    let page = ClientsPage {
        frame: visitor.plain_frame(Here::Apis),
        head: ApiHead::of(api, Tab::Clients),
        scopes: ScopeView::all_of(api),
        total: rows.len(),
        rows,
        listed: Listed::default(),
        conflict,
    };
    page::page(status, &page)
}
