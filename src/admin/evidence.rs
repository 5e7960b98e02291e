//! What the record of usage says, in numbers and sentences for people: charts, refusals, how long
//! to keep an old secret, which scopes nobody asks for, what needs attention.
//!
//! Pure functions of the registry, the usage and the moment. Nothing here decides a request.

mod aftermath;
pub mod attention;
pub mod carried;
pub mod directory;
pub mod horizon;
pub mod keys;
mod moves;
pub mod outside;
mod overlap;
pub mod overview;
mod refusals;
pub mod scopes;
mod series;
pub mod server;
pub mod words;

pub use self::{
    aftermath::Aftermath,
    moves::{Moves, Recent},
    overlap::{Choice, Habit, Recommendation},
    refusals::{Refusals, RefusedAddress, RefusedOutcome},
    series::{Point, Series, Step},
};
use crate::domain::{
    id::{ClientId, SecretId},
    usage::Subject,
};

/// Whose usage is looked at.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'a> {
    /// Everybody's, that of unknown clients included.
    Everybody,
    /// One client's, with whatever secret.
    Client(&'a ClientId),
    /// That of one secret.
    Secret(&'a SecretId),
}

impl Whose<'_> {
    /// Whether `subject` is meant.
    pub fn is(self, subject: &Subject) -> bool {
        match self {
            Self::Everybody => true,
            Self::Client(client) => subject.client.as_ref() == Some(client),
            Self::Secret(secret) => subject.secret.as_ref() == Some(secret),
        }
    }
}

#[cfg(test)]
mod tests;
