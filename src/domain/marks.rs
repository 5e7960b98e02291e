//! What people noted on a client beside its settings: not now, watch this first, keep this.
//!
//! None of it changes what the client gets.

use std::{
    borrow::Borrow,
    collections::BTreeMap,
    fmt,
    str::FromStr,
    sync::{Arc, LazyLock},
};

use serde::{Deserialize, Deserializer, Serialize};

use super::{
    audit::Facts,
    id::{ApiIdentifier, IdError},
    name::Note,
    scope::{Scope, ScopeSet},
    shared::{Shared, Usual},
    time::{Span, Timestamp},
};
use crate::crypto::text;

/// For how long a scope that is kept is not asked about again.
pub const KEPT: Span = Span::days(90);

/// The name of a rule by which something needs attention, as `expiring`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(into = "String")]
pub struct RuleName(Arc<str>);

impl RuleName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for RuleName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for RuleName {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if (1..=40).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.into()))
        } else {
            Err(IdError::new("a rule is named in a-z, 0-9 and _"))
        }
    }
}

impl<'de> Deserialize<'de> for RuleName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize(deserializer)
    }
}

impl From<RuleName> for String {
    fn from(name: RuleName) -> Self {
        name.0.as_ref().to_owned()
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// That what a rule found is not to be shown for a while.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Postponed {
    /// Until when; for as long as it is no worse, if never.
    pub until: Option<Timestamp>,
    /// How bad it was then: shown again as soon as it is worse.
    pub level: u8,
    /// Why.
    pub note: Note,
    /// By whom, as the audit log names them.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Postponed {
    /// Whether something of this level is still not to be shown.
    pub fn holds(&self, level: u8, now: Timestamp) -> bool {
        level <= self.level && self.until.is_none_or(|until| now < until)
    }
}

/// What people noted on a client.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Marks {
    /// What is not to be shown for a while, by rule.
    pub postponed: BTreeMap<RuleName, Postponed>,
    /// The scopes that are watched before they are withdrawn, and since when.
    pub watched: BTreeMap<(ApiIdentifier, Scope), Timestamp>,
    /// The scopes that are kept, used or not, and until when nobody is asked about them.
    pub kept: BTreeMap<(ApiIdentifier, Scope), Timestamp>,
}

/// Nothing noted.
impl Usual for Marks {
    fn usual() -> &'static Shared<Self> {
        static NONE: LazyLock<Shared<Marks>> = LazyLock::new(|| Shared::new(Marks::default()));
        &NONE
    }
}

impl Marks {
    /// Since when a scope is watched, if it is.
    pub fn watched_since(&self, api: &ApiIdentifier, scope: &Scope) -> Option<Timestamp> {
        self.watched.get(&(api.clone(), scope.clone())).copied()
    }

    /// Whether nobody is to be asked about a scope at `now`.
    pub fn is_kept(&self, api: &ApiIdentifier, scope: &Scope, now: Timestamp) -> bool {
        let until = self.kept.get(&(api.clone(), scope.clone()));
        until.is_some_and(|until| now < *until)
    }

    /// Forgets what was noted of scopes that are not granted.
    pub fn follow(&mut self, grants: &BTreeMap<ApiIdentifier, ScopeSet>) {
        let is_granted = |(api, scope): &(ApiIdentifier, Scope)| {
            grants.get(api).is_some_and(|scopes| scopes.contains(scope))
        };
        self.watched.retain(|of, _| is_granted(of));
        self.kept.retain(|of, _| is_granted(of));
    }

    /// Adds what the audit log may say of it.
    pub(super) fn add_facts(&self, all: &mut Facts) {
        for (rule, postponed) in &self.postponed {
            let until = postponed
                .until
                .map_or_else(|| "it is worse".to_owned(), |until| until.to_string());
            let words = format!("until {until}, at level {}", postponed.level);
            all.insert(format!("postponed.{rule}"), words);
            if !postponed.note.as_str().is_empty() {
                let note = postponed.note.to_string();
                all.insert(format!("postponed.{rule}.note"), note);
            }
        }
        for ((api, scope), since) in &self.watched {
            all.insert(format!("watched.{api} {scope}"), since.to_string());
        }
        for ((api, scope), until) in &self.kept {
            all.insert(format!("kept.{api} {scope}"), until.to_string());
        }
    }
}
