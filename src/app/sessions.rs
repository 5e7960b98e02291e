//! Sessions of the console: kept across restarts, ended one by one or all of somebody's.
//!
//! What a session is to the network (cookies, ids, time-outs) is decided above; here it is a record
//! under the hash of its id.

use std::sync::Arc;

use super::{AdminError, App};
use crate::{
    domain::{
        id::OperatorId,
        order,
        session::{SessionKey, SessionRecord},
        time::Clock,
    },
    store::Store,
};

/// Where sessions are kept.
#[derive(Clone)]
pub struct Sessions {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl Sessions {
    pub(super) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Keeps a new session, durably; false if there is one under its key, which stays as it is.
    ///
    /// # Errors
    /// [`AdminError::Unavailable`] if the store fails; so for all below.
    pub async fn create(&self, session: SessionRecord) -> Result<bool, AdminError> {
        Ok(self.store.create_session(session).await?)
    }

    /// Replaces a session that exists; false if it was ended in the meantime, and stays so.
    ///
    /// # Errors
    /// As [`Sessions::create`].
    pub async fn save(&self, session: SessionRecord) -> Result<bool, AdminError> {
        Ok(self.store.save_session(session).await?)
    }

    /// The session under this key, if it is not over.
    ///
    /// # Errors
    /// As [`Sessions::create`].
    pub async fn find(&self, key: SessionKey) -> Result<Option<SessionRecord>, AdminError> {
        let found = self.store.find_session(key).await?;
        Ok(found.filter(|session| !session.is_over(self.clock.now())))
    }

    /// Ends a session for good; whether there was one.
    ///
    /// # Errors
    /// As [`Sessions::create`].
    pub async fn end(&self, key: SessionKey) -> Result<bool, AdminError> {
        Ok(self.store.remove_session(key).await?)
    }

    /// The sessions of one operator that are not over, the one used last first.
    ///
    /// # Errors
    /// As [`Sessions::create`].
    pub async fn of(&self, operator: &OperatorId) -> Result<Vec<SessionRecord>, AdminError> {
        let now = self.clock.now();
        let mut sessions = self.store.sessions_of(operator).await?;
        sessions.retain(|session| !session.is_over(now));
        order::by_key(&mut sessions, |session| std::cmp::Reverse(session.seen));
        Ok(sessions)
    }

    /// Ends all sessions of one operator but `except`; how many there were.
    ///
    /// # Errors
    /// As [`Sessions::create`].
    pub async fn end_all_of(
        &self,
        operator: &OperatorId,
        except: Option<SessionKey>,
    ) -> Result<u64, AdminError> {
        Ok(self.store.remove_sessions_of(operator, except).await?)
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions(..)")
    }
}

impl App {
    /// Where sessions of the console are kept.
    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }
}
