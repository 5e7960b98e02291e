//! Rules that are kept for proxies which cannot name one themselves: what a request to an API must bring.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{id::ApiIdentifier, scope::ScopeSet};

/// How many rules are kept at most.
pub const MOST: usize = 200;

/// What a request to an API must bring.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ForwardRule {
    /// The API that its token must be for.
    pub audience: ApiIdentifier,
    /// The scopes that its token must have, all of them.
    pub scopes: ScopeSet,
    /// Whether a browser may ask without a token what it may ask for (CORS).
    pub lets_preflight_through: bool,
}

/// Rules by name. Written one in a line: `NAME AUDIENCE SCOPE…`; with the word `preflight` after the name, CORS
/// preflights pass.
#[derive(Clone, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(into = "Vec<String>", try_from = "Vec<String>")]
pub struct ForwardRules(BTreeMap<String, ForwardRule>);

impl ForwardRules {
    /// The rule of this name.
    pub fn find(&self, name: &str) -> Option<&ForwardRule> {
        self.0.get(name)
    }

    /// Each with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ForwardRule)> {
        self.0.iter().map(|(name, rule)| (name.as_str(), rule))
    }

    /// As lines, in the order of the names.
    pub fn lines(&self) -> Vec<String> {
        self.iter()
            .map(|(name, rule)| format!("{name} {rule}"))
            .collect()
    }
}

impl fmt::Display for ForwardRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.lets_preflight_through {
            f.write_str("preflight ")?;
        }
        write!(f, "{}", self.audience)?;
        if self.scopes.is_empty() {
            return Ok(());
        }
        write!(f, " {}", self.scopes)
    }
}

impl FromStr for ForwardRule {
    type Err = ForwardError;

    fn from_str(text: &str) -> Result<Self, ForwardError> {
        let mut words = text.split_ascii_whitespace().peekable();
        let lets_preflight_through = words.next_if_eq(&"preflight").is_some();
        let audience = words.next().ok_or(ForwardError::Line)?;
        let scopes: Vec<&str> = words.collect();
        Ok(Self {
            audience: audience.parse().map_err(|_| ForwardError::Line)?,
            scopes: scopes.join(" ").parse().map_err(|_| ForwardError::Line)?,
            lets_preflight_through,
        })
    }
}

impl TryFrom<Vec<String>> for ForwardRules {
    type Error = ForwardError;

    /// Empty lines are left out.
    fn try_from(lines: Vec<String>) -> Result<Self, ForwardError> {
        let mut rules = BTreeMap::new();
        for line in lines.iter().map(|line| line.trim()) {
            if line.is_empty() {
                continue;
            }
            let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            if name.len() > 64 || !name.bytes().all(safe) || name.starts_with('.') {
                return Err(ForwardError::Name);
            }
            if rules.insert(name.to_owned(), rest.parse()?).is_some() {
                return Err(ForwardError::Twice);
            }
        }
        if rules.len() > MOST {
            return Err(ForwardError::TooMany);
        }
        Ok(Self(rules))
    }
}

impl From<ForwardRules> for Vec<String> {
    fn from(rules: ForwardRules) -> Self {
        rules.lines()
    }
}

/// Why lines are no rules.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ForwardError {
    /// Not `NAME AUDIENCE SCOPE…`.
    #[error(
        "write a name, an API’s identifier and scopes in each line: orders https://api.example.com read:orders"
    )]
    Line,
    /// A name that would need escapes in an address.
    #[error("a name has at most 64 letters, digits, -, _ and .")]
    Name,
    /// A name in two lines.
    #[error("two lines have the same name")]
    Twice,
    /// More than [`MOST`].
    #[error("there are more than {MOST} lines")]
    TooMany,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(lines: &[&str]) -> Result<ForwardRules, ForwardError> {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        lines.try_into()
    }

    #[test]
    fn rules_are_read_as_they_are_written() {
        let lines = ["a urn:shop", "b preflight https://api.example/ read write"];
        let rules = rules(&["", lines[1], "  a   urn:shop "]).unwrap();

        assert_eq!(rules.lines(), lines);
        assert!(rules.find("b").unwrap().lets_preflight_through);
        assert_eq!(rules.find("b").unwrap().scopes.as_str(), "read write");
        assert!(rules.find("a").unwrap().scopes.is_empty());
        assert!(rules.find("c").is_none());
    }

    #[test]
    fn lines_that_are_no_rules_are_refused() {
        for (line, error) in [
            ("a", ForwardError::Line),
            ("a shop", ForwardError::Line),
            ("a preflight", ForwardError::Line),
            ("a urn:shop re\"ad", ForwardError::Line),
            ("a/b urn:shop", ForwardError::Name),
            (".. urn:shop", ForwardError::Name),
        ] {
            assert_eq!(rules(&[line]), Err(error), "{line}");
        }
        assert_eq!(rules(&["a urn:x", "a urn:y"]), Err(ForwardError::Twice));
    }

    #[test]
    fn rules_are_as_long_and_as_many_as_they_may_be() {
        let name = |length: usize| format!("{} urn:shop", "n".repeat(length));
        assert_eq!(rules(&[&name(64)]).unwrap().lines(), [name(64)]);
        assert_eq!(rules(&[&name(65)]), Err(ForwardError::Name));

        let many = |count: usize| -> Vec<String> {
            (0..count).map(|n| format!("r{n:04} urn:shop")).collect()
        };
        let most = ForwardRules::try_from(many(MOST)).unwrap();
        assert_eq!(Vec::from(most), many(MOST));
        assert_eq!(
            ForwardRules::try_from(many(MOST + 1)),
            Err(ForwardError::TooMany)
        );
    }
}
