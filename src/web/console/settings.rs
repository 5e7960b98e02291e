//! Settings: what holds for everything at once, and what is known of the server itself.

mod about;
mod backup;
mod scanning;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Response, header},
    routing::get,
};

pub(super) use self::{
    about::{Health, bytes},
    backup::LastBackup,
};
use super::{
    Console,
    page::{self, Frame, Here},
    visit::Visitor,
};
use crate::domain::time::{Lifetime, Span};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/settings", get(enter))
        .route("/settings/general", get(general))
        .route("/settings/tokens", get(tokens))
        .route("/settings/security", get(security))
        .route("/settings/scanning", get(scanning::show))
        .route("/settings/backup", get(backup::show).post(backup::download))
        .route("/settings/about", get(about::show))
}

/// The pages of the settings.
const TABS: [(&str, &str); 6] = [
    ("general", "General"),
    ("tokens", "Tokens"),
    ("security", "Security"),
    ("scanning", "Scanning"),
    ("backup", "Backup"),
    ("about", "About"),
];

/// Whether a page is the one that is shown.
fn is_here(path: &str, tab: &str) -> bool {
    path == tab
}

/// The first of them.
async fn enter(visitor: Visitor) -> Response<Body> {
    visitor.see("/settings/general")
}

#[derive(Template)]
#[template(path = "settings/general.html")]
struct GeneralPage {
    frame: Frame,
    tab: &'static str,
    issuer: String,
    metadata: String,
    /// By which name this page was reached.
    host: String,
    is_host_known: bool,
    is_https: bool,
}

async fn general(
    State(console): State<Console>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Response<Body> {
    let issuer = console.app.issuer();
    let host = headers.get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let expected = issuer.origin().split_once("://");
    page::ok(&GeneralPage {
        frame: visitor.frame(Here::Settings).await,
        tab: "general",
        issuer: issuer.to_string(),
        metadata: issuer.endpoint("/.well-known/oauth-authorization-server"),
        is_host_known: expected.is_some_and(|(_, expected)| expected == host),
        host: host.to_owned(),
        is_https: issuer.is_https(),
    })
}

#[derive(Template)]
#[template(path = "settings/tokens.html")]
struct TokensPage {
    frame: Frame,
    tab: &'static str,
    token_lifetime: String,
    longest_token_lifetime: String,
    undo: String,
}

async fn tokens(visitor: Visitor) -> Response<Body> {
    page::ok(&TokensPage {
        frame: visitor.frame(Here::Settings).await,
        tab: "tokens",
        token_lifetime: in_words(Lifetime::DEFAULT.span()),
        longest_token_lifetime: in_words(Lifetime::MAX.span()),
        undo: in_words(crate::domain::secret::UNDO),
    })
}

#[derive(Template)]
#[template(path = "settings/security.html")]
struct SecurityPage {
    frame: Frame,
    tab: &'static str,
    idle: String,
    absolute: String,
    confirmed: String,
    /// From where this request came, as the server sees it.
    address: String,
    cookie: &'static str,
}

async fn security(State(console): State<Console>, visitor: Visitor) -> Response<Body> {
    let rules = console.rules();
    page::ok(&SecurityPage {
        tab: "security",
        idle: in_words(rules.idle),
        absolute: in_words(rules.absolute),
        confirmed: in_words(rules.confirmed),
        address: visitor.visit.network().to_string(),
        cookie: super::cookie_name(console.app.issuer().is_https()),
        frame: visitor.frame(Here::Settings).await,
    })
}

/// `1 hour` rather than `60 minutes`.
fn in_words(span: Span) -> String {
    match span.seconds() {
        3600 => "1 hour".to_owned(),
        86_400 => "24 hours".to_owned(),
        _ => span.in_words(),
    }
}
