//! Scopes: the grammar of RFC 6749 §3.3, and sets of them.

use std::{
    fmt,
    str::FromStr,
    sync::{Arc, LazyLock},
};

use serde::{Deserialize, Deserializer, Serialize};

use crate::crypto::text;

/// One scope token (RFC 6749 §3.3): printable ASCII but space, `"` and `\`; 1 to 128 characters.
///
/// Compared character by character; no wildcard and no hierarchy is read into it.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(into = "String")]
pub struct Scope(Arc<str>);

impl Scope {
    /// The token.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_token(text: &str) -> bool {
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        !text.is_empty() && text.len() <= 128 && text.bytes().all(allowed)
    }
}

/// A text is not a scope, or not a list of scopes, by the grammar of RFC 6749 §3.3.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "scopes are printable ASCII without spaces, quotes and backslashes, at most 128 characters each"
)]
pub struct ScopeError;

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        if Self::is_token(text) {
            Ok(Self(text.into()))
        } else {
            Err(ScopeError)
        }
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize(deserializer)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.0.as_ref().to_owned()
    }
}

impl std::borrow::Borrow<str> for Scope {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A set of scopes, in alphabetical order, with the text that stands for it on the wire.
///
/// Cheap to clone: the members are shared.
#[derive(Clone, Eq, Hash, PartialEq, Deserialize, Serialize)]
#[serde(from = "Vec<Scope>", into = "Vec<Scope>")]
pub struct ScopeSet(Arc<Members>);

#[derive(Debug, Eq, Hash, PartialEq)]
struct Members {
    sorted: Box<[Scope]>,
    text: Box<str>,
}

impl ScopeSet {
    /// How many scopes one request may name.
    pub const MOST_IN_A_REQUEST: usize = 100;

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.sorted.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.sorted.len()
    }

    /// Whether `scope` is a member.
    pub fn contains(&self, scope: &Scope) -> bool {
        self.0.sorted.binary_search(scope).is_ok()
    }

    /// The member called `name`.
    pub fn find(&self, name: &str) -> Option<&Scope> {
        let at = self
            .0
            .sorted
            .binary_search_by(|scope| scope.as_str().cmp(name))
            .ok()?;
        self.0.sorted.get(at)
    }

    /// Whether every member is one of `other`'s.
    pub fn is_subset_of(&self, other: &Self) -> bool {
        self.iter().all(|scope| other.contains(scope))
    }

    /// The members in alphabetical order.
    pub fn iter(&self) -> std::slice::Iter<'_, Scope> {
        self.0.sorted.iter()
    }

    /// The members of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).cloned().collect()
    }

    /// The members that `other` has not.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        self.iter()
            .filter(|scope| !other.contains(scope))
            .cloned()
            .collect()
    }

    fn of_sorted(scopes: Vec<Scope>) -> Self {
        let length = scopes.iter().map(|scope| scope.as_str().len() + 1).sum();
        let mut text = String::with_capacity(length);
        for scope in &scopes {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(scope.as_str());
        }
        Self(Arc::new(Members {
            sorted: scopes.into(),
            text: text.into(),
        }))
    }

    /// The members, separated by one space each (RFC 6749 §3.3).
    pub fn as_str(&self) -> &str {
        &self.0.text
    }
}

impl<'a> IntoIterator for &'a ScopeSet {
    type IntoIter = std::slice::Iter<'a, Scope>;
    type Item = &'a Scope;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Default for ScopeSet {
    fn default() -> Self {
        static EMPTY: LazyLock<ScopeSet> = LazyLock::new(|| ScopeSet::of_sorted(Vec::new()));
        EMPTY.clone()
    }
}

impl From<Vec<Scope>> for ScopeSet {
    fn from(mut scopes: Vec<Scope>) -> Self {
        if scopes.is_empty() {
            return Self::default();
        }
        scopes.sort_unstable();
        scopes.dedup();
        Self::of_sorted(scopes)
    }
}

impl From<ScopeSet> for Vec<Scope> {
    fn from(set: ScopeSet) -> Self {
        set.0.sorted.to_vec()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().collect::<Vec<_>>().into()
    }
}

/// Reads a `scope` parameter (RFC 6749 §3.3): single spaces between tokens, none around them.
/// The same scope twice counts once.
impl FromStr for ScopeSet {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let mut scopes = Vec::new();
        for token in text.split(' ') {
            if scopes.len() == Self::MOST_IN_A_REQUEST {
                return Err(ScopeError);
            }
            scopes.push(token.parse()?);
        }
        Ok(scopes.into())
    }
}

impl fmt::Debug for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.0.text)
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// SC-01, SC-02, SC-08
    #[test]
    fn the_grammar_of_scopes_is_held_to_the_letter() {
        for bad in [
            "\"a\"",
            "a\\b",
            "a\tb",
            "a\nb",
            "é",
            " a",
            "a ",
            "a  b",
            &"x".repeat(129),
        ] {
            assert!(bad.parse::<ScopeSet>().is_err(), "{bad:?}");
        }
        let many = vec!["a"; 101].join(" ");
        assert!(many.parse::<ScopeSet>().is_err());
        assert!("x".repeat(10_000).parse::<ScopeSet>().is_err());
        assert!("* a!b [x]{y}|~".parse::<ScopeSet>().is_ok());
    }

    /// SC-03
    #[test]
    fn order_does_not_matter_case_does_and_repeats_count_once() {
        let set = |text: &str| text.parse::<ScopeSet>().unwrap();
        assert_eq!(set("b a"), set("a b a"));
        assert_eq!(set("b a a").as_str(), "a b");
        assert_ne!(set("Read"), set("read"));
    }

    proptest! {
        #[test]
        fn parsing_and_writing_are_inverse(scopes in proptest::collection::vec("[!#-\\[\\]-~]{1,20}", 0..20)) {
            let set: ScopeSet = scopes.iter().map(|s| s.parse::<Scope>().unwrap()).collect();
            prop_assert_eq!(set.as_str().parse::<ScopeSet>().unwrap(), set);
        }

        #[test]
        fn no_input_makes_the_parser_fail_badly(text in "\\PC{0,300}") {
            if let Ok(set) = text.parse::<ScopeSet>() {
                prop_assert!(set.iter().all(|s| Scope::is_token(s.as_str())));
            }
        }
    }
}
