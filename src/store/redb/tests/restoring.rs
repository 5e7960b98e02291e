//! Which files are restored.

use std::fs;

use redb::ReadableTable;

use super::{
    opening::{names_in, tamper},
    *,
};
use crate::{
    domain::{assertion::UsedAssertion, revocation::Revocation, time::Timestamp},
    store::redb::{
        Candidate, Present, RestoreError,
        tables::{ALL_RECORDS, AUDIT, Records},
    },
};

/// Takes the bench's file for a backup, and leaves nothing of that.
fn restored(bench: &Bench) -> Result<(), RestoreError> {
    let data = bench.directory.path().join("restored.redb");
    let names = names_in(bench.directory.path());
    let candidate = Candidate::of(&bench.path(), &data, (&bench.master, &bench.entropy));
    let outcome = candidate.map(drop);
    assert_eq!(names_in(bench.directory.path()), names);
    outcome
}

/// Turns around a bit in the middle of the first row, if there is one.
fn flip(bench: &Bench, records: Records) -> bool {
    let mut is_there = false;
    tamper(bench, |transaction| {
        let mut table = transaction.open_table(records.definition()).unwrap();
        let first = table.first().unwrap();
        let first = first.map(|(key, row)| (key.value().to_vec(), row.value().to_vec()));
        let Some((key, mut row)) = first else {
            return;
        };
        let middle = row.len() / 2;
        row[middle] ^= 1;
        table.insert(key.as_slice(), row.as_slice()).unwrap();
        is_there = true;
    });
    is_there
}

/// ST-07
#[tokio::test]
async fn a_backup_in_which_any_record_was_changed_is_not_restored() {
    const EXPIRES: Timestamp = Timestamp(1_900_000_000);
    let (bench, _) = Bench::filled(20).await;
    let store = bench.open().unwrap();
    let revoked = Revocation {
        token: "one".to_owned(),
        expires: EXPIRES,
    };
    store.revoke(revoked).await.unwrap();
    let used = UsedAssertion {
        client: "svc".parse().unwrap(),
        id: "one".to_owned(),
        expires: EXPIRES,
    };
    store.use_assertions(vec![used]).await.unwrap();
    store.close().await.unwrap();
    restored(&bench).unwrap();

    let mut tables = 0;
    for records in ALL_RECORDS {
        if flip(&bench, records) {
            tables += 1;
            assert!(restored(&bench).is_err(), "{}", records.0);
            flip(&bench, records);
        }
    }

    assert!(tables > 10, "{tables}");
    restored(&bench).unwrap();
    tamper(&bench, |transaction| {
        let mut table = transaction.open_table(AUDIT).unwrap();
        let (seq, mut row) = {
            let (seq, row) = table.first().unwrap().unwrap();
            (seq.value(), row.value().to_vec())
        };
        let middle = row.len() / 2;
        row[middle] ^= 1;
        table.insert(seq, row.as_slice()).unwrap();
    });
    assert!(matches!(
        restored(&bench),
        Err(RestoreError::Damaged { .. })
    ));
}

#[tokio::test]
async fn the_epoch_of_a_restored_backup_begins_with_the_next_record() {
    const NOW: Timestamp = Timestamp(1_800_000_000);
    let (bench, content) = Bench::filled(20).await;
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("jeton.redb");
    let key = (&bench.master, &bench.entropy);
    let candidate = Candidate::of(&bench.path(), &data, key).unwrap();
    let present = Present::find(&data, key).unwrap();

    let epoch = candidate.begin_epoch((NOW, 4), &present).await.unwrap();

    assert!(content.verified > 1);
    let begun = (epoch.number, epoch.since, epoch.first);
    assert_eq!(begun, (5, NOW, content.verified + 1));
    let head = candidate.store().audit_head().await.unwrap();
    assert_eq!(head.epochs.last(), Some(&epoch));
}

#[tokio::test]
async fn what_came_to_be_meanwhile_is_not_replaced() {
    const NOW: Timestamp = Timestamp(1_800_000_000);
    let (bench, _) = Bench::filled(3).await;
    let key = (&bench.master, &bench.entropy);
    for is_gone in [false, true] {
        let directory = TempDir::new().unwrap();
        let data = directory.path().join("jeton.redb");
        let candidate = Candidate::of(&bench.path(), &data, key).unwrap();
        let present = Present::find(&data, key).unwrap();
        assert!(!present.is_there());
        if is_gone {
            fs::remove_dir_all(directory.path()).unwrap();
        } else {
            fs::write(&data, "precious").unwrap();
        }

        let error = candidate.put_in_place(present, NOW).await.unwrap_err();

        if is_gone {
            assert!(matches!(error, RestoreError::Unwritable { .. }), "{error}");
        } else {
            assert!(matches!(error, RestoreError::Exists(_)), "{error}");
            assert_eq!(names_in(directory.path()), ["jeton.redb"]);
            assert_eq!(fs::read(&data).unwrap(), b"precious");
        }
    }
}
