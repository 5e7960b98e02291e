//! `Idempotency-Key`: a POST that is sent twice is carried out once.

use axum::{
    body::Bytes,
    http::{HeaderName, request::Parts},
};

use super::problem::{Kind, Problem};
use crate::{
    admin::command::Command,
    app::{AdminError, App, Once, Terms},
    crypto::text::base64url,
    domain::{actor::Actor, audit::Object},
};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The key of a request and what stands for the request: a tag, not a hash, since a body may hold
/// a secret that somebody chose.
pub(super) fn once(parts: &Parts, body: &Bytes, app: &App) -> Result<Option<Once>, Problem> {
    let mut keys = parts.headers.get_all(KEY).iter();
    let Some(key) = keys.next() else {
        return Ok(None);
    };
    let visible = |key: &str| key.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    let key = key
        .to_str()
        .ok()
        .filter(|key| (1..=255).contains(&key.len()) && visible(key) && keys.next().is_none())
        .ok_or_else(|| {
            let detail = "an Idempotency-Key has 1 to 255 visible ASCII characters";
            Problem::new(Kind::Malformed, detail)
        })?;
    let target = parts
        .uri
        .path_and_query()
        .map_or("", |target| target.as_str());
    let head = format!("idempotency {} {target} {}\n", parts.method, body.len());
    let registry = app.registry();
    let tag = registry.pepper().digest_parts(&[head.as_bytes(), body]);
    Ok(Some(Once {
        key: key.to_owned(),
        request: base64url(tag),
    }))
}

/// What became of a command.
pub(super) enum Done<T> {
    /// It was carried out.
    Now(T),
    /// It had been before, on this.
    Before(Object),
}

impl<T> Done<T> {
    /// Whether it had been carried out before.
    pub(super) fn is_replay(&self) -> bool {
        matches!(self, Self::Before(_))
    }

    /// The same, with another outcome.
    pub(super) fn map<U>(self, outcome: impl FnOnce(T) -> U) -> Done<U> {
        match self {
            Self::Now(it) => Done::Now(outcome(it)),
            Self::Before(object) => Done::Before(object),
        }
    }
}

/// Has a command carried out, unless it was before.
pub(super) async fn run<C: Command>(
    app: &App,
    actor: Actor,
    terms: Terms,
    command: C,
) -> Result<Done<C::Outcome>, Problem> {
    match app.execute_on(actor, terms, command).await {
        Ok(outcome) => Ok(Done::Now(outcome)),
        Err(AdminError::Replayed(object)) => Ok(Done::Before(object)),
        Err(error) => Err(error.into()),
    }
}
