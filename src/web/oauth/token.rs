//! `POST /oauth2/token`: from the head and body of a request to its answer (RFC 6749 §3.2).
//!
//! Nothing waits between the body and the answer, but for secrets that people chose: those are
//! verified away from the runtime once, and remembered.

mod head;

use axum::{
    Router,
    body::{self, Body},
    extract::{Request, State},
    http::{HeaderValue, Method, Response, StatusCode, header, request::Parts},
    routing::any,
};

use super::{error, forbid_storing, method_not_allowed, private_json};
use crate::{
    app::App,
    oauth::{
        self, Context, Issued, SlowHashes,
        credentials::Authorization,
        metadata::path,
        reason::{ErrorCode, Reason, Refused, SlowCheck},
    },
    web::{
        layers::{BodyTimedOut, RequestId},
        seen::seen,
    },
};

/// The longest body that is read.
pub const LONGEST_BODY: usize = 16 * 1024;

/// The endpoint's methods, for `Allow`.
const METHODS: &str = "POST, OPTIONS";

/// The route of the endpoint, at the root and below the issuer's path.
pub fn router(app: App) -> Router {
    let mut router = Router::new().route(path::TOKEN, any(token));
    let below = format!("{}{}", app.issuer().path(), path::TOKEN);
    if below != path::TOKEN {
        router = router.route(&below, any(token));
    }
    router.with_state(app)
}

async fn token(State(app): State<App>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        return other_method(&parts.method);
    }
    if let Err(fault) = head::check(&parts) {
        return fault.answer();
    }
    let bytes = match body::to_bytes(body, LONGEST_BODY).await {
        Ok(bytes) => bytes,
        Err(error) => return unreadable(&error),
    };
    answer(&app, &parts, &bytes).await
}

/// Answers a request whose head was found to be in order, with its whole body at hand.
pub async fn answer(app: &App, parts: &Parts, body: &[u8]) -> Response<Body> {
    let checks = match attempt(app, parts, (body, SlowHashes::Ask)) {
        Ok(response) => return response,
        Err(checks) => checks,
    };
    for SlowCheck {
        secret,
        hash,
        presented,
    } in checks
    {
        match app.verify_slowly(secret, hash, presented).await {
            Ok(true) => break,
            Ok(false) => {}
            Err(_overloaded) => return busy(),
        }
    }
    attempt(app, parts, (body, SlowHashes::Checked)).unwrap_or_else(|_| busy())
}

/// Answers, or says which secrets must be verified slowly first. Loads the registry once.
fn attempt(
    app: &App,
    parts: &Parts,
    (body, slow_hashes): (&[u8], SlowHashes),
) -> Result<Response<Body>, Vec<SlowCheck>> {
    let mut headers = parts.headers.get_all(header::AUTHORIZATION).iter();
    let request = oauth::Request {
        authorization: match (headers.next(), headers.next()) {
            (None, _) => Authorization::Absent,
            (Some(value), None) => Authorization::One(value.as_bytes()),
            (Some(_), Some(_)) => Authorization::Several,
        },
        body,
    };
    let context = Context {
        now: app.now(),
        issuer: app.issuer(),
        entropy: app.entropy(),
        remembers: &|secret, presented| app.remembers(secret, presented),
        slow_hashes,
    };
    match oauth::token(&app.registry(), &request, &context) {
        Ok(issued) => Ok(succeed(app, parts, issued)),
        Err(Refused {
            reason: Reason::NeedsSlowCheck(checks),
            ..
        }) => Err(checks),
        Err(refused) => Ok(refuse(app, parts, refused)),
    }
}

fn succeed(app: &App, parts: &Parts, issued: Issued) -> Response<Body> {
    let request = parts.extensions.get::<RequestId>();
    tracing::debug!(
        request.id = request.map(tracing::field::display),
        client.id = %issued.client,
        secret.id = %issued.secret,
        api = %issued.api,
        scope = %issued.scopes,
        "issued a token to {}", issued.client
    );
    let body = issued.to_json();
    app.observe(issued.observation(seen(app, parts)));
    private_json(StatusCode::OK, body)
}

fn refuse(app: &App, parts: &Parts, refused: Refused) -> Response<Body> {
    let client = refused.client.as_ref().map(tracing::field::display);
    let secret = refused.secret.as_ref().map(tracing::field::display);
    let request = parts.extensions.get::<RequestId>();
    tracing::info!(
        request.id = request.map(tracing::field::display),
        client.id = client,
        secret.id = secret,
        reason = %refused.reason,
        "refused a token: {}", refused.reason
    );
    let code = refused.reason.code();
    let status = StatusCode::from_u16(code.status()).expect("codes have statuses of HTTP");
    let mut response = error(status, code, refused.reason.description());
    if status == StatusCode::UNAUTHORIZED {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge(app));
    }
    app.observe(refused.observation(seen(app, parts)));
    response
}

/// How to authenticate (RFC 7617 §2). Every 401 says so (RFC 9110 §15.5.2).
fn challenge(app: &App) -> HeaderValue {
    let text = format!("Basic realm=\"{}\", charset=\"UTF-8\"", app.issuer());
    HeaderValue::from_str(&text).expect("an issuer is visible ASCII without quotes")
}

fn other_method(method: &Method) -> Response<Body> {
    if method == Method::OPTIONS {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(header::ALLOW, HeaderValue::from_static(METHODS));
        forbid_storing(headers);
        return response;
    }
    let mut response = method_not_allowed(METHODS);
    if method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

fn unreadable(error: &axum::Error) -> Response<Body> {
    use crate::web::layers::Refusal;
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<BodyTimedOut>() {
            return super::refuse(Refusal::BodyTimedOut);
        }
        if error.is::<http_body_util::LengthLimitError>() {
            return super::refuse(Refusal::BodyTooLarge);
        }
        cause = error.source();
    }
    super::refuse(Refusal::BodyBroken)
}

fn busy() -> Response<Body> {
    error(
        StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::TemporarilyUnavailable,
        "the server is busy; ask again",
    )
}
