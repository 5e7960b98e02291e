//! Floor 2: the protocol as functions of the registry, a request and the moment.
//!
//! Nothing here waits, asks a store, reads a clock or knows HTTP's types. [`token`] is the whole token
//! endpoint: it parses, authenticates, grants and signs, in an order that never changes, so that
//! which error a request with several faults gets is no accident.
//!
//! Sizes (RFC 6749 §2.2, §5.1): a `client_id` has at most 256 characters, a `client_secret` 1024, a
//! request names at most 100 scopes of at most 128 characters, an access token has at most 8192.
//! Without `scope` a client gets its default scopes; if it has none, all that is granted to it on the
//! API (§3.3).

pub mod access_token;
pub mod assertion;
pub mod authenticate;
pub mod authorization_details;
pub mod client_credentials;
pub mod confirmation;
pub mod credentials;
pub mod dpop;
pub mod form;
pub mod forward_auth;
mod hint;
pub mod inspection;
pub mod introspection;
mod issued;
pub mod json;
pub mod metadata;
pub mod mutual_tls;
pub mod opaque;
pub mod params;
pub mod reason;
pub mod revocation;
pub mod token_exchange;

use std::{net::IpAddr, sync::Arc};

pub use self::issued::Issued;
use self::{
    access_token::VerifiedTokens,
    assertion::{FetchedKeys, KeySource},
    authenticate::AuthenticatedClient,
    client_credentials::Grant,
    confirmation::Proven,
    credentials::{Credentials, Header},
    dpop::{Address, Expected, Proof, ProofError, Proofs},
    introspection::IsRevoked,
    params::{Params, Presented},
    reason::{Reason, Refused},
};
use crate::{
    crypto::{certificate::ClientCertificate, random::Entropy},
    domain::{
        api::Api,
        assertion::UsedAssertion,
        client::Client,
        id::{ClientId, SecretId},
        issuer::Issuer,
        limits::TokenQuota,
        profile::Profile,
        registry::Registry,
        time::{Span, Timestamp},
        usage::{Observation, Seen},
    },
};

/// A token request as it came: what decides of its header, and its body.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The `Authorization` header.
    pub authorization: Header<'a>,
    /// The certificate of the connection, its key proven.
    pub certificate: Option<&'a ClientCertificate>,
    /// The body, form-encoded.
    pub body: &'a [u8],
    /// The `DPoP` header (RFC 9449 §4.1).
    pub dpop: Header<'a>,
}

impl<'a> Request<'a> {
    /// One with this `Authorization` header and body, and nothing else.
    pub fn new(authorization: Header<'a>, body: &'a [u8]) -> Self {
        Self {
            authorization,
            certificate: None,
            body,
            dpop: Header::Absent,
        }
    }
}

/// What a decision needs beside the registry and the request.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The moment.
    pub now: Timestamp,
    /// Who issues.
    pub issuer: &'a Issuer,
    /// How strict it is.
    pub profile: Profile,
    /// The web address of the place where clients can show certificates, if they can.
    pub mutual: Option<&'a Issuer>,
    /// Where the token's id comes from.
    pub entropy: &'a Entropy,
    /// Whether this secret was lately found, by its slow hash, to be what is presented.
    pub remembers: &'a (dyn Fn(&SecretId, &str) -> bool + Sync),
    /// The keys that were fetched from there, if they were.
    pub keys: &'a (dyn Fn(&KeySource) -> Option<Arc<FetchedKeys>> + Sync),
    /// What becomes of secrets that only a slow hash can recognise.
    pub slow_hashes: SlowHashes,
    /// What keeps proofs from being used twice.
    pub proofs: &'a dyn Proofs,
    /// Where tokens may have been found signed before.
    pub verified: &'a dyn VerifiedTokens,
    /// Which tokens were revoked.
    pub is_revoked: IsRevoked<'a>,
    /// Where the request came from.
    pub address: IpAddr,
    /// Takes a token out of a client's quota; says how long to wait, if there is none left.
    pub take: &'a (dyn Fn(&ClientId, &TokenQuota) -> Result<(), Span> + Sync),
    /// When a backup was last restored: which assertions were used shortly before, nobody knows any more.
    pub restored: Option<Timestamp>,
}

/// What becomes of secrets that only a slow hash can recognise, where none is remembered; and of assertions
/// that only keys from elsewhere can, where none is at hand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SlowHashes {
    /// Ask the caller to check them: [`Reason::NeedsSlowCheck`], [`Reason::NeedsKeys`].
    Ask,
    /// The caller has checked them; what is not remembered is wrong.
    Checked,
}

impl<'a> Context<'a> {
    /// What a token of this server must say.
    fn expected(&self) -> access_token::Expected<'a> {
        access_token::Expected {
            issuer: self.issuer,
            now: self.now,
            verified: self.verified,
        }
    }
}

/// What is decided on the strength of an assertion that counts once only.
pub trait UsesAssertion {
    /// The assertion; the caller keeps that it was used before the answer leaves.
    fn used(&mut self) -> Option<UsedAssertion>;
}

/// Answers a token request (RFC 6749 §3.2, §4.4).
pub fn token(
    registry: &Registry,
    request: &Request<'_>,
    context: &Context<'_>,
) -> Result<Issued, Refused> {
    let (who, grant) = decide(registry, request, context)?;
    if let Some(quota) = &who.client.rules.limits.quota {
        let taken = (context.take)(&who.client.id, quota);
        taken.map_err(|wait| refused(Reason::OverQuota(wait), &who))?;
    }
    let signed = access_token::sign(registry, &who, &grant, context)
        .map_err(|reason| refused(reason, &who))?;
    Ok(Issued {
        access_token: signed.text,
        expires_in: grant.lifetime,
        scopes: grant.scopes,
        client: who.client.id.clone(),
        secret: who.secret.id.clone(),
        api: grant.api.identifier.clone(),
        details: grant.details,
        asked: grant.asked,
        token_id: signed.id,
        confirmation: grant.confirmation,
        subject: grant.on_behalf.map(|it| it.subject),
        used: who.used,
    })
}

/// All of [`token`] but the signature: who asks, and what it gets.
pub fn decide<'r>(
    registry: &'r Registry,
    request: &Request<'_>,
    context: &Context<'_>,
) -> Result<(AuthenticatedClient<'r>, Grant<'r>), Refused> {
    let mut params = Params::parse(request.body).map_err(Reason::Params)?;
    let credentials = Credentials::read(request.authorization, &mut params)?;
    if params.grant_type.is_none() {
        return Err(Reason::NoGrantType.into());
    }
    let is_exchange = params.grant_type.as_deref() == Some(token_exchange::GRANT_TYPE);
    if is_exchange {
        token_exchange::check_form(&params)?;
    }
    let proof = Proof::read(request.dpop, context.profile).map_err(Reason::Proof);
    // Before the client authenticates, lest what counts once is used up for nothing.
    if let Ok(Some(proof)) = &proof {
        let known = proof.check_nonce(context.proofs);
        known.map_err(Reason::Proof)?;
    }
    let workload = is_exchange.then(|| token_exchange::assertion(&params, &credentials, context));
    let (who, proven) = if let Some(assertion) = workload.flatten() {
        let (who, subject) = token_exchange::prove(registry, &assertion, context)?;
        (who, Some(subject))
    } else {
        let credentials = credentials.or_shown(request.certificate, &params);
        let who = authenticate::authenticate(registry, &credentials, context)?;
        (who, None)
    };
    let grant = if is_exchange {
        token_exchange::grant(registry, (who.client, proven), &params, context)
    } else {
        client_credentials::grant(registry, who.client, &params)
    };
    let mut grant = grant.map_err(|reason| refused(reason, &who))?;
    // Before a proof is used up for nothing.
    check_halt(registry, grant.api).map_err(|reason| refused(reason, &who))?;
    let bound = prove(request, proof, context)
        .and_then(|proven| bind(who.client, &mut grant, proven, context.profile));
    bound.map_err(|reason| refused(reason, &who))?;
    if let Some(on_behalf) = &grant.on_behalf {
        let kept = on_behalf.check_binding(grant.confirmation.as_ref());
        kept.map_err(|reason| refused(reason, &who))?;
    }
    Ok((who, grant))
}

/// That tokens are issued, for this API too. What was issued before goes on to count either way.
///
/// # Errors
/// Somebody halted it.
pub fn check_halt(registry: &Registry, api: &Api) -> Result<(), Reason> {
    if registry.policy().halt.is_some() {
        return Err(Reason::Halted(None));
    }
    match api.rules.halt {
        Some(_) => Err(Reason::Halted(Some(api.identifier.clone()))),
        None => Ok(()),
    }
}

/// The client that a request says it comes from, whether or not it does; nothing if it says nothing of that.
pub fn claimed_client(request: &Request<'_>) -> Option<String> {
    let mut params = Params::parse(request.body).ok()?;
    let credentials = Credentials::read(request.authorization, &mut params).ok()?;
    credentials.or_shown(request.certificate, &params).claimed()
}

/// Binds what is granted to what is `proven`, as the client's rules and the server's profile ask. Without it no token
/// may be made, whoever asks.
///
/// # Errors
/// What it must be bound to is not there, or the profile does not allow how tokens for the API are signed.
pub fn bind(
    client: &Client,
    grant: &mut Grant<'_>,
    proven: Proven,
    profile: Profile,
) -> Result<(), Reason> {
    if !profile.allows_api(grant.api) {
        return Err(Reason::TargetWeak(grant.api.identifier.clone()));
    }
    grant.confirmation = confirmation::bind(client, proven, profile)?;
    Ok(())
}

/// What a token request proves that its token can be bound to. A proof is used up by it.
fn prove(
    request: &Request<'_>,
    proof: Result<Option<Proof<'_>>, Reason>,
    context: &Context<'_>,
) -> Result<Proven, Reason> {
    let shown = request.certificate;
    let certificate = shown.map(|it| it.certificate.thumbprint().to_owned());
    let Some(proof) = proof? else {
        let key = None;
        return Ok(Proven { key, certificate });
    };
    let places = [Some(context.issuer), context.mutual].into_iter().flatten();
    let addresses: Option<Vec<Address>> = places
        .map(|place| Address::parse(&place.endpoint(metadata::path::TOKEN)))
        .collect();
    let expected = Expected {
        now: context.now,
        method: "POST",
        addresses: &addresses.ok_or(Reason::Proof(ProofError::Address))?,
        token: None,
    };
    let key = proof.check(&expected, context.proofs);
    Ok(Proven {
        key: Some(key.map_err(Reason::Proof)?),
        certificate,
    })
}

/// A request about a token: who asks, and about which (RFC 7662 §2.1, RFC 7009 §2.1).
fn by_token<'r, 'b>(
    registry: &'r Registry,
    request: &Request<'b>,
    context: &Context<'_>,
) -> Result<(AuthenticatedClient<'r>, Presented<'b>), Refused> {
    let mut params = Params::parse(request.body).map_err(Reason::Params)?;
    let credentials = Credentials::read(request.authorization, &mut params)?
        .or_shown(request.certificate, &params);
    let token = params.token.take().ok_or(Reason::NoToken)?;
    let who = authenticate::authenticate(registry, &credentials, context)?;
    Ok((who, token))
}

fn refused(reason: Reason, who: &AuthenticatedClient<'_>) -> Refused {
    Refused {
        reason,
        client: Some(who.client.id.clone()),
        secret: Some(who.secret.id.clone()),
        hint: None,
    }
}

impl Refused {
    /// The body of the answer (RFC 6749 §5.2).
    pub fn to_json(&self) -> String {
        error_json(self.reason.code(), self.reason.description())
    }

    /// What is counted of it.
    pub fn observation(self, seen: Seen) -> Observation {
        Observation::Refused {
            outcome: self.reason.outcome(),
            client: self.client,
            secret: self.secret,
            hint: self.hint,
            seen,
        }
    }
}

/// The body of an error (RFC 6749 §5.2). `description` is a sentence of ours; what may not stand in one is
/// left out.
pub fn error_json(code: reason::ErrorCode, description: &str) -> String {
    let is_allowed = |c: &char| matches!(c, ' ' | '!' | '#'..='[' | ']'..='~');
    let description: String = description.chars().filter(is_allowed).collect();
    format!("{{\"error\":\"{code}\",\"error_description\":\"{description}\"}}")
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
