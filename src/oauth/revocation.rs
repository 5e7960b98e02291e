//! Which token a request asks to stop, if any (RFC 7009).

use super::{
    Context, Request, UsesAssertion,
    access_token::believe,
    by_token,
    reason::{Reason, Refused},
};
use crate::domain::{
    assertion::UsedAssertion,
    id::{ClientId, SecretId},
    registry::Registry,
    revocation::Revocation,
    usage::{Observation, Outcome, Seen},
};

/// What a request asks for, and who asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Revoking {
    /// Who.
    pub client: ClientId,
    /// On the strength of which secret.
    pub secret: SecretId,
    /// The token to stop; nothing if what was sent is no token that counts, which is no error
    /// (RFC 7009 §2.2).
    pub revocation: Option<Revocation>,
    /// The assertion of who asks, if that counts once only.
    pub used: Option<UsedAssertion>,
}

impl UsesAssertion for Revoking {
    fn used(&mut self) -> Option<UsedAssertion> {
        self.used.take()
    }
}

impl Revoking {
    /// What is counted of it.
    pub fn observation(self, seen: Seen) -> Observation {
        Observation::Answered {
            client: self.client,
            secret: self.secret,
            outcome: Outcome::TokenRevoked,
            seen,
        }
    }
}

/// Decides a revocation request (RFC 7009 §2): a client stops its own tokens, and nobody else's. What
/// is signed by nobody here stops nothing, whatever `jti` it has.
pub fn revoke(
    registry: &Registry,
    request: &Request<'_>,
    context: &Context<'_>,
) -> Result<Revoking, Refused> {
    let (who, token) = by_token(registry, request, context)?;
    let token = believe(registry, token.reveal(), &context.expected()).ok();
    if let Some(token) = &token
        && token.client != who.client.id
    {
        return Err(super::refused(Reason::TokenOfAnother, &who));
    }
    Ok(Revoking {
        client: who.client.id.clone(),
        secret: who.secret.id.clone(),
        revocation: token.map(|token| Revocation {
            token: token.id.clone(),
            expires: token.expires,
        }),
        used: who.used,
    })
}
