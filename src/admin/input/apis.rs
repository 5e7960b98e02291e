//! What is written to define and edit APIs and their scopes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    CHECKED, ClaimsInput, Edit, SpanInput, edit_claims, parse_claims, parse_or_default, parse_some,
};
use crate::{
    admin::{
        apis::{DefineApi, EditApi},
        refusal::FieldErrors,
        scopes::{AddScope, EditScope},
    },
    domain::{
        api::{ApiRules, ApiScope, Offer, Sensitivity},
        id::ApiIdentifier,
        policy::Policy,
        scope::Scope,
    },
};

/// A new API.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiInput {
    /// The audience of its tokens: an absolute URI. It can never be changed.
    #[serde(default)]
    #[schema(required)]
    pub identifier: String,
    /// What it is called: 1 to 128 characters.
    #[serde(default)]
    #[schema(required)]
    pub name: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What its tokens are signed with: ES256 (the default), RS256, PS256, `EdDSA` or HS256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// How long its tokens live: 60 seconds to 24 hours; what the settings say if left
    /// out, an hour at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_lifetime: Option<SpanInput>,
    /// The scopes it understands.
    #[serde(default)]
    pub scopes: Vec<ScopeInput>,
    /// In which form its tokens are: `jwt` (the default), or `opaque`, which only introspection reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_format: Option<String>,
    /// What its tokens say besides: an object of JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<ClaimsInput>,
}

impl ApiInput {
    /// The command, or all that is wrong with it.
    pub fn parse(self, policy: &Policy) -> Result<DefineApi, FieldErrors> {
        let mut errors = FieldErrors::default();
        let identifier = errors.check("identifier", self.identifier.parse());
        let name = errors.check("name", self.name.parse());
        let description = self.description.as_deref();
        let description = parse_or_default(description, "description", &mut errors);
        let algorithm = parse_or_default(self.algorithm.as_deref(), "algorithm", &mut errors);
        let token_lifetime = match &self.token_lifetime {
            None => Some(policy.token_lifetime),
            Some(span) => errors.check("token_lifetime", span.parse()),
        };
        let mut scopes = BTreeMap::new();
        for (n, input) in self.scopes.into_iter().enumerate() {
            let prefix = format!("scopes[{n}].");
            if let Some((scope, detail)) = input.read(&prefix, &mut errors)
                && scopes.insert(scope, detail).is_some()
            {
                errors.add(&format!("{prefix}name"), "this scope is named twice");
            }
        }
        let format = parse_or_default(self.token_format.as_deref(), "token_format", &mut errors);
        let claims = errors.check("claims", parse_claims(self.claims));
        errors.finish()?;
        Ok(DefineApi {
            identifier: identifier.expect(CHECKED),
            name: name.expect(CHECKED),
            description,
            algorithm,
            token_lifetime: token_lifetime.expect(CHECKED),
            scopes,
            rules: ApiRules {
                format,
                claims: claims.expect(CHECKED),
                details: BTreeMap::new(),
                halt: None,
            },
        })
    }
}

/// A new scope.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeInput {
    /// The scope token.
    #[serde(default)]
    #[schema(required)]
    pub name: String,
    /// What it opens, in plain words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether granting it deserves a second look.
    #[serde(default)]
    pub sensitive: bool,
}

impl ScopeInput {
    /// The command, or all that is wrong with it.
    pub fn parse(self, api: ApiIdentifier) -> Result<AddScope, FieldErrors> {
        let mut errors = FieldErrors::default();
        let read = self.read("", &mut errors);
        errors.finish()?;
        let (scope, detail) = read.expect(CHECKED);
        Ok(AddScope { api, scope, detail })
    }

    fn read(self, prefix: &str, errors: &mut FieldErrors) -> Option<(Scope, ApiScope)> {
        let scope = errors.check(&format!("{prefix}name"), self.name.parse());
        let description = self.description.as_deref();
        let field = format!("{prefix}description");
        let detail = ApiScope {
            description: parse_or_default(description, &field, errors),
            sensitivity: sensitivity(self.sensitive),
            offer: Offer::Open,
        };
        Some((scope?, detail))
    }
}

/// Reads scopes from lines of text: the scope, and what it opens. A `!` in front marks it as
/// sensitive; empty lines, and those that begin with `#`, say nothing.
pub fn scopes_from_lines(text: &str) -> Result<BTreeMap<Scope, ApiScope>, FieldErrors> {
    let refuse = |message: &str| FieldErrors::one("lines", message);
    let mut scopes = BTreeMap::new();
    for (n, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (marked, rest) = match line.strip_prefix('!') {
            Some(rest) => (true, rest.trim_start()),
            None => (false, line),
        };
        let (name, description) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let input = ScopeInput {
            name: name.to_owned(),
            description: Some(description.trim().to_owned()),
            sensitive: marked,
        };
        let mut errors = FieldErrors::default();
        let read = input.read("", &mut errors);
        if let Some((_, message)) = errors.iter().next() {
            return Err(refuse(&format!("line {}: {message}", n + 1)));
        }
        let (scope, detail) = read.expect(CHECKED);
        if scopes.insert(scope, detail).is_some() {
            return Err(refuse(&format!("line {}: {name} stands twice", n + 1)));
        }
    }
    if scopes.is_empty() {
        return Err(refuse("write one scope a line"));
    }
    Ok(scopes)
}

fn sensitivity(sensitive: bool) -> Sensitivity {
    if sensitive {
        Sensitivity::Sensitive
    } else {
        Sensitivity::Ordinary
    }
}

/// Changes to an API: what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiEditInput {
    /// What it is called.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<String>)]
    pub name: Edit<String>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<String>)]
    pub description: Edit<String>,
    /// How long its tokens live.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<SpanInput>)]
    pub token_lifetime: Edit<SpanInput>,
    /// What its tokens are signed with.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<String>)]
    pub algorithm: Edit<String>,
    /// In which form its tokens are.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<String>)]
    pub token_format: Edit<String>,
    /// What its tokens say besides; `null`: nothing.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<ClaimsInput>)]
    pub claims: Edit<ClaimsInput>,
}

impl ApiEditInput {
    /// The command, or all that is wrong with it.
    pub fn parse(self, api: ApiIdentifier) -> Result<EditApi, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = self.name.or_refuse("name", &mut errors);
        let algorithm = self.algorithm.or_refuse("algorithm", &mut errors);
        let format = self.token_format.or_refuse("token_format", &mut errors);
        let token_lifetime = self.token_lifetime.or_refuse("token_lifetime", &mut errors);
        let edit = EditApi {
            api,
            name: parse_some(name, "name", &mut errors),
            description: parse_some(self.description.or_default(), "description", &mut errors),
            token_lifetime: token_lifetime
                .and_then(|span| errors.check("token_lifetime", span.parse())),
            algorithm: parse_some(algorithm, "algorithm", &mut errors),
            format: parse_some(format, "token_format", &mut errors),
            claims: edit_claims(self.claims, &mut errors),
        };
        errors.finish()?;
        Ok(edit)
    }
}

/// Changes to a scope: what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeEditInput {
    /// What it opens.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<String>)]
    pub description: Edit<String>,
    /// Whether granting it deserves a second look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensitive: Option<bool>,
    /// Whether it may no longer be granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<bool>,
}

impl ScopeEditInput {
    /// The command, or all that is wrong with it.
    pub fn parse(self, api: ApiIdentifier, scope: Scope) -> Result<EditScope, FieldErrors> {
        let mut errors = FieldErrors::default();
        let description = self.description.or_default();
        let description = parse_some(description, "description", &mut errors);
        errors.finish()?;
        let offer = |deprecated| {
            if deprecated {
                Offer::Deprecated
            } else {
                Offer::Open
            }
        };
        Ok(EditScope {
            api,
            scope,
            description,
            sensitivity: self.sensitive.map(sensitivity),
            offer: self.deprecated.map(offer),
        })
    }
}
