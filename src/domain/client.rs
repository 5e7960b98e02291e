//! Clients: machines with an identity.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use super::{
    api::Api,
    audit::{Facts, facts},
    claims::Claims,
    credential::Method,
    details::{self, DetailGrants},
    id::{ApiIdentifier, ClientId, Revision, SecretId},
    limits::ClientLimits,
    marks::Marks,
    name::{Description, DisplayName, Owner},
    permission::ADMIN_API,
    registration::Registration,
    scope::ScopeSet,
    secret::{Life, Secret},
    shared::{Shared, Usual},
    time::{Lifetime, Timestamp},
};

/// A program that asks this server for tokens (RFC 6749 §1.1).
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// Never changes, never goes to another client.
    pub id: ClientId,
    /// What it is called.
    pub name: DisplayName,
    /// What it does.
    pub description: Description,
    /// Who answers for it.
    pub owner: Owner,
    /// Whether it gets tokens.
    pub status: ClientStatus,
    /// When it was registered.
    pub created: Timestamp,
    /// The longest life of its tokens; the API's if none, and never longer than the API's.
    pub token_lifetime: Option<Lifetime>,
    /// Which scopes it may have, on which API.
    pub grants: Shared<Grants>,
    /// What it gets when it names no scope (RFC 6749 §3.3). Empty: everything granted on the API.
    pub default_scopes: ScopeSet,
    /// Its secrets, oldest first: at most two live, and the dead that are remembered.
    pub secrets: Vec<Secret>,
    /// The APIs whose own resource server it is: it may introspect their tokens (RFC 7662 §2.1).
    pub introspects: BTreeSet<ApiIdentifier>,
    /// Tokens that were issued to it until then do not count any more.
    pub tokens_void_until: Option<Timestamp>,
    /// What else holds for its tokens.
    pub rules: Shared<ClientRules>,
    /// What people noted on it.
    pub marks: Shared<Marks>,
    /// That it registered itself, if it did.
    pub registration: Option<Arc<Registration>>,
    /// The revision that last changed it.
    pub revision: Revision,
}

/// Which scopes, on which API.
pub type Grants = BTreeMap<ApiIdentifier, ScopeSet>;

/// What else holds for a client; nothing does, unless an operator says so.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ClientRules {
    /// What its tokens must be bound to.
    pub binding: Binding,
    /// What they say besides.
    pub claims: Claims,
    /// Whether its assertions may name the token endpoint as their audience, as older libraries do
    /// (RFC 7523 §3).
    pub legacy_assertion_audience: bool,
    /// Which types of authorization details it may ask for, on which API; only where it has scopes
    /// (RFC 9396 §2).
    pub details: DetailGrants,
    /// Whether it may exchange tokens: its own, and those for the APIs that it looks after (RFC 8693).
    pub token_exchange: bool,
    /// From where it may authenticate, and how many tokens it may get.
    pub limits: ClientLimits,
}

/// What the tokens of a client must be bound to, so that whoever steals one cannot use it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Binding {
    /// To nothing: a token is bound if the request brings something to bind it to.
    #[default]
    Optional,
    /// To a key that the client proves to have (RFC 9449).
    Dpop,
    /// To the certificate of the connection (RFC 8705 §3).
    Certificate,
}

impl Binding {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Optional, Self::Dpop, Self::Certificate];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Dpop => "dpop",
            Self::Certificate => "certificate",
        }
    }
}

impl std::str::FromStr for Binding {
    type Err = BindingError;

    fn from_str(text: &str) -> Result<Self, BindingError> {
        let mut all = Self::ALL.into_iter();
        all.find(|it| it.as_str() == text).ok_or(BindingError)
    }
}

/// No word for what tokens are bound to.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("tokens are bound to dpop or certificate, or binding is optional")]
pub struct BindingError;

/// Whether a client gets tokens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClientStatus {
    /// It does.
    Active,
    /// It does not, since then.
    Disabled(Timestamp),
}

impl Client {
    /// Whether it gets tokens.
    pub fn is_active(&self) -> bool {
        self.status == ClientStatus::Active
    }

    /// Whether it registered itself, and changes its registration by a token of its own (RFC 7592).
    pub fn manages_itself(&self) -> bool {
        let registration = self.registration.as_deref();
        registration.is_some_and(|it| it.access.is_some())
    }

    /// Whether it may manage this server.
    pub fn holds_admin(&self) -> bool {
        self.grants.contains_key(ADMIN_API)
    }

    /// Whether a token that was issued to it at `issued` has been revoked with all others.
    pub fn has_voided(&self, issued: Timestamp) -> bool {
        self.tokens_void_until.is_some_and(|until| issued <= until)
    }

    /// Voids all tokens that were issued to it until `at`.
    pub fn void_tokens_until(&mut self, at: Timestamp) {
        self.tokens_void_until = self.tokens_void_until.max(Some(at));
    }

    /// How long its tokens for `api` live: its own limit and the API's both hold.
    pub fn token_lifetime_for(&self, api: &Api) -> Lifetime {
        let own = self.token_lifetime;
        own.map_or(api.token_lifetime, |own| own.min(api.token_lifetime))
    }

    /// The secret with this id.
    pub fn find_secret(&self, id: &SecretId) -> Option<&Secret> {
        self.secrets.iter().find(|secret| secret.id == *id)
    }

    /// The secrets that work at `now`, oldest first.
    pub fn live_secrets(&self, now: Timestamp) -> impl Iterator<Item = &Secret> {
        self.secrets
            .iter()
            .filter(move |secret| secret.is_live(now))
    }

    /// How it may authenticate at `now`: as its live credentials do.
    pub fn methods(&self, now: Timestamp) -> BTreeSet<Method> {
        self.live_secrets(now)
            .map(|secret| secret.proof.method())
            .collect()
    }

    /// The old secret of a rotation under way.
    pub fn old_secret(&self, now: Timestamp) -> Option<&Secret> {
        self.secrets
            .iter()
            .find(|secret| secret.life(now) == Life::Retiring)
    }

    /// The secret that a rotation under way leads to, or the one in ordinary use.
    pub fn new_secret(&self, now: Timestamp) -> Option<&Secret> {
        self.secrets
            .iter()
            .rev()
            .find(|secret| secret.life(now) == Life::Active)
    }

    /// A secret that works at `now` though it was reported as leaked, and when it was reported.
    pub fn leaked_secret(&self, now: Timestamp) -> Option<(&Secret, Timestamp)> {
        self.live_secrets(now)
            .find_map(|secret| Some((secret, secret.leaked?)))
    }

    /// What the audit log may say of it: everything but the secrets.
    pub fn facts(&self) -> Facts {
        let mut all = facts([
            ("name", self.name.to_string()),
            ("description", self.description.to_string()),
            ("owner", self.owner.to_string()),
            (
                "status",
                if self.is_active() {
                    "active"
                } else {
                    "disabled"
                }
                .to_owned(),
            ),
            (
                "token_lifetime",
                self.token_lifetime
                    .map_or_else(String::new, |lifetime| lifetime.to_string()),
            ),
            ("default_scopes", self.default_scopes.to_string()),
        ]);
        for (api, scopes) in &self.grants {
            all.insert(format!("grants.{api}"), scopes.to_string());
        }
        for api in &self.introspects {
            all.insert(format!("introspects.{api}"), "yes".to_owned());
        }
        if let Some(until) = self.tokens_void_until {
            all.insert("tokens_void_until".to_owned(), until.to_string());
        }
        self.rules.add_facts(&mut all);
        for secret in &self.secrets {
            let name = |field: &str| format!("secrets.{}.{field}", secret.id);
            all.insert(name("state"), secret.state.in_words());
            all.insert(name("note"), secret.note.to_string());
            for (field, value) in secret.proof.details() {
                all.insert(name(field), value);
            }
            if let Some(expires) = secret.expires {
                all.insert(name("expires"), expires.to_string());
            }
            if let Some(leaked) = secret.leaked {
                all.insert(name("leaked"), leaked.to_string());
            }
        }
        self.marks.add_facts(&mut all);
        if let Some(registration) = &self.registration {
            registration.add_facts(&mut all);
        }
        all
    }
}

impl ClientRules {
    fn add_facts(&self, all: &mut Facts) {
        if self.binding != Binding::Optional {
            all.insert("binding".to_owned(), self.binding.as_str().to_owned());
        }
        if !self.claims.is_empty() {
            all.insert("claims".to_owned(), self.claims.to_string());
        }
        if self.legacy_assertion_audience {
            all.insert("legacy_assertion_audience".to_owned(), "yes".to_owned());
        }
        if self.token_exchange {
            all.insert("token_exchange".to_owned(), "on".to_owned());
        }
        self.limits.add_facts(all);
        for (api, types) in &self.details {
            let field = format!("authorization_details.{api}");
            all.insert(field, details::in_words(types));
        }
    }
}

/// No grant at all.
impl Usual for Grants {
    fn usual() -> &'static Shared<Self> {
        static NONE: LazyLock<Shared<Grants>> = LazyLock::new(|| Shared::new(Grants::new()));
        &NONE
    }
}

impl<const N: usize> From<[(ApiIdentifier, ScopeSet); N]> for Shared<Grants> {
    fn from(grants: [(ApiIdentifier, ScopeSet); N]) -> Self {
        Grants::from(grants).into()
    }
}

/// Nothing else.
impl Usual for ClientRules {
    fn usual() -> &'static Shared<Self> {
        static NONE: LazyLock<Shared<ClientRules>> =
            LazyLock::new(|| Shared::new(ClientRules::default()));
        &NONE
    }
}
