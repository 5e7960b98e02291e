//! Why a file is not opened, said clearly, and the file left as it was.

use std::{fs, path::Path};

use redb::{ReadableTable, TableDefinition};

use super::*;
use crate::store::redb::{
    Repair,
    head::FORMAT,
    open::builder,
    tables::{CLIENTS, META},
};

/// Opens the bench's file, which must fail and change nothing.
fn refused(bench: &Bench) -> OpenError {
    let before = fs::read(bench.path()).ok();
    let names = names_in(bench.directory.path());
    let error = bench.open().unwrap_err();
    assert_eq!(fs::read(bench.path()).ok(), before, "{error}");
    assert_eq!(names_in(bench.directory.path()), names, "{error}");
    let line = error.to_string();
    assert!(!line.contains('\n') && line.contains("; "), "{line}");
    error
}

pub(super) fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let name = |entry: std::io::Result<fs::DirEntry>| {
        entry.unwrap().file_name().to_string_lossy().into_owned()
    };
    entries.map(name).collect()
}

/// Changes a clean file as redb would, behind our back.
pub(super) fn tamper(bench: &Bench, change: impl FnOnce(&redb::WriteTransaction)) {
    let database = builder().open(bench.path()).unwrap();
    let transaction = database.begin_write().unwrap();
    change(&transaction);
    transaction.commit().unwrap();
    database.close().unwrap();
}

#[test]
fn a_file_that_is_not_there_is_not_made() {
    let error = refused(&Bench::new());

    assert!(matches!(error, OpenError::Missing(_)), "{error}");
    assert_eq!(error.exit_code(), 65);
}

#[test]
fn an_empty_file_is_no_new_store() {
    let bench = Bench::new();
    fs::write(bench.path(), b"").unwrap();

    let error = refused(&bench);

    assert!(matches!(error, OpenError::Empty(_)), "{error}");
    assert_eq!(error.exit_code(), 65);
}

#[test]
fn somebody_elses_file_is_left_alone() {
    for foreign in [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(),
        b"redb",
        b"{}\n",
        &[0; 8192],
    ] {
        let bench = Bench::new();
        fs::write(bench.path(), foreign).unwrap();

        let error = refused(&bench);

        assert!(matches!(error, OpenError::Foreign(_)), "{error}");
        assert_eq!(error.exit_code(), 65);
    }
}

#[test]
fn somebody_elses_database_is_left_alone() {
    let bench = Bench::new();
    let database = builder().create(bench.path()).unwrap();
    let transaction = database.begin_write().unwrap();
    let theirs: TableDefinition<'_, &str, &str> = TableDefinition::new("theirs");
    transaction
        .open_table(theirs)
        .unwrap()
        .insert("a", "b")
        .unwrap();
    transaction.commit().unwrap();
    database.close().unwrap();

    let error = refused(&bench);

    assert!(matches!(error, OpenError::Foreign(_)), "{error}");
}

#[test]
fn a_directory_is_no_data_file() {
    let bench = Bench::new();
    fs::create_dir(bench.path()).unwrap();

    assert!(matches!(bench.open(), Err(OpenError::Foreign(_))));
    assert!(matches!(bench.create(), Err(OpenError::Exists(_))));
}

#[tokio::test]
async fn a_file_is_open_once() {
    let bench = Bench::new();
    let first = bench.create().unwrap();

    let error = bench.open().unwrap_err();

    assert!(matches!(error, OpenError::InUse(_)), "{error}");
    assert_eq!(error.exit_code(), 73);
    fill(&first, 1).await;
    first.close().await.unwrap();
    assert!(bench.open().is_ok());
}

#[tokio::test]
async fn the_wrong_master_key_is_named_and_so_is_the_right_one() {
    let (mut bench, _) = Bench::filled(2).await;
    let right = bench.master.id().to_owned();
    bench.master = MasterKey::generate(&Entropy::seeded(99));

    let error = refused(&bench);

    assert_eq!(error.exit_code(), 78);
    let OpenError::WrongMasterKey { wants, has, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(
        (wants.as_str(), has.as_str()),
        (right.as_str(), bench.master.id())
    );
}

#[tokio::test]
async fn a_later_versions_file_is_left_to_it() {
    let (bench, _) = Bench::filled(2).await;
    tamper(&bench, |transaction| {
        let mut meta = transaction.open_table(META).unwrap();
        meta.insert("format", (FORMAT + 1).to_be_bytes().as_slice())
            .unwrap();
    });

    let error = refused(&bench);

    assert_eq!(error.exit_code(), 65);
    assert!(
        matches!(
            error,
            OpenError::FromTheFuture {
                found,
                known: FORMAT,
                ..
            } if found == FORMAT + 1
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_revision_that_somebody_changed_by_hand_is_not_believed() {
    let (bench, _) = Bench::filled(2).await;
    tamper(&bench, |transaction| {
        let mut meta = transaction.open_table(META).unwrap();
        meta.insert("revision", 1_u64.to_be_bytes().as_slice())
            .unwrap();
    });

    let error = refused(&bench);

    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("meta/head"), "{error}");
}

#[tokio::test]
async fn a_record_moved_to_another_place_is_named_when_it_is_read() {
    let (bench, content) = Bench::filled(20).await;
    let ids: Vec<String> = content
        .registry
        .clients()
        .map(|it| it.id.to_string())
        .collect();
    let (from, to) = (ids[0].as_bytes(), ids[1].as_bytes());
    tamper(&bench, |transaction| {
        let mut clients = transaction.open_table(CLIENTS.definition()).unwrap();
        let sealed = clients.get(from).unwrap().unwrap().value().to_vec();
        clients.insert(to, sealed.as_slice()).unwrap();
    });

    let error = bench.open().unwrap().load().await.unwrap_err();

    let named = format!("the record clients/{} is damaged", ids[1]);
    assert!(error.to_string().starts_with(&named), "{error}");
}

#[tokio::test]
async fn without_the_flag_of_two_phases_a_file_opens_only_if_told_to() {
    let (bench, content) = Bench::filled(3).await;
    let mut bytes = fs::read(bench.path()).unwrap();
    bytes[9] &= !4;
    fs::write(bench.path(), &bytes).unwrap();

    let error = refused(&bench);

    assert!(matches!(error, OpenError::Repaired(_)), "{error}");
    let accepted = RedbStore::open_with(
        &bench.path(),
        (&bench.master, &bench.entropy),
        Repair::Accept,
    );
    assert_eq!(Content::of(&accepted.unwrap()).await, content);
}

#[test]
fn a_new_file_replaces_nothing() {
    let bench = Bench::new();
    fs::write(bench.path(), b"precious").unwrap();

    let error = bench.create().unwrap_err();

    assert!(matches!(error, OpenError::Exists(_)), "{error}");
    assert_eq!(error.exit_code(), 73);
    assert_eq!(fs::read(bench.path()).unwrap(), b"precious");
    assert_eq!(names_in(bench.directory.path()), ["jeton.redb"]);
}

#[test]
fn what_cannot_be_made_says_where_and_why() {
    let bench = Bench::new();
    fs::write(bench.path(), b"a file").unwrap();
    for beneath in [bench.path(), bench.directory.path().join("missing")] {
        let error = RedbStore::create(&beneath.join("x.redb"), &bench.master, &bench.entropy);
        let error = error.unwrap_err();

        assert!(matches!(error, OpenError::Unwritable { .. }), "{error}");
        assert_eq!(error.exit_code(), 73);
        assert!(error.to_string().contains("x.redb"), "{error}");
    }
}

/// ST-03
#[test]
fn only_the_owner_can_read_a_new_file() {
    use std::os::unix::fs::MetadataExt;
    let bench = Bench::new();
    bench.create().unwrap();

    let mode = fs::metadata(bench.path()).unwrap().mode();

    assert_eq!(mode & 0o7777, 0o600);
    assert_eq!(names_in(bench.directory.path()), ["jeton.redb"]);
}

#[tokio::test]
async fn a_file_whose_last_change_is_damaged_goes_back_only_if_told_to() {
    let (bench, content) = Bench::filled(3).await;
    let store = bench.open().unwrap();
    commit(&store, Action::ServerBackup).await.unwrap();
    // As a crash leaves it: with the change before the last one.
    let mut whole = fs::read(bench.path()).unwrap();
    store.close().await.unwrap();
    whole[9] &= !4;
    let mut went_back = 0;
    for at in (4096..whole.len()).step_by(2040) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        fs::write(bench.path(), &bytes).unwrap();
        let key = (&bench.master, &bench.entropy);
        let accepted = RedbStore::open_with(&bench.path(), key, Repair::Accept);
        let Ok(accepted) = accepted else {
            continue;
        };
        if Content::of(&accepted).await != content {
            continue;
        }
        drop(accepted);
        went_back += 1;
        fs::write(bench.path(), &bytes).unwrap();
        let error = refused(&bench);
        assert!(matches!(error, OpenError::Repaired(_)), "{error}");
    }
    assert!(went_back > 0);
}
