//! What is written of another issuer whose tokens count.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{PublicKeyInput, check_address, check_text};
use crate::{
    admin::{input::SpanInput, refusal::FieldErrors},
    domain::{
        credential::{Federation, FederationKeys},
        time::Span,
    },
};

/// How many claims a trust may ask for.
const MOST_CLAIMS: usize = 16;

/// How old tokens of another issuer may be, if nobody says otherwise.
const MAX_AGE: Span = Span::hours(1);

/// How old tokens of another issuer may be at most.
const LONGEST_MAX_AGE: Span = Span::hours(24);

/// Another issuer, and which of its tokens count.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FederationInput {
    /// Exactly the `iss` of its tokens.
    #[serde(default)]
    #[schema(required)]
    pub issuer: String,
    /// Their `sub`; `*` stands for anything but `:` and `/`.
    #[serde(default)]
    #[schema(required)]
    pub subject: String,
    /// Their only `aud`.
    #[serde(default)]
    #[schema(required)]
    pub audience: String,
    /// What else must stand in them: names, or paths with `/`, and values, in which `*` is as above.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, String>,
    /// How old they may be: a minute to 24 hours; an hour, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<SpanInput>,
    /// The issuer's JWK set, if it is not found by its discovery document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The issuer's keys themselves, if they cannot be fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<PublicKeyInput>,
}

impl FederationInput {
    pub(super) fn parse(self, prefix: &str, errors: &mut FieldErrors) -> Option<Federation> {
        let field = |name: &str| format!("{prefix}{name}");
        let issuer = errors.check(&field("issuer"), check_text(self.issuer));
        let subject = errors.check(&field("subject"), check_subject(self.subject, &self.claims));
        let audience = errors.check(&field("audience"), check_audience(self.audience));
        let claims = errors.check(&field("claims"), check_claims(self.claims));
        let max_age = match &self.max_age {
            None => Some(MAX_AGE),
            Some(span) => errors.check(&field("max_age"), check_age(span)),
        };
        let keys = match (self.jwks_uri, self.jwks) {
            (Some(_), Some(_)) => {
                errors.add(&field("jwks"), "give the keys or their address, not both");
                None
            }
            (Some(uri), None) => errors
                .check(&field("jwks_uri"), check_address(uri))
                .map(FederationKeys::At),
            (None, Some(keys)) => errors
                .check(&field("jwks"), keys.parse())
                .map(FederationKeys::Given),
            (None, None) => {
                if let Some(issuer) = &issuer {
                    errors.check(&field("issuer"), check_address(issuer.clone()));
                }
                Some(FederationKeys::Discovered)
            }
        };
        Some(Federation {
            issuer: issuer?,
            subject: subject?,
            audience: audience?,
            claims: claims?,
            max_age: max_age?,
            keys: keys?,
        })
    }
}

/// A subject that says nothing lets in every workload of the platform.
fn check_subject(subject: String, claims: &BTreeMap<String, String>) -> Result<String, String> {
    let subject = check_text(subject)?;
    let says = |text: &str| text.chars().any(|c| !matches!(c, '*' | ':' | '/'));
    if says(&subject) || claims.values().any(|value| says(value)) {
        Ok(subject)
    } else {
        Err("this would let in every workload of the issuer: name one, or a claim of it".to_owned())
    }
}

/// What every pod of a cluster has for an audience proves nothing (CF-04).
fn check_audience(audience: String) -> Result<String, String> {
    let audience = check_text(audience)?;
    let host = audience.trim_start_matches("https://");
    if host.starts_with("kubernetes.default.svc") {
        return Err(
            "every pod has a token for this audience; project one for this server's issuer"
                .to_owned(),
        );
    }
    Ok(audience)
}

fn check_claims(claims: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, String> {
    if claims.len() > MOST_CLAIMS {
        return Err(format!("at most {MOST_CLAIMS} claims"));
    }
    for (path, value) in &claims {
        check_text(path.clone()).map_err(|error| format!("a name: {error}"))?;
        check_text(value.clone()).map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(claims)
}

fn check_age(span: &SpanInput) -> Result<Span, String> {
    let span = span.span()?;
    if (Span::minutes(1)..=LONGEST_MAX_AGE).contains(&span) {
        Ok(span)
    } else {
        Err("a minute to 24 hours".to_owned())
    }
}
