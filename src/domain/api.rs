//! APIs: the protected resource servers that tokens are for.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::{
    audit::{Facts, facts},
    claims::Claims,
    details::{DetailType, TypeDetail},
    halt::Halt,
    id::{ApiIdentifier, Revision},
    name::{Description, DisplayName},
    permission::{ADMIN_API, Permission},
    scope::{Scope, ScopeSet},
    time::{Lifetime, Timestamp},
};
use crate::crypto::signer::{Algorithm, PrivateKey, Signer};

/// A protected resource server (RFC 6749 §1.1), known by its identifier: the audience of its
/// tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Api {
    /// Never changes.
    pub identifier: ApiIdentifier,
    /// What it is called.
    pub name: DisplayName,
    /// What it is.
    pub description: Description,
    /// Whether tokens are issued for it.
    pub status: ApiStatus,
    /// What its tokens are signed with.
    pub signing: Signing,
    /// How long its tokens live.
    pub token_lifetime: Lifetime,
    /// The longest that was ever set: retired signing keys are kept published for it.
    pub longest_lifetime: Lifetime,
    /// The scopes it understands.
    pub scopes: BTreeMap<Scope, ApiScope>,
    /// What else holds for its tokens.
    pub rules: ApiRules,
    /// When it was defined.
    pub created: Timestamp,
    /// The revision that last changed it.
    pub revision: Revision,
}

/// What else holds for the tokens of an API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApiRules {
    /// In which form they are.
    pub format: TokenFormat,
    /// What they say besides.
    pub claims: Claims,
    /// The types of authorization details that it understands (RFC 9396).
    pub details: BTreeMap<DetailType, TypeDetail>,
    /// That none are issued for a while, if somebody said so; those there are go on to count.
    pub halt: Option<Halt>,
}

/// In which form the tokens of an API are.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TokenFormat {
    /// A signed JWT, which the API can check by itself (RFC 9068).
    #[default]
    Jwt,
    /// Sealed: only this server can read it, and the API asks it (RFC 7662).
    Opaque,
}

impl TokenFormat {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Opaque => "opaque",
        }
    }
}

impl std::str::FromStr for TokenFormat {
    type Err = TokenFormatError;

    fn from_str(text: &str) -> Result<Self, TokenFormatError> {
        match text {
            "jwt" => Ok(Self::Jwt),
            "opaque" => Ok(Self::Opaque),
            _ => Err(TokenFormatError),
        }
    }
}

/// No word for a form of tokens.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the format of tokens is jwt or opaque")]
pub struct TokenFormatError;

/// Whether tokens are issued for an API.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ApiStatus {
    /// They are.
    Active,
    /// They are not, since then.
    Disabled(Timestamp),
}

/// What an API's tokens are signed with.
#[derive(Clone)]
pub enum Signing {
    /// The server's current key of this algorithm, published in the JWK set.
    Published(Algorithm),
    /// A key that only Jeton and this API know (HS256), for an API that cannot fetch keys.
    Shared {
        /// Ready to sign.
        signer: Arc<Signer>,
        /// What is kept of it, sealed.
        key: Arc<PrivateKey>,
    },
}

impl Signing {
    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Published(algorithm) => *algorithm,
            Self::Shared { signer, .. } => signer.algorithm(),
        }
    }
}

impl fmt::Debug for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Published(algorithm) => write!(f, "Published({algorithm})"),
            Self::Shared { signer, .. } => write!(f, "Shared({})", signer.key_id()),
        }
    }
}

impl PartialEq for Signing {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Published(one), Self::Published(two)) => one == two,
            (Self::Shared { signer: one, .. }, Self::Shared { signer: two, .. }) => {
                one.key_id() == two.key_id()
            }
            (Self::Published(_), Self::Shared { .. })
            | (Self::Shared { .. }, Self::Published(_)) => false,
        }
    }
}

/// A scope as an API understands it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ApiScope {
    /// What it opens, in plain words.
    pub description: Description,
    /// Whether granting it deserves a second look.
    pub sensitivity: Sensitivity,
    /// Whether it may still be granted.
    pub offer: Offer,
}

/// Whether granting a scope deserves a second look.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Sensitivity {
    /// Like any other.
    #[default]
    Ordinary,
    /// It does.
    Sensitive,
}

/// Whether a scope may still be granted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Offer {
    /// It may.
    #[default]
    Open,
    /// Who has it keeps it; nobody gets it any more.
    Deprecated,
}

impl Api {
    /// The built-in API by which Jeton itself is managed.
    pub fn admin(now: Timestamp) -> Self {
        let scopes = Permission::ALL.into_iter().filter_map(|permission| {
            let scope = permission
                .scope()?
                .parse()
                .expect("admin scopes are scope tokens");
            let description = permission
                .meaning()
                .parse()
                .expect("meanings are short sentences");
            let sensitivity = if permission.meaning().starts_with("See") {
                Sensitivity::Ordinary
            } else {
                Sensitivity::Sensitive
            };
            Some((
                scope,
                ApiScope {
                    description,
                    sensitivity,
                    offer: Offer::Open,
                },
            ))
        });
        Self {
            identifier: super::permission::admin_api(),
            name: "Jeton admin API".parse().expect("the name is short"),
            description: "Manages this server under /admin/v1"
                .parse()
                .expect("it is short"),
            status: ApiStatus::Active,
            signing: Signing::Published(Algorithm::Es256),
            token_lifetime: Lifetime::try_from(600).expect("ten minutes is a lifetime"),
            longest_lifetime: Lifetime::try_from(600).expect("ten minutes is a lifetime"),
            scopes: scopes.collect(),
            rules: ApiRules::default(),
            created: now,
            revision: Revision::default(),
        }
    }

    /// Whether it is the built-in admin API, which can be neither edited nor removed.
    pub fn is_admin(&self) -> bool {
        self.identifier.as_str() == ADMIN_API
    }

    /// Whether tokens are issued for it.
    pub fn is_active(&self) -> bool {
        self.status == ApiStatus::Active
    }

    /// Whether it understands every one of `scopes`.
    pub fn understands(&self, scopes: &ScopeSet) -> bool {
        scopes.iter().all(|scope| self.scopes.contains_key(scope))
    }

    /// What the audit log may say of it: everything but its key.
    pub fn facts(&self) -> Facts {
        let mut all = facts([
            ("name", self.name.to_string()),
            ("description", self.description.to_string()),
            (
                "status",
                if self.is_active() {
                    "active"
                } else {
                    "disabled"
                }
                .to_owned(),
            ),
            ("algorithm", self.signing.algorithm().to_string()),
            ("token_lifetime", self.token_lifetime.to_string()),
        ]);
        if let Signing::Shared { signer, .. } = &self.signing {
            all.insert("shared_key".to_owned(), signer.key_id().to_owned());
        }
        if self.rules.format == TokenFormat::Opaque {
            all.insert("token_format".to_owned(), "opaque".to_owned());
        }
        if !self.rules.claims.is_empty() {
            all.insert("claims".to_owned(), self.rules.claims.to_string());
        }
        Halt::add_facts(self.rules.halt.as_ref(), &mut all);
        for (name, detail) in &self.rules.details {
            let field = |what: &str| format!("authorization_details.{name}.{what}");
            all.insert(field("description"), detail.description.to_string());
            all.insert(field("schema"), detail.schema.to_string());
        }
        for (scope, detail) in &self.scopes {
            let mut text = detail.description.to_string();
            if detail.sensitivity == Sensitivity::Sensitive {
                text.push_str(" (sensitive)");
            }
            if detail.offer == Offer::Deprecated {
                text.push_str(" (deprecated)");
            }
            all.insert(format!("scopes.{scope}"), text);
        }
        all
    }
}
