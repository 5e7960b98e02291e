//! Clients: the list of them, and the pages of each.

mod access;
mod activity;
mod attention;
mod credentials;
mod handover;
mod head;
mod list;
mod new;
mod overview;
mod reveal;
mod settings;
mod snippets;
mod try_it;

use axum::Router;

pub(super) use self::attention::{Finding, Look, mark_path, told};
pub(super) use self::head::address;
use self::head::{ClientHead, Named, Tab, find};
use super::Console;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .merge(credentials::routes())
        .merge(handover::routes())
        .merge(list::routes())
        .merge(new::routes())
        .merge(overview::routes())
        .merge(reveal::routes())
        .merge(settings::routes())
        .merge(access::routes())
        .merge(activity::routes())
        .merge(attention::routes())
        .merge(try_it::routes())
}
