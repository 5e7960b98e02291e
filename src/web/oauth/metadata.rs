//! `GET /oauth2/jwks` and the documents below `/.well-known/`: public, cacheable, for any origin
//! (RFC 8414 §3, RFC 7517 §5).

mod negotiation;

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Method, Response, StatusCode, header, request::Parts},
    routing::any,
};

use super::{JSON, method_not_allowed};
use crate::{
    app::App,
    domain::{id::Revision, registry::Registry, usage::Observation},
    oauth::metadata::{self, Addresses, Document, path},
    web::seen::seen,
};

pub(super) const METADATA_CACHING: &str = "public, max-age=3600";
const KEYS_CACHING: &str = "public, max-age=300, stale-if-error=86400";

/// The endpoints' methods, for `Allow`.
const METHODS: &str = "GET, HEAD";

/// The routes, at the root, below the issuer's path, and with that path inserted or appended.
pub fn router(app: &App) -> Router {
    let prefix = app.issuer().path().to_owned();
    let below = |path: &str| {
        let mut paths = vec![path.to_owned()];
        if !prefix.is_empty() {
            paths.push(format!("{prefix}{path}"));
        }
        paths
    };
    let mut keys = Router::new();
    for path in below(path::KEYS) {
        keys = keys.route(&path, any(key_set));
    }
    let documents: [(&str, Make); 2] = [
        ("oauth-authorization-server", metadata::authorization_server),
        ("openid-configuration", metadata::openid_provider),
    ];
    let mut router = keys.with_state(app.clone());
    for (name, make) in documents {
        let well_known = format!("/.well-known/{name}");
        let mut paths = below(&well_known);
        if !prefix.is_empty() {
            paths.push(format!("{well_known}{prefix}"));
        }
        let mut leaves = Router::new();
        for path in paths {
            leaves = leaves.route(&path, any(document));
        }
        let published = Published {
            app: app.clone(),
            make,
            latest: Arc::default(),
        };
        router = router.merge(leaves.with_state(published));
    }
    router
}

type Make = fn(&Registry, Addresses<'_>) -> Document;

/// A document that is made anew only when the registry has changed.
#[derive(Clone)]
struct Published {
    app: App,
    make: Make,
    latest: Arc<ArcSwapOption<(Revision, Document)>>,
}

impl Published {
    fn current(&self) -> Arc<(Revision, Document)> {
        let registry = self.app.registry();
        match self.latest.load_full() {
            Some(latest) if latest.0 == registry.revision() => latest,
            Some(_) | None => {
                let document = (self.make)(&registry, self.app.addresses());
                let made = Arc::new((registry.revision(), document));
                self.latest.store(Some(Arc::clone(&made)));
                made
            }
        }
    }
}

async fn document(State(published): State<Published>, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    if let Some(response) = other_method(&parts.method) {
        return response;
    }
    let current = published.current();
    let mut response = answer(&parts, &current.1, METADATA_CACHING);
    if response.status() == StatusCode::OK {
        response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    }
    response
}

async fn key_set(State(app): State<App>, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    if let Some(response) = other_method(&parts.method) {
        return response;
    }
    let keys = metadata::key_set(&app.registry(), (app.profile(), app.now()));
    let mut response = answer(&parts, &keys.document, KEYS_CACHING);
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    if response.status() == StatusCode::OK {
        let content_type = negotiation::key_set_type(&parts.headers);
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, content_type);
    }
    if let Some(newest) = keys.newest.filter(|_| parts.method == Method::GET) {
        app.observe(Observation::KeysFetched {
            newest,
            seen: seen(&app, &parts),
        });
    }
    response
}

/// The document, or word that the caller has it already.
pub(super) fn answer(parts: &Parts, document: &Document, caching: &'static str) -> Response<Body> {
    let mut response = Response::default();
    let headers = response.headers_mut();
    let etag = HeaderValue::from_str(&document.etag).expect("a tag is base64url in quotes");
    headers.insert(header::ETAG, etag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    allow_any_origin(&mut response);
    if negotiation::has_already(&parts.headers, &document.etag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    let length = HeaderValue::from(document.body.len());
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, length);
    if parts.method == Method::GET {
        *response.body_mut() = Body::from(document.body.clone());
    }
    response
}

/// The answer to anything but GET and HEAD. OPTIONS may be a browser's preflight.
pub(super) fn other_method(method: &Method) -> Option<Response<Body>> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    if *method != Method::OPTIONS {
        return Some(method_not_allowed(METHODS));
    }
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    allow_any_origin(&mut response);
    let methods = HeaderValue::from_static(METHODS);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods.clone());
    headers.insert(header::ALLOW, methods);
    Some(response)
}

fn allow_any_origin(response: &mut Response<Body>) {
    response.headers_mut().insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
}
