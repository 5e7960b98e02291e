//! Promises about sessions: none is overwritten, none comes back, none outlives its time.

use super::on_every_store;
use crate::{
    domain::{
        id::OperatorId,
        session::{SessionKey, SessionRecord},
        time::Timestamp,
    },
    store::Store,
};

async fn a_new_session_never_takes_the_place_of_another(store: &dyn Store) {
    let mine = session(1, Some(ana()));
    let theirs = SessionRecord {
        operator: Some(bo()),
        ..mine.clone()
    };

    assert!(store.create_session(mine.clone()).await.unwrap());
    assert!(!store.create_session(theirs).await.unwrap());

    assert_eq!(store.find_session(mine.key).await.unwrap(), Some(mine));
    assert_eq!(store.find_session(key(2)).await.unwrap(), None);
}

async fn a_session_that_was_ended_does_not_come_back(store: &dyn Store) {
    let mut session = session(1, Some(ana()));
    store.create_session(session.clone()).await.unwrap();
    session.data = b"{\"page\":2}".to_vec();
    session.seen = Timestamp(20);

    assert!(store.save_session(session.clone()).await.unwrap());
    let saved = store.find_session(session.key).await.unwrap();
    assert_eq!(saved, Some(session.clone()));
    assert!(store.remove_session(session.key).await.unwrap());

    assert!(!store.save_session(session.clone()).await.unwrap());
    assert_eq!(store.find_session(session.key).await.unwrap(), None);
    assert!(!store.remove_session(session.key).await.unwrap());
}

async fn all_sessions_of_one_operator_end_but_the_one_that_is_kept(store: &dyn Store) {
    let mine: Vec<SessionRecord> = (1..4).map(|n| session(n, Some(ana()))).collect();
    let others = [session(4, Some(bo())), session(5, None)];
    for session in mine.iter().chain(&others) {
        store.create_session(session.clone()).await.unwrap();
    }
    let mut found = store.sessions_of(&ana()).await.unwrap();
    found.sort_by_key(|session| session.created);

    let ended = store.remove_sessions_of(&ana(), Some(key(2))).await;

    assert_eq!(found, mine);
    assert_eq!(ended.unwrap(), 2);
    assert_eq!(store.sessions_of(&ana()).await.unwrap(), mine[1..2]);
    assert_eq!(store.remove_sessions_of(&ana(), None).await.unwrap(), 1);
    for other in others {
        assert_eq!(
            store.find_session(other.key).await.unwrap(),
            Some(other.clone())
        );
    }
}

async fn sessions_that_are_over_are_forgotten(store: &dyn Store) {
    let over = SessionRecord {
        expires: Timestamp(1000),
        ..session(1, Some(ana()))
    };
    let running = SessionRecord {
        expires: Timestamp(1001),
        ..session(2, Some(ana()))
    };
    store.create_session(over.clone()).await.unwrap();
    store.create_session(running.clone()).await.unwrap();

    store.prune(Timestamp(1000)).await.unwrap();

    assert_eq!(store.sessions_of(&ana()).await.unwrap(), [running]);
}

fn session(number: u8, operator: Option<OperatorId>) -> SessionRecord {
    SessionRecord {
        key: key(number),
        operator,
        data: b"{}".to_vec(),
        created: Timestamp(number.into()),
        seen: Timestamp(10),
        expires: Timestamp(3600),
    }
}

fn key(number: u8) -> SessionKey {
    SessionKey::of(&[number])
}

fn ana() -> OperatorId {
    "op_aaaaaaaaaaaaaaaa".parse().unwrap()
}

fn bo() -> OperatorId {
    "op_bbbbbbbbbbbbbbbb".parse().unwrap()
}

on_every_store![
    a_new_session_never_takes_the_place_of_another,
    a_session_that_was_ended_does_not_come_back,
    all_sessions_of_one_operator_end_but_the_one_that_is_kept,
    sessions_that_are_over_are_forgotten,
];
