//! Clients that register themselves (RFC 7591) and look after their own registration (RFC 7592).
//!
//! An operator makes a registration token, the RFC's initial access token. It is bound to a
//! [`Template`]: what a client that is registered with it may ask for. A client that registered
//! itself has a registration access token, by which it reads, replaces or removes its registration
//! and nothing else. Of both kinds only tags are kept.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    audit::{Facts, facts},
    client::Binding,
    credential::Method,
    id::{ApiIdentifier, RegistrationTokenId, Revision},
    name::{DisplayName, Note, Owner},
    scope::ScopeSet,
    secret::{id_after, text_after},
    time::{Span, Timestamp},
};
use crate::crypto::{
    mac::{MacKey, SecretDigest},
    random::Entropy,
};

/// The shortest time that a registration token can be used.
pub const SHORTEST_LIFE: Span = Span::minutes(1);

/// The longest time that a registration token can be used.
pub const LONGEST_LIFE: Span = Span::days(365);

/// How many clients can be registered with one token, at most.
pub const MOST_CLIENTS: u32 = 10_000;

/// How long a registration token is remembered after it ended.
pub const REMEMBERED: Span = Span::days(30);

/// Which of the two kinds a token is. A token of one kind does nothing of the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenUse {
    /// It registers clients: an initial access token (RFC 7591 §1.2).
    Register,
    /// It manages one registration: a registration access token (RFC 7592 §1).
    Manage,
}

impl TokenUse {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Register => "jtr_",
            Self::Manage => "jtm_",
        }
    }

    const fn label(self) -> &'static [u8] {
        match self {
            Self::Register => b"registration token\0",
            Self::Manage => b"registration access token\0",
        }
    }
}

/// A token of either kind in the clear: a public id, 256 random bits, and a checksum, as in a
/// client's secret.
///
/// No `Debug`, no `Clone`, no `Serialize`. Wiped when dropped.
pub struct PlainToken {
    token_use: TokenUse,
    id: RegistrationTokenId,
    text: Zeroizing<String>,
}

impl PlainToken {
    /// A new one.
    pub fn generate(token_use: TokenUse, entropy: &Entropy) -> Self {
        let id = RegistrationTokenId::generate(entropy);
        Self {
            token_use,
            text: text_after(token_use.prefix(), id.as_str(), entropy),
            id,
        }
    }

    /// What somebody sent as one; nothing if it has not the form of one, or not its checksum.
    pub fn read(token_use: TokenUse, text: &str) -> Option<Self> {
        let id = id_after(token_use.prefix(), text)?;
        Some(Self {
            token_use,
            id: id.parse().ok()?,
            text: Zeroizing::new(text.to_owned()),
        })
    }

    /// The part of it that is no secret.
    pub fn id(&self) -> &RegistrationTokenId {
        &self.id
    }

    /// The only way out. Callers: the answer that shows it, and hashing.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// What is kept of it.
    pub fn digest(&self, pepper: &MacKey) -> SecretDigest {
        SecretDigest::new(pepper.digest_parts(&[self.token_use.label(), self.text.as_bytes()]))
    }
}

/// A registration token, as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct RegistrationToken {
    /// The part of it that is no secret.
    pub id: RegistrationTokenId,
    /// The tag of the token.
    pub digest: SecretDigest,
    /// Who has it, and what for.
    pub note: Note,
    /// What clients may ask for.
    pub template: Template,
    /// How many clients can be registered with it.
    pub limit: u32,
    /// How many were.
    pub used: u32,
    /// When the latest was.
    pub last_used: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// By whom, as the audit log names them.
    pub created_by: String,
    /// Until when it can be used.
    pub expires: Timestamp,
    /// When it was revoked, if it was.
    pub revoked: Option<Timestamp>,
    /// The revision that last changed it.
    pub revision: Revision,
}

impl RegistrationToken {
    /// Whether a client can be registered with it at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended(now).is_none()
    }

    /// When it ended, if it has by `now`.
    pub fn ended(&self, now: Timestamp) -> Option<Timestamp> {
        let used_up = self.last_used.filter(|_| self.used >= self.limit);
        let expired = (self.expires <= now).then_some(self.expires);
        [self.revoked, used_up, expired].into_iter().flatten().min()
    }

    /// Whether it can be forgotten.
    pub fn is_forgettable(&self, now: Timestamp) -> bool {
        self.ended(now)
            .is_some_and(|ended| now >= ended.plus(REMEMBERED))
    }

    /// The word for what became of it.
    pub fn status(&self, now: Timestamp) -> &'static str {
        if self.revoked.is_some() {
            "revoked"
        } else if self.used >= self.limit {
            "used up"
        } else if self.expires <= now {
            "expired"
        } else {
            "open"
        }
    }

    /// What the audit log may say of it.
    pub fn facts(&self) -> Facts {
        let mut all = facts([
            ("note", self.note.to_string()),
            ("limit", self.limit.to_string()),
            ("used", self.used.to_string()),
            ("expires", self.expires.to_string()),
        ]);
        if let Some(at) = self.revoked {
            all.insert("revoked".to_owned(), at.to_string());
        }
        self.template.add_facts(&mut all);
        all
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn token() -> RegistrationToken {
        let plain = PlainToken::generate(TokenUse::Register, &Entropy::seeded(1));
        RegistrationToken {
            id: plain.id().clone(),
            digest: plain.digest(&MacKey::new(&[7; 32])),
            note: Note::default(),
            template: Template::default(),
            limit: 2,
            used: 0,
            last_used: None,
            created: NOW,
            created_by: "local:0".to_owned(),
            expires: NOW.plus(Span::hours(1)),
            revoked: None,
            revision: Revision::default(),
        }
    }

    /// DCR-01, ST-02
    #[test]
    fn a_token_of_one_kind_is_none_of_the_other() {
        let pepper = MacKey::new(&[7; 32]);
        let token = PlainToken::generate(TokenUse::Register, &Entropy::seeded(1));

        let read = PlainToken::read(TokenUse::Register, token.reveal()).unwrap();

        assert_eq!(read.id(), token.id());
        assert_eq!(read.digest(&pepper), token.digest(&pepper));
        assert!(PlainToken::read(TokenUse::Manage, token.reveal()).is_none());
        let text = token.reveal();
        for odd in ["", "jtr_", &text[1..], &text[..text.len() - 1], "jtr_é"] {
            assert!(PlainToken::read(TokenUse::Register, odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn a_token_ends_when_it_is_used_up_or_revoked_or_its_time_is_over() {
        let open = token();
        let used = RegistrationToken {
            used: 2,
            last_used: Some(NOW),
            ..token()
        };
        let revoked = RegistrationToken {
            revoked: Some(NOW),
            ..token()
        };

        let status = |token: &RegistrationToken, now| (token.status(now), token.ended(now));
        assert_eq!(status(&open, NOW), ("open", None));
        assert_eq!(status(&open, open.expires), ("expired", Some(open.expires)));
        assert_eq!(status(&used, NOW), ("used up", Some(NOW)));
        assert_eq!(status(&revoked, NOW), ("revoked", Some(NOW)));
        assert!(!revoked.is_forgettable(NOW) && revoked.is_forgettable(NOW.plus(REMEMBERED)));
    }
}
