//! From an access token of this server back to what it says (RFC 9068 §4).
//!
//! That a key signed these very bytes, and what they say, is true for ever: it may be looked up where it was found
//! before ([`VerifiedTokens`]). Everything else is judged anew each time: whether the key is still published, the
//! issuer, the time.

use std::{borrow::Cow, fmt, sync::Arc};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use super::super::{confirmation::Confirmation, opaque, token_exchange::Act};
use crate::{
    crypto::{
        jws,
        signer::{Algorithm, Signer, Typ, VerifyError},
    },
    domain::{
        api::Signing,
        id::{ApiIdentifier, ClientId, KeyId},
        issuer::Issuer,
        registry::Registry,
        scope::ScopeSet,
        time::{Span, Timestamp},
    },
};

/// How far ahead the moment of issue may lie: two machines' clocks never quite agree.
const SKEW: Span = Span::minutes(1);

/// What a token must say to be believed.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// Who issued it: this server.
    pub issuer: &'a Issuer,
    /// The present moment.
    pub now: Timestamp,
    /// Where it may have been found signed before.
    pub verified: &'a dyn VerifiedTokens,
}

/// Tokens whose signature was found good, and what they say. A token is found by all of its bytes only.
pub trait VerifiedTokens: Sync {
    /// What `verify` said of `token` before, or says now. No error is kept.
    ///
    /// # Errors
    /// What `verify` says.
    fn get_or(&self, token: &str, verify: Verify<'_>) -> Result<Arc<VerifiedToken>, TokenError>;
}

/// Verifies a signature and reads what it signs.
pub type Verify<'a> = &'a dyn Fn() -> Result<VerifiedToken, TokenError>;

/// Each signature is verified each time.
pub struct Anew;

impl VerifiedTokens for Anew {
    fn get_or(&self, _: &str, verify: Verify<'_>) -> Result<Arc<VerifiedToken>, TokenError> {
        verify().map(Arc::new)
    }
}

/// What a token of ours says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifiedToken {
    /// Who issued it.
    pub issuer: String,
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

/// What `token` says, if it is an access token of this server for `audience`, signed by a key that is published at
/// `expected.now` (RFC 9068 §4). Whether its client still exists is not asked.
///
/// # Errors
/// It is not.
pub fn verify(
    registry: &Registry,
    (token, audience): (&str, &ApiIdentifier),
    expected: &Expected<'_>,
) -> Result<Arc<VerifiedToken>, TokenError> {
    let believed = believe(registry, token, expected)?;
    if believed.audience != *audience {
        return Err(TokenError::Audience);
    }
    Ok(believed)
}

/// The same for a token of whatever API of this server: one signed with a key that is published, or with
/// the key that its API shares with this server.
///
/// # Errors
/// It is not such a token.
pub fn believe(
    registry: &Registry,
    token: &str,
    expected: &Expected<'_>,
) -> Result<Arc<VerifiedToken>, TokenError> {
    let said = if token.starts_with(opaque::PREFIX) {
        let claims = opaque::open(registry, token).ok_or(TokenError::Key)?;
        Arc::new(read(&claims, opaque::KEY)?)
    } else {
        signed(registry, token, expected)?
    };
    if said.issuer != expected.issuer.as_str() {
        return Err(TokenError::Issuer);
    }
    if said.expires <= expected.now {
        return Err(TokenError::Expired);
    }
    if said.issued > expected.now.plus(SKEW) {
        return Err(TokenError::NotYet);
    }
    Ok(said)
}

/// What a signed token says, if the key that it names is one of ours and may be.
fn signed(
    registry: &Registry,
    token: &str,
    expected: &Expected<'_>,
) -> Result<Arc<VerifiedToken>, TokenError> {
    let signer = signer_of(registry, token, expected.now).ok_or(TokenError::Key)?;
    let said = expected.verified.get_or(token, &|| {
        let claims = signer.verify(Typ::AccessToken, token)?;
        read(&claims, signer.key_id())
    })?;
    if said.key != signer.key_id() {
        return Err(TokenError::Key);
    }
    if signer.algorithm() == Algorithm::Hs256 && !is_shared(registry, &said.audience, signer) {
        return Err(TokenError::Audience);
    }
    Ok(said)
}

/// What these claims say, of a token that this server made with the key called `key`.
fn read(claims: &[u8], key: &str) -> Result<VerifiedToken, TokenError> {
    let claims: Claims<'_> = serde_json::from_slice(claims).map_err(|_| TokenError::Claims)?;
    // Who acts for another says so.
    if claims.sub != claims.client_id && claims.act.is_none() {
        return Err(TokenError::Claims);
    }
    Ok(VerifiedToken {
        issuer: claims.iss,
        client: claims.client_id,
        subject: claims.sub,
        act: claims.act,
        audience: claims.aud.0.parse().map_err(|_| TokenError::Audience)?,
        scopes: claims.scope.0.parse().map_err(|_| TokenError::Claims)?,
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

/// The claims as they are written.
struct Claims<'a> {
    iss: String,
    sub: ClientId,
    client_id: ClientId,
    aud: Text<'a>,
    scope: Text<'a>,
    iat: Timestamp,
    exp: Timestamp,
    jti: String,
    cnf: Option<Confirmation>,
    authorization_details: Option<Value>,
    act: Option<Act>,
    others: Map<String, Value>,
}

/// Text that stands where it was read, if it is written there as it is.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// By hand, as what serde derives for a struct with all other members beside (`flatten`) first reads everything
/// into values of no type.
impl<'de: 'a, 'a> Deserialize<'de> for Claims<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Name {
    Iss,
    Sub,
    ClientId,
    Aud,
    Scope,
    Iat,
    Exp,
    Jti,
    Cnf,
    AuthorizationDetails,
    Act,
    Other(String),
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Claims<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the claims of an access token")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Claims<'de>, A::Error> {
        let (mut iss, mut sub, mut client_id, mut aud) = (None, None, None, None);
        let (mut scope, mut iat, mut exp, mut jti) = (None, None, None, None);
        let (mut cnf, mut authorization_details, mut act) = (None, None, None);
        let mut others = Map::new();
        while let Some(name) = map.next_key()? {
            match name {
                Name::Iss => once(&mut iss, &mut map)?,
                Name::Sub => once(&mut sub, &mut map)?,
                Name::ClientId => once(&mut client_id, &mut map)?,
                Name::Aud => once(&mut aud, &mut map)?,
                Name::Scope => once(&mut scope, &mut map)?,
                Name::Iat => once(&mut iat, &mut map)?,
                Name::Exp => once(&mut exp, &mut map)?,
                Name::Jti => once(&mut jti, &mut map)?,
                Name::Cnf => once(&mut cnf, &mut map)?,
                Name::AuthorizationDetails => once(&mut authorization_details, &mut map)?,
                Name::Act => once(&mut act, &mut map)?,
                Name::Other(name) => {
                    others.insert(name, map.next_value()?);
                }
            }
        }
        Ok(Claims {
            iss: iss.ok_or_else(|| A::Error::missing_field("iss"))?,
            sub: sub.ok_or_else(|| A::Error::missing_field("sub"))?,
            client_id: client_id.ok_or_else(|| A::Error::missing_field("client_id"))?,
            aud: aud.ok_or_else(|| A::Error::missing_field("aud"))?,
            scope: scope.ok_or_else(|| A::Error::missing_field("scope"))?,
            iat: iat.ok_or_else(|| A::Error::missing_field("iat"))?,
            exp: exp.ok_or_else(|| A::Error::missing_field("exp"))?,
            jti: jti.ok_or_else(|| A::Error::missing_field("jti"))?,
            cnf: cnf.flatten(),
            authorization_details: authorization_details.flatten(),
            act: act.flatten(),
            others,
        })
    }
}

/// A claim that stands there once.
fn once<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    claim: &mut Option<T>,
    map: &mut A,
) -> Result<(), A::Error> {
    match claim.replace(map.next_value()?) {
        None => Ok(()),
        Some(_) => Err(A::Error::custom("a claim stands there twice")),
    }
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
