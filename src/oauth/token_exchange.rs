//! Token exchange (RFC 8693): a service that was called with a token of ours gets one in its own name, on behalf
//! of whom the first one speaks for; or a client makes its own token smaller.
//!
//! Off for each client until an operator turns it on. The new token never outlives the old one, never opens more
//! than the client itself was granted, nor more than the old one opened on the same API, and is bound if the old
//! one was. Tokens for the API by which this server is managed are neither taken nor given.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Context,
    access_token::{VerifiedToken, believe},
    authorization_details::{self, DetailsError},
    client_credentials::{Grant, named_api, pick},
    confirmation::Confirmation,
    introspection::counts,
    params::Params,
    reason::Reason,
};
use crate::domain::{
    api::Api, client::Client, id::ClientId, permission::ADMIN_API, registry::Registry,
    scope::ScopeSet, usage::Asked,
};

/// The value of `grant_type`.
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// The kind of token that is given, and taken (RFC 8693 §3).
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// What a token may be called beside: one of ours that is a JWT.
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

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
        (None, None) => Ok(()),
        (Some(_), Some(_)) => Err(Reason::Exchange(ExchangeError::Actor)),
        (Some(_), None) | (None, Some(_)) => Err(Reason::Exchange(ExchangeError::ActorIncomplete)),
    }
}

/// Decides what `client` gets for the token that it shows.
pub(super) fn grant<'r>(
    registry: &'r Registry,
    client: &'r Client,
    params: &Params<'_>,
    context: &Context<'_>,
) -> Result<Grant<'r>, Reason> {
    if !client.rules.token_exchange {
        return Err(Reason::ExchangeNotAllowed);
    }
    let subject = subject_of(registry, client, params, context).map_err(Reason::Exchange)?;
    let is_own = subject.client == client.id;
    let named = match named_api(params)? {
        None if is_own => Some(subject.audience.as_str()),
        named => named,
    };
    let is_named = params.scope.is_some();
    let (api, scopes) = pick(registry, client, (named, params.scope.as_deref()))?;
    if api.is_admin() {
        return Err(Reason::TargetNotGranted(api.identifier.clone()));
    }
    let is_same = api.identifier == subject.audience;
    let scopes = if is_same {
        within(&subject, scopes, is_named)?
    } else {
        scopes
    };
    let asked = if is_named {
        Asked::ByName
    } else {
        Asked::ByDefault
    };
    let details = details(api, client, params, is_same.then_some(&subject));
    let left = subject.expires.since(context.now);
    let lifetime = client.token_lifetime_for(api).span().min(left);
    Ok(Grant {
        api,
        scopes,
        details: details.map_err(Reason::Details)?,
        asked,
        lifetime,
        confirmation: None,
        claims: &client.rules.claims,
        on_behalf: Some(on_behalf(client, subject, is_own)?),
    })
}

/// The token that is exchanged, if it counts and this client may exchange it.
fn subject_of(
    registry: &Registry,
    client: &Client,
    params: &Params<'_>,
    context: &Context<'_>,
) -> Result<VerifiedToken, ExchangeError> {
    let wanted = params.requested_token_type.as_deref();
    if wanted.is_some_and(|wanted| wanted != ACCESS_TOKEN) {
        return Err(ExchangeError::RequestedType);
    }
    let kind = params.subject_token_type.as_deref();
    if !matches!(kind, Some(ACCESS_TOKEN | JWT)) {
        return Err(ExchangeError::SubjectType);
    }
    let token = params.subject_token.as_ref();
    let token = token.ok_or(ExchangeError::NoSubject)?.reveal();
    let believed = believe(registry, token, (context.issuer, context.now)).ok();
    let token = believed.filter(|token| counts(registry, token, context.is_revoked));
    let token = token.ok_or(ExchangeError::Subject)?;
    let is_theirs = token.client == client.id || client.introspects.contains(&token.audience);
    if !is_theirs || token.audience.as_str() == ADMIN_API {
        return Err(ExchangeError::SubjectOfOthers);
    }
    Ok(token)
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

fn on_behalf(client: &Client, subject: VerifiedToken, is_own: bool) -> Result<OnBehalf, Reason> {
    let act = if is_own {
        subject.act
    } else {
        Some(Act {
            sub: client.id.clone(),
            act: subject.act.map(Box::new),
        })
    };
    if act.as_ref().is_some_and(|act| act.depth() > DEEPEST) {
        return Err(Reason::Exchange(ExchangeError::TooManyActors));
    }
    Ok(OnBehalf {
        subject: subject.subject,
        act,
        bound: subject.confirmation,
        is_own,
    })
}

impl OnBehalf {
    /// That what the new token is bound to is as strong as what the old one was: to something, and to the same
    /// if the client held that one itself.
    pub(super) fn check_binding(&self, new: Option<&Confirmation>) -> Result<(), Reason> {
        let is_kept = match (&self.bound, new) {
            (None, _) => true,
            (Some(old), Some(new)) => !self.is_own || old == new,
            (Some(_), None) => false,
        };
        if is_kept {
            Ok(())
        } else {
            Err(Reason::Exchange(ExchangeError::Binding))
        }
    }
}

/// Whether any client that gets tokens may exchange some.
pub(super) fn is_offered(registry: &Registry) -> bool {
    let mut clients = registry.clients();
    clients.any(|client| client.rules.token_exchange && client.is_active())
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
    /// Who acts is who authenticates.
    #[error("an actor_token was sent; who acts is the client that authenticates")]
    Actor,
    /// Another kind of token is wanted.
    #[error("the requested_token_type is not that of an access token")]
    RequestedType,
    /// Another kind of token is shown.
    #[error("the subject_token_type is not that of an access token")]
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
    #[error("the subject token is bound, and nothing came that the new one could be bound to")]
    Binding,
}

impl ExchangeError {
    /// What the caller is told. Why a token does not count is not (TX-03).
    pub const fn description(self) -> &'static str {
        match self {
            Self::NoSubject => "subject_token and subject_token_type are needed",
            Self::ActorIncomplete => "actor_token needs actor_token_type beside it",
            Self::Actor => "no actor_token is taken: the client that authenticates is the actor",
            Self::RequestedType => "the only requested_token_type is that of an access token",
            Self::SubjectType => "the only subject_token_type is that of an access token",
            Self::Subject | Self::SubjectOfOthers => {
                "the subject token is not valid, or not this client's to exchange"
            }
            Self::TooManyActors => "the subject token was exchanged too often",
            Self::Binding => {
                "the subject token is bound: send a DPoP proof, or connect with a certificate; with the same key if \
                 the token is the client's own"
            }
        }
    }
}

#[cfg(test)]
mod tests;
