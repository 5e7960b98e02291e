//! Static claims: what an operator lets every token of a client, or of an API, say besides.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How many claims may be set in one place.
pub const MOST: usize = 16;

/// How long all of them may be together, in bytes of JSON: a token has to fit into a header.
pub const LONGEST: usize = 2048;

/// How long a name may be, in bytes.
pub const LONGEST_NAME: usize = 128;

/// How deep a value may nest.
pub const DEEPEST: usize = 4;

/// What tokens say by themselves: no static claim can stand in for any of it (RFC 7519 §4.1, RFC 9068
/// §2.2, RFC 7800 §3.1, RFC 8693 §4, RFC 9396 §9.1), nor for what APIs take for an identity.
pub const RESERVED: [&str; 32] = [
    "active",
    "acr",
    "act",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "authorization_details",
    "azp",
    "c_hash",
    "client_id",
    "cnf",
    "email",
    "email_verified",
    "events",
    "exp",
    "iat",
    "iss",
    "jti",
    "jwk",
    "may_act",
    "nbf",
    "nonce",
    "preferred_username",
    "scope",
    "scp",
    "sid",
    "sub",
    "sub_id",
    "token_type",
    "typ",
    "username",
];

/// Static claims: names and JSON values, checked.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Value>", into = "BTreeMap<String, Value>")]
pub struct Claims(BTreeMap<String, Value>);

impl Claims {
    /// Checks what somebody wishes every token to say.
    ///
    /// # Errors
    /// A reserved or odd name, too many, too long, too deep.
    pub fn new(claims: BTreeMap<String, Value>) -> Result<Self, ClaimsError> {
        if claims.len() > MOST {
            return Err(ClaimsError::TooMany);
        }
        for (name, value) in &claims {
            let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
            if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_plain) {
                return Err(ClaimsError::Name(name.chars().take(40).collect()));
            }
            if RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
                return Err(ClaimsError::Reserved(name.clone()));
            }
            if depth(value) > DEEPEST {
                return Err(ClaimsError::TooDeep(name.clone()));
            }
        }
        let length = serde_json::to_string(&claims).map_or(usize::MAX, |json| json.len());
        if length > LONGEST {
            return Err(ClaimsError::TooLong);
        }
        Ok(Self(claims))
    }

    /// Reads them from the text of a JSON object; none from an empty one.
    ///
    /// # Errors
    /// As [`Claims::new`], and if the text is no JSON object.
    pub fn parse(text: &str) -> Result<Self, ClaimsError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let claims = serde_json::from_str(text).map_err(|_| ClaimsError::NoObject)?;
        Self::new(claims)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Name and value of each, in order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether one is called `name`.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// As a JSON object.
    pub fn to_json(&self) -> Value {
        self.0
            .iter()
            .map(|(name, it)| (name.clone(), it.clone()))
            .collect()
    }
}

/// As JSON, for people and for the audit log; the empty text if there are none.
impl fmt::Display for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return Ok(());
        }
        write!(f, "{}", self.to_json())
    }
}

impl TryFrom<BTreeMap<String, Value>> for Claims {
    type Error = ClaimsError;

    fn try_from(claims: BTreeMap<String, Value>) -> Result<Self, ClaimsError> {
        Self::new(claims)
    }
}

impl From<Claims> for BTreeMap<String, Value> {
    fn from(claims: Claims) -> Self {
        claims.0
    }
}

/// How many arrays and objects lie within each other.
pub(super) fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Why claims are refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ClaimsError {
    /// No object of JSON.
    #[error("write the claims as one JSON object, {{\"tenant\": \"acme\"}} for example")]
    NoObject,
    /// A name that tokens, or APIs, understand as something else.
    #[error("{0} is reserved: what tokens say by themselves cannot be set here")]
    Reserved(String),
    /// An empty or odd name.
    #[error("{0:?} is no name for a claim: use visible ASCII, at most {LONGEST_NAME} characters")]
    Name(String),
    /// More than [`MOST`].
    #[error("there are more than {MOST} claims")]
    TooMany,
    /// More than [`LONGEST`] bytes.
    #[error("the claims have more than {LONGEST} bytes of JSON together")]
    TooLong,
    /// Nests deeper than [`DEEPEST`].
    #[error("the value of {0} nests more than {DEEPEST} levels deep")]
    TooDeep(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AT-07
    #[test]
    fn a_static_claim_never_stands_in_for_what_a_token_says_by_itself() {
        for name in RESERVED.into_iter().chain(["ISS", "Sub"]) {
            let text = format!("{{\"{name}\":\"x\"}}");
            let refused = Claims::parse(&text).unwrap_err();
            assert!(matches!(refused, ClaimsError::Reserved(_)), "{name}");
        }
    }

    #[test]
    fn claims_are_any_json_within_bounds() {
        let text = r#"{"https://acme.example/tenant":"acme","tier":3,"regions":["eu","us"],"x":{"y":null}}"#;
        let claims = Claims::parse(text).unwrap();
        assert_eq!(claims.iter().count(), 4);
        assert_eq!(Claims::parse(&claims.to_string()), Ok(claims));
        assert_eq!(Claims::parse(" \n"), Ok(Claims::default()));
        assert_eq!(Claims::default().to_string(), "");
    }

    #[test]
    fn claims_out_of_bounds_are_refused() {
        assert_eq!(Claims::parse("[]"), Err(ClaimsError::NoObject));
        assert_eq!(Claims::parse("{"), Err(ClaimsError::NoObject));
        assert!(matches!(
            Claims::parse("{\"\":1}"),
            Err(ClaimsError::Name(_))
        ));
        assert!(matches!(
            Claims::parse("{\"a b\":1}"),
            Err(ClaimsError::Name(_))
        ));
        let deep = "{\"a\":[[[[[1]]]]]}";
        assert!(matches!(Claims::parse(deep), Err(ClaimsError::TooDeep(_))));
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(LONGEST));
        assert_eq!(Claims::parse(&long), Err(ClaimsError::TooLong));
        let many = (0..=MOST)
            .map(|n| (format!("c{n}"), Value::from(n)))
            .collect();
        assert_eq!(Claims::new(many), Err(ClaimsError::TooMany));
    }

    #[test]
    fn claims_are_found_by_name_and_come_apart() {
        let claims = Claims::parse(r#"{"tenant":"acme","tier":3}"#).unwrap();

        assert!(claims.has("tenant") && !claims.has("acme"));
        let members = BTreeMap::from(claims);
        assert_eq!(members["tier"], 3);
        assert_eq!(members.len(), 2);
    }
}
