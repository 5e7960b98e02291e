//! What is written to register and edit clients, and to grant them scopes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    CHECKED, ClaimsInput, CredentialInput, Edit, SecretInput, SpanInput, details::parse_types,
    edit_claims, parse_claims, parse_or_default, parse_scopes, parse_some,
};
use crate::{
    admin::{
        clients::{EditClient, RegisterClient, RegisterWithoutSecret},
        credentials::RegisterWithCredential,
        grants::SetGrant,
        refusal::FieldErrors,
    },
    domain::{
        client::{Binding, ClientRules},
        details::DetailGrants,
        id::{ApiIdentifier, ClientId},
        limits::ClientLimits,
        scope::ScopeSet,
        time::Lifetime,
    },
};

/// A new client. No `Debug`: it may hold a secret in the clear.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientInput {
    /// What it is called: 1 to 128 characters.
    #[serde(default)]
    #[schema(required)]
    pub name: String,
    /// Its id, if it is not to be made from the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Which scopes it gets, on which API.
    #[serde(default)]
    pub grants: Vec<GrantInput>,
    /// What it gets when it names no scope; everything granted on the API, if empty.
    #[serde(default)]
    pub default_scopes: Vec<String>,
    /// The longest life of its tokens, if shorter than the API's: 60 seconds to 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_lifetime: Option<SpanInput>,
    /// Its first secret; one is made if this is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretInput>,
    /// The APIs whose own resource server it is: it may introspect their tokens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub introspects: Vec<String>,
    /// Whether it begins without a secret: a hand-over is to give it one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_secret: bool,
    /// What it proves itself with in place of a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialInput>,
    /// What its tokens must be bound to: `optional` (the default), `dpop` (RFC 9449) or `certificate`
    /// (RFC 8705).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_binding: Option<String>,
    /// What its tokens say besides: an object of JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<ClaimsInput>,
    /// Whether its assertions may name the token endpoint as their audience, as older libraries do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub legacy_assertion_audience: bool,
    /// Whether it may exchange tokens (RFC 8693): its own for smaller ones, and those that were sent to the APIs
    /// whose resource server it is for some in its own name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub token_exchange: bool,
}

/// Scopes on one API.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantInput {
    /// The API's identifier.
    #[serde(default)]
    #[schema(required)]
    pub api: String,
    /// The scopes; at least one.
    #[serde(default)]
    #[schema(required)]
    pub scopes: Vec<String>,
    /// The types of authorization details that it may ask for there (RFC 9396).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types: Vec<String>,
}

/// A registration: with a secret, without one, or with something else.
pub enum Registration {
    /// With a secret.
    Secret(RegisterClient),
    /// Without one: a hand-over is to give it one.
    Nothing(RegisterWithoutSecret),
    /// With something else.
    Credential(RegisterWithCredential),
}

impl ClientInput {
    /// The command, whatever the client begins with, or all that is wrong with it.
    pub fn read(mut self) -> Result<Registration, FieldErrors> {
        let without_secret = self.without_secret;
        let Some(credential) = self.credential.take() else {
            let client = self.parse()?;
            return Ok(if without_secret {
                Registration::Nothing(RegisterWithoutSecret(client))
            } else {
                Registration::Secret(client)
            });
        };
        let mut errors = FieldErrors::default();
        if without_secret || self.secret.is_some() {
            errors.add(
                "credential",
                "describe a secret or another credential, not both",
            );
        }
        let credential = credential.parse("credential.", &mut errors);
        let client = match self.parse() {
            Ok(client) => Some(client),
            Err(more) => {
                errors.merge(more);
                None
            }
        };
        errors.finish()?;
        Ok(Registration::Credential(RegisterWithCredential {
            client: client.expect(CHECKED),
            credential: credential.expect(CHECKED),
        }))
    }

    /// The command for one that begins with a secret, or all that is wrong with it.
    pub fn parse(self) -> Result<RegisterClient, FieldErrors> {
        let mut errors = FieldErrors::default();
        let id = parse_some(self.client_id, "client_id", &mut errors);
        let name = errors.check("name", self.name.parse());
        let description = self.description.as_deref();
        let description = parse_or_default(description, "description", &mut errors);
        let owner = parse_or_default(self.owner.as_deref(), "owner", &mut errors);
        let token_lifetime = self
            .token_lifetime
            .and_then(|span| errors.check("token_lifetime", span.parse()));
        let (grants, details) = parse_grants(&self.grants, &mut errors);
        let default_scopes = errors.check("default_scopes", parse_scopes(&self.default_scopes));
        if self.without_secret && self.secret.is_some() {
            errors.add("without_secret", "describe a secret or begin without one");
        }
        let introspects = errors.check("introspects", parse_apis(&self.introspects));
        let binding = parse_or_default(self.token_binding.as_deref(), "token_binding", &mut errors);
        let claims = errors.check("claims", parse_claims(self.claims));
        let secret = self.secret.unwrap_or_default();
        let secret = secret.parse("secret.", &mut errors);
        errors.finish()?;
        Ok(RegisterClient {
            id,
            name: name.expect(CHECKED),
            description,
            owner,
            token_lifetime,
            grants,
            default_scopes: default_scopes.expect(CHECKED),
            introspects: introspects.expect(CHECKED),
            rules: ClientRules {
                binding,
                claims: claims.expect(CHECKED),
                legacy_assertion_audience: self.legacy_assertion_audience,
                details,
                token_exchange: self.token_exchange,
                limits: ClientLimits::default(),
            },
            secret,
        })
    }
}

pub(super) fn parse_grants(
    inputs: &[GrantInput],
    errors: &mut FieldErrors,
) -> (BTreeMap<ApiIdentifier, ScopeSet>, DetailGrants) {
    let mut grants = BTreeMap::new();
    let mut details = DetailGrants::new();
    for (n, input) in inputs.iter().enumerate() {
        let api_field = format!("grants[{n}].api");
        let api = errors.check(&api_field, input.api.parse::<ApiIdentifier>());
        let scopes = parse_some_scopes(&input.scopes);
        let scopes = errors.check(&format!("grants[{n}].scopes"), scopes);
        let field = format!("grants[{n}].authorization_details_types");
        let types = errors.check(&field, parse_types(&input.authorization_details_types));
        if let (Some(api), Some(types)) = (&api, types)
            && !types.is_empty()
        {
            details.insert(api.clone(), types);
        }
        if let (Some(api), Some(scopes)) = (api, scopes)
            && grants.insert(api, scopes).is_some()
        {
            errors.add(&api_field, "this API is named twice");
        }
    }
    (grants, details)
}

fn parse_apis(apis: &[String]) -> Result<BTreeSet<ApiIdentifier>, String> {
    let parse = |api: &String| {
        let id = api.parse::<ApiIdentifier>();
        id.map_err(|error| error.to_string())
    };
    apis.iter().map(parse).collect()
}

fn parse_some_scopes(scopes: &[String]) -> Result<ScopeSet, String> {
    if scopes.is_empty() {
        return Err("name at least one scope".to_owned());
    }
    parse_scopes(scopes)
}

/// Changes to a client: what is left out stays, `null` empties.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientEditInput {
    /// What it is called.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<String>)]
    pub name: Edit<String>,
    /// What it does.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<String>)]
    pub description: Edit<String>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<String>)]
    pub owner: Edit<String>,
    /// The longest life of its tokens; `null`: the API's.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<SpanInput>)]
    pub token_lifetime: Edit<SpanInput>,
    /// What it gets when it names no scope.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<Vec<String>>)]
    pub default_scopes: Edit<Vec<String>>,
    /// The APIs whose own resource server it is.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<Vec<String>>)]
    pub introspects: Edit<Vec<String>>,
    /// What its tokens must be bound to; `null`: nothing.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<String>)]
    pub token_binding: Edit<String>,
    /// What its tokens say besides; `null`: nothing.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<ClaimsInput>)]
    pub claims: Edit<ClaimsInput>,
    /// Whether its assertions may name the token endpoint as their audience.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legacy_assertion_audience: Option<bool>,
    /// Whether it may exchange tokens (RFC 8693).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_exchange: Option<bool>,
}

impl ClientEditInput {
    /// The command, or all that is wrong with it.
    pub fn parse(self, client: ClientId) -> Result<EditClient, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = self.name.or_refuse("name", &mut errors);
        let token_lifetime: Option<Option<Lifetime>> = match self.token_lifetime {
            Edit::Keep => None,
            Edit::Clear => Some(None),
            Edit::Set(span) => Some(errors.check("token_lifetime", span.parse())),
        };
        let edit = EditClient {
            client,
            name: parse_some(name, "name", &mut errors),
            description: parse_some(self.description.or_default(), "description", &mut errors),
            owner: parse_some(self.owner.or_default(), "owner", &mut errors),
            token_lifetime,
            default_scopes: self
                .default_scopes
                .or_default()
                .and_then(|scopes| errors.check("default_scopes", parse_scopes(&scopes))),
            introspects: self
                .introspects
                .or_default()
                .and_then(|apis| errors.check("introspects", parse_apis(&apis))),
            binding: match self.token_binding {
                Edit::Keep => None,
                Edit::Clear => Some(Binding::default()),
                Edit::Set(text) => errors.check("token_binding", text.parse()),
            },
            claims: edit_claims(self.claims, &mut errors),
            legacy_assertion_audience: self.legacy_assertion_audience,
            token_exchange: self.token_exchange,
        };
        errors.finish()?;
        Ok(edit)
    }
}

/// All that a client may have on one API.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantScopesInput {
    /// At least one; to withdraw all, delete the grant.
    #[serde(default)]
    #[schema(required)]
    pub scopes: Vec<String>,
    /// All types of authorization details that it may ask for there (RFC 9396); as they were, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_details_types: Option<Vec<String>>,
}

impl GrantScopesInput {
    /// The command, or what is wrong with it.
    pub fn parse(self, client: ClientId, api: ApiIdentifier) -> Result<SetGrant, FieldErrors> {
        let mut errors = FieldErrors::default();
        let scopes = errors.check("scopes", parse_some_scopes(&self.scopes));
        let types = self.authorization_details_types;
        let details =
            types.and_then(|it| errors.check("authorization_details_types", parse_types(&it)));
        errors.finish()?;
        Ok(SetGrant {
            client,
            api,
            scopes: scopes.expect(CHECKED),
            details,
        })
    }
}
