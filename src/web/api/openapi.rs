//! `/openapi.json`: the admin API, described by the code that serves it (OpenAPI 3.1).
//!
//! `openapi.json` beside this file is that description; a test holds that it is what the routes say of themselves.

use std::sync::{Arc, OnceLock};

use axum::{Router, extract::State, http::header, response::IntoResponse, routing::get};
use bytes::Bytes;

use crate::app::App;

/// The document, as a server of [`ISSUER`] would have it.
const DOCUMENT: &str = include_str!("openapi.json");

/// What stands in the document for the server's issuer.
const ISSUER: &str = "https://issuer.invalid";

/// Serves the document to everyone: there is nothing secret in it.
pub(super) fn router() -> Router<App> {
    let made = Arc::new(OnceLock::<Bytes>::new());
    let answer = async move |State(app): State<App>| {
        let here = made.get_or_init(|| DOCUMENT.replace(ISSUER, app.issuer().as_str()).into());
        let kind = [(header::CONTENT_TYPE, "application/json")];
        (kind, here.clone()).into_response()
    };
    Router::new().route("/openapi.json", get(answer))
}

#[cfg(test)]
mod tests;
