//! How a request that may not go on is told so (RFC 6750 §3, RFC 9449 §7.1, RFC 9728 §5.1).

use std::fmt::Write;

use super::{Denied, Rule};
use crate::{domain::issuer::Issuer, oauth::metadata};

/// A status of HTTP and what stands in `WWW-Authenticate`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Challenge {
    /// 401, or 403. Proxies know no other (nginx's `auth_request`).
    pub status: u16,
    /// The challenge; nothing if it is the proxy that asks in a wrong way.
    pub text: Option<String>,
}

impl Challenge {
    /// That for `denied`. `rule` says which API it is about.
    pub fn of(denied: Denied, rule: Option<&Rule>, issuer: &Issuer) -> Self {
        let Some(rule) = rule.filter(|_| !matches!(denied, Denied::Rule(_))) else {
            return Self {
                status: 403,
                text: None,
            };
        };
        let text = match error_of(denied) {
            None => {
                let mut text = String::from("Bearer ");
                append_common(rule, issuer, &mut text);
                text
            }
            Some((error, description)) => {
                let mut text = String::from("Bearer ");
                append_common(rule, issuer, &mut text);
                append(&mut text, "error", error);
                append(&mut text, "error_description", description);
                if denied == Denied::Scope {
                    append(&mut text, "scope", rule.scopes.as_str());
                }
                text
            }
        };
        Self {
            status: if denied == Denied::Scope { 403 } else { 401 },
            text: Some(text),
        }
    }
}

/// Code and words. None where nothing was tried (RFC 6750 §3.1).
fn error_of(denied: Denied) -> Option<(&'static str, &'static str)> {
    match denied {
        Denied::NoToken | Denied::Rule(_) => None,
        Denied::Malformed => Some((
            "invalid_request",
            "send one token, in one Authorization header",
        )),
        Denied::Token(_) | Denied::Gone => Some((
            "invalid_token",
            "the token is expired, revoked or not for this API",
        )),
        Denied::Unbound => Some((
            "invalid_token",
            "the token is bound, and its holder has not proven to be the one it is bound to",
        )),
        Denied::Scope => Some((
            "insufficient_scope",
            "the token does not allow what is asked for",
        )),
    }
}

/// Which API, and where more is said of it.
fn append_common(rule: &Rule, issuer: &Issuer, text: &mut String) {
    write!(text, "realm=\"{}\"", rule.audience).expect("a string takes any text");
    if let Some(url) = metadata::protected_resource_url(&rule.audience, issuer) {
        append(text, "resource_metadata", &url);
    }
}

/// Values are words of ours, scopes, identifiers and addresses: none has quotes or backslashes.
fn append(text: &mut String, name: &str, value: &str) {
    write!(text, ", {name}=\"{value}\"").expect("a string takes any text");
}
