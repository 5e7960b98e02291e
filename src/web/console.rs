//! The console, `/console`: where operators register clients, assign scopes and rotate secrets.
//!
//! Plain pages and forms: GET changes nothing, POST changes and sends the browser to the page that
//! shows it. Whoever asks comes through `attend`: it knows the visit, refuses forms of other
//! sites, and puts what went wrong into a page. Who may do what is decided by the commands.

mod account;
mod act;
mod apis;
mod assets;
mod audit;
mod blocks;
mod chart;
mod clients;
mod confirm;
mod dashboard;
mod form;
mod inspector;
mod invitation;
mod keys;
mod marked;
mod operators;
mod other;
mod page;
mod pipe;
mod qr;
mod reveal;
mod review;
mod set_up;
mod settings;
mod sign_in;
mod trail;
mod trouble;
mod visit;
mod words;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Method, Response, header},
    middleware::{self, Next},
    routing::get,
};
use tower_sessions::{Session, SessionManagerLayer, cookie::SameSite};

use self::{
    page::{Frame, Here},
    reveal::Reveals,
    trouble::Trouble,
    visit::{Keeper, Visit, is_same_origin},
};
use crate::{app::App, domain::time::Span, web::layers};

/// Where the console lies.
pub const ROOT: &str = "/console";

/// What the console's pages have at hand.
#[derive(Clone)]
struct Console {
    app: App,
    reveals: Arc<Reveals>,
    checks: Arc<audit::Checks>,
    exports: Arc<audit::Exports>,
    backups: settings::Backups,
}

/// How long sessions last.
struct Rules {
    /// Without use.
    idle: Span,
    /// In all.
    absolute: Span,
    /// Until an operator must prove again that it is them, before something dangerous.
    confirmed: Span,
}

impl Console {
    /// As the policy has them now.
    fn rules(&self) -> Rules {
        let registry = self.app.registry();
        let policy = registry.policy();
        Rules {
            idle: policy.session_idle,
            absolute: policy.session_longest,
            confirmed: policy.reauthenticate_after,
        }
    }
}

/// The routes of the console, at the root and below the issuer's path.
pub fn router(app: App) -> Router {
    let below = app.issuer().path().to_owned();
    let console = Console {
        app,
        reveals: Arc::default(),
        checks: Arc::default(),
        exports: Arc::default(),
        backups: settings::Backups::default(),
    };
    let sessions = sessions(&console);
    let pages = routes()
        .fallback(async || Trouble::nowhere())
        .method_not_allowed_fallback(async || Trouble::nowhere())
        .layer(middleware::from_fn_with_state(console.clone(), attend))
        .layer(sessions)
        .layer(middleware::from_fn(dress))
        .with_state(console);
    let to_console = get(async || page::see(ROOT));
    let at_root = Router::new()
        .route("/", to_console.clone())
        .route(&format!("{ROOT}/"), to_console)
        .nest(ROOT, pages.clone());
    if below.is_empty() {
        at_root
    } else {
        at_root.nest(&format!("{below}{ROOT}"), pages)
    }
}

/// One list of all pages.
fn routes() -> Router<Console> {
    Router::new()
        .route("/assets/{name}", get(assets::show))
        .merge(account::routes())
        .merge(audit::routes())
        .merge(clients::routes())
        .merge(apis::routes())
        .merge(dashboard::routes())
        .merge(invitation::routes())
        .merge(keys::routes())
        .merge(operators::routes())
        .merge(set_up::routes())
        .merge(settings::routes())
        .merge(inspector::routes())
        .merge(sign_in::routes())
}

/// Sessions by a cookie that no other host, no script and no plain connection can get at, where the
/// console is reached by HTTPS.
fn sessions(console: &Console) -> SessionManagerLayer<Keeper> {
    let is_https = console.app.console_url().is_https();
    SessionManagerLayer::new(Keeper(console.clone()))
        .with_name(cookie_name(is_https))
        .with_secure(is_https)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
}

/// The session cookie's name (RFC 6265bis §4.1.3.2).
const fn cookie_name(is_https: bool) -> &'static str {
    if is_https { "__Host-jeton" } else { "jeton" }
}

/// Knows who visits, refuses forms of other sites, and puts what went wrong into a page.
async fn attend(
    State(console): State<Console>,
    session: Session,
    request: Request,
    next: Next,
) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    let visit = match Visit::enter(&console, session.clone(), &parts).await {
        Ok(visit) => visit,
        Err(trouble) => return trouble.render(Frame::at(page::sent_to(&parts).path())),
    };
    let frame = visit.plain_frame(Here::Outside);
    let is_ours = parts.method.is_safe()
        || is_same_origin(&parts.headers, console.app.console_url().origin());
    if !is_ours {
        return Trouble::cross_site().render(frame);
    }
    let is_head = parts.method == Method::HEAD;
    parts.extensions.insert(visit.clone());
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Some(trouble) = response.extensions_mut().remove::<Trouble>() {
        response = trouble.render(frame);
    }
    if !response.status().is_server_error()
        && let Err(trouble) = visit.settle().await
    {
        response = trouble.render(visit.plain_frame(Here::Outside));
        response.extensions_mut().insert(Overtaken);
    }
    if is_head {
        *response.body_mut() = Body::empty();
    }
    response
}

/// Marks an answer whose session was ended or renewed by another request: the cookie that the
/// browser has by now is newer than any that could be sent along.
#[derive(Clone)]
struct Overtaken;

/// Headers of every page.
async fn dress(request: Request, next: Next) -> Response<Body> {
    let mut response = next.run(request).await;
    let is_overtaken = response.extensions_mut().remove::<Overtaken>().is_some();
    let headers = response.headers_mut();
    if is_overtaken {
        headers.remove(header::SET_COOKIE);
    }
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

const HEADERS: [(&str, &str); 5] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types frag",
    ),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), clipboard-write=(self)",
    ),
];

/// The whole address of a page, for people who are not on the console: a link to send.
pub fn link(app: &App, path: &str) -> String {
    app.console_url().endpoint(&format!("{ROOT}{path}"))
}

/// Whether `path` belongs to the console, so that a refusal of its requests speaks like it.
pub fn speaks_for(path: &str) -> bool {
    path.contains(ROOT)
}

/// A refusal that no route made, as a page.
pub fn refuse(refusal: layers::Refusal, path: &str) -> Response<Body> {
    let mut response = Trouble::refused(refusal).render(Frame::at(path));
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
