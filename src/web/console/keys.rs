//! Signing keys: where each stands in its life, who is ready for the next one, what signs what.

mod acts;
mod family;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::State,
    http::Response,
    routing::{get, post},
};

use self::family::Family;
use super::{
    Console,
    page::{self, Frame, Here},
    trouble::Trouble,
    visit::Visitor,
    words::{Moment, counted},
};
use crate::{
    admin::{evidence::overview::Overview, views::KeyFetchView},
    app::App,
    domain::{
        permission::Permission, profile::Profile, registry::Registry, time::Timestamp, usage::Tally,
    },
    oauth::metadata::{self, path},
    store::UsageOf,
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/keys", get(show).post(acts::generate))
        .route("/keys/new", get(acts::ask_generate))
        .route(
            "/keys/{kid}/switch",
            get(acts::ask_switch).post(acts::switch),
        )
        .route("/keys/{kid}/withdraw", post(acts::withdraw))
        .route(
            "/keys/{kid}/remove",
            get(acts::ask_remove).post(acts::remove),
        )
}

/// What is known of the use of keys; nothing if it can't be read.
struct Evidence {
    overview: Option<Arc<Overview>>,
    fetches: Option<Tally>,
}

impl Evidence {
    async fn of(app: &App) -> Self {
        Self {
            overview: app.overview().await.ok(),
            fetches: app.usage(UsageOf::KeyFetches).await.ok(),
        }
    }
}

#[derive(Template)]
#[template(path = "keys/show.html")]
struct KeysPage {
    frame: Frame,
    families: Vec<Family>,
    key_set: KeySetView,
    /// Nothing if it can't be read.
    fetchers: Option<Vec<Fetcher>>,
}

/// The key set as APIs get it.
struct KeySetView {
    url: String,
    json: String,
    count: String,
}

/// Who fetched the key set.
struct Fetcher {
    address: String,
    agent: String,
    at: Moment,
    count: u64,
    has_newest: bool,
}

async fn show(State(console): State<Console>, visitor: Visitor) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::ReadKeys)?;
    let evidence = Evidence::of(&console.app).await;
    let (registry, now) = (console.app.registry_arc(), console.app.now());
    Ok(page::ok(&KeysPage {
        frame: visitor.frame(Here::Keys).await,
        families: Family::all_of(&registry, &evidence, now),
        key_set: KeySetView::of(&console.app, &registry, now),
        fetchers: evidence
            .fetches
            .as_ref()
            .map(|tally| Fetcher::all_of(tally, &registry, (console.app.profile(), now))),
    }))
}

impl KeySetView {
    fn of(app: &App, registry: &Registry, now: Timestamp) -> Self {
        let body = metadata::key_set(registry, (app.profile(), now))
            .document
            .body;
        let json: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let count = json["keys"].as_array().map_or(0, Vec::len);
        Self {
            url: app.issuer().endpoint(path::KEYS),
            json: format!("{json:#}"),
            count: counted(count as u64, "key"),
        }
    }
}

impl Fetcher {
    fn all_of(
        tally: &Tally,
        registry: &Registry,
        (profile, now): (Profile, Timestamp),
    ) -> Vec<Self> {
        let newest = metadata::key_set(registry, (profile, now)).newest;
        let newest = newest.as_ref().map_or("", |id| id.as_str());
        let views = KeyFetchView::all_of(tally);
        let fetcher = |view: KeyFetchView| Self {
            has_newest: view.newest_kid == newest,
            at: Moment::read(&view.at, now),
            address: view.address,
            agent: view.user_agent.unwrap_or_default(),
            count: view.count,
        };
        views.into_iter().map(fetcher).collect()
    }
}
