//! One member of client metadata after the other.

use std::collections::BTreeMap;

use serde_json::Value;

use super::keys::{Keys, SUBJECTS, read_jwks};
use crate::{
    admin::{input::check_address, refusal::FieldErrors},
    crypto::jws::Members,
    domain::{
        name::Note,
        registration::{About, AuthMethod},
    },
};

/// Web pages that are kept as they are given, and never fetched.
const PAGES: [&str; 4] = ["client_uri", "logo_uri", "policy_uri", "tos_uri"];

/// How many contacts are kept.
const MOST_CONTACTS: usize = 10;

/// Reads members, and notes what is wrong with them. `null` is as good as absent (RFC 7592 §2.2).
pub(super) struct Reader<'a> {
    pub(super) members: &'a Members,
    pub(super) errors: FieldErrors,
}

impl Reader<'_> {
    fn value(&self, name: &str) -> Option<&Value> {
        self.members.value(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let value = self.value(name)?;
        let text = value.as_str().map(str::to_owned).ok_or("this is a text");
        self.errors.check(name, text)
    }

    pub(super) fn parsed<T: std::str::FromStr<Err: ToString>>(&mut self, name: &str) -> Option<T> {
        let text = self.text(name)?;
        self.errors.check(name, text.parse())
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        let value = self.value(name)?;
        let flag = value.as_bool().ok_or("this is true or false");
        self.errors.check(name, flag)
    }

    fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let value = self.value(name)?;
        let texts = value.as_array().and_then(|all| {
            let texts = all.iter().map(|it| it.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>()
        });
        self.errors
            .check(name, texts.ok_or("this is a list of texts"))
    }

    /// Nothing but client credentials is granted, and nobody is sent back to a client.
    pub(super) fn check_flow(&mut self) {
        if let Some(grants) = self.texts("grant_types")
            && (grants.is_empty() || grants.iter().any(|it| it != "client_credentials"))
        {
            let message = "this server grants client_credentials and nothing else";
            self.errors.add("grant_types", message);
        }
        if let Some(types) = self.texts("response_types")
            && !types.is_empty()
        {
            let message = "this server has no authorization endpoint";
            self.errors.add("response_types", message);
        }
        self.texts("redirect_uris");
    }

    pub(super) fn auth_method(&mut self) -> Option<AuthMethod> {
        let text = self.text("token_endpoint_auth_method")?;
        let words = AuthMethod::ALL.map(AuthMethod::as_str).join(", ");
        let method = AuthMethod::named(&text).ok_or_else(|| format!("one of {words}"));
        self.errors.check("token_endpoint_auth_method", method)
    }

    pub(super) fn keys(&mut self) -> Keys {
        let jwks_uri = self.text("jwks_uri");
        let jwks_uri = jwks_uri.and_then(|uri| self.errors.check("jwks_uri", check_address(uri)));
        let jwks = self.value("jwks").map(read_jwks);
        let jwks = jwks.and_then(|jwks| self.errors.check("jwks", jwks));
        if self.value("jwks").is_some() && self.value("jwks_uri").is_some() {
            self.errors
                .add("jwks", "give the keys or their address, not both");
        }
        let mut subjects = Vec::new();
        for name in SUBJECTS {
            subjects.extend(self.text(name).map(|value| (name, value)));
        }
        Keys {
            jwks,
            jwks_uri,
            subjects,
            algorithm: self.text("token_endpoint_auth_signing_alg"),
        }
    }

    pub(super) fn about(&mut self) -> About {
        let mut pages = BTreeMap::new();
        for name in PAGES {
            if let Some(page) = self.text(name)
                && let Some(page) = self.errors.check(name, check_address(page))
            {
                pages.insert(name.to_owned(), page);
            }
        }
        About {
            pages,
            contacts: self.contacts(),
            software_id: self.parsed("software_id"),
            software_version: self.parsed("software_version"),
            certificate: None,
        }
    }

    fn contacts(&mut self) -> Vec<Note> {
        let contacts = self.texts("contacts").unwrap_or_default();
        if contacts.len() > MOST_CONTACTS {
            let message = format!("at most {MOST_CONTACTS}");
            self.errors.add("contacts", &message);
            return Vec::new();
        }
        let read: Result<Vec<Note>, _> = contacts.iter().map(|it| it.parse()).collect();
        self.errors.check("contacts", read).unwrap_or_default()
    }
}
