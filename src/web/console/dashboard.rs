//! The dashboard: does anything need me?

mod checklist;
mod panels;
mod rows;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Response},
    routing::get,
};

use self::{
    checklist::Checklist,
    panels::{Ahead, HealthPanel, Traffic},
    rows::{Attention, RotationRow},
};
use super::{
    Console,
    page::{self, Frame, Here},
    visit::Visitor,
};
use crate::admin::evidence::overview::Overview;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/", get(show))
        .route("/fragments/attention", get(refresh_attention))
        .route("/fragments/traffic", get(refresh_traffic))
        .route("/fragments/checklist", get(refresh_checklist))
}

/// A panel that can't be read says so; the others are shown all the same.
#[derive(Template)]
#[template(path = "dashboard.html")]
struct DashboardPage {
    frame: Frame,
    checklist: Option<Checklist>,
    attention: Attention,
    rotations: Vec<RotationRow>,
    traffic: Option<Traffic>,
    ahead: Ahead,
    health: HealthPanel,
}

async fn show(State(console): State<Console>, visitor: Visitor) -> Response<Body> {
    let overview = overview(&console).await;
    let overview = overview.as_deref();
    let frame = visitor.frame(Here::Dashboard).await;
    let health = HealthPanel::of(&console).await;
    let directory = console.app.directory();
    page::ok(&DashboardPage {
        frame,
        checklist: Checklist::of(&console.app),
        attention: Attention::of(&console.app, &directory, overview.is_some()),
        rotations: RotationRow::all_of(&console.app, &directory, overview),
        traffic: overview.map(Traffic::of),
        ahead: Ahead::of(&console.app, &directory),
        health,
    })
}

async fn overview(console: &Console) -> Option<std::sync::Arc<Overview>> {
    match console.app.overview().await {
        Ok(overview) => Some(overview),
        Err(error) => {
            tracing::error!(error = %error, "usage could not be read: {error}");
            None
        }
    }
}

#[derive(Template)]
#[template(path = "dashboard/attention.html")]
struct AttentionPart {
    frame: Frame,
    attention: Attention,
    ahead: Ahead,
}

async fn refresh_attention(
    State(console): State<Console>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Response<Body> {
    let overview = overview(&console).await;
    let directory = console.app.directory();
    let part = AttentionPart {
        frame: visitor.plain_frame(Here::Dashboard),
        attention: Attention::of(&console.app, &directory, overview.is_some()),
        ahead: Ahead::of(&console.app, &directory),
    };
    page::fragment(&headers, &part)
}

#[derive(Template)]
#[template(path = "dashboard/traffic.html")]
struct TrafficPart {
    frame: Frame,
    traffic: Option<Traffic>,
}

async fn refresh_traffic(
    State(console): State<Console>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Response<Body> {
    let overview = overview(&console).await;
    let part = TrafficPart {
        frame: visitor.plain_frame(Here::Dashboard),
        traffic: overview.as_deref().map(Traffic::of),
    };
    page::fragment(&headers, &part)
}

#[derive(Template)]
#[template(path = "dashboard/steps.html")]
struct ChecklistPart {
    frame: Frame,
    checklist: Option<Checklist>,
}

async fn refresh_checklist(
    State(console): State<Console>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Response<Body> {
    let part = ChecklistPart {
        frame: visitor.plain_frame(Here::Dashboard),
        checklist: Some(Checklist::look(&console.app)),
    };
    page::fragment(&headers, &part)
}
