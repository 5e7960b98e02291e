//! The chain of the records of issued tokens: whatever is done to its rows without the keys is found.

use ::redb::{Database, ReadableDatabase};

use super::*;
use crate::{
    domain::{
        issued_token::{IssuedChain, IssuedToken},
        time::{Span, Timestamp},
    },
    store::redb::{Fault, issued, shared::Shared, tables::ISSUED},
};

const NOW: Timestamp = Timestamp(1_800_000_000);

/// A store with five of them, whose first one is pruned.
async fn chain_of_4() -> RedbStore {
    let store = RedbStore::in_memory(&Entropy::seeded(1));
    let issued = |n: i64| IssuedToken {
        at: NOW.plus(Span::days(u32::try_from(n).unwrap().into())),
        token: n.to_string(),
        client: "svc".parse().unwrap(),
        secret: "AAAAAAAA".parse().unwrap(),
        api: "urn:shop".parse().unwrap(),
        scope: "read".to_owned(),
        subject: None,
        expires: NOW.plus(Span::days(200)),
        address: [192, 0, 2, 1].into(),
        request_id: None,
    };
    store
        .keep_issued((0..5).map(issued).collect())
        .await
        .unwrap();
    store.prune(NOW.plus(Span::days(91))).await.unwrap();
    assert_eq!(store.verify_issued().await.unwrap(), 4);
    store
}

fn on_database<T>(
    store: &RedbStore,
    work: impl FnOnce(&Shared, &Database) -> Result<T, Fault>,
) -> T {
    store.0.read(work).unwrap()
}

fn row(store: &RedbStore, seq: u64) -> Option<Vec<u8>> {
    on_database(store, |_, database| {
        let table = database.begin_read()?.open_table(ISSUED.definition())?;
        let row = table.get(&seq.to_be_bytes()[..])?;
        Ok(row.map(|it| it.value().to_vec()))
    })
}

fn put(store: &RedbStore, seq: u64, row: Option<&[u8]>) {
    on_database(store, |_, database| {
        let transaction = database.begin_write()?;
        let mut table = transaction.open_table(ISSUED.definition())?;
        let key = &seq.to_be_bytes()[..];
        match row {
            Some(row) => drop(table.insert(key, row)?),
            None => drop(table.remove(key)?),
        }
        drop(table);
        transaction.commit()?;
        Ok(())
    });
}

fn verdict(store: &RedbStore) -> Result<u64, String> {
    let verified = store
        .0
        .read(|it, database| issued::verify(database, &it.keys));
    verified.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_record_of_a_token_that_was_changed_taken_out_put_in_or_moved_is_found() {
    let store = chain_of_4().await;
    let whole = |seq| row(&store, seq);
    let changed = |seq| {
        let mut row = whole(seq).unwrap();
        row[40] ^= 1;
        Some(row)
    };
    let cases = [
        (2, None, 2),
        (3, None, 3),
        (5, None, 5),
        (3, changed(3), 3),
        (5, changed(5), 5),
        (4, whole(3), 4),
        (6, whole(5), 6),
        (1, whole(2), 2),
    ];
    for (seq, replacement, first_bad) in cases {
        let before = whole(seq);
        put(&store, seq, replacement.as_deref());

        let problem = verdict(&store).unwrap_err();

        let start = format!("the record issued_tokens/{first_bad} is damaged: ");
        assert!(problem.starts_with(&start), "{seq}: {problem}");
        put(&store, seq, before.as_deref());
        assert_eq!(verdict(&store), Ok(4));
    }
}

#[tokio::test]
async fn the_chain_tells_its_end_and_what_was_deleted_of_it() {
    let store = chain_of_4().await;

    let chain = store.issued_chain((1..=6).collect()).await.unwrap();

    let macs: Vec<u64> = chain.macs.keys().copied().collect();
    assert_eq!(macs, [1, 2, 3, 4, 5], "that of the last deleted is known");
    assert_eq!(chain.deleted, 1);
    let end = chain.end.unwrap();
    assert_eq!((end.seq, end.mac), (5, chain.macs[&5]));
    let all: std::collections::BTreeSet<_> = chain.macs.values().collect();
    assert_eq!(all.len(), 5);
    let empty = RedbStore::in_memory(&Entropy::seeded(1));
    let chain = empty.issued_chain(vec![1]).await.unwrap();
    assert_eq!(chain, IssuedChain::default());
}

#[tokio::test]
async fn a_record_of_a_token_goes_on_the_day_after_its_last_and_not_before() {
    let store = chain_of_4().await;
    for (days, left) in [(91, 4), (92, 3), (93, 2)] {
        let begin = NOW.plus(Span::days(days)).day().start();
        for (now, more) in [(begin.minus(Span(1)), u64::from(days > 91)), (begin, 0)] {
            store.prune(now).await.unwrap();
            assert_eq!(store.verify_issued().await.unwrap(), left + more);
        }
    }
}
