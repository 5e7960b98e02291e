//! The list of clients: who they are, whether they are well, and when they last got a token.

mod query;
mod row;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::Response,
    routing::get,
};

use self::{
    query::{Column, Facet, ListQuery, Turn},
    row::Row,
};
use super::{
    super::{
        Console,
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::{counted, number},
    },
    address, snippets,
};
use crate::{
    admin::evidence::directory::{By, Kind},
    app::App,
    domain::permission::Permission,
};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/clients", get(show))
}

/// How many rows a page has.
const PER_PAGE: usize = 50;

#[derive(Template)]
#[template(path = "clients/list.html")]
struct ListPage {
    frame: Frame,
    query: ListQuery,
    /// How many clients there are.
    total: usize,
    /// How many of them need attention.
    attention: usize,
    /// Whether the record of usage could be read.
    is_usage_known: bool,
    /// Which there are of each kind, among those that match.
    facets: Vec<FacetLink>,
    /// How many match.
    matching: usize,
    /// Which of them are shown, counted from 1.
    range: (usize, usize),
    rows: Vec<Row>,
    /// The pages to turn to.
    turns: Vec<Turn>,
    /// A client that is called nearly so, where none matches.
    nearest: String,
    /// How the first client will ask for its token, as long as there is none.
    example: Option<String>,
}

/// A kind of clients to look at.
struct FacetLink {
    label: &'static str,
    count: usize,
    path: String,
    is_here: bool,
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Query(query): Query<ListQuery>,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::ReadClients)?;
    let is_usage_known = console.app.overview().await.is_ok();
    let frame = visitor.frame(Here::Clients).await;
    let page = list(&console.app, (frame, query), is_usage_known);
    Ok(page::ok(&page))
}

fn list(app: &App, (frame, mut query): (Frame, ListQuery), is_usage_known: bool) -> ListPage {
    let directory = app.directory();
    let lookout = app.lookout(directory.overview());
    let mut found = directory.matching(query.text());
    let is_of = |place: &usize, facet: Facet| {
        let kind = facet.kind();
        kind.is_none_or(|kind| directory.at(*place).standing.is(kind))
    };
    let facets = Facet::ALL.into_iter().map(|facet| FacetLink {
        label: facet.label(),
        count: found.iter().filter(|it| is_of(it, facet)).count(),
        path: query.with_facet(facet),
        is_here: query.facet() == facet,
    });
    let facets = facets.collect();
    let facet = query.facet();
    found.retain(|place| is_of(place, facet));
    let pages = found.len().div_ceil(PER_PAGE).max(1);
    query.turn_to(query.page().min(pages));
    let first = (query.page() - 1) * PER_PAGE;
    let (column, is_turned) = query.order();
    let shown = directory.sorted(&found, (column.by(), is_turned), (first, PER_PAGE));
    let shown = shown.into_iter();
    let rows: Vec<Row> = shown
        .map(|entry| Row::of(&entry.client, directory.registry(), &lookout))
        .collect();
    let total = directory.registry().client_count();
    ListPage {
        frame,
        total,
        example: snippets::example(app).filter(|_| total == 0),
        attention: directory.of(Kind::Attention).count(),
        is_usage_known,
        facets,
        matching: found.len(),
        range: (first + 1, first + rows.len()),
        nearest: if rows.is_empty() {
            directory.nearest(query.text()).unwrap_or_default()
        } else {
            String::new()
        },
        turns: query.turns(pages),
        rows,
        query,
    }
}

impl ListPage {
    /// `Clients`, and the page's number if it is not the first.
    fn title(&self) -> String {
        match self.query.page() {
            1 => "Clients".to_owned(),
            page => format!("Clients, page {page}"),
        }
    }

    /// `4 clients · 3 need attention`.
    fn summary(&self) -> String {
        let clients = counted(self.total as u64, "client");
        match self.attention {
            0 => format!("{clients} · none needs attention"),
            1 => format!("{clients} · 1 needs attention"),
            n => format!("{clients} · {} need attention", number(n as u64)),
        }
    }

    /// Which rows are shown, of how many.
    fn caption(&self) -> String {
        let (first, last) = self.range;
        let all = self.matching;
        let shown = match all {
            1 => return "1 client".to_owned(),
            _ if last - first + 1 == all => counted(all as u64, "client"),
            _ => format!("{first} to {last} of {}", number(all as u64)),
        };
        format!("{shown}, {}", self.query.order_in_words())
    }
}
