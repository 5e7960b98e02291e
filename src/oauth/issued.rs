//! What a token request led to: the token, its answer (RFC 6749 §5.1), and what is counted of it.

use std::fmt::Write;

use super::{UsesAssertion, confirmation::Confirmation, json, token_exchange};
use crate::domain::{
    assertion::UsedAssertion,
    id::{ApiIdentifier, ClientId, SecretId},
    issued_token::IssuedToken,
    scope::ScopeSet,
    time::Span,
    usage::{Asked, Observation, Seen},
};

/// An access token, and what is remembered of its making.
#[derive(Clone, Debug, PartialEq)]
pub struct Issued {
    /// The token.
    pub access_token: String,
    /// How long it lives.
    pub expires_in: Span,
    /// What it allows.
    pub scopes: ScopeSet,
    /// To whom it was issued.
    pub client: ClientId,
    /// On the strength of which secret.
    pub secret: SecretId,
    /// For which API.
    pub api: ApiIdentifier,
    /// What it allows in detail, as a JSON array (RFC 9396 §7).
    pub details: Option<String>,
    /// Whether the request named the scopes.
    pub asked: Asked,
    /// Its `jti`.
    pub token_id: String,
    /// What it is bound to.
    pub confirmation: Option<Confirmation>,
    /// Whom it speaks for, if it was exchanged for another token (RFC 8693).
    pub subject: Option<ClientId>,
    /// The assertion that it was issued for, if that counts once only.
    pub used: Option<UsedAssertion>,
}

impl UsesAssertion for Issued {
    fn used(&mut self) -> Option<UsedAssertion> {
        self.used.take()
    }
}

impl Issued {
    /// The body of the answer (RFC 6749 §5.1).
    pub fn to_json(&self) -> String {
        let names_and_numbers = 96;
        let length = self.access_token.len() + self.scopes.as_str().len() + names_and_numbers;
        let mut body = String::with_capacity(length);
        // A token is base64url and dots: there is nothing to escape, and it is long.
        body.push_str("{\"access_token\":\"");
        body.push_str(&self.access_token);
        let seconds = self.expires_in.seconds();
        let token_type = Confirmation::token_type(self.confirmation.as_ref());
        write!(
            body,
            "\",\"token_type\":\"{token_type}\",\"expires_in\":{seconds},\"scope\":"
        )
        .expect("a string takes any text");
        json::append_string(self.scopes.as_str(), &mut body);
        if let Some(details) = &self.details {
            body.push_str(",\"authorization_details\":");
            body.push_str(details);
        }
        if self.subject.is_some() {
            body.push_str(",\"issued_token_type\":");
            json::append_string(token_exchange::ACCESS_TOKEN, &mut body);
        }
        body.push('}');
        body
    }

    /// Whether only who has a key may use it.
    pub fn is_bound_to_a_key(&self) -> bool {
        matches!(self.confirmation, Some(Confirmation::Jkt(_)))
    }

    /// What is put on record of it.
    pub fn record(&self, seen: Seen) -> IssuedToken {
        IssuedToken {
            at: seen.at,
            token: self.token_id.clone(),
            client: self.client.clone(),
            secret: self.secret.clone(),
            api: self.api.clone(),
            scope: self.scopes.to_string(),
            subject: self.subject.clone(),
            expires: seen.at.plus(self.expires_in),
            address: seen.address,
            request_id: seen.request.map(|it| it.to_string()),
        }
    }

    /// What is counted of it.
    pub fn observation(self, seen: Seen) -> Observation {
        Observation::Issued {
            client: self.client,
            secret: self.secret,
            api: self.api,
            scopes: self.scopes,
            asked: self.asked,
            seen,
        }
    }
}
