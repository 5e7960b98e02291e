//! Settings: what holds for everything at once, and what is known of the server itself.

mod about;
mod backup;
mod general;
mod issuance;
mod policy;
mod proxies;
mod registration;
mod scanning;
mod security;
mod tokens;

use axum::{
    Router,
    body::Body,
    http::Response,
    routing::{get, post},
};

pub(super) use self::{
    about::{Health, bytes},
    backup::{Backups, LastBackup},
    issuance::HaltRow,
};
use super::{Console, visit::Visitor};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/settings", get(enter))
        .route("/settings/general", get(general::show).post(general::save))
        .route("/settings/tokens", get(tokens::show).post(tokens::save))
        .route(
            "/settings/security",
            get(security::show).post(security::save),
        )
        .route(
            "/settings/scanning",
            get(scanning::show).post(scanning::save),
        )
        .route(
            "/settings/issuance",
            get(issuance::show).post(issuance::halt),
        )
        .route("/settings/issuance/resume", post(issuance::resume))
        .route("/settings/proxies", get(proxies::show).post(proxies::save))
        .merge(registration::routes())
        .route("/settings/backup", get(backup::show).post(backup::download))
        .route("/settings/master-key", post(backup::keep_master_key))
        .route("/settings/rekey", post(backup::rekey))
        .route("/settings/about", get(about::show))
}

/// The pages of the settings.
const TABS: [(&str, &str); 9] = [
    ("general", "General"),
    ("tokens", "Tokens"),
    ("issuance", "Issuance"),
    ("security", "Security"),
    ("scanning", "Scanning"),
    ("proxies", "Proxies"),
    ("registration", "Registration"),
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
