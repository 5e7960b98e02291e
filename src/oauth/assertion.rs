//! Assertions: a client that proves itself with a JWT (RFC 7521 §4.2, RFC 7523 §2.2 and §3).
//!
//! Its own, signed with a key that is registered for it (`private_key_jwt`, `client_secret_jwt`), or one
//! that another issuer made for it, which is [`federation`]'s matter. Every claim is checked; that an
//! assertion is used once is decided here and kept by the caller, who alone can know.

mod claims;
mod error;
pub mod federation;

use std::{fmt, sync::LazyLock};

use serde_json::Value;

pub use self::{claims::Claims, error::AssertionError};
use super::{
    Context, SlowHashes,
    authenticate::{AuthenticatedClient, allowed, judge},
    params::Presented,
    reason::{Reason, Refused},
};
use crate::{
    crypto::{
        algorithm::JwsAlgorithm,
        jws::{Compact, Typ, VerifyError},
    },
    domain::{
        assertion::UsedAssertion,
        client::Client,
        credential::{Federation, PublicKey},
        id::ClientId,
        profile::Profile,
        registry::Registry,
        secret::{Proof, Secret},
        spiffe,
        time::{Span, Timestamp},
    },
};

/// What an assertion is said to be (`client_assertion_type`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A JWT, the client's own or its platform's (RFC 7523 §2.2).
    Jwt,
    /// A JWT-SVID (draft-ietf-oauth-spiffe-client-auth §3.1). One may also come as any other JWT of a platform.
    Svid,
}

impl Kind {
    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Jwt, Self::Svid]
            .into_iter()
            .find(|it| it.as_str() == name)
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            Self::Svid => "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe",
        }
    }
}

/// How far ahead `iat` and `nbf` may lie: two machines' clocks never quite agree.
pub const SKEW: Span = Span(30);

/// The longest `jti`, in bytes.
pub const LONGEST_ID: usize = 256;

/// How many keys of one set are tried on an assertion that names none.
pub const MOST_TRIED: usize = 10;

/// How long after it was fetched a key set is not fetched again for a key that is not in it.
pub const COOL_DOWN: Span = Span(60);

/// Where keys are fetched from that are published by others.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum KeySource {
    /// A JWK set (RFC 7517 §5).
    Set(String),
    /// An issuer, whose discovery document names its JWK set.
    Issuer(String),
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set(uri) => f.write_str(uri),
            Self::Issuer(issuer) => write!(f, "the issuer {issuer}"),
        }
    }
}

/// Keys that were fetched.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FetchedKeys {
    /// Those that can be used here.
    pub keys: Vec<PublicKey>,
    /// When they were last asked for, whatever came of it.
    pub asked: Timestamp,
    /// When they were fetched, if they ever were.
    pub fetched: Option<Timestamp>,
    /// Why they could not be fetched when they were last asked for.
    pub problem: Option<String>,
}

/// An assertion as it was sent.
pub struct Assertion<'a> {
    /// What it is said to be.
    pub kind: Kind,
    /// The JWT.
    pub text: Presented<'a>,
    /// The `client_id` beside it (RFC 7521 §4.2).
    pub client_id: Option<std::borrow::Cow<'a, str>>,
}

/// An assertion taken apart: what its header says of it, and its claims, nobody's word taken for it.
pub struct Parsed<'a> {
    text: &'a str,
    algorithm: JwsAlgorithm,
    key_id: Option<String>,
    /// What it claims.
    pub claims: Claims,
}

impl<'a> Parsed<'a> {
    /// Takes `text` apart.
    ///
    /// # Errors
    /// It is no signed JWT, of another type, or of an algorithm that is not known here.
    pub fn of(text: &'a str) -> Result<Self, AssertionError> {
        let compact = Compact::parse(text)?;
        match compact.header.text("typ")? {
            None => {}
            Some(typ) if is_assertion(typ) => {}
            Some(_) => return Err(AssertionError::Typ),
        }
        for extension in ["crit", "b64", "zip"] {
            if compact.header.has(extension) {
                return Err(VerifyError::Extension(extension).into());
            }
        }
        let algorithm = compact.header.text("alg")?;
        let algorithm = algorithm.and_then(JwsAlgorithm::named);
        let algorithm = algorithm.ok_or(VerifyError::Algorithm)?;
        let key_id = compact.header.text("kid")?.map(str::to_owned);
        Ok(Self {
            text,
            algorithm,
            key_id,
            claims: Claims::parse(&compact.claims)?,
        })
    }

    /// Whether `key` signed it; keys that cannot be meant are not tried.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.may_mean(key) && key.verifier().verify_any_typ(self.text).is_ok()
    }

    /// The first of `keys` that signed it. At most [`MOST_TRIED`] are tried.
    pub fn find_signer<'k>(
        &self,
        keys: impl Iterator<Item = &'k PublicKey>,
    ) -> Option<&'k PublicKey> {
        let mut meant = keys.filter(|key| self.may_mean(key)).take(MOST_TRIED);
        meant.find(|key| self.is_signed_by(key))
    }

    /// Whether one of `keys` signed it in a way that `trust` allows. At most [`MOST_TRIED`] are tried.
    fn is_signed_for(&self, trust: &Federation, keys: &[PublicKey]) -> bool {
        let named = keys.iter().filter(|key| self.may_name(key));
        let meant = named.filter_map(|key| trust.key_for(key, self.algorithm));
        let signed = |key: PublicKey| key.verifier().verify_any_typ(self.text).is_ok();
        meant.take(MOST_TRIED).any(signed)
    }

    fn may_mean(&self, key: &PublicKey) -> bool {
        self.may_name(key) && key.verifier().algorithm() == self.algorithm
    }

    fn may_name(&self, key: &PublicKey) -> bool {
        match (&self.key_id, key.key_id()) {
            (Some(named), Some(id)) => named == id || named == key.thumbprint(),
            (Some(_), None) | (None, _) => true,
        }
    }
}

/// The types that an assertion may have: none, `JWT`, its own (CJ-11), or `JOSE`, which says as little as `JWT` and may
/// stand in a JWT-SVID (JWT-SVID §2.3).
fn is_assertion(typ: &str) -> bool {
    let says_nothing = ["JWT", "JOSE"]
        .iter()
        .any(|it| typ.eq_ignore_ascii_case(it));
    says_nothing || Typ::ClientAuthentication.is_named_by(typ)
}

/// A key of nobody's: what an assertion is checked with whose client does not exist, so that the time it
/// takes tells nothing (T-43).
static NOBODYS: LazyLock<Option<PublicKey>> = LazyLock::new(|| {
    PublicKey::from_jwk(&serde_json::json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }))
    .ok()
});

/// Finds out which client an assertion proves, and what may not be used again.
pub fn prove<'r>(
    registry: &'r Registry,
    assertion: &Assertion<'_>,
    context: &Context<'_>,
) -> Result<AuthenticatedClient<'r>, Refused> {
    let parsed = parse(assertion, context)?;
    if assertion.kind == Kind::Svid || federation::is_foreign(registry, &parsed.claims) {
        let client_id = assertion.client_id.as_deref();
        return federation::prove(registry, (&parsed, client_id), context);
    }
    let issuer = parsed.claims.text("iss").map_err(Reason::Assertion)?;
    let subject = parsed.claims.text("sub").map_err(Reason::Assertion)?;
    let named = assertion.client_id.as_deref();
    if issuer != subject || named.is_some_and(|id| id != issuer) {
        return Err(Reason::Assertion(AssertionError::Subject).into());
    }
    let Some(client) = registry.find_client_by_text(issuer) else {
        if let Some(key) = NOBODYS.as_ref() {
            std::hint::black_box(key.verifier().verify_any_typ(parsed.text).is_ok());
        }
        return Err(Reason::UnknownClient(super::authenticate::fit_for_logs(issuer)).into());
    };
    let refuse = |reason: Reason| refused(reason, &client.id, None);
    let secret = find(client, &parsed, context).map_err(refuse)?;
    let refuse = |error: AssertionError| refused(error.into(), &client.id, Some(secret));
    let id = check_own(&parsed.claims, client, context).map_err(refuse)?;
    let who = judge(client, secret, context.now)?;
    let used = UsedAssertion {
        client: client.id.clone(),
        id: id.to_owned(),
        expires: parsed.claims.expires().map_err(refuse)?.plus(Span(1)),
    };
    Ok(AuthenticatedClient {
        used: Some(used),
        ..who
    })
}

/// Finds out which client the token of another issuer proves, and until when it does. A client's own assertion
/// proves nobody here.
pub(super) fn prove_workload<'r>(
    registry: &'r Registry,
    assertion: &Assertion<'_>,
    context: &Context<'_>,
) -> Result<(AuthenticatedClient<'r>, Timestamp), Refused> {
    let parsed = parse(assertion, context)?;
    let client_id = assertion.client_id.as_deref();
    let who = federation::prove(registry, (&parsed, client_id), context)?;
    let expires = parsed.claims.expires().map_err(Reason::Assertion)?;
    Ok((allowed(who, context)?, expires))
}

fn parse<'a>(assertion: &'a Assertion<'_>, context: &Context<'_>) -> Result<Parsed<'a>, Reason> {
    let parsed = Parsed::of(assertion.text.reveal()).map_err(Reason::Assertion)?;
    let names_workload = || {
        let subject = parsed.claims.text("sub");
        subject.is_ok_and(|id| spiffe::trust_domain(id).is_some())
    };
    if assertion.kind == Kind::Svid && !names_workload() {
        return Err(AssertionError::Claim("sub").into());
    }
    if context.profile.allows_algorithm(parsed.algorithm) {
        Ok(parsed)
    } else {
        Err(Reason::Assertion(VerifyError::Algorithm.into()))
    }
}

/// Which of the client's credentials signed it: of those that work first, then of the dead, so that who
/// still uses an old key can be named.
fn find<'c>(
    client: &'c Client,
    parsed: &Parsed<'_>,
    context: &Context<'_>,
) -> Result<&'c Secret, Reason> {
    let mut wanted = None;
    for alive in [true, false] {
        let secrets = client.secrets.iter().rev();
        for secret in secrets.filter(|it| it.is_live(context.now) == alive) {
            let is_it = match &secret.proof {
                Proof::Key(key) => parsed.is_signed_by(key),
                Proof::Shared(shared) => {
                    parsed.algorithm == JwsAlgorithm::Hs256
                        && shared.verifier().verify_any_typ(parsed.text).is_ok()
                }
                Proof::KeySet(uri) if alive => {
                    match fetched(&KeySource::Set(uri.clone()), parsed, context) {
                        Ok(is_it) => is_it,
                        Err(source) => {
                            wanted = Some(source);
                            false
                        }
                    }
                }
                Proof::KeySet(_)
                | Proof::Mac(_)
                | Proof::Password(_)
                | Proof::Certificate(_)
                | Proof::CertificateKey(_)
                | Proof::CertificateKeySet(_)
                | Proof::Subject(_)
                | Proof::Federated(_) => false,
            };
            // A dead one is the answer only once no live one can be.
            if is_it && (alive || wanted.is_none()) {
                return Ok(secret);
            }
        }
    }
    Err(wanted.map_or(AssertionError::Key.into(), Reason::NeedsKeys))
}

/// Whether a key of `source` signed it; the source, if its keys have to be fetched to know.
fn fetched(
    source: &KeySource,
    parsed: &Parsed<'_>,
    context: &Context<'_>,
) -> Result<bool, KeySource> {
    let signed = |keys: &[PublicKey]| parsed.find_signer(keys.iter()).is_some();
    keys_at(source, signed, context)
}

/// Whether the one that is meant is among the keys of `source`; the source, if its keys have to be fetched to know.
pub(super) fn keys_at(
    source: &KeySource,
    has_it: impl Fn(&[PublicKey]) -> bool,
    context: &Context<'_>,
) -> Result<bool, KeySource> {
    let set = (context.keys)(source);
    if let Some(set) = &set
        && has_it(&set.keys)
    {
        return Ok(true);
    }
    let lately = |set: &FetchedKeys| context.now < set.asked.plus(COOL_DOWN);
    let may_ask = context.slow_hashes == SlowHashes::Ask;
    let knows_better = set.as_deref().is_some_and(lately);
    if may_ask && !knows_better {
        return Err(source.clone());
    }
    Ok(false)
}

/// Checks the claims of a client's own assertion (RFC 7523 §3); its `jti` comes back.
fn check_own<'c>(
    claims: &'c Claims,
    client: &Client,
    context: &Context<'_>,
) -> Result<&'c str, AssertionError> {
    let (now, profile) = (context.now, context.profile);
    let audience = if profile.is_strict_about_audiences() {
        claims.text("aud")?
    } else {
        claims.sole_audience()?
    };
    let may_name_endpoint =
        client.rules.legacy_assertion_audience && !profile.is_strict_about_audiences();
    let is_endpoint = || audience == context.issuer.endpoint(super::metadata::path::TOKEN);
    if audience != context.issuer.as_str() && !(may_name_endpoint && is_endpoint()) {
        return Err(AssertionError::Audience);
    }
    let expires = claims.expires()?;
    if expires <= now {
        return Err(AssertionError::Expired);
    }
    if expires > now.plus(profile.longest_assertion_life()) {
        return Err(AssertionError::LivesLong);
    }
    claims.check_begin(now)?;
    if let Some(restored) = context.restored
        && earliest_use(claims, profile)? <= restored.plus(SKEW)
    {
        return Err(AssertionError::BeforeRestore);
    }
    let id = claims.text("jti")?;
    if id.is_empty() || id.len() > LONGEST_ID {
        return Err(AssertionError::Claim("jti"));
    }
    Ok(id)
}

/// The earliest moment at which it could have been used: when it was issued; if it does not say, as early as its
/// life allows.
fn earliest_use(claims: &Claims, profile: Profile) -> Result<Timestamp, AssertionError> {
    let expires = claims.expires()?;
    let issued = claims.issued()?;
    Ok(issued.unwrap_or_else(|| expires.minus(profile.longest_assertion_life())))
}

fn refused(reason: Reason, client: &ClientId, secret: Option<&Secret>) -> Refused {
    Refused {
        reason,
        client: Some(client.clone()),
        secret: secret.map(|secret| secret.id.clone()),
        hint: None,
    }
}

/// A member of a JWT's claims that is text, without believing any of it: to find out who is asked about.
pub fn claimed(text: &str, name: &'static str) -> Option<String> {
    let parsed = Parsed::of(text).ok()?;
    match parsed.claims.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
