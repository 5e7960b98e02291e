//! The parameters of a request at an endpoint that clients authenticate at: a form body read strictly.
//!
//! A recognised parameter stands once, an empty one is absent (RFC 6749 §3.2), what is not
//! recognised is ignored. Only `resource` may repeat (RFC 8707 §2), and `audience` where a token is exchanged
//! (RFC 8693 §2.1). What needs no decoding is borrowed
//! from the body.

use std::{borrow::Cow, fmt};

use zeroize::Zeroize;

use super::{
    form::{self, FormError},
    token_exchange,
};

/// How many parameters a body may have.
pub const MOST: usize = 100;

/// The recognised parameters of a request, decoded. Which of them matter, the endpoint knows.
#[derive(Default)]
pub struct Params<'a> {
    /// `grant_type` (RFC 6749 §4.4.2).
    pub grant_type: Option<Cow<'a, str>>,
    /// `client_id` (RFC 6749 §2.3.1).
    pub client_id: Option<Cow<'a, str>>,
    /// `client_secret` (RFC 6749 §2.3.1).
    pub client_secret: Option<Presented<'a>>,
    /// `client_assertion` (RFC 7521 §4.2): another way to authenticate.
    pub client_assertion: Option<Presented<'a>>,
    /// `client_assertion_type` (RFC 7521 §4.2).
    pub client_assertion_type: Option<Cow<'a, str>>,
    /// `scope` (RFC 6749 §3.3), not yet parsed.
    pub scope: Option<Cow<'a, str>>,
    /// `resource` (RFC 8707 §2).
    pub resource: Resource<'a>,
    /// `audience`: what clients of other servers send in place of `resource`.
    pub audience: Resource<'a>,
    /// `authorization_details` (RFC 9396 §6), not yet parsed.
    pub authorization_details: Option<Cow<'a, str>>,
    /// `subject_token`, the one that is exchanged (RFC 8693 §2.1).
    pub subject_token: Option<Presented<'a>>,
    /// `subject_token_type` (RFC 8693 §2.1).
    pub subject_token_type: Option<Cow<'a, str>>,
    /// `actor_token` (RFC 8693 §2.1).
    pub actor_token: Option<Presented<'a>>,
    /// `actor_token_type` (RFC 8693 §2.1).
    pub actor_token_type: Option<Cow<'a, str>>,
    /// `requested_token_type` (RFC 8693 §2.1).
    pub requested_token_type: Option<Cow<'a, str>>,
    /// `token`, the one that is asked about (RFC 7662 §2.1, RFC 7009 §2.1).
    pub token: Option<Presented<'a>>,
}

/// Which resources a request names.
#[derive(Debug, Default, Eq, PartialEq)]
pub enum Resource<'a> {
    /// None.
    #[default]
    Unnamed,
    /// One, perhaps repeatedly.
    One(Cow<'a, str>),
    /// More than one.
    Several,
}

impl<'a> Params<'a> {
    /// Reads a body of the type `application/x-www-form-urlencoded`.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParamError> {
        let mut params = Self::default();
        let mut seen = Seen::default();
        let mut audiences = 0_usize;
        let pairs = body.split(|byte| *byte == b'&');
        for (n, pair) in pairs.filter(|pair| !pair.is_empty()).enumerate() {
            if n == MOST {
                return Err(ParamError::TooMany);
            }
            let equals = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = match equals {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, [].as_slice()),
            };
            let name = form::decode(name)?;
            let value = form::decode(value)?;
            if let Some(name) = Name::recognise(&name) {
                if name == Name::Audience && seen.has(name) {
                    audiences += 1;
                } else {
                    seen.note(name)?;
                }
                if !value.is_empty() {
                    params.set(name, value)?;
                }
            }
        }
        if audiences > 0 && params.grant_type.as_deref() != Some(token_exchange::GRANT_TYPE) {
            return Err(ParamError::Repeated(Name::Audience));
        }
        Ok(params)
    }

    fn set(&mut self, name: Name, value: Cow<'a, str>) -> Result<(), ParamError> {
        let control = |byte: u8| byte < 0x20 || byte == 0x7f;
        if !matches!(name, Name::Scope | Name::Token | Name::AuthorizationDetails)
            && value.bytes().any(control)
        {
            return Err(ParamError::Control(name));
        }
        match name {
            Name::GrantType => self.grant_type = Some(value),
            Name::ClientId => self.client_id = Some(value),
            Name::ClientSecret => self.client_secret = Some(Presented::new(value)),
            Name::ClientAssertion => self.client_assertion = Some(Presented::new(value)),
            // All kinds of tokens are looked for, whatever a hint says (RFC 7662 §2.1).
            Name::TokenTypeHint => {}
            Name::ClientAssertionType => self.client_assertion_type = Some(value),
            Name::Scope => self.scope = Some(value),
            Name::Audience => self.audience.add(value),
            Name::AuthorizationDetails => self.authorization_details = Some(value),
            Name::Resource => self.resource.add(value),
            Name::SubjectToken => self.subject_token = Some(Presented::new(value)),
            Name::SubjectTokenType => self.subject_token_type = Some(value),
            Name::ActorToken => self.actor_token = Some(Presented::new(value)),
            Name::ActorTokenType => self.actor_token_type = Some(value),
            Name::RequestedTokenType => self.requested_token_type = Some(value),
            Name::Token => self.token = Some(Presented::new(value)),
        }
        Ok(())
    }
}

impl<'a> Resource<'a> {
    fn add(&mut self, value: Cow<'a, str>) {
        match self {
            Self::Unnamed => *self = Self::One(value),
            Self::One(first) if *first == value => {}
            Self::One(_) | Self::Several => *self = Self::Several,
        }
    }
}

/// A secret as it was presented. Wiped when dropped, if it had to be copied.
pub struct Presented<'a>(Cow<'a, str>);

impl<'a> Presented<'a> {
    /// Takes a secret over.
    pub fn new(secret: Cow<'a, str>) -> Self {
        Self(secret)
    }

    /// The secret, for comparing it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Drop for Presented<'_> {
    fn drop(&mut self) {
        if let Cow::Owned(text) = &mut self.0 {
            text.zeroize();
        }
    }
}

/// The name of a recognised parameter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Name {
    /// `grant_type`
    GrantType,
    /// `client_id`
    ClientId,
    /// `client_secret`
    ClientSecret,
    /// `client_assertion`
    ClientAssertion,
    /// `client_assertion_type`
    ClientAssertionType,
    /// `scope`
    Scope,
    /// `audience`
    Audience,
    /// `resource`
    Resource,
    /// `authorization_details`
    AuthorizationDetails,
    /// `subject_token`
    SubjectToken,
    /// `subject_token_type`
    SubjectTokenType,
    /// `actor_token`
    ActorToken,
    /// `actor_token_type`
    ActorTokenType,
    /// `requested_token_type`
    RequestedTokenType,
    /// `token`
    Token,
    /// `token_type_hint`
    TokenTypeHint,
}

impl Name {
    /// Names are case-sensitive.
    fn recognise(name: &str) -> Option<Self> {
        Some(match name {
            "grant_type" => Self::GrantType,
            "client_id" => Self::ClientId,
            "client_secret" => Self::ClientSecret,
            "client_assertion" => Self::ClientAssertion,
            "client_assertion_type" => Self::ClientAssertionType,
            "scope" => Self::Scope,
            "audience" => Self::Audience,
            "resource" => Self::Resource,
            "authorization_details" => Self::AuthorizationDetails,
            "subject_token" => Self::SubjectToken,
            "subject_token_type" => Self::SubjectTokenType,
            "actor_token" => Self::ActorToken,
            "actor_token_type" => Self::ActorTokenType,
            "requested_token_type" => Self::RequestedTokenType,
            "token" => Self::Token,
            "token_type_hint" => Self::TokenTypeHint,
            _ => return None,
        })
    }

    /// As it stands in a body.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GrantType => "grant_type",
            Self::ClientId => "client_id",
            Self::ClientSecret => "client_secret",
            Self::ClientAssertion => "client_assertion",
            Self::ClientAssertionType => "client_assertion_type",
            Self::Scope => "scope",
            Self::Audience => "audience",
            Self::Resource => "resource",
            Self::AuthorizationDetails => "authorization_details",
            Self::SubjectToken => "subject_token",
            Self::SubjectTokenType => "subject_token_type",
            Self::ActorToken => "actor_token",
            Self::ActorTokenType => "actor_token_type",
            Self::RequestedTokenType => "requested_token_type",
            Self::Token => "token",
            Self::TokenTypeHint => "token_type_hint",
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which parameters were met, one bit each.
#[derive(Default)]
struct Seen(u32);

impl Seen {
    fn has(&self, name: Name) -> bool {
        self.0 & (1 << name as u32) != 0
    }

    fn note(&mut self, name: Name) -> Result<(), ParamError> {
        let bit = 1 << name as u32;
        if self.has(name) && name != Name::Resource {
            return Err(ParamError::Repeated(name));
        }
        self.0 |= bit;
        Ok(())
    }
}

/// Why a body has no parameters to speak of.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ParamError {
    /// It is not form-encoded.
    #[error(transparent)]
    Form(#[from] FormError),
    /// A parameter stands twice (RFC 6749 §3.2).
    #[error("the parameter {0} stands twice")]
    Repeated(Name),
    /// A parameter has a control character in it.
    #[error("the parameter {0} has a control character")]
    Control(Name),
    /// More than [`MOST`].
    #[error("there are more than {MOST} parameters")]
    TooMany,
}

#[cfg(test)]
mod tests;
