//! Whether a request that a proxy asks about may go on to an API (RFC 6750 §2.1, §3; RFC 9449 §7; RFC 8705 §3).
//!
//! What is needed stands in the proxy's configuration or is kept on this server, never in what the caller of the
//! API writes. Whatever is odd about it lets nothing through.

mod challenge;
mod rule;

pub use self::{
    challenge::Challenge,
    rule::{RuleError, parse_query},
};
use super::{
    access_token::{Expected, TokenError, VerifiedToken, VerifiedTokens, verify},
    confirmation::Confirmation,
    credentials::Header,
    dpop::{Address, Expected as ExpectedProof, Proof, ProofError, Proofs},
    introspection::{IsRevoked, counts},
};
pub use crate::domain::forward::ForwardRule as Rule;
use crate::domain::{
    id::{ApiIdentifier, ClientId},
    issuer::Issuer,
    profile::Profile,
    registry::Registry,
    scope::ScopeSet,
    time::Timestamp,
    usage::Observation,
};

/// A request to an API, as a proxy tells of it.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// Its `Authorization` header.
    pub authorization: Header<'a>,
    /// Whether it brings credentials in another place besides, one that nobody checks.
    pub has_other_credentials: bool,
    /// Its `DPoP` header.
    pub dpop: Header<'a>,
    /// The thumbprint of the certificate that its caller proved to have, as a declared proxy tells.
    pub certificate: Option<&'a str>,
    /// Its method, if a declared proxy tells.
    pub method: Option<&'a str>,
    /// Its address, as its caller knows it, if a declared proxy tells.
    pub address: Option<&'a Address>,
}

/// What an answer rests on, beside the question.
#[derive(Clone, Copy)]
pub struct Grounds<'a> {
    /// Everything the server knows.
    pub registry: &'a Registry,
    /// Who issued.
    pub issuer: &'a Issuer,
    /// How strict it is.
    pub profile: Profile,
    /// The moment.
    pub now: Timestamp,
    /// Where tokens may have been found signed before.
    pub verified: &'a dyn VerifiedTokens,
    /// Which tokens were revoked.
    pub is_revoked: IsRevoked<'a>,
    /// What keeps proofs from being used twice.
    pub proofs: &'a dyn Proofs,
}

/// That a request may go on.
#[derive(Clone, Debug, PartialEq)]
pub enum Passed {
    /// On the strength of a token.
    Token(Box<Allowed>),
    /// It asks which requests a browser may make (CORS), which needs no token.
    Preflight,
}

/// What the API is told of a token that let a request through.
#[derive(Clone, Debug, PartialEq)]
pub struct Allowed {
    /// Whose token it is: who acts.
    pub client: ClientId,
    /// On whose behalf: its own, if the token was not exchanged for another's (RFC 8693).
    pub subject: ClientId,
    /// All that it allows.
    pub scopes: ScopeSet,
    /// Which API it is for.
    pub audience: ApiIdentifier,
    /// Which of its scopes the request needed.
    pub needed: ScopeSet,
}

impl Allowed {
    /// What is counted of it: that these scopes were really exercised.
    pub fn observation(self, at: Timestamp) -> Observation {
        Observation::Exercised {
            client: self.client,
            api: self.audience,
            scopes: self.needed,
            at,
        }
    }
}

/// Why a request may not go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Denied {
    /// Nobody said properly what is needed.
    #[error("the proxy asks in a wrong way: {0}")]
    Rule(#[from] RuleError),
    /// It brings no token (RFC 6750 §3: no error code).
    #[error("no token")]
    NoToken,
    /// It brings credentials in a way that nobody can be sure of.
    #[error("the credentials are malformed, or there are several")]
    Malformed,
    /// Its token is none that counts.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Its token was revoked, or its client or API is not active.
    #[error("the token was revoked, or its client or API is disabled")]
    Gone,
    /// Its token is bound, and it was not proven that the caller is whom it is bound to; or the caller proves
    /// what the token does not ask for.
    #[error("the token is bound to something else than what was proven")]
    Unbound,
    /// Its token is bound to a key, and its proof of having that does not count.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// Its token lacks a scope.
    #[error("the token lacks a scope")]
    Scope,
}

/// The scheme of an `Authorization` header that carries a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scheme {
    /// Whoever has the token may use it (RFC 6750).
    Bearer,
    /// Only who has the key may (RFC 9449).
    Dpop,
}

/// Answers a proxy: may this request go on to the API that `rule` is about?
///
/// # Errors
/// It may not.
pub fn decide(
    rule: &Rule,
    question: &Question<'_>,
    grounds: &Grounds<'_>,
) -> Result<Passed, Denied> {
    let api = grounds.registry.find_api(&rule.audience);
    if api.is_none_or(|api| api.is_admin()) {
        return Err(RuleError::UnknownApi.into());
    }
    if rule.lets_preflight_through && is_preflight(question) {
        return Ok(Passed::Preflight);
    }
    let (scheme, text) = presented(question)?;
    let expected = Expected {
        issuer: grounds.issuer,
        now: grounds.now,
        verified: grounds.verified,
    };
    let token = verify(grounds.registry, (text, &rule.audience), &expected)?;
    if !counts(grounds.registry, &token, grounds.is_revoked) {
        return Err(Denied::Gone);
    }
    check_binding(&token, (scheme, text), question, grounds)?;
    if !rule.scopes.is_subset_of(&token.scopes) {
        return Err(Denied::Scope);
    }
    Ok(Passed::Token(Box::new(Allowed {
        client: token.client.clone(),
        subject: token.subject.clone(),
        scopes: token.scopes.clone(),
        audience: token.audience.clone(),
        needed: rule.scopes.clone(),
    })))
}

/// How a request calls its token, if it has one.
pub fn scheme_of(question: &Question<'_>) -> Option<Scheme> {
    presented(question).ok().map(|(scheme, _)| scheme)
}

/// The one token of a request.
fn presented<'a>(question: &Question<'a>) -> Result<(Scheme, &'a str), Denied> {
    let field = match question.authorization {
        _ if question.has_other_credentials => return Err(Denied::Malformed),
        Header::Absent => return Err(Denied::NoToken),
        Header::Several => return Err(Denied::Malformed),
        Header::One(field) => str::from_utf8(field).map_err(|_| Denied::Malformed)?,
    };
    let (scheme, token) = field.split_once(' ').unwrap_or((field, ""));
    let scheme = match scheme {
        it if it.eq_ignore_ascii_case("bearer") => Scheme::Bearer,
        it if it.eq_ignore_ascii_case("dpop") => Scheme::Dpop,
        _ => return Err(Denied::NoToken),
    };
    let token = token.trim_matches(' ');
    if token.is_empty() || !token.bytes().all(is_token_byte) {
        return Err(Denied::Malformed);
    }
    Ok((scheme, token))
}

/// Of what a token is made (RFC 6750 §2.1).
const fn is_token_byte(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
}

/// A token that is bound is worth nothing without what it is bound to, and no token is upgraded by being
/// called another.
fn check_binding(
    token: &VerifiedToken,
    (scheme, text): (Scheme, &str),
    question: &Question<'_>,
    grounds: &Grounds<'_>,
) -> Result<(), Denied> {
    match (&token.confirmation, scheme) {
        (None, Scheme::Bearer) if !grounds.profile.needs_binding() => Ok(()),
        (Some(Confirmation::X5t(thumbprint)), Scheme::Bearer)
            if question.certificate == Some(thumbprint) =>
        {
            Ok(())
        }
        (Some(Confirmation::Jkt(thumbprint)), Scheme::Dpop) => {
            let key = check_proof(text, question, grounds)?;
            (key == *thumbprint).then_some(()).ok_or(Denied::Unbound)
        }
        (_, Scheme::Bearer | Scheme::Dpop) => Err(Denied::Unbound),
    }
}

/// The thumbprint of the key that the caller proves to have, for this very request with this very token
/// (RFC 9449 §7.1).
fn check_proof(
    token: &str,
    question: &Question<'_>,
    grounds: &Grounds<'_>,
) -> Result<String, ProofError> {
    let proof = Proof::read(question.dpop, grounds.profile)?.ok_or(ProofError::Form)?;
    let (Some(method), Some(address)) = (question.method, question.address) else {
        return Err(ProofError::Address);
    };
    let expected = ExpectedProof {
        now: grounds.now,
        method,
        addresses: std::slice::from_ref(address),
        token: Some(token),
    };
    proof.check(&expected, grounds.proofs)
}

fn is_preflight(question: &Question<'_>) -> bool {
    let is_bare = matches!(question.authorization, Header::Absent);
    is_bare && !question.has_other_credentials && question.method == Some("OPTIONS")
}

#[cfg(test)]
mod tests;
