//! The audit log's chain: whatever is done to its rows without the keys is found, and the first of them is named.

use ::redb::{Database, ReadableDatabase};

use super::*;
use crate::store::{
    AuditScope,
    redb::{Fault, audit, shared::Shared, tables::AUDIT},
};

/// A store with so many audit records.
async fn log_of(records: usize) -> RedbStore {
    let store = RedbStore::in_memory(&Entropy::seeded(1));
    for _ in 0..records {
        commit(&store, Action::ServerBackup).await.unwrap();
    }
    store
}

impl RedbStore {
    fn on_database<T>(&self, work: impl FnOnce(&Shared, &Database) -> Result<T, Fault>) -> T {
        self.0.read(work).unwrap()
    }

    fn row(&self, seq: u64) -> Option<Vec<u8>> {
        self.on_database(|_, database| {
            let table = database.begin_read()?.open_table(AUDIT)?;
            Ok(table.get(seq)?.map(|row| row.value().to_vec()))
        })
    }

    /// Puts rows in place, as somebody does who has the file and no key.
    fn tamper(&self, rows: &[(u64, Option<Vec<u8>>)]) {
        self.on_database(|_, database| {
            let transaction = database.begin_write()?;
            let mut table = transaction.open_table(AUDIT)?;
            for (seq, row) in rows {
                match row {
                    Some(row) => drop(table.insert(seq, row.as_slice())?),
                    None => drop(table.remove(seq)?),
                }
            }
            drop(table);
            transaction.commit()?;
            Ok(())
        });
    }

    fn verdict(&self, scope: AuditScope) -> Result<u64, String> {
        let verified = self
            .0
            .read(|it, database| audit::verify(database, &it.keys, scope));
        verified.map_err(|error| error.to_string())
    }

    #[track_caller]
    fn assert_first_bad(&self, seq: u64) {
        let problem = self.verdict(AuditScope::All).unwrap_err();
        let start = format!("the record audit/{seq} is damaged: ");
        assert!(problem.starts_with(&start), "{problem}");
    }
}

/// A1
#[tokio::test]
async fn a_changed_byte_of_any_record_is_found() {
    let store = log_of(300).await;
    let entropy = Entropy::seeded(4);
    for seq in 1..=300 {
        let whole = store.row(seq).unwrap();
        let mut changed = whole.clone();
        let at = usize::from(u16::from_be_bytes(entropy.bytes())) % changed.len();
        changed[at] ^= 1 << (at % 8);
        store.tamper(&[(seq, Some(changed))]);

        store.assert_first_bad(seq);

        store.tamper(&[(seq, Some(whole))]);
    }
    assert_eq!(store.verdict(AuditScope::All), Ok(300));
}

/// A1
#[tokio::test]
async fn any_changed_byte_of_a_record_is_found() {
    let store = log_of(5).await;
    let whole = store.row(3).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x40;
        store.tamper(&[(3, Some(changed))]);
        store.assert_first_bad(3);
    }
}

/// A2
#[tokio::test]
async fn records_that_were_taken_out_put_in_or_moved_are_found() {
    let store = log_of(20).await;
    let row = |seq| store.row(seq);
    let cases = [
        (vec![(20, None)], 20),
        (vec![(18, None), (19, None), (20, None)], 18),
        (vec![(7, None)], 7),
        (vec![(1, None)], 1),
        (vec![(5, row(6)), (6, row(5))], 5),
        (vec![(9, row(8))], 9),
        (vec![(21, row(20))], 21),
        (vec![(0, row(1))], 1),
    ];
    for (rows, first_bad) in cases {
        let before: Vec<_> = rows
            .iter()
            .map(|(seq, _)| (*seq, store.row(*seq)))
            .collect();
        store.tamper(&rows);

        store.assert_first_bad(first_bad);

        store.tamper(&before);
        assert_eq!(store.verdict(AuditScope::All), Ok(20));
    }
}

#[tokio::test]
async fn a_look_at_the_end_finds_what_is_wrong_there_and_nothing_before() {
    let store = log_of(20).await;
    assert_eq!(store.verdict(AuditScope::Latest(5)), Ok(5));
    assert_eq!(store.verdict(AuditScope::Latest(20)), Ok(20));
    assert_eq!(store.verdict(AuditScope::Latest(1000)), Ok(20));

    store.tamper(&[(3, None)]);
    assert_eq!(store.verdict(AuditScope::Latest(5)), Ok(5));
    store.tamper(&[(17, None)]);
    let problem = store.verdict(AuditScope::Latest(5)).unwrap_err();
    assert!(problem.starts_with("the record audit/17 "), "{problem}");
    assert_eq!(log_of(0).await.verdict(AuditScope::Latest(5)), Ok(0));
}
