//! The credentials of a client: its secrets, their rotation, and what became of the dead ones.
//!
//! [`scene`] is what all of these pages are made from; [`cards`] and [`moving`] are what they show
//! of a secret at rest and of a rotation; [`warning`] says who breaks before anything stops, and
//! [`mod@shown`] holds a form to what it said.
//! [`kinds`] and [`federate`] ask for what is no secret, here and where a client is made.
//! [`handover`] makes links by which developers take new secrets themselves.

mod cards;
mod dry_run;
pub(super) mod federate;
mod handover;
mod intended;
pub(super) mod kinds;
mod life;
mod moving;
mod note;
mod replace;
mod revoke;
mod rotate;
mod scene;
mod secret;
mod show;
mod shown;
mod signing;
mod steps;
mod users;
mod warning;

use axum::Router;

pub(super) use self::{
    cards::{described, shown},
    intended::Intended,
};

use super::Console;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .merge(show::routes())
        .merge(rotate::routes())
        .merge(replace::routes())
        .merge(federate::routes())
        .merge(dry_run::routes())
        .merge(handover::routes())
        .merge(steps::routes())
        .merge(secret::routes())
        .merge(note::routes())
        .merge(revoke::routes())
}
