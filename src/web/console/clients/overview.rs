//! The first page of a client: what it is, and whether it is well.

use askama::Template;
use axum::{Router, body::Body, extract::State, http::Response, routing::get};

use super::{
    super::{
        Console,
        page::{self, Frame, Here},
        visit::Visitor,
    },
    ClientHead, Named, Tab,
};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/clients/{id}", get(show))
}

#[derive(Template)]
#[template(path = "clients/overview.html")]
struct OverviewPage {
    frame: Frame,
    head: ClientHead,
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
) -> Response<Body> {
    page::ok(&OverviewPage {
        frame: visitor.frame(Here::Clients).await,
        head: ClientHead::of(&client, Tab::Overview, console.app.now()),
    })
}
