//! What a resource server may learn of a token (RFC 7662, RFC 9701).
//!
//! Asked by the resource server of an API about tokens for that API; about any other, and about
//! whatever is no token that counts now, the answer is one and the same.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Context, Request, UsesAssertion,
    access_token::{VerifiedToken, believe},
    authenticate::AuthenticatedClient,
    by_token,
    confirmation::Confirmation,
    reason::{Reason, Refused},
    token_exchange::Act,
};
use crate::{
    crypto::signer::{Signer, Typ},
    domain::{
        assertion::UsedAssertion,
        id::{ClientId, SecretId},
        issuer::Issuer,
        registry::Registry,
        time::Timestamp,
        usage::{Observation, Outcome, Seen},
    },
};

/// The media type of a signed answer (RFC 9701 §4).
pub const SIGNED: &str = "application/token-introspection+jwt";

/// Whether a token was revoked by itself, by its `jti`.
pub type IsRevoked<'a> = &'a (dyn Fn(&str) -> bool + Sync);

/// In which form an answer is wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// As JSON.
    Plain,
    /// As a JWT that this server signs.
    Signed,
}

/// An answer, and who asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Introspected {
    /// Who.
    pub client: ClientId,
    /// On the strength of which secret.
    pub secret: SecretId,
    /// Whether the token counts, for who asked.
    pub is_active: bool,
    /// The body of the answer.
    pub body: String,
    /// The form that it has.
    pub form: Form,
    /// The assertion of who asked, if that counts once only.
    pub used: Option<UsedAssertion>,
}

impl UsesAssertion for Introspected {
    fn used(&mut self) -> Option<UsedAssertion> {
        self.used.take()
    }
}

impl Introspected {
    /// What is counted of it.
    pub fn observation(self, seen: Seen) -> Observation {
        Observation::Answered {
            client: self.client,
            secret: self.secret,
            outcome: Outcome::Introspected,
            seen,
        }
    }
}

/// Answers an introspection request (RFC 7662 §2).
pub fn introspect(
    registry: &Registry,
    request: &Request<'_>,
    context: &Context<'_>,
    form: Form,
) -> Result<Introspected, Refused> {
    let (who, token) = by_token(registry, request, context)?;
    let token = believe(registry, token.reveal(), &context.expected()).ok();
    let token = token
        .filter(|token| who.client.introspects.contains(&token.audience))
        .filter(|token| counts(registry, token, context.is_revoked));
    let answer = Answer::of(token.as_deref(), context.issuer);
    let signer = match form {
        Form::Plain => None,
        Form::Signed => signer_for(registry, &who, token.as_deref(), context),
    };
    let body = match signer {
        None => to_json(&answer),
        Some(signer) => {
            let claims = to_json(&Claims {
                iss: context.issuer.as_str(),
                aud: who.client.id.as_str(),
                iat: context.now,
                token_introspection: answer,
            });
            let answer = signer.sign(Typ::TokenIntrospection, claims.as_bytes());
            answer.map_err(|_| super::refused(Reason::SigningFailed, &who))?
        }
    };
    Ok(Introspected {
        client: who.client.id.clone(),
        secret: who.secret.id.clone(),
        is_active: token.is_some(),
        body,
        form: signer.map_or(Form::Plain, |_| Form::Signed),
        used: who.used,
    })
}

/// Whether a token that was believed still counts: its client, whom it speaks for and its API are there and
/// active, and it was revoked neither by itself nor with all others of either.
pub fn counts(registry: &Registry, token: &VerifiedToken, is_revoked: IsRevoked<'_>) -> bool {
    let stands = |client: &ClientId| {
        let client = registry.find_client(client);
        client.is_some_and(|client| client.is_active() && !client.has_voided(token.issued))
    };
    let api = registry.find_api(&token.audience);
    stands(&token.client)
        && stands(&token.subject)
        && api.is_some_and(|api| api.is_active())
        && !is_revoked(&token.id)
}

/// What signs an answer: what signs the tokens of the API that it is about, else of the first one that
/// who asks looks after; none that signs in a way that the profile does not allow. Whoever looks after no other gets
/// plain JSON.
fn signer_for<'r>(
    registry: &'r Registry,
    who: &AuthenticatedClient<'r>,
    token: Option<&VerifiedToken>,
    context: &Context<'_>,
) -> Option<&'r Signer> {
    let about = token.map(|token| &token.audience);
    let apis = about.into_iter().chain(&who.client.introspects);
    let mut signers = apis
        .filter_map(|id| registry.find_api(id))
        .filter_map(|api| registry.signer_for(api, context.now))
        .filter(|signer| context.profile.allows_algorithm(signer.algorithm()));
    signers.next().map(AsRef::as_ref)
}

/// The members of RFC 7662 §2.2; but one if the token does not count.
#[derive(Serialize)]
struct Answer<'a> {
    active: bool,
    #[serde(flatten)]
    token: Option<Members<'a>>,
}

#[derive(Serialize)]
struct Members<'a> {
    scope: &'a str,
    client_id: &'a str,
    token_type: &'static str,
    exp: Timestamp,
    iat: Timestamp,
    sub: &'a str,
    aud: &'a str,
    iss: &'a str,
    jti: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<&'a Confirmation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_details: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<&'a Act>,
    #[serde(flatten)]
    others: &'a Map<String, Value>,
}

/// The claims of RFC 9701 §5.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: Timestamp,
    token_introspection: Answer<'a>,
}

impl<'a> Answer<'a> {
    fn of(token: Option<&'a VerifiedToken>, issuer: &'a Issuer) -> Self {
        let members = |token: &'a VerifiedToken| Members {
            scope: token.scopes.as_str(),
            client_id: token.client.as_str(),
            token_type: Confirmation::token_type(token.confirmation.as_ref()),
            exp: token.expires,
            iat: token.issued,
            sub: token.subject.as_str(),
            aud: token.audience.as_str(),
            iss: issuer.as_str(),
            jti: &token.id,
            cnf: token.confirmation.as_ref(),
            authorization_details: token.details.as_ref(),
            act: token.act.as_ref(),
            others: &token.claims,
        };
        Self {
            active: token.is_some(),
            token: token.map(members),
        }
    }
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("text and numbers are JSON")
}
