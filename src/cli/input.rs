//! What is written on the command line in a form of its own.

use std::{convert::Infallible, str::FromStr};

use clap::ArgGroup;
use serde_json::{Value, json};

/// Flags of which one must be given, or several: what a command is to change.
///
/// The group that clap makes of all of a command's arguments would be satisfied by the id alone.
pub(crate) fn one_at_least<const N: usize>(flags: [&'static str; N]) -> ArgGroup {
    ArgGroup::new("changes")
        .args(flags)
        .required(true)
        .multiple(true)
}

/// `IDENTIFIER=SCOPE,SCOPE`: scopes on an API. The identifier may contain `=`, the scopes not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct GrantArgument {
    api: String,
    scopes: ScopeList,
}

impl GrantArgument {
    /// As the admin API has it.
    pub(crate) fn to_json(&self) -> Value {
        json!({ "api": self.api, "scopes": self.scopes.0 })
    }
}

impl FromStr for GrantArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "write it as IDENTIFIER=SCOPE,SCOPE".to_owned();
        let (api, scopes) = text.rsplit_once('=').ok_or_else(form)?;
        let Ok(scopes) = scopes.parse::<ScopeList>();
        if api.is_empty() || scopes.0.is_empty() {
            return Err(form());
        }
        Ok(Self {
            api: api.to_owned(),
            scopes,
        })
    }
}

/// Scopes with commas or spaces between; may be empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ScopeList(pub Vec<String>);

impl FromStr for ScopeList {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let words = text.split([',', ' ']).filter(|word| !word.is_empty());
        Ok(Self(words.map(str::to_owned).collect()))
    }
}

/// `NAME=DESCRIPTION`, or a name alone: a scope that an API understands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ScopeArgument {
    name: String,
    description: Option<String>,
}

impl ScopeArgument {
    /// As the admin API has it.
    pub(crate) fn to_json(&self) -> Value {
        match &self.description {
            Some(description) => json!({ "name": self.name, "description": description }),
            None => json!({ "name": self.name }),
        }
    }
}

impl FromStr for ScopeArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, description) = match text.split_once('=') {
            Some((name, description)) => (name, Some(description.to_owned())),
            None => (text, None),
        };
        if name.is_empty() {
            return Err("write it as NAME or NAME=DESCRIPTION".to_owned());
        }
        Ok(Self {
            name: name.to_owned(),
            description,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_names_an_api_and_scopes() {
        let grant: GrantArgument = "https://a.test/x?y=1=read,write:all".parse().unwrap();
        assert_eq!(
            grant.to_json(),
            json!({ "api": "https://a.test/x?y=1", "scopes": ["read", "write:all"] })
        );
        for bad in ["", "https://a.test", "=read", "https://a.test="] {
            assert!(bad.parse::<GrantArgument>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_scope_may_have_a_description_with_anything_in_it() {
        let scope: ScopeArgument = "read=See a = b".parse().unwrap();
        assert_eq!(
            scope.to_json(),
            json!({ "name": "read", "description": "See a = b" })
        );
        let bare: ScopeArgument = "read".parse().unwrap();
        assert_eq!(bare.to_json(), json!({ "name": "read" }));
        assert!("=x".parse::<ScopeArgument>().is_err());
    }
}
