//! Clients: the list of them, and the pages of each.

mod head;
mod overview;

use axum::Router;

use self::head::{ClientHead, Named, Tab};
use super::Console;

pub(super) fn routes() -> Router<Console> {
    Router::new().merge(overview::routes())
}
