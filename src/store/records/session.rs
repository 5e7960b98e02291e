//! Sessions as they are stored.

use serde::{Deserialize, Serialize};

use super::RecordError;
use crate::{
    crypto::text,
    domain::{
        id::OperatorId,
        session::{SessionKey, SessionRecord},
        time::Timestamp,
    },
};

/// A session.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct StoredSession {
    key: String,
    operator: Option<OperatorId>,
    data: String,
    created: Timestamp,
    seen: Timestamp,
    expires: Timestamp,
}

impl From<&SessionRecord> for StoredSession {
    fn from(session: &SessionRecord) -> Self {
        Self {
            key: session.key.to_string(),
            operator: session.operator.clone(),
            data: text::base64url(&session.data),
            created: session.created,
            seen: session.seen,
            expires: session.expires,
        }
    }
}

impl TryFrom<StoredSession> for SessionRecord {
    type Error = RecordError;

    fn try_from(stored: StoredSession) -> Result<Self, RecordError> {
        let key: SessionKey = stored
            .key
            .parse()
            .map_err(|error| RecordError::new(&error))?;
        let data = text::from_base64url(&stored.data)
            .ok_or_else(|| RecordError::new("what is remembered is not base64url"))?;
        Ok(Self {
            key,
            operator: stored.operator,
            data,
            created: stored.created,
            seen: stored.seen,
            expires: stored.expires,
        })
    }
}
