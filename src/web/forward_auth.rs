//! `/forward-auth`: what proxies ask before they let a request through to an API.
//!
//! Answered with 200, 401 or 403 and an empty body (503 while the clock is behind): nginx's `auth_request` knows no
//! other status, and Envoy lets whatever has a body of its own take the place of the API's. Between question and answer there is no lock, no
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
    app::{App, Place},
    oauth::{
        forward_auth::{
            Allowed, Challenge, Denied, Grounds, Passed, Question, Rule, RuleError, Scheme, decide,
            parse_query, scheme_of,
        },
        metadata::path,
    },
    web::{
        layers::RequestId,
        oauth::endpoint::{DPOP, DPOP_NONCE, certificate, one},
    },
};

const CLIENT_ID: HeaderName = HeaderName::from_static("x-client-id");
/// The API never has to guess: it is there for every token, and takes the place of what a caller wrote.
const SUBJECT: HeaderName = HeaderName::from_static("x-subject");
const SCOPE: HeaderName = HeaderName::from_static("x-scope");
const AUDIENCE: HeaderName = HeaderName::from_static("x-audience");

/// The routes of policies, at the root and below the issuer's path.
pub fn router(app: App) -> Router {
    let below = format!("{}{}", app.issuer().path(), path::FORWARD_AUTH);
    let mut router = Router::new();
    let mut add = |path: &str| {
        router = std::mem::take(&mut router)
            .route(&format!("{path}/policy/{{name}}"), any(by_name))
            .route(&format!("{path}/policy/{{name}}/"), any(by_name))
            .route(&format!("{path}/policy/{{name}}/{{*path}}"), any(by_name));
    };
    add(path::FORWARD_AUTH);
    if below != path::FORWARD_AUTH {
        add(&below);
    }
    router.with_state(app)
}

/// Where the whole address is written into the proxy's configuration.
pub(super) fn respond(app: &App, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let rule = parse_query(parts.uri.query().unwrap_or_default());
    answer(app, &parts, &rule.map_err(Denied::from))
}

/// Where the rule is kept here, for Envoy, which appends path and query of the request. They are the caller's and
/// choose nothing.
async fn by_name(State(app): State<App>, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let rest = parts.uri.path().split_once("/policy/");
    let name = rest.map_or("", |(_, rest)| rest.split('/').next().unwrap_or(rest));
    let registry = app.registry();
    let rule = registry.policy().forward_policies.find(name).cloned();
    answer(&app, &parts, &rule.ok_or(RuleError::NoPolicy.into()))
}

fn answer(app: &App, parts: &Parts, rule: &Result<Rule, Denied>) -> Response<Body> {
    if app.clock_behind().is_some() {
        // What has expired would count again. A proxy that knows no such status lets nothing through either.
        return empty(StatusCode::SERVICE_UNAVAILABLE);
    }
    let address = original::address(parts);
    let question = Question {
        authorization: one(parts, &header::AUTHORIZATION),
        has_other_credentials: parts.headers.contains_key("x-forwarded-authorization"),
        dpop: one(parts, &DPOP),
        certificate: certificate(parts).map(|it| it.certificate.thumbprint()),
        method: original::method(parts),
        address: address.as_ref(),
    };
    let decided = match rule {
        Ok(rule) => ask(app, rule, &question),
        Err(denied) => Err(*denied),
    };
    match decided {
        Ok(Passed::Token(allowed)) => pass(app, *allowed),
        Ok(Passed::Preflight) => empty(StatusCode::OK),
        Err(denied) => {
            let about = (rule.as_ref().ok(), scheme_of(&question));
            refuse(app, parts, denied, about)
        }
    }
}

fn ask(app: &App, rule: &Rule, question: &Question<'_>) -> Result<Passed, Denied> {
    let registry = app.registry();
    let grounds = Grounds {
        profile: app.profile(),
        registry: &registry,
        issuer: app.issuer(),
        now: app.now(),
        verified: app.verified_tokens(),
        is_revoked: &|token| app.is_revoked(token),
        proofs: &app.proofs(Place::Use),
    };
    decide(rule, question, &grounds)
}

/// Lets a request through, and tells the API whose it is. A proxy puts these headers in the place of what the
/// caller wrote.
fn pass(app: &App, allowed: Allowed) -> Response<Body> {
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.reserve(HEADERS);
    for (name, value) in [
        (CLIENT_ID, allowed.client.as_str()),
        (SUBJECT, allowed.subject.as_str()),
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

/// How many headers come to those that are there, so that there is room for all.
const HEADERS: usize = 8;

fn refuse(
    app: &App,
    parts: &Parts,
    denied: Denied,
    (rule, scheme): (Option<&Rule>, Option<Scheme>),
) -> Response<Body> {
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
    let challenge = Challenge::of(denied, (rule, scheme), (app.issuer(), app.profile()));
    let status = if challenge.status == 401 {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::FORBIDDEN
    };
    let mut response = empty(status);
    if let Some(text) = challenge.text {
        let value = HeaderValue::from_str(&text).expect("a challenge is printable ASCII");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, value);
    }
    if challenge.needs_nonce {
        let nonce = app.proofs(Place::Use).present_nonce();
        let nonce = HeaderValue::from_str(&nonce).expect("a nonce is base64url");
        response.headers_mut().insert(DPOP_NONCE, nonce);
    }
    response
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    response
}
