//! Promises about assertions: each is used once, until it would be refused anyway.

use super::on_every_store;
use crate::{
    domain::{assertion::UsedAssertion, time::Timestamp},
    store::Store,
};

fn used(client: &str, id: &str, expires: i64) -> UsedAssertion {
    UsedAssertion {
        client: client.parse().unwrap(),
        id: id.to_owned(),
        expires: Timestamp(expires),
    }
}

async fn an_assertion_is_used_once_and_is_its_clients_alone(store: &dyn Store) {
    let batch = vec![
        used("a", "1", 100),
        used("a", "1", 100),
        used("b", "1", 200),
    ];
    assert_eq!(
        store.use_assertions(batch.clone()).await.unwrap(),
        [true, false, true]
    );
    assert_eq!(store.use_assertions(batch).await.unwrap(), [false; 3]);

    store.prune(Timestamp(100)).await.unwrap();

    let batch = vec![used("a", "1", 300), used("b", "1", 200)];
    assert_eq!(store.use_assertions(batch).await.unwrap(), [true, false]);
}

on_every_store![an_assertion_is_used_once_and_is_its_clients_alone];
