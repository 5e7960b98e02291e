//! Why the protocol refuses: precisely for us, in the RFC's few words for the caller.
//!
//! One place maps reasons to codes, to counted outcomes and to the sentence on the wire. Sentences are
//! fixed: nothing that was sent ever comes back (RFC 6749 §5.2).

mod code;

use std::fmt;

use zeroize::Zeroizing;

pub use self::code::ErrorCode;
use super::{
    assertion::{AssertionError, KeySource},
    credentials::Unusable,
    dpop::ProofError,
    mutual_tls::CertificateFault,
    params::ParamError,
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
    /// Another grant than client credentials.
    #[error("the grant type is not client_credentials")]
    UnsupportedGrantType,
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
    /// `resource` or `audience` is not an absolute URI without fragment.
    #[error("the API named is not an absolute URI")]
    TargetMalformed,
    /// No such API.
    #[error("there is no API {0}")]
    TargetUnknown(ApiIdentifier),
    /// The client has no scope there.
    #[error("nothing is granted on {0}")]
    TargetNotGranted(ApiIdentifier),
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
            | Self::Unbound(Binding::Certificate | Binding::Optional) => ErrorCode::InvalidRequest,
            Self::Proof(ProofError::Nonce) => ErrorCode::UseDpopNonce,
            Self::NoSigningKey(_) | Self::Proof(ProofError::Full) => {
                ErrorCode::TemporarilyUnavailable
            }
            Self::Proof(_) | Self::Unbound(Binding::Dpop) => ErrorCode::InvalidDpopProof,
            Self::TokenOfAnother => ErrorCode::UnauthorizedClient,
            Self::Unusable(_)
            | Self::UnknownClient(_)
            | Self::WrongSecret
            | Self::Certificate(_)
            | Self::DeadSecret(..)
            | Self::ClientDisabled
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
            Self::SigningFailed => ErrorCode::ServerError,
        }
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
            | Self::Unbound(_)
            | Self::Proof(_)
            | Self::MethodNotAllowed(_)
            | Self::Unusable(_) => Outcome::InvalidRequest,
            Self::UnsupportedGrantType => Outcome::UnsupportedGrantType,
            Self::ScopeMalformed
            | Self::ScopeNotGranted(_)
            | Self::ScopesApart
            | Self::NothingGranted
            | Self::TooManyScopes => Outcome::InvalidScope,
            Self::TargetMalformed
            | Self::TargetUnknown(_)
            | Self::TargetNotGranted(_)
            | Self::TargetDisabled(_)
            | Self::TargetWeak(_)
            | Self::TargetsDiffer
            | Self::TargetAmbiguous => Outcome::InvalidTarget,
            Self::NoSigningKey(_) | Self::SigningFailed => Outcome::Unavailable,
        }
    }

    /// What the caller is told beside the code (`error_description`).
    ///
    /// Depends on the form of the request alone until the client is known; then on no more than what
    /// the client may know anyway.
    pub fn description(&self) -> &'static str {
        match self {
            Self::Params(ParamError::Repeated(_)) => "a parameter is repeated",
            Self::Params(ParamError::TooMany) => "there are too many parameters",
            Self::Params(ParamError::Form(_) | ParamError::Control(_)) => {
                "the body is not well-formed application/x-www-form-urlencoded"
            }
            Self::SeveralAuthorizations | Self::SeveralMechanisms => {
                "the request authenticates the client in more than one way"
            }
            Self::ClientIdMismatch => "client_id differs from the client that authenticates",
            Self::SecretWithoutId => "client_secret needs client_id beside it",
            Self::AssertionIncomplete => "client_assertion needs client_assertion_type beside it",
            Self::AssertionType => "the only client_assertion_type is that of a JWT",
            Self::NoGrantType => "grant_type is missing",
            Self::NoToken => "token is missing",
            Self::TokenOfAnother => "the token was issued to another client",
            Self::Unusable(_) => {
                "the client authenticates with HTTP Basic, with client_id and client_secret in the body, or with \
                 client_assertion"
            }
            Self::UnknownClient(_)
            | Self::WrongSecret
            | Self::Certificate(_)
            | Self::DeadSecret(..)
            | Self::ClientDisabled
            | Self::MethodNotAllowed(_)
            | Self::Assertion(_)
            | Self::NeedsKeys(_)
            | Self::NeedsSlowCheck(_) => "client authentication failed",
            Self::UnsupportedGrantType => "the only grant type is client_credentials",
            Self::ScopeMalformed => "scope is a list of scopes with one space between them",
            Self::ScopeNotGranted(_) | Self::ScopesApart => {
                "a scope is unknown, or not granted to this client on the API that the token is for"
            }
            Self::NothingGranted => "no scope is granted to this client",
            Self::TooManyScopes => "the token would be too long; ask for fewer scopes",
            Self::TargetMalformed => "resource and audience are absolute URIs without fragment",
            Self::TargetUnknown(_) | Self::TargetNotGranted(_) | Self::TargetDisabled(_) => {
                "there is no such API for this client"
            }
            Self::TargetWeak(_) => "tokens for this API are signed as this server no longer allows",
            Self::TargetsDiffer => "a token is for one API; name only one",
            Self::TargetAmbiguous => "more than one API would do; name the API with resource",
            Self::Unbound(Binding::Dpop) => {
                "this client's tokens are bound to a key: send a DPoP proof"
            }
            Self::Unbound(Binding::Certificate) => {
                "this client's tokens are bound to a certificate: connect with one"
            }
            Self::Unbound(Binding::Optional) => {
                "tokens of this server are bound: send a DPoP proof, or connect with a certificate"
            }
            Self::Proof(ProofError::Nonce) => "make the proof with the nonce of this answer",
            Self::Proof(ProofError::Full) => "the server is busy; ask again",
            Self::Proof(_) => "the DPoP proof is none of this request, or was used before",
            Self::NoSigningKey(_) => "no token can be signed at present",
            Self::SigningFailed => "the server failed to sign the token",
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

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl std::error::Error for Refused {}
