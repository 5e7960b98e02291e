//! Sessions, kept where everything is kept: what tower-sessions asks of a store, put to ours.
//!
//! How long a session lasts is decided by our clock and our rules; the date that tower-sessions
//! gives it says nothing here.

use std::fmt;

use async_trait::async_trait;
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

use super::{KEPT_AS, Kept, Standing};
use crate::{
    app::AdminError,
    domain::{
        session::{SessionKey, SessionRecord},
        time::{Span, Timestamp},
    },
    web::console::Console,
};

/// How long the session of somebody who has not signed in is kept.
const UNSIGNED: Span = Span::minutes(30);

/// Keeps sessions for tower-sessions.
#[derive(Clone)]
pub(in crate::web::console) struct Keeper(pub(in crate::web::console) Console);

impl Keeper {
    fn record(&self, record: &Record) -> Result<SessionRecord> {
        let data = serde_json::to_vec(&record.data);
        let data = data.map_err(|error| Error::Encode(error.to_string()))?;
        let kept = record.data.get(KEPT_AS).cloned().unwrap_or_default();
        let kept: Kept = serde_json::from_value(kept).unwrap_or_default();
        let now = self.0.app.now();
        let (operator, created, expires) = match &kept.standing {
            Standing::SignedIn(sign_in) => {
                let rules = self.0.rules();
                let expires = now.plus(rules.idle).min(sign_in.since.plus(rules.absolute));
                (Some(sign_in.operator.clone()), sign_in.since, expires)
            }
            Standing::Stranger | Standing::Founder | Standing::HalfWay { .. } => {
                (None, now, now.plus(UNSIGNED))
            }
        };
        Ok(SessionRecord {
            key: key(record.id),
            operator,
            data,
            created,
            seen: now,
            expires,
        })
    }
}

/// The id itself never reaches the disk.
pub(super) fn key(id: Id) -> SessionKey {
    SessionKey::of(&id.0.to_le_bytes())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what map_err hands over"
)]
fn failed(error: AdminError) -> Error {
    Error::Backend(error.to_string())
}

#[async_trait]
impl SessionStore for Keeper {
    async fn create(&self, record: &mut Record) -> Result<()> {
        loop {
            let session = self.record(record)?;
            if self
                .0
                .app
                .sessions()
                .create(session)
                .await
                .map_err(failed)?
            {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let session = self.record(record)?;
        let kept = self.0.app.sessions().save(session).await;
        if kept.map_err(failed)? {
            return Ok(());
        }
        Err(Error::Backend("the session has ended".to_owned()))
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let found = self.0.app.sessions().find(key(*id)).await;
        let Some(session) = found.map_err(failed)? else {
            return Ok(None);
        };
        let data = serde_json::from_slice(&session.data);
        Ok(Some(Record {
            id: *id,
            data: data.map_err(|error| Error::Decode(error.to_string()))?,
            expiry_date: OffsetDateTime::from_unix_timestamp(FAR_AHEAD.seconds())
                .map_err(|error| Error::Decode(error.to_string()))?,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.app.sessions().end(key(*id)).await.map_err(failed)?;
        Ok(())
    }
}

/// The year 9999: never, by the clock of tower-sessions.
const FAR_AHEAD: Timestamp = Timestamp(253_370_764_800);

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeper(..)")
    }
}
