//! Why an API would refuse a token.

use super::{Inspection, Signature, Validity, is_access_token};
use crate::{
    crypto::signer::Algorithm,
    domain::{
        api::Api,
        issuer::Issuer,
        registry::Registry,
        time::{Span, Timestamp},
    },
};

/// What an API asks of a token.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Who must have issued it.
    pub issuer: &'a Issuer,
    /// The API.
    pub api: &'a Api,
    /// The scope that is needed, if any is asked about.
    pub scope: Option<&'a str>,
    /// The moment.
    pub now: Timestamp,
}

impl Inspection {
    /// Why an API would refuse it, each reason a sentence; nothing if it would not.
    pub fn objections(&self, wanted: &Wanted<'_>) -> Vec<String> {
        let mut all = Vec::new();
        all.extend(self.signature.objection());
        all.extend(self.algorithm_objection(wanted.api.signing.algorithm()));
        if !is_access_token(&self.header) {
            all.push("Its type (typ) is not at+jwt, so it is no access token.".to_owned());
        }
        match self.text("iss") {
            Some(issuer) if issuer == wanted.issuer.as_str() => {}
            Some(other) => all.push(format!(
                "It was issued by {other}; the API trusts {}.",
                wanted.issuer
            )),
            None => all.push("It does not say who issued it (iss).".to_owned()),
        }
        if !self.is_for(wanted.api.identifier.as_str()) {
            all.push(format!(
                "It is for another API: its audience (aud) is not {}.",
                wanted.api.identifier
            ));
        }
        all.extend(self.validity.objection(wanted.now));
        if let Some(scope) = wanted
            .scope
            .filter(|scope| !self.scopes().any(|it| it == *scope))
        {
            all.push(format!("It lacks the scope {scope}."));
        }
        all
    }

    /// An API expects the algorithm that its tokens are signed with.
    fn algorithm_objection(&self, expected: Algorithm) -> Option<String> {
        let found = self.header["alg"].as_str().unwrap_or("none");
        (found != expected.as_str() && !found.eq_ignore_ascii_case("none")).then(|| {
            format!("It is signed with {found}; tokens for this API are signed with {expected}.")
        })
    }

    /// What has changed since it was issued. An API that only checks the token does not notice.
    pub fn changes_since(&self, registry: &Registry) -> Vec<String> {
        let mut all = Vec::new();
        let client = self.text("client_id").unwrap_or_default();
        match registry.find_client_by_text(client) {
            None => all.push("Its client does not exist here (any more).".to_owned()),
            Some(client) => {
                if !client.is_active() {
                    all.push("Its client is disabled.".to_owned());
                }
                let audience = self.text("aud").unwrap_or_default();
                let granted = client.grants.get(audience);
                let lost = self
                    .scopes()
                    .filter(|scope| granted.is_none_or(|it| it.find(scope).is_none()));
                let lost: Vec<&str> = lost.collect();
                if !lost.is_empty() {
                    all.push(format!("Its client no longer has: {}.", lost.join(", ")));
                }
            }
        }
        all
    }
}

impl Signature {
    fn objection(&self) -> Option<String> {
        Some(match self {
            Self::Ours(_, age) if age.is_published() => return None,
            Self::Shared(_) => return None,
            Self::Ours(key, age) => {
                format!(
                    "The key that signed it, {key}, is {} and not published.",
                    age.as_str()
                )
            }
            Self::LostKey(key, age) => {
                format!(
                    "The key that it names, {key}, is {} and not published.",
                    age.as_str()
                )
            }
            Self::UnknownKey(Some(key)) => {
                format!("The key that it names, {key}, is not known here.")
            }
            Self::UnknownKey(None) => "It names no key of this server.".to_owned(),
            Self::Altered(_) => {
                "Its signature does not fit: it was altered, or somebody else signed it.".to_owned()
            }
            Self::Unsigned => "It is not signed at all (alg: none).".to_owned(),
            Self::Odd(error) => format!("It can’t be checked: {error}."),
        })
    }
}

impl Validity {
    fn objection(&self, now: Timestamp) -> Option<String> {
        let far = |span: Span| span.in_words();
        Some(match self {
            Self::Current { .. } => return None,
            Self::Expired { at } => format!("It expired {} ago.", far(now.since(*at))),
            Self::NotYet { from } => format!(
                "It is not valid yet, for another {}: the clocks differ.",
                far(from.since(now))
            ),
            Self::Endless => "It has no expiry (exp).".to_owned(),
        })
    }
}
