//! The protocol's endpoints: tokens, what they say and that they stop, keys and metadata. What fails here fails in the words of
//! RFC 6749 §5.2, whatever failed.

mod authorize;
pub(in crate::web) mod endpoint;
pub mod introspect;
pub mod metadata;
mod protected_resource;
mod register;
pub mod revoke;
pub mod token;

use axum::{
    Router,
    body::Body,
    handler::Handler,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    routing::any,
};

use crate::{
    app::App,
    oauth::{error_json, reason::ErrorCode},
    web::layers,
};

/// The routes of the protocol, at the root and below the issuer's path, but for the two that
/// [`Front`](super::front::Front) finds.
pub fn router(app: App) -> Router {
    metadata::router(&app)
        .merge(authorize::router(&app))
        .merge(protected_resource::router(&app))
        .merge(register::router(&app))
        .merge(revoke::router(app))
}

/// An endpoint at `path`, at the root and below the issuer's path.
fn at<T: 'static>(path: &str, app: App, handler: impl Handler<T, App>) -> Router {
    let below = format!("{}{path}", app.issuer().path());
    let mut router = Router::new().route(path, any(handler.clone()));
    if below != path {
        router = router.route(&below, any(handler));
    }
    router.with_state(app)
}

/// Whether `path` belongs to the protocol, so that a refusal of its requests speaks like it.
pub fn speaks_for(path: &str) -> bool {
    path.contains("/oauth2/") || path.contains("/.well-known/")
}

/// A refusal that no route made, in the words of RFC 6749 §5.2.
pub fn refuse(refusal: layers::Refusal) -> Response<Body> {
    use layers::Refusal;
    let (code, description) = match refusal {
        Refusal::Malformed | Refusal::VersionNotSupported => (
            ErrorCode::InvalidRequest,
            "the request is not well-formed HTTP",
        ),
        Refusal::MethodNotImplemented | Refusal::EncodingNotImplemented => (
            ErrorCode::InvalidRequest,
            "the method or transfer coding is not implemented",
        ),
        Refusal::TargetTooLong | Refusal::HeadersTooLarge => (
            ErrorCode::InvalidRequest,
            "the head of the request is too large",
        ),
        Refusal::BodyTooLarge => (ErrorCode::InvalidRequest, "the body is too large"),
        Refusal::BodyTimedOut => (ErrorCode::InvalidRequest, "the body did not arrive in time"),
        Refusal::BodyBroken => (ErrorCode::InvalidRequest, "the body broke off"),
        Refusal::TooMuch => (
            ErrorCode::TemporarilyUnavailable,
            "the server is busy; ask again",
        ),
        Refusal::TimedOut => (
            ErrorCode::TemporarilyUnavailable,
            "the server did not answer in time",
        ),
        Refusal::Panicked => (ErrorCode::ServerError, "the server failed"),
    };
    error(refusal.status(), code, description)
}

/// An error that has another status than its code alone would have.
fn error(status: StatusCode, code: ErrorCode, description: &str) -> Response<Body> {
    let mut response = private_json(status, error_json(code, description));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// A method that an endpoint does not know (RFC 9110 §15.5.6).
fn method_not_allowed(allow: &'static str) -> Response<Body> {
    let mut response = error(
        StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::InvalidRequest,
        "the method is not allowed here",
    );
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}

/// A JSON answer for the caller alone, never kept by a cache (RFC 6749 §5.1).
fn private_json(status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(HEADERS);
    headers.insert(header::CONTENT_TYPE, JSON);
    forbid_storing(headers);
    response
}

fn forbid_storing(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
}

/// How many headers an answer gets in the end, so that there is room for them from the beginning.
const HEADERS: usize = 8;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
