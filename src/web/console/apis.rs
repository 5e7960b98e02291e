//! APIs and their scopes: defined, described, granted, checked.

mod check;
mod clients;
mod details;
mod head;
mod key;
mod list;
mod new;
mod scope;
mod scopes;
mod settings;
mod stop;

use axum::Router;

pub(super) use self::head::address;
use self::head::{ApiHead, Named, Tab};
use super::{
    Console,
    form::{Fields, Sheet},
    trouble::Trouble,
};
use crate::{
    admin::refusal::{FieldErrors, Refusal},
    app::AdminError,
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .merge(list::routes())
        .merge(new::routes())
        .merge(scopes::routes())
        .merge(scope::routes())
        .merge(details::routes())
        .merge(clients::routes())
        .merge(check::routes())
        .merge(settings::routes())
        .merge(key::routes())
        .merge(stop::routes())
}

/// What is wrong with what was filled in; what is in the way otherwise is told at `field`.
fn complaints(error: AdminError, field: &str) -> Result<FieldErrors, Trouble> {
    match error {
        AdminError::Refusal(Refusal::Invalid(errors)) => Ok(errors),
        AdminError::Refusal(Refusal::Conflict(what)) => Ok(FieldErrors::one(field, &what)),
        AdminError::Refusal(_)
        | AdminError::Replayed(_)
        | AdminError::KeyReused
        | AdminError::Unavailable(_) => Err(error.into()),
    }
}

/// A form that came back. What is missing is asked for in the words of `missing`.
fn sheet(fields: Fields, errors: &FieldErrors, missing: &[(&str, &str)]) -> Sheet {
    let empty = |field: &str| {
        let mut missing = missing.iter();
        let words = missing.find(|(name, _)| *name == field && !fields.has(name));
        words.map(|(_, words)| *words)
    };
    let told: Vec<(&str, &str)> = errors
        .iter()
        .map(|(field, message)| (field, empty(field).unwrap_or(message)))
        .collect();
    let mut sheet = Sheet::of(fields);
    for (field, message) in told {
        sheet.complain(field, message);
    }
    sheet
}
