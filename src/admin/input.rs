//! What people and programs write, read into commands: all that is wrong with it at once, by field.
//!
//! The admin API reads these from JSON, the command line writes them as JSON, and forms fill them
//! with what was typed. Nothing here knows the registry: what depends on it is decided later.

mod apis;
mod attention;
mod certificates;
mod clients;
mod credentials;
mod details;
mod halts;
mod keys;
mod limits;
mod operators;
mod registrations;
mod secrets;
mod settings;

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

pub(super) use self::credentials::check_address;
pub use self::{
    apis::{ApiEditInput, ApiInput, ScopeEditInput, ScopeInput, scopes_from_lines},
    attention::PostponeInput,
    clients::{ClientEditInput, ClientInput, GrantInput, GrantScopesInput, Registration},
    credentials::{CredentialInput, FederationInput, PublicKeyInput},
    details::{DetailTypeEditInput, DetailTypeInput},
    halts::HaltInput,
    keys::{ActivateInput, KeyInput},
    limits::{LimitsInput, QuotaInput},
    operators::{OperatorEditInput, OperatorInput, OperatorInviteInput, PasswordInput},
    registrations::RegistrationTokenInput,
    secrets::{
        ExtendInput, HandoverInput, NoteInput, RotateInput, Rotation, SecretChoiceInput,
        SecretInput,
    },
    settings::PolicyInput,
};
use super::refusal::FieldErrors;
use crate::domain::{
    claims::{Claims, ClaimsError},
    scope::{Scope, ScopeSet},
    time::Span,
};

/// A length of time: whole seconds, or a text such as `90s`, `15m`, `24h` or `7d`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum SpanInput {
    /// Seconds.
    Seconds(u64),
    /// As people write it.
    Text(String),
}

impl SpanInput {
    /// The length of time.
    fn span(&self) -> Result<Span, String> {
        match self {
            Self::Seconds(seconds) => Ok(Span(*seconds)),
            Self::Text(text) => text.parse().map_err(|error| format!("{error}")),
        }
    }

    /// The length of time as a more particular type.
    fn parse<T: TryFrom<Span, Error: fmt::Display>>(&self) -> Result<T, String> {
        T::try_from(self.span()?).map_err(|error| error.to_string())
    }
}

impl<'de> Deserialize<'de> for SpanInput {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = SpanInput;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of seconds, or a text such as \"24h\"")
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<SpanInput, E> {
                Ok(SpanInput::Seconds(seconds))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<SpanInput, E> {
                Ok(SpanInput::Text(text.to_owned()))
            }
        }

        from.deserialize_any(Visitor)
    }
}

/// Static claims: an object of JSON, or, as forms and the command line send it, its text.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ClaimsInput {
    /// The text of an object.
    Text(String),
    /// The object.
    #[schema(value_type = Object)]
    Object(BTreeMap<String, serde_json::Value>),
}

impl ClaimsInput {
    fn parse(self) -> Result<Claims, ClaimsError> {
        match self {
            Self::Text(text) => Claims::parse(&text),
            Self::Object(claims) => Claims::new(claims),
        }
    }
}

/// Static claims; none if nothing is written.
fn parse_claims(input: Option<ClaimsInput>) -> Result<Claims, ClaimsError> {
    input.map_or_else(|| Ok(Claims::default()), ClaimsInput::parse)
}

/// What an edit makes of static claims.
fn edit_claims(edit: Edit<ClaimsInput>, errors: &mut FieldErrors) -> Option<Claims> {
    match edit {
        Edit::Keep => None,
        Edit::Clear => Some(Claims::default()),
        Edit::Set(input) => errors.check("claims", input.parse()),
    }
}

/// What an edit does to a field. In JSON: left out, `null`, or the new value.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Edit<T> {
    /// It stays.
    #[default]
    Keep,
    /// It is emptied.
    Clear,
    /// It is replaced.
    Set(T),
}

impl<T> Edit<T> {
    /// Whether it stays: then JSON leaves it out.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The new value, where an empty one is as good as any.
    fn or_default(self) -> Option<T>
    where
        T: Default,
    {
        match self {
            Self::Keep => None,
            Self::Clear => Some(T::default()),
            Self::Set(value) => Some(value),
        }
    }

    /// The new value, where there must be one.
    fn or_refuse(self, field: &str, errors: &mut FieldErrors) -> Option<T> {
        match self {
            Self::Keep => None,
            Self::Clear => {
                errors.add(field, "this cannot be empty");
                None
            }
            Self::Set(value) => Some(value),
        }
    }
}

impl<T> From<Option<T>> for Edit<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Keep, Self::Set)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Edit<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(from)?.map_or(Self::Clear, Self::Set))
    }
}

impl<T: Serialize> Serialize for Edit<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Clear => to.serialize_none(),
            Self::Set(value) => value.serialize(to),
        }
    }
}

/// Why a checked value may be taken for granted.
const CHECKED: &str = "a value that failed its check is among the errors";

/// A text that may be left out.
fn parse_or_default<T>(text: Option<&str>, field: &str, errors: &mut FieldErrors) -> T
where
    T: FromStr<Err: fmt::Display> + Default,
{
    text.and_then(|text| errors.check(field, text.parse()))
        .unwrap_or_default()
}

/// A new value, if there is one.
fn parse_some<T>(text: Option<String>, field: &str, errors: &mut FieldErrors) -> Option<T>
where
    T: FromStr<Err: fmt::Display>,
{
    text.and_then(|text| errors.check(field, text.parse()))
}

/// A list of scopes; the first wrong one is quoted.
fn parse_scopes(scopes: &[String]) -> Result<ScopeSet, String> {
    let parse = |scope: &String| -> Result<Scope, String> {
        scope
            .parse()
            .map_err(|error| format!("{scope:?} is none: {error}"))
    };
    scopes.iter().map(parse).collect()
}

#[cfg(test)]
mod tests;
