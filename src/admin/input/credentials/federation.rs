//! What is written of another issuer whose tokens count.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{PublicKeyInput, check_address, check_text};
use crate::{
    admin::{input::SpanInput, refusal::FieldErrors},
    crypto::algorithm::JwsAlgorithm,
    domain::{
        credential::{Federation, FederationKeys},
        spiffe,
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
    /// Exactly the `iss` of its tokens. For a SPIFFE ID it may be left out: then the trust domain vouches, by the keys of
    /// its bundle, whatever `iss` says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
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
    /// How they may be signed, by the names of JOSE (`PS256`). If left out, as the issuer's keys say; those of RSA that
    /// say nothing are for `RS256`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub algorithms: Vec<String>,
    /// The issuer's JWK set, if it is not found by its discovery document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The issuer's keys themselves, if they cannot be fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<PublicKeyInput>,
}

impl FederationInput {
    /// All that is wrong with it, by its fields.
    pub fn objections(self) -> FieldErrors {
        let mut errors = FieldErrors::default();
        self.parse("", &mut errors);
        errors
    }

    pub(super) fn parse(self, prefix: &str, errors: &mut FieldErrors) -> Option<Federation> {
        let field = |name: &str| format!("{prefix}{name}");
        let issuer = check_issuer(self.issuer, &self.subject);
        let issuer = errors.check(&field("issuer"), issuer);
        let subject = errors.check(&field("subject"), check_subject(self.subject, &self.claims));
        let audience = errors.check(&field("audience"), check_audience(self.audience));
        let claims = errors.check(&field("claims"), check_claims(self.claims));
        let max_age = match &self.max_age {
            None => Some(MAX_AGE),
            Some(span) => errors.check(&field("max_age"), check_age(span)),
        };
        let algorithms = errors.check(&field("algorithms"), check_algorithms(&self.algorithms));
        let keys = match (self.jwks_uri, self.jwks) {
            (Some(_), Some(_)) => {
                errors.add(&field("jwks"), "give the keys or their address, not both");
                None
            }
            (Some(uri), None) => errors
                .check(&field("jwks_uri"), check_address(uri))
                .map(FederationKeys::At),
            (None, Some(keys)) => errors
                .check(&field("jwks"), keys.parse_usable())
                .map(FederationKeys::Given),
            (None, None) => {
                if let Some(issuer) = &issuer {
                    if issuer.is_empty() || issuer.starts_with(spiffe::SCHEME) {
                        errors.add(&field("jwks_uri"), "where is the trust domain's bundle?");
                    } else {
                        errors.check(&field("issuer"), check_address(issuer.clone()));
                    }
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
            algorithms: algorithms?,
            keys: keys?,
        })
    }
}

/// Who is not named is the trust domain of the SPIFFE ID, which vouches for no other's.
fn check_issuer(issuer: String, subject: &str) -> Result<String, String> {
    let domain = spiffe::trust_domain_of_pattern(subject);
    match domain {
        Some(domain) if issuer.is_empty() => Ok(domain.to_owned()),
        // What is wrong then is the subject.
        None if issuer.is_empty() && subject.starts_with(spiffe::SCHEME) => Ok(issuer),
        _ if issuer.starts_with(spiffe::SCHEME) && domain != Some(&*issuer) => {
            Err("a trust domain vouches for the workloads in it alone".to_owned())
        }
        _ => check_text(issuer),
    }
}

/// A subject that says nothing lets in every workload of the platform.
fn check_subject(subject: String, claims: &BTreeMap<String, String>) -> Result<String, String> {
    let subject = check_text(subject)?;
    if subject.starts_with(spiffe::SCHEME) && spiffe::trust_domain_of_pattern(&subject).is_none() {
        return Err(
            "a SPIFFE ID is spiffe://trust.domain/path, the domain in lower case".to_owned(),
        );
    }
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

/// Who could check an HMAC could also make one: an issuer's tokens are signed with a key that it alone has.
fn check_algorithms(names: &[String]) -> Result<BTreeSet<JwsAlgorithm>, String> {
    let read = |name: &String| {
        let algorithm = JwsAlgorithm::named(name);
        algorithm.filter(|it| !it.is_symmetric())
    };
    let all: Option<BTreeSet<_>> = names.iter().map(read).collect();
    all.ok_or_else(|| {
        "of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 and EdDSA".to_owned()
    })
}
