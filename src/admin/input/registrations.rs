//! What is written to make a token by which clients register themselves.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CHECKED, GrantInput, SpanInput, clients::parse_grants, parse_or_default, parse_some};
use crate::{
    admin::{
        refusal::FieldErrors,
        registrations::CreateRegistrationToken,
        secrets::{LONGEST_LIFE as LONGEST_SECRET, SHORTEST_LIFE as SHORTEST_SECRET},
    },
    domain::{
        credential::Method,
        registration::{LONGEST_LIFE, MOST_CLIENTS, SHORTEST_LIFE, Template},
        time::Span,
    },
};

/// A new registration token, and what clients that register with it may ask for.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrationTokenInput {
    /// Who gets it, and what for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// How long it can be used: a minute to 365 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required)]
    pub expires_in: Option<SpanInput>,
    /// How many clients can be registered with it: 1 to 10000; one, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Scopes that a client may ask for, on which API.
    #[serde(default)]
    pub grants: Vec<GrantInput>,
    /// How a client may authenticate: `client_secret`, `client_secret_jwt`, `private_key_jwt`,
    /// `tls_client_auth`, `self_signed_tls_client_auth`; the first and the third, if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
    /// What its tokens must be bound to: `optional` (as the client says, the default), `dpop` or
    /// `certificate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_binding: Option<String>,
    /// How long its secrets work; as the settings say, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_lifetime: Option<SpanInput>,
    /// How its name begins, whatever it calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_prefix: Option<String>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

impl RegistrationTokenInput {
    /// The command, or all that is wrong with it.
    pub fn parse(self) -> Result<CreateRegistrationToken, FieldErrors> {
        let mut errors = FieldErrors::default();
        let note = parse_or_default(self.note.as_deref(), "note", &mut errors);
        let expires_in = match &self.expires_in {
            None => Err("say how long it can be used, such as 24h or 7d".to_owned()),
            Some(span) => within(
                span,
                (SHORTEST_LIFE, LONGEST_LIFE),
                "it can be used for a minute to 365 days",
            ),
        };
        let expires_in = errors.check("expires_in", expires_in);
        let limit = errors.check("limit", check_limit(self.limit));
        let secret_lifetime = self.secret_lifetime.as_ref().and_then(|span| {
            let bounds = (SHORTEST_SECRET, LONGEST_SECRET);
            let span = within(span, bounds, "a secret lives for a minute to ten years");
            errors.check("secret_lifetime", span)
        });
        let methods = errors.check("methods", parse_methods(&self.methods));
        let (grants, details) = parse_grants(&self.grants, &mut errors);
        if !details.is_empty() {
            let message = "authorization details are granted by an operator, client by client";
            errors.add("grants", message);
        }
        let template = Template {
            grants,
            methods: methods.unwrap_or_default(),
            binding: parse_or_default(self.token_binding.as_deref(), "token_binding", &mut errors),
            secret_lifetime,
            name_prefix: parse_some(self.name_prefix, "name_prefix", &mut errors),
            owner: parse_or_default(self.owner.as_deref(), "owner", &mut errors),
        };
        errors.finish()?;
        Ok(CreateRegistrationToken {
            note,
            template,
            limit: limit.expect(CHECKED),
            expires_in: expires_in.expect(CHECKED),
        })
    }
}

fn within(span: &SpanInput, (least, most): (Span, Span), otherwise: &str) -> Result<Span, String> {
    let span = span.span()?;
    if (least..=most).contains(&span) {
        Ok(span)
    } else {
        Err(otherwise.to_owned())
    }
}

fn check_limit(limit: Option<u32>) -> Result<u32, String> {
    let limit = limit.unwrap_or(1);
    if (1..=MOST_CLIENTS).contains(&limit) {
        Ok(limit)
    } else {
        Err(format!("1 to {MOST_CLIENTS} clients"))
    }
}

/// What is allowed if nothing is said: what every library can do.
const USUAL: [Method; 2] = [Method::ClientSecret, Method::PrivateKeyJwt];

fn parse_methods(words: &[String]) -> Result<BTreeSet<Method>, String> {
    if words.is_empty() {
        return Ok(USUAL.into());
    }
    let method = |word: &String| {
        let mut all = Template::METHODS.into_iter();
        all.find(|it| it.as_str() == word).ok_or_else(|| {
            let words = Template::METHODS.map(Method::as_str).join(", ");
            format!("each is one of {words}")
        })
    };
    words.iter().map(method).collect()
}
