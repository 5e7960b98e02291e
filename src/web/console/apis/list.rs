//! All APIs.

use askama::Template;
use axum::{Router, body::Body, extract::State, http::Response, routing::get};

use super::{
    super::{
        Console,
        page::{self, Frame, Here},
        visit::Visitor,
        words::{counted, number},
    },
    address,
};
use crate::{
    admin::{evidence::overview::Overview, views::ApiView},
    domain::{api::Api, name::Place, order, registry::Registry, time::Span},
};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/apis", get(show))
}

#[derive(Template)]
#[template(path = "apis/list.html")]
struct ListPage {
    frame: Frame,
    apis: Vec<Row>,
    built_in: Vec<Row>,
}

/// An API in the list.
struct Row {
    api: ApiView,
    path: String,
    lifetime: String,
    deprecated: usize,
    /// Tokens in 30 days, at least; nothing if the record of usage can't be read.
    tokens: Option<String>,
}

impl Row {
    fn of(api: &Api, registry: &Registry, tokens: Option<u64>) -> Self {
        let view = ApiView::of(api, registry);
        Self {
            path: address(&api.identifier),
            lifetime: Span(view.token_lifetime.into()).in_words(),
            deprecated: view.scopes.iter().filter(|it| it.deprecated).count(),
            tokens: tokens.map(number),
            api: view,
        }
    }
}

impl ListPage {
    fn count(&self) -> String {
        counted(self.apis.len() as u64, "API")
    }
}

async fn show(State(console): State<Console>, visitor: Visitor) -> Response<Body> {
    let registry = console.app.registry_arc();
    let overview = console.app.overview().await.ok();
    let rows = registry.apis().map(|api| {
        let of_it = |overview: &Overview| {
            let tokens = overview.tokens_30d.get(&api.identifier);
            tokens.copied().unwrap_or_default()
        };
        Row::of(api, &registry, overview.as_deref().map(of_it))
    });
    let (built_in, mut apis): (Vec<_>, Vec<_>) = rows.partition(|row| row.api.built_in);
    order::by_key(&mut apis, |row| Place::of(&row.api.name));
    page::ok(&ListPage {
        frame: visitor.frame(Here::Apis).await,
        apis,
        built_in,
    })
}
