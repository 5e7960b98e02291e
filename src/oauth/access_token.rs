//! Access tokens: from a grant to a signed JWT (RFC 9068), and from our own JWT back to what it says.

use std::{fmt::Write, sync::Arc};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Context, authenticate::AuthenticatedClient, authorization_details::DetailsError,
    client_credentials::Grant, confirmation::Confirmation, json, opaque, reason::Reason,
    token_exchange::Act,
};
use crate::{
    crypto::{
        jws,
        signer::{Algorithm, Signer, Typ, VerifyError},
    },
    domain::{
        api::{Signing, TokenFormat},
        claims::Claims,
        id::{ApiIdentifier, ClientId, KeyId},
        issuer::Issuer,
        registry::Registry,
        scope::ScopeSet,
        time::{Span, Timestamp},
    },
};

/// The longest token that is issued: proxies give all headers of a request 8 KiB.
pub const LONGEST: usize = 8192;

/// From how many bytes on a token deserves a warning: it is not the only thing in a request's head.
pub const LARGE: usize = 4096;

/// How far ahead the moment of issue may lie: two machines' clocks never quite agree.
const SKEW: Span = Span::minutes(1);

/// A signed token, and what it is called in the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signed {
    /// The token.
    pub text: String,
    /// Its `jti`.
    pub id: String,
}

/// Signs what was granted, for `context.now` onwards.
pub fn sign(
    registry: &Registry,
    who: &AuthenticatedClient<'_>,
    grant: &Grant<'_>,
    context: &Context<'_>,
) -> Result<Signed, Reason> {
    sign_for(registry, &who.client.id, grant, context)
}

/// The same for a client that has not authenticated: for an operator who may try its tokens. No token is made in
/// any other way, so none is while issuance is halted.
pub fn sign_for(
    registry: &Registry,
    client: &ClientId,
    grant: &Grant<'_>,
    context: &Context<'_>,
) -> Result<Signed, Reason> {
    super::check_halt(registry, grant.api)?;
    let id = context.entropy.token_id();
    let claims = claims(client, grant, &id, context);
    if grant.api.rules.format == TokenFormat::Opaque {
        let text = opaque::seal(registry, &claims, context.entropy);
        check_length(&text, grant)?;
        return Ok(Signed { text, id });
    }
    let signer = registry
        .signer_for(grant.api, context.now)
        .ok_or_else(|| Reason::NoSigningKey(grant.api.signing.algorithm()))?;
    let text = signer
        .sign(Typ::AccessToken, claims.as_bytes())
        .map_err(|_| Reason::SigningFailed)?;
    check_length(&text, grant)?;
    Ok(Signed { text, id })
}

/// That a token fits into a header; what it says in detail is the first to blame.
fn check_length(token: &str, grant: &Grant<'_>) -> Result<(), Reason> {
    if token.len() <= LONGEST {
        return Ok(());
    }
    Err(match grant.details {
        Some(_) => Reason::Details(DetailsError::TokenTooLong),
        None => Reason::TooManyScopes,
    })
}

/// Header and claims that a token for `grant` would have. Nothing is signed.
pub fn preview(
    registry: &Registry,
    client: &ClientId,
    grant: &Grant<'_>,
    context: &Context<'_>,
) -> Result<(Value, Value), Reason> {
    let claims = claims(client, grant, &context.entropy.token_id(), context);
    let claims = serde_json::from_str(&claims).map_err(|_| Reason::SigningFailed)?;
    if grant.api.rules.format == TokenFormat::Opaque {
        return Ok((json!({}), claims));
    }
    let algorithm = grant.api.signing.algorithm();
    let signer = registry
        .signer_for(grant.api, context.now)
        .ok_or(Reason::NoSigningKey(algorithm))?;
    let header = json!({
        "alg": algorithm.as_str(),
        "typ": Typ::AccessToken.as_str(),
        "kid": signer.key_id(),
    });
    Ok((header, claims))
}

/// How many bytes a token of this header and these claims has, about: what it is signed with differs.
pub fn size_of(header: &Value, claims: &Value) -> usize {
    let signature = 64;
    let inside = header.to_string().len() + claims.to_string().len() + signature;
    inside.div_ceil(3) * 4 + 2
}

/// The claims of RFC 9068 §2.2, as JSON.
fn claims(client: &ClientId, grant: &Grant<'_>, id: &str, context: &Context<'_>) -> String {
    let issuer = context.issuer.as_str();
    let audience = grant.api.identifier.as_str();
    let scopes = grant.scopes.as_str();
    let names_and_numbers = 128;
    let length = issuer.len() + audience.len() + scopes.len() + 2 * client.as_str().len();
    let mut target = String::with_capacity(length + names_and_numbers);
    let mut member = |name: &str, value: &str| {
        target.push_str(name);
        json::append_string(value, &mut target);
    };
    member("{\"iss\":", issuer);
    let subject = grant.on_behalf.as_ref().map_or(client, |it| &it.subject);
    member(",\"sub\":", subject.as_str());
    member(",\"client_id\":", client.as_str());
    member(",\"aud\":", audience);
    member(",\"scope\":", scopes);
    member(",\"jti\":", id);
    let from = context.now.seconds();
    let until = context.now.plus(grant.lifetime).seconds();
    write!(target, ",\"iat\":{from},\"exp\":{until}").expect("a string takes any text");
    if let Some(confirmation) = &grant.confirmation {
        write!(target, ",\"cnf\":{{\"{}\":", confirmation.member())
            .expect("a string takes any text");
        json::append_string(confirmation.thumbprint(), &mut target);
        target.push('}');
    }
    if let Some(details) = &grant.details {
        target.push_str(",\"authorization_details\":");
        target.push_str(details);
    }
    if let Some(act) = grant.on_behalf.as_ref().and_then(|it| it.act.as_ref()) {
        let act = serde_json::to_string(act).expect("text is JSON");
        write!(target, ",\"act\":{act}").expect("a string takes any text");
    }
    append_static(&grant.api.rules.claims, grant.claims, &mut target);
    target.push('}');
    target
}

/// The static claims: the API's, and the client's, which stand in for the API's of the same names.
fn append_static(of_api: &Claims, of_client: &Claims, target: &mut String) {
    let of_api = of_api.iter().filter(|(name, _)| !of_client.has(name));
    for (name, value) in of_api.chain(of_client.iter()) {
        target.push(',');
        json::append_string(name, target);
        write!(target, ":{value}").expect("a string takes any text");
    }
}

/// What a token must say to be believed by one API.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Who issued it: this server.
    pub issuer: &'a Issuer,
    /// Which API it is for.
    pub audience: &'a ApiIdentifier,
    /// The present moment.
    pub now: Timestamp,
}

/// What a token of ours says, after everything was checked that it can be checked for without asking
/// whether its client still exists.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifiedToken {
    /// To whom it was issued.
    pub client: ClientId,
    /// Whom it speaks for: that client itself, if it was not exchanged for another's (RFC 8693).
    pub subject: ClientId,
    /// Who acts for the subject.
    pub act: Option<Act>,
    /// The API it is for.
    pub audience: ApiIdentifier,
    /// What it allows.
    pub scopes: ScopeSet,
    /// Since when.
    pub issued: Timestamp,
    /// Until when.
    pub expires: Timestamp,
    /// Its `jti`.
    pub id: String,
    /// What the key that signed it is called.
    pub key: String,
    /// What it is bound to.
    pub confirmation: Option<Confirmation>,
    /// What it allows in detail (RFC 9396 §9.1).
    pub details: Option<Value>,
    /// What else it says: its static claims.
    pub claims: Map<String, Value>,
}

/// What `token` says, if it is an access token of this server, signed by a key that is published at
/// `expected.now` (RFC 9068 §4).
pub fn verify(
    registry: &Registry,
    token: &str,
    expected: &Expected<'_>,
) -> Result<VerifiedToken, TokenError> {
    let believed = believe(registry, token, (expected.issuer, expected.now))?;
    if believed.audience != *expected.audience {
        return Err(TokenError::Audience);
    }
    Ok(believed)
}

/// The same for a token of whatever API of this server: one signed with a key that is published, or with
/// the key that its API shares with this server.
pub fn believe(
    registry: &Registry,
    token: &str,
    (issuer, now): (&Issuer, Timestamp),
) -> Result<VerifiedToken, TokenError> {
    if token.starts_with(opaque::PREFIX) {
        let claims = opaque::open(registry, token).ok_or(TokenError::Key)?;
        let (claims, audience) = read(&claims)?;
        return check(claims, audience, (issuer, now), opaque::KEY);
    }
    let signer = signer_of(registry, token, now).ok_or(TokenError::Key)?;
    let claims = signer.verify(Typ::AccessToken, token)?;
    let (claims, audience) = read(&claims)?;
    if signer.algorithm() == Algorithm::Hs256 && !is_shared(registry, &audience, signer) {
        return Err(TokenError::Audience);
    }
    check(claims, audience, (issuer, now), signer.key_id())
}

fn read(claims: &[u8]) -> Result<(AccessToken, ApiIdentifier), TokenError> {
    let claims: AccessToken = serde_json::from_slice(claims).map_err(|_| TokenError::Claims)?;
    let audience = claims.aud.parse().map_err(|_| TokenError::Audience)?;
    Ok((claims, audience))
}

/// What a token says that this server made with the key called `key`, if it says what it must.
fn check(
    claims: AccessToken,
    audience: ApiIdentifier,
    (issuer, now): (&Issuer, Timestamp),
    key: &str,
) -> Result<VerifiedToken, TokenError> {
    if claims.iss != issuer.as_str() {
        return Err(TokenError::Issuer);
    }
    if claims.exp <= now {
        return Err(TokenError::Expired);
    }
    if claims.iat > now.plus(SKEW) {
        return Err(TokenError::NotYet);
    }
    // Who acts for another says so.
    if claims.sub != claims.client_id && claims.act.is_none() {
        return Err(TokenError::Claims);
    }
    Ok(VerifiedToken {
        client: claims.client_id,
        subject: claims.sub,
        act: claims.act,
        audience,
        scopes: claims.scope.parse().map_err(|_| TokenError::Claims)?,
        issued: claims.iat,
        expires: claims.exp,
        id: claims.jti,
        key: key.to_owned(),
        confirmation: claims.cnf,
        details: claims.authorization_details,
        claims: claims.others,
    })
}

/// The key that `token` names, if tokens that it signed are still good.
fn signer_of<'r>(registry: &'r Registry, token: &str, now: Timestamp) -> Option<&'r Arc<Signer>> {
    let mut ours = registry.keys().filter_map(|key| Some((key, key.signer()?)));
    if let Some((key, signer)) = ours.find(|(_, signer)| signer.begins(token)) {
        return registry.age(key, now).is_published().then_some(signer);
    }
    let named = jws::key_id_of(token)?;
    let published = named
        .parse()
        .ok()
        .and_then(|id: KeyId| registry.find_key(&id));
    match published {
        Some(key) if registry.age(key, now).is_published() => key.signer(),
        Some(_) => None,
        None => registry.apis().find_map(|api| match &api.signing {
            Signing::Shared { signer, .. } if signer.key_id() == named => Some(signer),
            Signing::Shared { .. } | Signing::Published(_) => None,
        }),
    }
}

/// Whether `signer` is the key that this very API shares: one that holds another's can make tokens for
/// that one only.
fn is_shared(registry: &Registry, audience: &ApiIdentifier, signer: &Signer) -> bool {
    let api = registry.find_api(audience);
    api.is_some_and(|api| match &api.signing {
        Signing::Shared { signer: own, .. } => own.key_id() == signer.key_id(),
        Signing::Published(_) => false,
    })
}

#[derive(Deserialize)]
struct AccessToken {
    iss: String,
    sub: ClientId,
    client_id: ClientId,
    aud: String,
    scope: String,
    iat: Timestamp,
    exp: Timestamp,
    jti: String,
    #[serde(default)]
    cnf: Option<Confirmation>,
    #[serde(default)]
    authorization_details: Option<Value>,
    #[serde(default)]
    act: Option<Act>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// Why a token is not believed. For logs and tests; the caller is told that it is invalid.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TokenError {
    /// It names no key, or one that is not published.
    #[error("no published key signed the token")]
    Key,
    /// Its form, type, algorithm or signature is wrong.
    #[error(transparent)]
    Signature(#[from] VerifyError),
    /// A claim is missing or of the wrong kind.
    #[error("the token's claims are not those of an access token")]
    Claims,
    /// Another issuer's.
    #[error("the token names another issuer")]
    Issuer,
    /// For another API.
    #[error("the token is for another API")]
    Audience,
    /// Its time is up.
    #[error("the token has expired")]
    Expired,
    /// From the future.
    #[error("the token was issued in the future")]
    NotYet,
}

#[cfg(test)]
mod tests;
