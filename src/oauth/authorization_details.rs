//! What a client asks for in detail (RFC 9396): of types that its API understands and that it was granted.
//!
//! All of it is granted, as it was asked for, or the whole request is refused. What is checked here was compiled
//! when the API was written down; a request is only read and compared.

use serde_json::Value;

use super::json::read_strictly;
use crate::domain::{api::Api, client::Client, details::DetailType};

/// How long `authorization_details` may be, in bytes.
pub const LONGEST: usize = 16 * 1024;

/// How deep they may nest.
pub const DEEPEST: usize = 8;

/// How many there may be in one request.
pub const MOST: usize = 32;

/// The details that `text` asks for of `api`, as JSON without white space, if `client` may have all of them.
pub fn grant(api: &Api, client: &Client, text: &str) -> Result<String, DetailsError> {
    if text.len() > LONGEST {
        return Err(DetailsError::TooMuch);
    }
    let asked = read_strictly(text, DEEPEST).map_err(|_| DetailsError::Malformed)?;
    let Value::Array(objects) = &asked else {
        return Err(DetailsError::Malformed);
    };
    if objects.is_empty() {
        return Err(DetailsError::Malformed);
    }
    if objects.len() > MOST {
        return Err(DetailsError::TooMuch);
    }
    for object in objects {
        check(api, client, object)?;
    }
    Ok(asked.to_string())
}

/// That `client` may have one of the details on `api`.
fn check(api: &Api, client: &Client, details: &Value) -> Result<(), DetailsError> {
    let named = details.get("type").and_then(Value::as_str);
    let named = named.ok_or(DetailsError::Malformed)?;
    let Some((name, kind)) = api.rules.details.get_key_value(named) else {
        return Err(DetailsError::UnknownType);
    };
    let granted = client.rules.details.get(&api.identifier);
    if !granted.is_some_and(|types| types.contains(name)) {
        return Err(DetailsError::TypeNotGranted(name.clone()));
    }
    if !kind.schema.admits(details) {
        return Err(DetailsError::Form(name.clone()));
    }
    match details.get("locations") {
        None => Ok(()),
        Some(Value::Array(all)) if all.iter().any(|it| *it == *api.identifier.as_str()) => Ok(()),
        Some(_) => Err(DetailsError::Elsewhere(name.clone())),
    }
}

/// Why details are refused. For logs and tests; the caller is told [`DetailsError::description`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DetailsError {
    /// No array of objects that have a type each.
    #[error("authorization_details are no JSON array of objects with a type each")]
    Malformed,
    /// Over [`LONGEST`] or [`MOST`].
    #[error("authorization_details have more than {LONGEST} bytes or {MOST} objects")]
    TooMuch,
    /// The API has no such type.
    #[error("the API has no such type of authorization details")]
    UnknownType,
    /// The API has the type, but the client may not ask for it.
    #[error("authorization details of the type {0} are not granted")]
    TypeNotGranted(DetailType),
    /// Not what the schema of the type describes.
    #[error("authorization details of the type {0} have not the form that its schema describes")]
    Form(DetailType),
    /// `locations` that exclude the API which the token is for (RFC 9396 §2.2).
    #[error("authorization details of the type {0} are for another location than the API")]
    Elsewhere(DetailType),
    /// More than the token allows on the same API that is exchanged.
    #[error("the token that is exchanged does not allow these authorization details")]
    BeyondSubject,
    /// The token would be longer than any proxy lets pass.
    #[error(
        "the token would have more than {} bytes",
        super::access_token::LONGEST
    )]
    TokenTooLong,
}

impl DetailsError {
    /// What the caller is told.
    pub const fn description(&self) -> &'static str {
        match self {
            Self::Malformed => {
                "authorization_details is a JSON array of objects with a type each, and no name twice"
            }
            Self::TooMuch => "authorization_details are too long or too many",
            Self::UnknownType | Self::TypeNotGranted(_) => {
                "a type of authorization details is unknown, or not granted to this client on the API that the \
                 token is for"
            }
            Self::Form(_) => "authorization details do not have the form that their type asks for",
            Self::Elsewhere(_) => {
                "the locations of authorization details do not name the API that the token is for"
            }
            Self::BeyondSubject => "the subject token does not allow these authorization details",
            Self::TokenTooLong => {
                "the token would be too long; ask for fewer authorization details"
            }
        }
    }
}

#[cfg(test)]
mod tests;
