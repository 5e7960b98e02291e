//! Access tokens: from a grant to a signed JWT (RFC 9068), and from our own JWT back to what it says.

mod verified;

use std::fmt::Write;

use serde_json::{Value, json};

pub use self::verified::{
    Anew, Expected, TokenError, VerifiedToken, VerifiedTokens, Verify, believe, verify,
};
use super::{
    Context, authenticate::AuthenticatedClient, authorization_details::DetailsError,
    client_credentials::Grant, json, opaque, reason::Reason,
};
use crate::{
    crypto::{signer::Typ, text},
    domain::{api::TokenFormat, claims::Claims, id::ClientId, registry::Registry},
};

/// The longest token that is issued: proxies give all headers of a request 8 KiB.
pub const LONGEST: usize = 8192;

/// From how many bytes on a token deserves a warning: it is not the only thing in a request's head.
pub const LARGE: usize = 4096;

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

/// How many bytes a token of this header and these claims has, if its signature has 64 of them.
pub fn size_of(header: &Value, claims: &Value) -> usize {
    let parts = [header.to_string().len(), claims.to_string().len(), 64];
    let dots = parts.len() - 1;
    parts.map(text::base64url_len).iter().sum::<usize>() + dots
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

#[cfg(test)]
mod tests;
