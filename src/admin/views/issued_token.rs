//! Records of issued tokens, as they are shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment;
use crate::domain::issued_token::IssuedRecord;

/// A token that was issued.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct IssuedTokenView {
    /// The number of its record; the first is 1.
    pub seq: u64,
    /// When it was issued.
    pub at: String,
    /// Its `jti`.
    pub token_id: String,
    /// To whom.
    pub client: String,
    /// On the strength of which secret or other credential.
    pub secret: String,
    /// For which API.
    pub api: String,
    /// What it allows, separated by spaces.
    pub scope: String,
    /// Whom it speaks for, if it was exchanged for another token.
    pub subject: Option<String>,
    /// When it expires, to a second.
    pub expires_at: String,
    /// From where it was asked for.
    pub address: String,
    /// By which request.
    pub request_id: Option<String>,
}

impl IssuedTokenView {
    /// What `record` says.
    pub fn of(record: &IssuedRecord) -> Self {
        let issued = &record.issued;
        Self {
            seq: record.seq,
            at: moment(issued.at),
            token_id: issued.token.clone(),
            client: issued.client.to_string(),
            secret: issued.secret.to_string(),
            api: issued.api.to_string(),
            scope: issued.scope.clone(),
            subject: issued.subject.as_ref().map(ToString::to_string),
            expires_at: moment(issued.expires),
            address: issued.address.to_string(),
            request_id: issued.request_id.clone(),
        }
    }
}
