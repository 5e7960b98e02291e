//! What a request must bring: written into a proxy's configuration, or kept on this server.

use crate::{
    domain::{forward::ForwardRule as Rule, scope::ScopeSet},
    oauth::form,
};

/// The rule in the query of a proxy's request: `audience`, perhaps `scope`, perhaps `preflight=allow`. Anything
/// else, and anything twice, lets nobody through: a rule that is not understood is not a looser one.
///
/// # Errors
/// It is none.
pub fn parse_query(query: &str) -> Result<Rule, RuleError> {
    let (mut audience, mut scopes, mut preflight) = (None, None, None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = form::decode(name.as_bytes()).map_err(|_| RuleError::Encoding)?;
        let value = form::decode(value.as_bytes()).map_err(|_| RuleError::Encoding)?;
        let place = match name.as_ref() {
            "audience" => &mut audience,
            "scope" => &mut scopes,
            "preflight" => &mut preflight,
            _ => return Err(RuleError::Unknown),
        };
        if value.is_empty() {
            return Err(RuleError::Empty);
        }
        if place.replace(value).is_some() {
            return Err(RuleError::Repeated);
        }
    }
    let audience = audience.ok_or(RuleError::NoAudience)?;
    Ok(Rule {
        audience: audience.parse().map_err(|_| RuleError::UnknownApi)?,
        scopes: match scopes {
            Some(scopes) => scopes.parse().map_err(|_| RuleError::Scope)?,
            None => ScopeSet::default(),
        },
        lets_preflight_through: match preflight.as_deref() {
            Some("allow") => true,
            Some(_) => return Err(RuleError::Unknown),
            None => false,
        },
    })
}

/// Why nobody gets through: the proxy's configuration has to be mended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RuleError {
    /// No API is named.
    #[error("no audience is named")]
    NoAudience,
    /// The API is not registered here, or is this server's own.
    #[error("the audience is no API of this server")]
    UnknownApi,
    /// Something stands twice.
    #[error("a parameter stands twice")]
    Repeated,
    /// Something is named and nothing said.
    #[error("a parameter is empty")]
    Empty,
    /// A parameter that there is not.
    #[error("the parameters are audience, scope, and preflight=allow")]
    Unknown,
    /// No form encoding.
    #[error("the query is not form-encoded")]
    Encoding,
    /// No scopes.
    #[error("the scope is none by the grammar of RFC 6749")]
    Scope,
    /// No rule of this name is kept here.
    #[error("no policy of this name is kept here")]
    NoPolicy,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_names_one_api_and_perhaps_scopes() {
        let rule = parse_query("audience=https%3A%2F%2Fapi.test%2F&scope=a+b%20c").unwrap();
        assert_eq!(rule.audience.as_str(), "https://api.test/");
        assert_eq!(rule.scopes.as_str(), "a b c");
        assert!(!rule.lets_preflight_through);

        let bare = parse_query("preflight=allow&audience=urn:shop").unwrap();
        assert!(bare.scopes.is_empty() && bare.lets_preflight_through);
    }

    /// FA-05
    #[test]
    fn a_rule_that_is_not_understood_is_no_rule() {
        for (query, error) in [
            ("", RuleError::NoAudience),
            ("scope=a", RuleError::NoAudience),
            ("audience=", RuleError::Empty),
            ("audience=urn:shop&scope=", RuleError::Empty),
            ("audience=urn:shop&scope", RuleError::Empty),
            ("audience=urn:shop&audience=urn:shop", RuleError::Repeated),
            ("audience=urn:a&audienc%65=urn:b", RuleError::Repeated),
            ("audience=urn:shop&scope=a&scope=b", RuleError::Repeated),
            ("audience=urn:shop&scopes=a", RuleError::Unknown),
            ("audience=urn:shop&Scope=a", RuleError::Unknown),
            ("audience=urn:shop&preflight=yes", RuleError::Unknown),
            ("audience=%zz", RuleError::Encoding),
            ("audience=shop", RuleError::UnknownApi),
            ("audience=urn:shop&scope=a%22", RuleError::Scope),
            ("audience=urn:shop&scope=a++b", RuleError::Scope),
        ] {
            assert_eq!(parse_query(query), Err(error), "{query}");
        }
    }
}
