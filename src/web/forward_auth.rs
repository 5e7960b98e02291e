//! `/forward-auth`: what proxies ask before they let a request through to an API.
//!
//! Answered with 200, 401 or 403 and an empty body: nginx's `auth_request` knows no other status, and Envoy lets
//! whatever has a body of its own take the place of the API's. Between question and answer there is no lock, no
//! await and no store.

mod original;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Response, StatusCode, header, request::Parts},
    routing::any,
};

use crate::{
    app::App,
    oauth::{
        credentials::Header,
        forward_auth::{
            Allowed, Challenge, Denied, Grounds, Passed, Question, Rule, decide, parse_query,
        },
        metadata::path,
    },
    web::layers::RequestId,
};

const CLIENT_ID: HeaderName = HeaderName::from_static("x-client-id");
const SCOPE: HeaderName = HeaderName::from_static("x-scope");
const AUDIENCE: HeaderName = HeaderName::from_static("x-audience");

/// The routes, at the root and below the issuer's path.
pub fn router(app: App) -> Router {
    let below = format!("{}{}", app.issuer().path(), path::FORWARD_AUTH);
    let mut router = Router::new().route(path::FORWARD_AUTH, any(by_query));
    if below != path::FORWARD_AUTH {
        router = router.route(&below, any(by_query));
    }
    router.with_state(app)
}

/// Where the whole address is written into the proxy's configuration.
async fn by_query(State(app): State<App>, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let rule = parse_query(parts.uri.query().unwrap_or_default());
    answer(&app, &parts, rule.map_err(Denied::from))
}

fn answer(app: &App, parts: &Parts, rule: Result<Rule, Denied>) -> Response<Body> {
    let decided = match &rule {
        Ok(rule) => ask(app, parts, rule),
        Err(denied) => Err(*denied),
    };
    match decided {
        Ok(Passed::Token(allowed)) => pass(app, *allowed),
        Ok(Passed::Preflight) => respond(StatusCode::OK),
        Err(denied) => refuse(app, parts, denied, rule.ok().as_ref()),
    }
}

fn ask(app: &App, parts: &Parts, rule: &Rule) -> Result<Passed, Denied> {
    let certificate = original::certificate(parts);
    let question = Question {
        authorization: one(parts, &header::AUTHORIZATION),
        has_other_credentials: parts.headers.contains_key("x-forwarded-authorization"),
        certificate: certificate.as_deref(),
        method: original::method(parts),
    };
    let registry = app.registry();
    let grounds = Grounds {
        registry: &registry,
        issuer: app.issuer(),
        now: app.now(),
        is_revoked: &|token| app.is_revoked(token),
    };
    decide(rule, &question, &grounds)
}

/// Lets a request through, and tells the API whose it is. A proxy puts these headers in the place of what the
/// caller wrote.
fn pass(app: &App, allowed: Allowed) -> Response<Body> {
    let mut response = respond(StatusCode::OK);
    let headers = response.headers_mut();
    for (name, value) in [
        (CLIENT_ID, allowed.client.as_str()),
        (SCOPE, allowed.scopes.as_str()),
        (AUDIENCE, allowed.audience.as_str()),
    ] {
        let value = HeaderValue::from_str(value).expect("ids and scopes are printable ASCII");
        headers.insert(name, value);
    }
    if !allowed.needed.is_empty() {
        app.observe_lightly(allowed.observation(app.now()));
    }
    response
}

fn refuse(app: &App, parts: &Parts, denied: Denied, rule: Option<&Rule>) -> Response<Body> {
    let request = parts.extensions.get::<RequestId>();
    let api = rule.map(|rule| tracing::field::display(&rule.audience));
    if matches!(denied, Denied::Rule(_)) {
        tracing::warn!(
            request.id = request.map(tracing::field::display),
            api,
            reason = %denied,
            "a proxy was refused: {denied}"
        );
    } else {
        tracing::debug!(
            request.id = request.map(tracing::field::display),
            api,
            reason = %denied,
            "a request may not go on: {denied}"
        );
    }
    let challenge = Challenge::of(denied, rule, app.issuer());
    let status = if challenge.status == 401 {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::FORBIDDEN
    };
    let mut response = respond(status);
    if let Some(text) = challenge.text {
        let value = HeaderValue::from_str(&text).expect("a challenge is printable ASCII");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

fn respond(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    response
}

/// The field called `name`, which may stand once.
fn one<'a>(parts: &'a Parts, name: &HeaderName) -> Header<'a> {
    let mut fields = parts.headers.get_all(name).iter();
    match (fields.next(), fields.next()) {
        (None, _) => Header::Absent,
        (Some(field), None) => Header::One(field.as_bytes()),
        (Some(_), Some(_)) => Header::Several,
    }
}
