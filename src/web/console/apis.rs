//! APIs and their scopes: defined, described, granted, checked.
//!
//! What forms about an API have in common stands here: they are saved, or come back with what is wrong.

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

use std::{fmt::Display, sync::Arc};

use axum::{Router, body::Body, http::Response};

pub(super) use self::head::address;
use self::head::{ApiHead, Named, Tab};
use super::{
    Console,
    act::carry_out,
    form::{Fields, Form, Sheet},
    page::Flash,
    trouble::Trouble,
    visit::Visitor,
    words::segment,
};
use crate::{
    admin::{
        command::Command,
        refusal::{FieldErrors, Refusal},
    },
    app::{AdminError, Terms},
    domain::{api::Api, audit::Object, permission::Permission},
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

/// What a form about an API led to: the answer, or all that is wrong with it.
type Saved = Result<Response<Body>, FieldErrors>;

/// Has carried out what was read from a form, and says so on the page that lies at `path`. What is in the way
/// otherwise is told at `field`.
async fn save<C: Command>(
    (console, visitor): (&Console, &Visitor),
    (terms, read): (Terms, Result<C, FieldErrors>),
    (path, field): (&str, &str),
    said: impl FnOnce(Option<C::Outcome>) -> String,
) -> Result<Saved, Trouble> {
    let command = match read {
        Ok(command) => command,
        Err(errors) => return Ok(Err(errors)),
    };
    match carry_out((console, visitor), terms, command).await {
        Ok(outcome) => {
            let flash = Flash::done(said(outcome));
            visitor.done(path, flash).await.map(Ok)
        }
        Err(error) => complaints(error, field).map(Err),
    }
}

/// Does something to an API as its page showed it, and says so on the page that lies at `path`.
async fn act<C: Command>(
    (console, visitor): (&Console, &Visitor),
    (api, form): (&Api, &Form),
    command: C,
    (path, flash): (&str, Flash),
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteApis)?;
    let terms = form.terms(&console.app, Object::Api(api.identifier.clone()));
    carry_out((console, visitor), terms, command).await?;
    visitor.done(path, flash).await
}

/// What an address names below an API: one of its scopes, or of its types of authorization details.
struct Part<N> {
    api: Arc<Api>,
    name: N,
    /// The path of its page, below the console's.
    path: String,
}

impl<N: Display> Part<N> {
    /// That of this name, below `place`.
    fn new(api: Arc<Api>, place: &str, name: N) -> Self {
        let below = address(&api.identifier);
        Self {
            path: format!("{below}/{place}/{}", segment(&name.to_string())),
            api,
            name,
        }
    }

    /// On what terms a form about it is carried out.
    fn terms(&self, form: &Form, console: &Console) -> Terms {
        form.terms(&console.app, Object::Api(self.api.identifier.clone()))
    }
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
