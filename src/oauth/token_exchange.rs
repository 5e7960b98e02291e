//! Token exchange (RFC 8693): a service that was called with a token of ours gets one in its own name, on behalf
//! of whom the first one speaks for; or a client makes its own token smaller; or a workload shows what its platform
//! gave it, and gets a token of the client that it is.
//!
//! Off for each client until an operator turns it on. The new token never outlives the old one, never opens more
//! than the client itself was granted, nor more than the old one opened on the same API, and is bound if the old
//! one was. Tokens for the API by which this server is managed are neither taken nor given.
//!
//! Who acts is the client that authenticates. An `actor_token` (§2.1) may say so too, and nothing else: it is one of
//! the client's own, and the new token neither outlives it nor is bound to anything else. `may_act` (§4.4) is in no
//! token of this server, and is not asked for: which client may exchange whose tokens, operators say by making it the
//! resource server of the API that those are for.

mod shown;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Context,
    access_token::VerifiedToken,
    authorization_details::{self, DetailsError},
    client_credentials::{Grant, named_api, pick},
    confirmation::Confirmation,
    params::Params,
    reason::Reason,
};
use crate::domain::{
    api::Api, client::Client, id::ClientId, registry::Registry, scope::ScopeSet, usage::Asked,
};

pub(super) use self::shown::{Subject, assertion, prove};

/// The value of `grant_type`.
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// The kind of token that is given, and taken (RFC 8693 §3).
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A JWT: one of ours may be called so, and one of another issuer is.
pub const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// An ID token (OpenID Connect Core §2): what some platforms call the JWTs that they give to workloads.
pub const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";

/// How many may have acted before and with the client.
pub const DEEPEST: usize = 4;

/// Who acts, and on whose behalf it does so (RFC 8693 §4.1).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Act {
    /// The client that acts.
    pub sub: ClientId,
    /// Who acted before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Act>>,
}

/// On whose behalf a token is.
#[derive(Clone, Debug, PartialEq)]
pub struct OnBehalf {
    /// Whom it speaks for.
    pub subject: ClientId,
    /// Who acts, if it is not the subject itself.
    pub act: Option<Act>,
    /// What the token was bound to that it was exchanged for.
    bound: Option<Confirmation>,
    /// Whether the client held that token itself.
    is_own: bool,
    /// What the client's own token was bound to that says who acts.
    actor: Option<Confirmation>,
}

impl Act {
    fn depth(&self) -> usize {
        1 + self.act.as_deref().map_or(0, Self::depth)
    }
}

/// What can be told of a request before anybody authenticates: that all that belongs to it is there.
pub(super) fn check_form(params: &Params<'_>) -> Result<(), Reason> {
    if params.subject_token.is_none() || params.subject_token_type.is_none() {
        return Err(Reason::Exchange(ExchangeError::NoSubject));
    }
    match (&params.actor_token, &params.actor_token_type) {
        (None, None) | (Some(_), Some(_)) => Ok(()),
        (Some(_), None) | (None, Some(_)) => Err(Reason::Exchange(ExchangeError::ActorIncomplete)),
    }
}

/// Decides what `client` gets for the token that it shows: for `proven`, if it proved itself with that.
pub(super) fn grant<'r>(
    registry: &'r Registry,
    (client, proven): (&'r Client, Option<Subject>),
    params: &Params<'_>,
    context: &Context<'_>,
) -> Result<Grant<'r>, Reason> {
    if !client.rules.token_exchange {
        return Err(Reason::ExchangeNotAllowed);
    }
    let wanted = params.requested_token_type.as_deref();
    if wanted.is_some_and(|wanted| wanted != ACCESS_TOKEN) {
        return Err(Reason::Exchange(ExchangeError::RequestedType));
    }
    let subject = proven.map_or_else(|| shown::subject(registry, client, params, context), Ok);
    let subject = subject.map_err(Reason::Exchange)?;
    let actor = shown::actor(registry, client, params, context).map_err(Reason::Exchange)?;
    let is_own = *subject.client() == client.id;
    let before = subject.ours();
    let named = match named_api(params)? {
        None if is_own => before.map(|token| token.audience.as_str()),
        named => named,
    };
    let is_named = params.scope.is_some();
    let (api, scopes) = pick(registry, client, (named, params.scope.as_deref()))?;
    if api.is_admin() {
        return Err(Reason::TargetNotGranted(api.identifier.clone()));
    }
    let same = before.filter(|token| token.audience == api.identifier);
    let scopes = match same {
        Some(token) => within(token, scopes, is_named)?,
        None => scopes,
    };
    let asked = if is_named {
        Asked::ByName
    } else {
        Asked::ByDefault
    };
    let details = details(api, client, params, same);
    let until = actor.iter().map(|token| token.expires);
    let until = until.fold(subject.expires(), Ord::min);
    let lifetime = client.token_lifetime_for(api).span();
    Ok(Grant {
        api,
        scopes,
        details: details.map_err(Reason::Details)?,
        asked,
        lifetime: lifetime.min(until.since(context.now)),
        confirmation: None,
        claims: &client.rules.claims,
        on_behalf: Some(on_behalf(client, subject, actor)?),
    })
}

/// The scopes that `subject` opens on the API that both are for; those that are named must be among them.
fn within(subject: &VerifiedToken, scopes: ScopeSet, is_named: bool) -> Result<ScopeSet, Reason> {
    let more = scopes.without(&subject.scopes);
    match more.iter().next() {
        None => Ok(scopes),
        Some(scope) if is_named => Err(Reason::ScopeNotGranted(scope.clone())),
        Some(_) => {
            let both = scopes.without(&more);
            if both.is_empty() {
                return Err(Reason::NothingGranted);
            }
            Ok(both)
        }
    }
}

/// What is asked for in detail. On the API of `subject` it is among what that allows; all of that, if nothing is
/// asked for: an API may take details for limits, and without them there would be none.
fn details(
    api: &Api,
    client: &Client,
    params: &Params<'_>,
    subject: Option<&VerifiedToken>,
) -> Result<Option<String>, DetailsError> {
    let before = subject.and_then(|subject| subject.details.as_ref());
    let Some(text) = params.authorization_details.as_deref() else {
        let kept =
            before.map(|before| authorization_details::grant(api, client, &before.to_string()));
        return kept.transpose();
    };
    let granted = authorization_details::grant(api, client, text)?;
    if subject.is_some() && !are_among(&granted, before) {
        return Err(DetailsError::BeyondSubject);
    }
    Ok(Some(granted))
}

fn are_among(granted: &str, before: Option<&Value>) -> bool {
    let before = before.and_then(Value::as_array);
    let granted: Result<Vec<Value>, _> = serde_json::from_str(granted);
    let (Some(before), Ok(granted)) = (before, granted) else {
        return false;
    };
    granted.iter().all(|it| before.contains(it))
}

fn on_behalf(
    client: &Client,
    subject: Subject,
    actor: Option<Arc<VerifiedToken>>,
) -> Result<OnBehalf, Reason> {
    let is_own = *subject.client() == client.id;
    let (subject, before, bound) = subject.into_parts();
    let act = if is_own {
        before
    } else {
        Some(Act {
            sub: client.id.clone(),
            act: before.map(Box::new),
        })
    };
    if act.as_ref().is_some_and(|act| act.depth() > DEEPEST) {
        return Err(Reason::Exchange(ExchangeError::TooManyActors));
    }
    Ok(OnBehalf {
        subject,
        act,
        bound,
        is_own,
        actor: actor.and_then(|token| token.confirmation.clone()),
    })
}

impl OnBehalf {
    /// That what the new token is bound to is as strong as what the old one was: to something, and to the same
    /// if the client held that one itself. It held the one that says who acts.
    pub(super) fn check_binding(&self, new: Option<&Confirmation>) -> Result<(), Reason> {
        let is_kept = match (&self.bound, new) {
            (None, _) => true,
            (Some(old), Some(new)) => !self.is_own || old == new,
            (Some(_), None) => false,
        };
        if is_kept && (self.actor.is_none() || self.actor.as_ref() == new) {
            Ok(())
        } else {
            Err(Reason::Exchange(ExchangeError::Binding))
        }
    }
}

/// Why a token is not exchanged. For logs and tests; the caller is told [`ExchangeError::description`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ExchangeError {
    /// `subject_token` or its type is missing.
    #[error("subject_token or subject_token_type is missing")]
    NoSubject,
    /// One of `actor_token` and its type alone.
    #[error("actor_token and actor_token_type belong together")]
    ActorIncomplete,
    /// Who acts is who authenticates, and the token that is to say so does not.
    #[error("the actor token is none of the client's own that counts")]
    Actor,
    /// Another kind of token is shown for who acts.
    #[error("the actor_token_type is not that of an access token")]
    ActorType,
    /// Another kind of token is wanted.
    #[error("the requested_token_type is not that of an access token")]
    RequestedType,
    /// Another kind of token is shown.
    #[error("the subject_token_type is neither that of an access token nor that of a JWT")]
    SubjectType,
    /// It is no token of this server that counts now.
    #[error("the subject token is none of ours that counts")]
    Subject,
    /// It counts, but not for who shows it.
    #[error("the subject token is neither the client's own nor for an API that it looks after")]
    SubjectOfOthers,
    /// More would have acted than [`DEEPEST`].
    #[error("more than {DEEPEST} clients would have acted")]
    TooManyActors,
    /// The old token is bound, and the new one would not be, or to something else.
    #[error("a token that was shown is bound, and the new one could not be bound as it should")]
    Binding,
}

impl ExchangeError {
    /// What the caller is told. Why a token does not count is not (TX-03).
    pub const fn description(self) -> &'static str {
        match self {
            Self::NoSubject => "subject_token and subject_token_type are needed",
            Self::ActorIncomplete => "actor_token needs actor_token_type beside it",
            Self::Actor => {
                "the actor is the client that authenticates, and the actor_token is not valid, or not its own"
            }
            Self::ActorType => "the only actor_token_type is that of an access token",
            Self::RequestedType => "the only requested_token_type is that of an access token",
            Self::SubjectType => {
                "subject_token_type is that of an access token, of a JWT, or of an ID token"
            }
            Self::Subject | Self::SubjectOfOthers => {
                "the subject token is not valid, or not this client's to exchange"
            }
            Self::TooManyActors => "the subject token was exchanged too often",
            Self::Binding => {
                "a token that was shown is bound: send a DPoP proof, or connect with a certificate; with the same key if \
                 the token is the client's own"
            }
        }
    }
}

#[cfg(test)]
mod tests;
