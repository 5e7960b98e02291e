//! The codes of errors (RFC 6749 §5.2, RFC 8707 §2, RFC 9396 §5, RFC 9449 §5, RFC 7591 §3.2.2).

use std::fmt;

/// What the wire says of a refusal (RFC 6749 §5.2, RFC 8707 §2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ErrorCode {
    /// The request is malformed.
    InvalidRequest,
    /// The client did not prove who it is.
    InvalidClient,
    /// The client may not do this.
    UnauthorizedClient,
    /// Another grant than client credentials.
    UnsupportedGrantType,
    /// A scope is malformed, unknown or not granted.
    InvalidScope,
    /// The API is malformed, unknown, not granted, disabled or ambiguous.
    InvalidTarget,
    /// What is asked for in detail is malformed, unknown or not granted (RFC 9396 §5).
    InvalidAuthorizationDetails,
    /// A DPoP proof is missing or does not count (RFC 9449 §5).
    InvalidDpopProof,
    /// A DPoP proof needs the nonce of the answer (RFC 9449 §8).
    UseDpopNonce,
    /// The token that registers or manages a client does not count (RFC 6750 §3.1).
    InvalidToken,
    /// Operators do not let the client do this.
    AccessDenied,
    /// What a client says of itself is malformed or not allowed (RFC 7591 §3.2.2).
    InvalidClientMetadata,
    /// What somebody else says of a client is not believed (RFC 7591 §3.2.2).
    InvalidSoftwareStatement,
    /// The server failed.
    ServerError,
    /// The server cannot answer now.
    TemporarilyUnavailable,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 15] = [
        Self::InvalidRequest,
        Self::InvalidClient,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::InvalidScope,
        Self::InvalidTarget,
        Self::InvalidAuthorizationDetails,
        Self::InvalidDpopProof,
        Self::UseDpopNonce,
        Self::InvalidToken,
        Self::AccessDenied,
        Self::InvalidClientMetadata,
        Self::InvalidSoftwareStatement,
        Self::ServerError,
        Self::TemporarilyUnavailable,
    ];

    /// The value of `error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidAuthorizationDetails => "invalid_authorization_details",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::InvalidToken => "invalid_token",
            Self::AccessDenied => "access_denied",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidSoftwareStatement => "invalid_software_statement",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }

    /// The HTTP status it comes with.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidRequest
            | Self::UnauthorizedClient
            | Self::UnsupportedGrantType
            | Self::InvalidScope
            | Self::InvalidTarget
            | Self::InvalidAuthorizationDetails
            | Self::InvalidDpopProof
            | Self::UseDpopNonce
            | Self::InvalidClientMetadata
            | Self::InvalidSoftwareStatement => 400,
            Self::InvalidClient | Self::InvalidToken => 401,
            Self::AccessDenied => 403,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
