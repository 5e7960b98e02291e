//! Why the protocol refuses: precisely for us, in the RFC's few words for the caller.
//!
//! One place maps reasons to codes, to counted outcomes and to the sentence on the wire. Sentences are
//! fixed: nothing that was sent ever comes back (RFC 6749 §5.2).

mod code;
mod told;

use std::{fmt, net::IpAddr};

use zeroize::Zeroizing;

pub use self::code::ErrorCode;
use super::{
    assertion::{AssertionError, KeySource},
    authorization_details::DetailsError,
    credentials::Unusable,
    dpop::ProofError,
    mutual_tls::CertificateFault,
    params::ParamError,
    token_exchange::ExchangeError,
};
use crate::{
    crypto::{password::PasswordHash, signer::Algorithm},
    domain::{
        client::Binding,
        credential::Method,
        hint::Hint,
        id::{ApiIdentifier, ClientId, SecretId},
        scope::Scope,
        secret::Life,
        time::Span,
        usage::Outcome,
    },
};

/// Why a request got no token. For logs and tests; the caller is told only [`Reason::code`] and
/// [`Reason::description`].
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Reason {
    /// The body is malformed.
    #[error(transparent)]
    Params(#[from] ParamError),
    /// Two `Authorization` header fields.
    #[error("there is more than one Authorization header")]
    SeveralAuthorizations,
    /// Two ways to authenticate at once.
    #[error("the request authenticates in more than one way")]
    SeveralMechanisms,
    /// The body names another client than the header.
    #[error("client_id differs from the client of the Authorization header")]
    ClientIdMismatch,
    /// A `client_secret` that is nobody's.
    #[error("client_secret was sent without client_id")]
    SecretWithoutId,
    /// `client_assertion` without its type, or its type alone.
    #[error("client_assertion and client_assertion_type belong together")]
    AssertionIncomplete,
    /// Another type of assertion than JWT.
    #[error("the client_assertion_type is not that of a JWT")]
    AssertionType,
    /// The assertion proves nobody.
    #[error(transparent)]
    Assertion(AssertionError),
    /// Whether it proves somebody can be told only with keys from there: fetch them, then ask again.
    #[error("the keys of {0} are not at hand")]
    NeedsKeys(KeySource),
    /// No `grant_type`.
    #[error("grant_type is missing")]
    NoGrantType,
    /// No `token`, where one is asked about.
    #[error("token is missing")]
    NoToken,
    /// The token to be revoked was issued to another client.
    #[error("the token is another client's")]
    TokenOfAnother,
    /// Nothing that could authenticate anyone.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// There is no such client. Names it if it is fit for a log.
    #[error("no client is called {}", .0.as_ref().map_or("so", ClientId::as_str))]
    UnknownClient(Option<ClientId>),
    /// The secret is none of the client's.
    #[error("the secret is none of the client's")]
    WrongSecret,
    /// The certificate proves nobody.
    #[error(transparent)]
    Certificate(CertificateFault),
    /// The secret worked once.
    #[error("the secret {0} is {1}")]
    DeadSecret(SecretId, Life),
    /// The server's profile wants clients to prove themselves better than so.
    #[error("the profile of the server does not allow {0}")]
    MethodNotAllowed(Method),
    /// The client is disabled; its secret was right.
    #[error("the client is disabled")]
    ClientDisabled,
    /// Whether the secret is right can be found out only slowly: verify these, then ask again.
    #[error("the secret has to be checked against {} slow hashes", .0.len())]
    NeedsSlowCheck(Vec<SlowCheck>),
    /// The client may not authenticate from there.
    #[error("the client does not come from {0}")]
    AddressNotAllowed(IpAddr),
    /// Too many failed before, from the same network; this one counts no more than they. How long to wait.
    #[error("too many requests failed before from the same network")]
    Throttled(Span),
    /// The client has had its tokens for now. How long to wait for the next.
    #[error("the client has had its tokens for now")]
    OverQuota(Span),
    /// Another grant than client credentials.
    #[error("the grant type is not client_credentials")]
    UnsupportedGrantType,
    /// The client may not exchange tokens.
    #[error("the client may not exchange tokens")]
    ExchangeNotAllowed,
    /// The token is not exchanged.
    #[error(transparent)]
    Exchange(ExchangeError),
    /// Not the grammar of RFC 6749 §3.3.
    #[error("scope is malformed")]
    ScopeMalformed,
    /// Unknown, or not this client's; on the wire that is the same.
    #[error("the scope {0} is not granted")]
    ScopeNotGranted(Scope),
    /// Each scope is granted somewhere, but no API has them all.
    #[error("no granted API has every scope asked for")]
    ScopesApart,
    /// The client has no scope that it could get.
    #[error("nothing is granted")]
    NothingGranted,
    /// The token would be longer than any proxy lets pass.
    #[error(
        "the token would have more than {} bytes",
        super::access_token::LONGEST
    )]
    TooManyScopes,
    /// `authorization_details` are none that the client may have.
    #[error(transparent)]
    Details(DetailsError),
    /// `resource` or `audience` is not an absolute URI without fragment.
    #[error("the API named is not an absolute URI")]
    TargetMalformed,
    /// No such API.
    #[error("there is no API {0}")]
    TargetUnknown(ApiIdentifier),
    /// The client has no scope there.
    #[error("nothing is granted on {0}")]
    TargetNotGranted(ApiIdentifier),
    /// Operators let no tokens be issued, at all or for this API.
    #[error("issuance is halted{}", .0.as_ref().map_or_else(String::new, |api| format!(" for {api}")))]
    Halted(Option<ApiIdentifier>),
    /// No tokens are issued for it.
    #[error("the API {0} is disabled")]
    TargetDisabled(ApiIdentifier),
    /// Its tokens are signed in a way that the server's profile does not allow.
    #[error("the profile of the server does not allow how tokens for {0} are signed")]
    TargetWeak(ApiIdentifier),
    /// Two APIs are named, and a token is for one.
    #[error("more than one API is named")]
    TargetsDiffer,
    /// No API is named, and more than one would do.
    #[error("more than one API would do and none is named")]
    TargetAmbiguous,
    /// The token must be bound, and nothing came that it could be bound to.
    #[error("the token must be bound, and nothing came to bind it to ({})", .0.as_str())]
    Unbound(Binding),
    /// The DPoP proof proves nothing.
    #[error(transparent)]
    Proof(ProofError),
    /// No key signs with the API's algorithm now.
    #[error("no {0} key is active")]
    NoSigningKey(Algorithm),
    /// The signature failed.
    #[error("the token could not be signed")]
    SigningFailed,
}

/// A secret to be compared with a slow hash, away from the runtime.
#[derive(Clone, PartialEq)]
pub struct SlowCheck {
    /// Which of the client's secrets it may be.
    pub secret: SecretId,
    /// Its hash.
    pub hash: PasswordHash,
    /// What was presented.
    pub presented: Zeroizing<String>,
}

impl fmt::Debug for SlowCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SlowCheck({})", self.secret)
    }
}

impl Reason {
    /// What the caller is told.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Params(_)
            | Self::SeveralAuthorizations
            | Self::SeveralMechanisms
            | Self::ClientIdMismatch
            | Self::SecretWithoutId
            | Self::AssertionIncomplete
            | Self::AssertionType
            | Self::NoGrantType
            | Self::NoToken
            | Self::Exchange(_)
            | Self::Unbound(Binding::Certificate | Binding::Optional) => ErrorCode::InvalidRequest,
            Self::Proof(ProofError::Nonce) => ErrorCode::UseDpopNonce,
            Self::NoSigningKey(_)
            | Self::Halted(_)
            | Self::Throttled(_)
            | Self::OverQuota(_)
            | Self::Proof(ProofError::Full) => ErrorCode::TemporarilyUnavailable,
            Self::Proof(_) | Self::Unbound(Binding::Dpop) => ErrorCode::InvalidDpopProof,
            Self::TokenOfAnother | Self::ExchangeNotAllowed => ErrorCode::UnauthorizedClient,
            Self::Unusable(_)
            | Self::UnknownClient(_)
            | Self::WrongSecret
            | Self::Certificate(_)
            | Self::DeadSecret(..)
            | Self::ClientDisabled
            | Self::AddressNotAllowed(_)
            | Self::MethodNotAllowed(_)
            | Self::Assertion(_)
            | Self::NeedsKeys(_)
            | Self::NeedsSlowCheck(_) => ErrorCode::InvalidClient,
            Self::UnsupportedGrantType => ErrorCode::UnsupportedGrantType,
            Self::ScopeMalformed
            | Self::ScopeNotGranted(_)
            | Self::ScopesApart
            | Self::NothingGranted
            | Self::TooManyScopes => ErrorCode::InvalidScope,
            Self::TargetMalformed
            | Self::TargetUnknown(_)
            | Self::TargetNotGranted(_)
            | Self::TargetDisabled(_)
            | Self::TargetWeak(_)
            | Self::TargetsDiffer
            | Self::TargetAmbiguous => ErrorCode::InvalidTarget,
            Self::Details(_) => ErrorCode::InvalidAuthorizationDetails,
            Self::SigningFailed => ErrorCode::ServerError,
        }
    }

    /// Whether the request failed to prove who sent it, though it tried to: perhaps somebody guesses. Whatever
    /// was wrong: who guesses is not to learn from how often it may. Who sends a right assertion twice guesses
    /// nothing.
    pub fn is_failed_authentication(&self) -> bool {
        let guesses_nothing = matches!(
            self,
            Self::Unusable(_) | Self::Assertion(AssertionError::Replayed)
        );
        self.code() == ErrorCode::InvalidClient && !guesses_nothing
    }

    /// How the request is counted.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::UnknownClient(_) => Outcome::UnknownClient,
            Self::WrongSecret
            | Self::Certificate(_)
            | Self::Assertion(_)
            | Self::NeedsKeys(_)
            | Self::NeedsSlowCheck(_) => Outcome::WrongSecret,
            Self::DeadSecret(_, life) => match life {
                Life::Retired => Outcome::RetiredSecret,
                Life::Revoked | Life::Cancelled => Outcome::RevokedSecret,
                Life::Expired => Outcome::ExpiredSecret,
                Life::Active | Life::Retiring => Outcome::WrongSecret,
            },
            Self::ClientDisabled => Outcome::DisabledClient,
            Self::AddressNotAllowed(_) => Outcome::AddressNotAllowed,
            Self::Throttled(_) => Outcome::Throttled,
            Self::OverQuota(_) => Outcome::OverQuota,
            Self::Params(_)
            | Self::SeveralAuthorizations
            | Self::SeveralMechanisms
            | Self::ClientIdMismatch
            | Self::SecretWithoutId
            | Self::AssertionIncomplete
            | Self::AssertionType
            | Self::NoGrantType
            | Self::NoToken
            | Self::TokenOfAnother
            | Self::Exchange(_)
            | Self::Unbound(_)
            | Self::Proof(_)
            | Self::MethodNotAllowed(_)
            | Self::Unusable(_) => Outcome::InvalidRequest,
            Self::UnsupportedGrantType | Self::ExchangeNotAllowed => Outcome::UnsupportedGrantType,
            Self::ScopeMalformed
            | Self::ScopeNotGranted(_)
            | Self::ScopesApart
            | Self::NothingGranted
            | Self::TooManyScopes
            | Self::Details(_) => Outcome::InvalidScope,
            Self::TargetMalformed
            | Self::TargetUnknown(_)
            | Self::TargetNotGranted(_)
            | Self::TargetDisabled(_)
            | Self::TargetWeak(_)
            | Self::TargetsDiffer
            | Self::TargetAmbiguous => Outcome::InvalidTarget,
            Self::Halted(_) => Outcome::Halted,
            Self::NoSigningKey(_) | Self::SigningFailed => Outcome::Unavailable,
        }
    }
}

/// Whose request was refused, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Why.
    pub reason: Reason,
    /// The client it claims to come from, if there is one of that name.
    pub client: Option<ClientId>,
    /// The client's secret that it came with, if it was recognised.
    pub secret: Option<SecretId>,
    /// What may be wrong with the secret, if it is wrong. For the client's owner alone.
    pub hint: Option<Hint>,
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            client: None,
            secret: None,
            hint: None,
        }
    }
}
