//! The dashboard: does anything need me?

use askama::Template;
use axum::{Router, body::Body, http::Response, routing::get};

use super::{
    Console,
    page::{self, Frame, Here},
    visit::Visitor,
};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/", get(show))
}

#[derive(Template)]
#[template(path = "dashboard.html")]
struct DashboardPage {
    frame: Frame,
}

async fn show(visitor: Visitor) -> Response<Body> {
    page::ok(&DashboardPage {
        frame: visitor.frame(Here::Dashboard).await,
    })
}
