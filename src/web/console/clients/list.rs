//! The list of clients: who they are, whether they are well, and when they last got a token.

mod query;
mod row;
mod search;

use std::sync::Arc;

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
    row::{Known, Row},
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
    admin::evidence::{
        attention::{Lookout, attention},
        overview::Overview,
    },
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
    let overview = console.app.overview().await.ok();
    let frame = visitor.frame(Here::Clients).await;
    Ok(page::ok(&list(&console, (frame, query), overview)))
}

fn list(
    console: &Console,
    (frame, mut query): (Frame, ListQuery),
    overview: Option<Arc<Overview>>,
) -> ListPage {
    let (registry, now) = (console.app.registry(), console.app.now());
    let is_usage_known = overview.is_some();
    let overview = overview.unwrap_or_else(|| Arc::new(Overview::of(&<_>::default(), now)));
    let lookout = console.app.lookout(&overview);
    let known = Known::new(&registry, &lookout);
    let mut found: Vec<row::Entry<'_>> = search::matching(&registry, &overview, query.text())
        .map(|client| known.entry(client))
        .collect();
    let facets = Facet::ALL.into_iter().map(|facet| FacetLink {
        label: facet.label(),
        count: found.iter().filter(|it| it.is(facet)).count(),
        path: query.with_facet(facet),
        is_here: query.facet() == facet,
    });
    let facets = facets.collect();
    let facet = query.facet();
    found.retain(|entry| entry.is(facet));
    row::sort(&mut found, query.order());
    let pages = found.len().div_ceil(PER_PAGE).max(1);
    query.turn_to(query.page().min(pages));
    let first = (query.page() - 1) * PER_PAGE;
    let rows: Vec<Row> = found
        .iter()
        .skip(first)
        .take(PER_PAGE)
        .map(|entry| known.row(entry))
        .collect();
    let total = registry.client_count();
    ListPage {
        frame,
        total,
        example: snippets::example(&console.app).filter(|_| total == 0),
        attention: known.attention(),
        is_usage_known,
        facets,
        matching: found.len(),
        range: (first + 1, first + rows.len()),
        nearest: if rows.is_empty() {
            search::nearest(&registry, query.text()).unwrap_or_default()
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
