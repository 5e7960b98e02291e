//! How a request that may not go on is told so (RFC 6750 §3, RFC 9449 §7.1, RFC 9728 §5.1).

use std::fmt::Write;

use super::{Denied, Rule, Scheme};
use crate::{
    domain::{issuer::Issuer, profile::Profile},
    oauth::{
        dpop::{self, ProofError},
        metadata,
    },
};

/// A status of HTTP and what stands in `WWW-Authenticate`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Challenge {
    /// 401, or 403. Proxies know no other (nginx's `auth_request`).
    pub status: u16,
    /// The challenge; nothing if it is the proxy that asks in a wrong way.
    pub text: Option<String>,
    /// Whether the answer has to bring a nonce for the next proof.
    pub needs_nonce: bool,
}

impl Challenge {
    /// That for `denied`. `rule` says which API it is about, `scheme` how the request called its token.
    pub fn of(
        denied: Denied,
        (rule, scheme): (Option<&Rule>, Option<Scheme>),
        (issuer, profile): (&Issuer, Profile),
    ) -> Self {
        let Some(rule) = rule.filter(|_| !matches!(denied, Denied::Rule(_))) else {
            return Self {
                status: 403,
                text: None,
                needs_nonce: false,
            };
        };
        let mut text = String::new();
        match (error_of(denied), scheme) {
            (None, _) => {
                // In one field: nginx hands on no second one.
                append_scheme(Scheme::Bearer, rule, (issuer, profile), &mut text);
                text.push_str(", ");
                append_scheme(Scheme::Dpop, rule, (issuer, profile), &mut text);
            }
            (Some((error, description)), scheme) => {
                let is_about_proof = matches!(denied, Denied::Proof(_));
                let scheme = scheme.filter(|_| !is_about_proof);
                let default = if is_about_proof {
                    Scheme::Dpop
                } else {
                    Scheme::Bearer
                };
                append_scheme(
                    scheme.unwrap_or(default),
                    rule,
                    (issuer, profile),
                    &mut text,
                );
                append(&mut text, "error", error);
                append(&mut text, "error_description", description);
                if denied == Denied::Scope {
                    append(&mut text, "scope", rule.scopes.as_str());
                }
            }
        }
        Self {
            status: if denied == Denied::Scope { 403 } else { 401 },
            text: Some(text),
            needs_nonce: denied == Denied::Proof(ProofError::Nonce),
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
            "the token and the way it was sent do not fit what it is bound to",
        )),
        Denied::Proof(ProofError::Nonce) => Some((
            "use_dpop_nonce",
            "make the proof with the nonce of this answer",
        )),
        Denied::Proof(_) => Some((
            "invalid_dpop_proof",
            "the DPoP proof is none of this request and token, or was used before",
        )),
        Denied::Scope => Some((
            "insufficient_scope",
            "the token does not allow what is asked for",
        )),
    }
}

/// A scheme, which API it is about, and where more is said of that.
fn append_scheme(
    scheme: Scheme,
    rule: &Rule,
    (issuer, profile): (&Issuer, Profile),
    text: &mut String,
) {
    let name = match scheme {
        Scheme::Bearer => "Bearer",
        Scheme::Dpop => "DPoP",
    };
    write!(text, "{name} realm=\"{}\"", rule.audience).expect("a string takes any text");
    if let Some(url) = metadata::protected_resource_url(&rule.audience, issuer) {
        append(text, "resource_metadata", &url);
    }
    if scheme == Scheme::Dpop {
        let all: Vec<_> = dpop::algorithms(profile).collect();
        append(text, "algs", &all.join(" "));
    }
}

/// Values are words of ours, scopes, identifiers and addresses: none has quotes or backslashes.
fn append(text: &mut String, name: &str, value: &str) {
    write!(text, ", {name}=\"{value}\"").expect("a string takes any text");
}
