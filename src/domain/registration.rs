//! Clients that register themselves (RFC 7591) and look after their own registration (RFC 7592).
//!
//! An operator makes a registration token, the RFC's initial access token. It is bound to a
//! [`Template`]: what a client that is registered with it may ask for. A client that registered
//! itself has a registration access token, by which it reads, replaces or removes its registration
//! and nothing else. Of both kinds only tags are kept.

mod token;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

pub use self::token::{
    LONGEST_LIFE, MOST_CLIENTS, PlainToken, REMEMBERED, RegistrationToken, SHORTEST_LIFE, TokenUse,
};
use super::{
    audit::Facts,
    client::Binding,
    credential::Method,
    id::{ApiIdentifier, RegistrationTokenId},
    name::{DisplayName, Note, Owner},
    scope::ScopeSet,
    time::Span,
};
use crate::crypto::mac::SecretDigest;

/// What a client that registers itself may ask for, and what it gets unasked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    /// Scopes it may have, on which API; never those of the API by which this server is managed.
    pub grants: BTreeMap<ApiIdentifier, ScopeSet>,
    /// How it may authenticate.
    pub methods: BTreeSet<Method>,
    /// What its tokens must be bound to; [`Binding::Optional`]: as it says.
    pub binding: Binding,
    /// How long its secrets work, if not as the policy says.
    pub secret_lifetime: Option<Span>,
    /// How its name begins.
    pub name_prefix: Option<DisplayName>,
    /// Who answers for it.
    pub owner: Owner,
}

impl Template {
    /// How clients that register themselves can authenticate at all: federation has no words in
    /// client metadata.
    pub const METHODS: [Method; 5] = [
        Method::ClientSecret,
        Method::ClientSecretJwt,
        Method::PrivateKeyJwt,
        Method::TlsClientAuth,
        Method::SelfSignedTlsClientAuth,
    ];

    /// Every scope that it allows, on whatever API.
    pub fn scopes(&self) -> ScopeSet {
        self.grants.values().flatten().cloned().collect()
    }

    fn add_facts(&self, all: &mut Facts) {
        let methods: Vec<&str> = self.methods.iter().map(|it| it.as_str()).collect();
        all.insert("template.methods".to_owned(), methods.join(" "));
        for (api, scopes) in &self.grants {
            all.insert(format!("template.grants.{api}"), scopes.to_string());
        }
        if self.binding != Binding::Optional {
            let binding = self.binding.as_str().to_owned();
            all.insert("template.binding".to_owned(), binding);
        }
        if let Some(span) = self.secret_lifetime {
            all.insert("template.secret_lifetime".to_owned(), span.to_string());
        }
        if let Some(prefix) = &self.name_prefix {
            all.insert("template.name_prefix".to_owned(), prefix.to_string());
        }
        if !self.owner.as_str().is_empty() {
            all.insert("template.owner".to_owned(), self.owner.to_string());
        }
    }
}

/// The words of client metadata for how a client authenticates (RFC 7591 §2, RFC 8705 §2).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum AuthMethod {
    /// `client_secret_basic`
    #[default]
    Basic,
    /// `client_secret_post`
    Post,
    /// `client_secret_jwt`
    SecretJwt,
    /// `private_key_jwt`
    KeyJwt,
    /// `tls_client_auth`
    Tls,
    /// `self_signed_tls_client_auth`
    SelfSignedTls,
}

impl AuthMethod {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Basic,
        Self::Post,
        Self::SecretJwt,
        Self::KeyJwt,
        Self::Tls,
        Self::SelfSignedTls,
    ];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
            Self::SecretJwt => "client_secret_jwt",
            Self::KeyJwt => "private_key_jwt",
            Self::Tls => "tls_client_auth",
            Self::SelfSignedTls => "self_signed_tls_client_auth",
        }
    }

    /// What kind of credential it takes.
    pub const fn method(self) -> Method {
        match self {
            Self::Basic | Self::Post => Method::ClientSecret,
            Self::SecretJwt => Method::ClientSecretJwt,
            Self::KeyJwt => Method::PrivateKeyJwt,
            Self::Tls => Method::TlsClientAuth,
            Self::SelfSignedTls => Method::SelfSignedTlsClientAuth,
        }
    }

    /// The first word for a kind of credential; none for what client metadata cannot say.
    pub fn of(method: Method) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.method() == method)
    }

    /// The word that is `text`.
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// That a client registered itself, by which token, and what it said of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// The registration token it came with. It may be forgotten by now.
    pub token: RegistrationTokenId,
    /// What was noted on that one.
    pub note: Note,
    /// What it may ask for, as that token said.
    pub template: Template,
    /// By what it manages its registration; nothing if that was taken from it.
    pub access: Option<Access>,
    /// How it said that it authenticates.
    pub auth_method: AuthMethod,
    /// What it asked its tokens to be bound to.
    pub binding: Binding,
    /// What else it said.
    pub about: About,
}

/// A registration access token, as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// The part of it that is no secret.
    pub id: RegistrationTokenId,
    /// The tag of the token.
    pub digest: SecretDigest,
}

/// What a client says of itself that this server only keeps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// Web pages: the names of the metadata and their https addresses.
    pub pages: BTreeMap<String, String>,
    /// How to reach people who answer for it.
    pub contacts: Vec<Note>,
    /// Which software it is.
    pub software_id: Option<Note>,
    /// Which version of it.
    pub software_version: Option<Note>,
    /// The JWK set with the certificate that it presents, where it registered one.
    pub certificate: Option<Value>,
}

impl Registration {
    /// What the audit log may say of it.
    pub(super) fn add_facts(&self, all: &mut Facts) {
        let mut add = |name: &str, value: String| all.insert(format!("registration.{name}"), value);
        add("token", self.token.to_string());
        add("auth_method", self.auth_method.as_str().to_owned());
        let access = self.access.as_ref();
        add(
            "access",
            access.map_or_else(|| "none".to_owned(), |it| it.id.to_string()),
        );
        for (name, page) in &self.about.pages {
            add(name, page.clone());
        }
        if !self.about.contacts.is_empty() {
            let contacts: Vec<&str> = self.about.contacts.iter().map(Note::as_str).collect();
            add("contacts", contacts.join(", "));
        }
        let named = [
            ("software_id", &self.about.software_id),
            ("software_version", &self.about.software_version),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                add(name, value.to_string());
            }
        }
    }
}
