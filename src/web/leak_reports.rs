//! `POST /leak-reports`: whoever finds a secret in the open says so here, and it stops.
//!
//! To have the secret is proof enough, so nobody signs in. The answer is the same for a real secret,
//! an old one and nonsense, and it comes before anything is done: it tells nobody what was found.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Router,
    body::{self, Body},
    extract::{Request, State},
    http::{HeaderValue, Response, StatusCode, header},
    routing::post,
};
use zeroize::Zeroizing;

use crate::{
    admin::leaks::{Leak, ReportLeak, recognise},
    app::{App, LOCAL_ADDRESS, throttle::Quota},
    domain::{
        actor::Actor,
        id::{ClientId, SecretId},
        secret::PREFIX,
        time::Span,
    },
    web::layers::{ClientAddress, RequestId},
};

/// How many reports an address may send in a minute: enough for a scanner, too little to keep the server busy.
const MOST: u32 = 20;

/// Where reports are sent.
pub const PATH: &str = "/leak-reports";

/// The longest report that is read, in bytes; it is looked through from end to end, so that nothing
/// put before a secret hides it.
const LONGEST_BODY: usize = 4 * 1024;

/// How long a secret is that Jeton made.
const SECRET_LENGTH: usize = PREFIX.len() + 8 + 1 + 43 + 6;

#[derive(Clone)]
struct Desk {
    app: App,
    quota: Arc<Quota>,
}

/// The route, at the root and below the issuer's path.
pub fn router(app: App) -> Router {
    let below = format!("{}{PATH}", app.issuer().path());
    let mut router = Router::new().route(PATH, post(report));
    if below != PATH {
        router = router.route(&below, post(report));
    }
    router.with_state(Desk {
        app,
        quota: Arc::new(Quota::new(MOST, Span::minutes(1))),
    })
}

async fn report(State(desk): State<Desk>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let address = parts.extensions.get::<ClientAddress>();
    let address = address.map_or(LOCAL_ADDRESS, |address| address.0);
    if let Err(wait) = desk.quota.take(address, desk.app.now()) {
        let mut response = answer(StatusCode::TOO_MANY_REQUESTS);
        let wait = HeaderValue::from(wait.seconds());
        response.headers_mut().insert(header::RETRY_AFTER, wait);
        return response;
    }
    let Ok(bytes) = body::to_bytes(body, LONGEST_BODY).await else {
        return answer(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
    let request_id = parts.extensions.get::<RequestId>().map(RequestId::as_str);
    for found in recognised(&desk.app, &text) {
        let actor = reporter(address, request_id);
        let app = desk.app.clone();
        let work = async move { stop(&app, actor, found).await };
        desk.app.tasks().finish_later(work);
    }
    answer(StatusCode::ACCEPTED)
}

/// The secrets of this server in a text, whatever stands around them: a form, JSON, a line of a log.
fn recognised(app: &App, text: &str) -> Vec<(ClientId, SecretId)> {
    let registry = app.registry();
    let mut found = Vec::new();
    for (at, _) in text.match_indices(PREFIX) {
        let secret = text.get(at..at + SECRET_LENGTH);
        if let Some(leaked) = secret.and_then(|secret| recognise(&registry, secret))
            && !found.contains(&leaked)
        {
            found.push(leaked);
        }
    }
    found
}

fn reporter(address: IpAddr, request_id: Option<&str>) -> Actor {
    let mut actor = Actor::system("leak report");
    actor.address = Some(address);
    actor.request_id = request_id.map(Into::into);
    actor
}

async fn stop(app: &App, actor: Actor, (client, secret): (ClientId, SecretId)) {
    let command = ReportLeak {
        client: client.clone(),
        secret: secret.clone(),
    };
    let what = match app.execute(actor, command).await {
        Ok(Leak::Revoked) => "it is revoked",
        Ok(Leak::Flagged) => "it still works, as the policy says",
        Ok(Leak::Dead) => "it did not work any more",
        Err(error) => {
            tracing::error!(client.id = %client, secret.id = %secret, error = %error,
                "a reported secret could not be stopped: {error}");
            return;
        }
    };
    tracing::warn!(client.id = %client, secret.id = %secret,
        "secret {secret} of {client} was reported as leaked: {what}");
}

fn answer(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}
