//! Where people would be logged in, if this server did that. Readers of OpenID Connect Discovery insist on the address.

use axum::{
    Router,
    body::Body,
    http::{Response, StatusCode},
};

use super::{at, error};
use crate::{
    app::App,
    oauth::{metadata::path, reason::ErrorCode},
};

/// The route, at the root and below the issuer's path.
pub(super) fn router(app: &App) -> Router {
    at(path::AUTHORIZATION, app.clone(), refuse)
}

/// Sends nobody anywhere: what a request says of a `redirect_uri` is not looked at.
async fn refuse() -> Response<Body> {
    error(
        StatusCode::BAD_REQUEST,
        ErrorCode::InvalidRequest,
        "nobody is logged in here: this server issues tokens to machines",
    )
}
