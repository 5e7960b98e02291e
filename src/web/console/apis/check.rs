//! How the API checks tokens: what to expect, and middleware to copy.

mod snippets;

use askama::Template;
use axum::{Router, body::Body, extract::State, http::Response, routing::get};

use self::snippets::{Expected, Snippet};
use super::{
    super::{
        Console,
        page::{self, Frame, Here},
        visit::Visitor,
    },
    ApiHead, Named, Tab,
};
use crate::oauth::metadata::path;

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/apis/{id}/check", get(show))
}

#[derive(Template)]
#[template(path = "apis/check.html")]
struct CheckPage {
    frame: Frame,
    head: ApiHead,
    expected: Expected,
    snippets: Vec<Snippet>,
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
) -> Response<Body> {
    let issuer = console.app.issuer();
    let algorithm = api.signing.algorithm();
    let example = api.scopes.keys().next();
    let expected = Expected {
        issuer: issuer.to_string(),
        keys: issuer.endpoint(path::KEYS),
        audience: api.identifier.to_string(),
        algorithm: algorithm.as_str(),
        is_shared: algorithm.is_symmetric(),
        scope: example
            .map_or("orders:read", |scope| scope.as_str())
            .to_owned(),
    };
    page::ok(&CheckPage {
        frame: visitor.frame(Here::Apis).await,
        head: ApiHead::of(&api, Tab::Check),
        snippets: expected.snippets(),
        expected,
    })
}
