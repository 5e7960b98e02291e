//! What is seen, before it is counted.

use std::{net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::domain::{
    hint::Hint,
    id::{ApiIdentifier, ClientId, KeyId, SecretId},
    scope::ScopeSet,
    time::Timestamp,
};

/// Something that was seen, as it is handed to the recorder.
#[derive(Clone, Debug)]
pub enum Observation {
    /// A token was issued.
    Issued {
        /// To whom.
        client: ClientId,
        /// On the strength of which secret.
        secret: SecretId,
        /// For which API.
        api: ApiIdentifier,
        /// With which scopes.
        scopes: ScopeSet,
        /// Whether the request named them.
        asked: Asked,
        /// When and from where.
        seen: Seen,
    },
    /// A client proved itself at another endpoint than the token endpoint, and was answered.
    Answered {
        /// Which client.
        client: ClientId,
        /// On the strength of which secret.
        secret: SecretId,
        /// What it asked for: [`Outcome::Introspected`] or [`Outcome::TokenRevoked`].
        outcome: Outcome,
        /// When and from where.
        seen: Seen,
    },
    /// A request was refused.
    Refused {
        /// Whose request it was; nothing if no such client is known.
        client: Option<ClientId>,
        /// Which secret it came with, if it was recognised: a dead one, or a live one that was
        /// refused for another reason.
        secret: Option<SecretId>,
        /// Why.
        outcome: Outcome,
        /// What may have been wrong with its secret.
        hint: Option<Hint>,
        /// When and from where.
        seen: Seen,
    },
    /// A request with a token was let through to an API that needs these scopes: what was granted was
    /// really exercised.
    Exercised {
        /// Whose token.
        client: ClientId,
        /// Which API.
        api: ApiIdentifier,
        /// Which scopes the request needed; the token may have more.
        scopes: ScopeSet,
        /// When.
        at: Timestamp,
    },
    /// The JWK set was fetched.
    KeysFetched {
        /// The youngest key it contained.
        newest: KeyId,
        /// When and from where.
        seen: Seen,
    },
}

/// When something was seen, and from where.
#[derive(Clone, Debug)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// The address it came from, as far as declared proxies are believed.
    pub address: IpAddr,
    /// What it called itself; at most 120 characters, printable.
    pub agent: Option<Arc<str>>,
    /// The name of the request, in the answer and in the log.
    pub request: Option<Arc<str>>,
}

/// Whether a request named the scopes it got.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Asked {
    /// It did.
    ByName,
    /// It got the default.
    ByDefault,
}

/// How a request ended, in as many kinds as are counted apart.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Outcome {
    /// With a token.
    Issued = 0,
    /// No such client.
    UnknownClient = 1,
    /// The secret is none of the client's.
    WrongSecret = 2,
    /// The secret was retired.
    RetiredSecret = 3,
    /// The secret was revoked, or cancelled before it was used.
    RevokedSecret = 4,
    /// The secret expired.
    ExpiredSecret = 5,
    /// The client is disabled.
    DisabledClient = 6,
    /// The request was malformed.
    InvalidRequest = 7,
    /// The grant type is not one of ours.
    UnsupportedGrantType = 8,
    /// A scope is unknown or not granted.
    InvalidScope = 9,
    /// The API is unknown, not granted, disabled or ambiguous.
    InvalidTarget = 10,
    /// The server could not answer.
    Unavailable = 11,
    /// No token was asked for, but what one says (RFC 7662).
    Introspected = 12,
    /// No token was asked for, but that one stop (RFC 7009).
    TokenRevoked = 13,
    /// No tokens are issued at present, or none for the API: somebody said so.
    Halted = 14,
    /// The client may not authenticate from where the request came.
    AddressNotAllowed = 15,
    /// Too many failed before from the same network.
    Throttled = 16,
    /// The client has had its tokens for now.
    OverQuota = 17,
}

impl Outcome {
    /// Every outcome, in the order of its number.
    pub const ALL: [Self; 18] = [
        Self::Issued,
        Self::UnknownClient,
        Self::WrongSecret,
        Self::RetiredSecret,
        Self::RevokedSecret,
        Self::ExpiredSecret,
        Self::DisabledClient,
        Self::InvalidRequest,
        Self::UnsupportedGrantType,
        Self::InvalidScope,
        Self::InvalidTarget,
        Self::Unavailable,
        Self::Introspected,
        Self::TokenRevoked,
        Self::Halted,
        Self::AddressNotAllowed,
        Self::Throttled,
        Self::OverQuota,
    ];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::UnknownClient => "unknown_client",
            Self::WrongSecret => "wrong_secret",
            Self::RetiredSecret => "retired_secret",
            Self::RevokedSecret => "revoked_secret",
            Self::ExpiredSecret => "expired_secret",
            Self::DisabledClient => "disabled_client",
            Self::InvalidRequest => "invalid_request",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::Unavailable => "unavailable",
            Self::Introspected => "introspected",
            Self::TokenRevoked => "token_revoked",
            Self::Halted => "halted",
            Self::AddressNotAllowed => "address_not_allowed",
            Self::Throttled => "throttled",
            Self::OverQuota => "over_quota",
        }
    }

    /// Whether a request that ended so was turned down.
    pub const fn is_refusal(self) -> bool {
        !matches!(self, Self::Issued | Self::Introspected | Self::TokenRevoked)
    }

    /// The outcome with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}
