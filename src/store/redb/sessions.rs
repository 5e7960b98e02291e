//! Sessions on disk: each under the hash of its id, never under the id.

use redb::{Database, ReadableDatabase};

use super::{
    Fault,
    tables::{SESSIONS, SealedReader, SealedWriter},
};
use crate::{
    domain::{
        id::OperatorId,
        session::{SessionKey, SessionRecord},
    },
    store::{
        keyring::{Keyring, corrupt},
        records::{RecordError, StoredSession, from_json, to_json},
    },
};

/// Reads a session's record.
pub(super) fn read(bytes: &[u8]) -> Result<SessionRecord, RecordError> {
    from_json::<StoredSession>(bytes)?.try_into()
}

/// When a session may be written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Only {
    /// If there is none under its key.
    New,
    /// If there is one.
    Known,
}

/// Keeps a session if it is as `only` says; whether it was.
pub(super) fn put(
    database: &Database,
    keys: &Keyring,
    (session, only): (&SessionRecord, Only),
) -> Result<bool, Fault> {
    let transaction = database.begin_write()?;
    let mut table = SealedWriter::open_for_change(SESSIONS, &transaction, keys)?;
    let key = session.key.as_bytes();
    let is_known = table.get(key, read)?.is_some();
    if is_known != (only == Only::Known) {
        return Ok(false);
    }
    table.put(key, &to_json(&StoredSession::from(session)))?;
    drop(table);
    transaction.commit()?;
    Ok(true)
}

/// The session under this key.
pub(super) fn find(
    database: &Database,
    keys: &Keyring,
    key: SessionKey,
) -> Result<Option<SessionRecord>, Fault> {
    let transaction = database.begin_read()?;
    let table = SealedReader::open(SESSIONS, &transaction, keys)?;
    let found = table.get(key.as_bytes(), read)?;
    match found {
        Some(session) if session.key != key => {
            Err(corrupt(SESSIONS.0, key.as_bytes(), &"it is another record's").into())
        }
        found => Ok(found),
    }
}

/// All sessions of one operator, in order of their keys.
pub(super) fn of(
    database: &Database,
    keys: &Keyring,
    operator: &OperatorId,
) -> Result<Vec<SessionRecord>, Fault> {
    let transaction = database.begin_read()?;
    let table = SealedReader::open(SESSIONS, &transaction, keys)?;
    let mut sessions = Vec::new();
    table.each(&[], read, |_, session| {
        if session.operator.as_ref() == Some(operator) {
            sessions.push(session);
        }
        Ok(())
    })?;
    Ok(sessions)
}

/// Takes away those of `which` that there are; how many there were.
pub(super) fn remove(
    database: &Database,
    keys: &Keyring,
    which: &[SessionKey],
) -> Result<u64, Fault> {
    let transaction = database.begin_write()?;
    let mut table = SealedWriter::open_for_change(SESSIONS, &transaction, keys)?;
    let mut removed = 0;
    for key in which {
        if table.get(key.as_bytes(), read)?.is_some() {
            table.remove(key.as_bytes())?;
            removed += 1;
        }
    }
    drop(table);
    transaction.commit()?;
    Ok(removed)
}

/// Takes away all sessions of one operator but `except`; how many there were.
pub(super) fn remove_of(
    database: &Database,
    keys: &Keyring,
    (operator, except): (&OperatorId, Option<SessionKey>),
) -> Result<u64, Fault> {
    let sessions = of(database, keys, operator)?;
    let keys_of: Vec<SessionKey> = sessions
        .iter()
        .map(|session| session.key)
        .filter(|key| Some(*key) != except)
        .collect();
    remove(database, keys, &keys_of)
}

#[cfg(test)]
mod tests {
    use redb::backends::InMemoryBackend;

    use super::*;
    use crate::{
        crypto::{random::Entropy, sealed::MasterKey},
        domain::time::Timestamp,
        store::redb::open,
    };

    #[test]
    fn a_session_in_the_place_of_another_is_nobodys() {
        let entropy = Entropy::seeded(1);
        let database = Database::builder()
            .create_with_backend(InMemoryBackend::new())
            .unwrap();
        let keys = open::initialise(&database, &MasterKey::generate(&entropy), &entropy).unwrap();
        let [one, other] = [SessionKey::of(b"one"), SessionKey::of(b"other")];
        let session = SessionRecord {
            key: one,
            operator: None,
            data: Vec::new(),
            created: Timestamp(1),
            seen: Timestamp(1),
            expires: Timestamp(9),
        };
        assert!(put(&database, &keys, (&session, Only::New)).unwrap());
        let transaction = database.begin_write().unwrap();
        let mut table = SealedWriter::open_for_change(SESSIONS, &transaction, &keys).unwrap();
        let record = to_json(&StoredSession::from(&session));
        table.put(other.as_bytes(), &record).unwrap();
        drop(table);
        transaction.commit().unwrap();

        assert_eq!(find(&database, &keys, one).unwrap(), Some(session));
        let fault = find(&database, &keys, other).unwrap_err();
        assert!(format!("{fault:?}").contains("another record's"));
    }
}
