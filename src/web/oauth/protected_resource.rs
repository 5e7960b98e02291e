//! `GET /.well-known/oauth-protected-resource`: what is said of an API that takes tokens of this server (RFC 9728).
//!
//! Which API is meant, the parameter `resource` says; or, where the API's own host passes on what is asked for
//! below this path, the host and the path that follows. Neither changes a word of the answer.

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Response, StatusCode, header, request::Parts},
    routing::any,
};

use super::{
    JSON, error,
    metadata::{METADATA_CACHING, answer, other_method},
};
use crate::{
    app::App,
    domain::id::ApiIdentifier,
    oauth::{
        form,
        metadata::{Document, path, protected_resource},
        reason::ErrorCode,
    },
    web::layers::Declared,
};

/// The routes, at the root and below the issuer's path.
pub(super) fn router(app: &App) -> Router {
    let prefix = app.issuer().path();
    let mut router = Router::new();
    let mut add = |path: String| {
        router = std::mem::take(&mut router).route(&path, any(document));
    };
    add(path::PROTECTED_RESOURCE.to_owned());
    add(format!("{}/{{*path}}", path::PROTECTED_RESOURCE));
    if !prefix.is_empty() {
        add(format!("{prefix}{}", path::PROTECTED_RESOURCE));
    }
    router.with_state(app.clone())
}

async fn document(State(app): State<App>, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    if let Some(response) = other_method(&parts.method) {
        return response;
    }
    let Some(document) = find(&app, &parts) else {
        return error(
            StatusCode::NOT_FOUND,
            ErrorCode::InvalidRequest,
            "no API of this server is called so",
        );
    };
    let mut response = answer(&parts, &document, METADATA_CACHING);
    if response.status() == StatusCode::OK {
        response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    }
    response
}

fn find(app: &App, parts: &Parts) -> Option<Document> {
    let registry = app.registry();
    let of =
        |identifier: &ApiIdentifier| protected_resource(&registry, app.addresses(), identifier);
    match named(parts.uri.query()) {
        Named::Once(identifier) => of(&identifier),
        Named::Badly => None,
        Named::Not => {
            let [address, with_slash] = by_address(app, parts)?;
            of(&address.parse().ok()?).or_else(|| of(&with_slash.parse().ok()?))
        }
    }
}

/// Whether a query names the API.
enum Named {
    Not,
    Once(ApiIdentifier),
    Badly,
}

fn named(query: Option<&str>) -> Named {
    let pairs = query.unwrap_or_default().split('&');
    let mut values = pairs.filter_map(|pair| pair.strip_prefix("resource="));
    match (values.next(), values.next()) {
        (None, _) => Named::Not,
        (Some(value), None) => form::decode(value.as_bytes())
            .ok()
            .and_then(|value| value.parse().ok())
            .map_or(Named::Badly, Named::Once),
        (Some(_), Some(_)) => Named::Badly,
    }
}

/// The address that the path was inserted into (RFC 9728 §3.1): without a final slash, and with one if it would
/// have no path.
fn by_address(app: &App, parts: &Parts) -> Option<[String; 2]> {
    let scheme = if app.issuer().is_https() {
        "https"
    } else {
        "http"
    };
    let forwarded = parts.headers.get("x-forwarded-host");
    let forwarded = forwarded.filter(|_| parts.extensions.get::<Declared>().is_some());
    let host = match forwarded.or_else(|| parts.headers.get(header::HOST)) {
        Some(host) => host.to_str().ok()?,
        None => parts.uri.authority()?.as_str(),
    };
    let rest = parts.uri.path().split_once(path::PROTECTED_RESOURCE)?.1;
    let query = parts.uri.query().map(|query| format!("?{query}"));
    let query = query.unwrap_or_default();
    let slash = if rest.is_empty() { "/" } else { "" };
    Some([
        format!("{scheme}://{host}{rest}{query}"),
        format!("{scheme}://{host}{rest}{slash}{query}"),
    ])
}
