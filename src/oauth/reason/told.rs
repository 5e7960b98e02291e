//! What the caller is told of a refusal, beside its code.

use super::{ErrorCode, Reason};
use crate::{
    domain::{client::Binding, time::Span},
    oauth::{dpop::ProofError, params::ParamError},
};

impl Reason {
    /// The status of the answer: the code's own, but for those who ask too often (RFC 6585 §4).
    pub fn status(&self) -> u16 {
        if matches!(self, Self::Throttled(_) | Self::OverQuota(_)) {
            return 429;
        }
        self.code().status()
    }

    /// How long the caller is asked to wait, if it is of any use to ask again.
    pub fn retry_after(&self) -> Option<Span> {
        if let Self::Throttled(wait) | Self::OverQuota(wait) = self {
            return Some(*wait);
        }
        if matches!(self, Self::Halted(_)) {
            return Some(Span::minutes(1));
        }
        (self.code() == ErrorCode::TemporarilyUnavailable).then_some(Span(1))
    }

    /// What the caller is told beside the code (`error_description`).
    ///
    /// Depends on the form of the request alone until the client is known; then on no more than what
    /// the client may know anyway.
    #[expect(clippy::too_many_lines, reason = "a table")]
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
            | Self::AddressNotAllowed(_)
            | Self::MethodNotAllowed(_)
            | Self::Assertion(_)
            | Self::NeedsKeys(_)
            | Self::NeedsSlowCheck(_) => "client authentication failed",
            Self::UnsupportedGrantType | Self::ExchangeNotAllowed => "not a grant of this client",
            Self::Exchange(error) => error.description(),
            Self::ScopeMalformed => "scope is a list of scopes with one space between them",
            Self::ScopeNotGranted(_) | Self::ScopesApart => {
                "a scope is unknown, or not granted to this client on the API that the token is for"
            }
            Self::NothingGranted => "no scope is granted to this client",
            Self::TooManyScopes => "the token would be too long; ask for fewer scopes",
            Self::Details(error) => error.description(),
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
            Self::Halted(_) => "no tokens are issued at present",
            Self::OverQuota(_) => "the client has had its tokens for now; ask again later",
            Self::Throttled(_) => "too many requests failed; ask again later",
            Self::NoSigningKey(_) => "no token can be signed at present",
            Self::SigningFailed => "the server failed to sign the token",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_ask_again_is_recommended_where_it_may_help() {
        for (reason, wait) in [
            (Reason::Throttled(Span(7)), Some(Span(7))),
            (Reason::OverQuota(Span(8)), Some(Span(8))),
            (Reason::Proof(ProofError::Full), Some(Span(1))),
            (Reason::WrongSecret, None),
            (Reason::NoGrantType, None),
            (Reason::NothingGranted, None),
        ] {
            assert_eq!(reason.retry_after(), wait, "{reason}");
        }
    }
}
