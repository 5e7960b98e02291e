//! The tokens that an exchange is shown: the one that is exchanged, and the one that says who acts.
//!
//! The token of another issuer is what a client proves itself with (`oauth::assertion::federation`): its audience
//! is this server, and who has it is taken for that client. It is therefore taken where nothing else says who asks,
//! by the same rules, and makes a token of that client alone. No service may exchange it on the client's behalf:
//! whoever were handed such a token in order to do so could ask for everything that the client may have. Tokens
//! of other issuers that were made for an API of ours would be another matter; no trust speaks of those.

use std::{borrow::Cow, sync::Arc};

use super::{
    super::{
        Context,
        access_token::{VerifiedToken, believe},
        assertion::{self, Assertion, Kind},
        authenticate::AuthenticatedClient,
        confirmation::Confirmation,
        credentials::{Credentials, Unusable},
        introspection::counts,
        params::{Params, Presented},
        reason::Refused,
    },
    ACCESS_TOKEN, Act, ExchangeError, ID_TOKEN, JWT,
};
use crate::domain::{
    client::Client, id::ClientId, permission::ADMIN_API, registry::Registry, spiffe::trust_domain,
    time::Timestamp,
};

/// What is exchanged.
pub(in super::super) enum Subject {
    /// A token of this server.
    Ours(Arc<VerifiedToken>),
    /// What its platform gave to a client, which it proved itself with.
    Workload {
        /// Which client it proved.
        client: ClientId,
        /// Until when.
        expires: Timestamp,
    },
}

impl Subject {
    /// The token of this server, if it is one.
    pub(super) fn ours(&self) -> Option<&VerifiedToken> {
        match self {
            Self::Ours(token) => Some(token),
            Self::Workload { .. } => None,
        }
    }

    /// To whom it was given.
    pub(super) fn client(&self) -> &ClientId {
        match self {
            Self::Ours(token) => &token.client,
            Self::Workload { client, .. } => client,
        }
    }

    /// Until when it is good.
    pub(super) fn expires(&self) -> Timestamp {
        match self {
            Self::Ours(token) => token.expires,
            Self::Workload { expires, .. } => *expires,
        }
    }

    /// Whom it speaks for, who acts for them, and what it is bound to.
    pub(super) fn into_parts(self) -> (ClientId, Option<Act>, Option<Confirmation>) {
        match self {
            Self::Ours(token) => (
                token.subject.clone(),
                token.act.clone(),
                token.confirmation.clone(),
            ),
            Self::Workload { client, .. } => (client, None, None),
        }
    }
}

/// The assertion that the subject token is: a JWT of another issuer, where nothing else says who asks.
pub(in super::super) fn assertion<'p>(
    params: &'p Params<'_>,
    credentials: &Credentials<'_>,
    context: &Context<'_>,
) -> Option<Assertion<'p>> {
    let is_bare = matches!(
        credentials,
        Credentials::Unusable(Unusable::Absent | Unusable::IdAlone)
    );
    let is_jwt = matches!(params.subject_token_type.as_deref(), Some(JWT | ID_TOKEN));
    let text = params.subject_token.as_ref()?.reveal();
    let is_ours = match assertion::claimed(text, "iss") {
        Some(issuer) => issuer == context.issuer.as_str(),
        None => assertion::claimed(text, "sub").is_none_or(|id| trust_domain(&id).is_none()),
    };
    (is_bare && is_jwt && !is_ours).then(|| Assertion {
        kind: Kind::Jwt,
        text: Presented::new(Cow::Borrowed(text)),
        client_id: params.client_id.as_deref().map(Cow::Borrowed),
    })
}

/// Finds out which client the token of another issuer proves. It is held to all that an assertion is that
/// authenticates a client.
pub(in super::super) fn prove<'r>(
    registry: &'r Registry,
    assertion: &Assertion<'_>,
    context: &Context<'_>,
) -> Result<(AuthenticatedClient<'r>, Subject), Refused> {
    let (who, expires) = assertion::prove_workload(registry, assertion, context)?;
    let client = who.client.id.clone();
    Ok((who, Subject::Workload { client, expires }))
}

/// The token of this server that is exchanged, if it counts and `client` may exchange it.
pub(super) fn subject(
    registry: &Registry,
    client: &Client,
    params: &Params<'_>,
    context: &Context<'_>,
) -> Result<Subject, ExchangeError> {
    let token = params.subject_token.as_ref();
    let token = match params.subject_token_type.as_deref() {
        None => return Err(ExchangeError::NoSubject),
        Some(ACCESS_TOKEN | JWT) => ours(registry, token, context),
        Some(ID_TOKEN) => None,
        Some(_) => return Err(ExchangeError::SubjectType),
    };
    let token = token.ok_or(ExchangeError::Subject)?;
    let is_theirs = token.client == client.id || client.introspects.contains(&token.audience);
    if !is_theirs || token.audience.as_str() == ADMIN_API {
        return Err(ExchangeError::SubjectOfOthers);
    }
    Ok(Subject::Ours(token))
}

/// The token that says who acts, if one was sent. Who acts is the client that authenticates: it must be that
/// client's own, and in nobody else's name.
pub(super) fn actor(
    registry: &Registry,
    client: &Client,
    params: &Params<'_>,
    context: &Context<'_>,
) -> Result<Option<Arc<VerifiedToken>>, ExchangeError> {
    if params.actor_token.is_none() {
        return Ok(None);
    }
    let kind = params.actor_token_type.as_deref();
    if !matches!(kind, Some(ACCESS_TOKEN | JWT)) {
        return Err(ExchangeError::ActorType);
    }
    let token = ours(registry, params.actor_token.as_ref(), context);
    let is_own = |token: &Arc<VerifiedToken>| {
        token.client == client.id
            && token.subject == client.id
            && token.audience.as_str() != ADMIN_API
    };
    let token = token.filter(is_own).ok_or(ExchangeError::Actor)?;
    Ok(Some(token))
}

/// What `token` says, if it is one of this server that counts now.
fn ours(
    registry: &Registry,
    token: Option<&Presented<'_>>,
    context: &Context<'_>,
) -> Option<Arc<VerifiedToken>> {
    let token = token?.reveal();
    let believed = believe(registry, token, &context.expected()).ok();
    believed.filter(|token| counts(registry, token, context.is_revoked))
}

#[cfg(test)]
mod tests;
