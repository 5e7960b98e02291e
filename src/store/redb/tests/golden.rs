//! Files written by released versions, which every later version must open and read the same.
//!
//! `tests/fixtures/format-6.redb` was written once, by
//! `cargo test --lib write_the_file_of_format_6 -- --ignored`, and is never written again: a file
//! of an old release cannot be had from a later one. `format-6.master.key` opens it, and
//! `format-6.json` says what is in it. The files of formats 1 to 5 were made in the same way. A new
//! format gets a new file beside them.

mod dump;
mod fifth;
mod first;
mod fourth;
mod second;
mod sixth;
mod third;

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use self::dump::dump;
use super::*;
use crate::{
    config::MasterKeySource,
    crypto::{jws::Typ, mac::SecretDigest, password::PasswordHash, text},
    domain::{
        api::{Api, Signing},
        change::OnceRecord,
        client::Client,
        handover::Handover,
        id::ClientId,
        key::SigningKey,
        operator::Operator,
        registration::{Registration, RegistrationToken},
        secret::{IfUsed, Proof},
        session::{SessionKey, SessionRecord},
        time::Timestamp,
    },
    store::{master_key, redb::epochs},
};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

#[tokio::test]
async fn a_file_of_format_1_reads_as_it_always_did() {
    drop(reads_as_it_always_did("format-1").await);
}

#[tokio::test]
async fn a_file_of_format_2_reads_as_it_always_did() {
    drop(reads_as_it_always_did("format-2").await);
}

#[tokio::test]
async fn a_file_of_format_3_reads_as_it_always_did() {
    drop(reads_as_it_always_did("format-3").await);
}

#[tokio::test]
async fn a_file_of_format_4_reads_as_it_always_did() {
    let (store, _directory) = reads_as_it_always_did("format-4").await;
    let again = store.use_assertions(vec![fourth::assertion()]).await;
    assert_eq!(again.unwrap(), [false], "what was used stays used");
}

#[tokio::test]
async fn a_file_of_format_5_reads_as_it_always_did() {
    drop(reads_as_it_always_did("format-5").await);
}

#[tokio::test]
async fn a_file_of_format_6_reads_as_it_always_did() {
    let (store, _directory) = reads_as_it_always_did("format-6").await;
    assert_eq!(store.verify_issued().await.unwrap(), 2);
}

async fn reads_as_it_always_did(format: &str) -> (RedbStore, TempDir) {
    let directory = TempDir::new().unwrap();
    let copy = directory.path().join("jeton.redb");
    fs::copy(fixture(&format!("{format}.redb")), &copy).unwrap();
    let key = fs::read_to_string(fixture(&format!("{format}.master.key"))).unwrap();
    let master = master_key::load(&MasterKeySource::Given(key.into())).unwrap();

    let store = RedbStore::open(&copy, &master, &Entropy::os()).unwrap();

    let expected = fs::read_to_string(fixture(&format!("{format}.json"))).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let found = dump(&store).await;
    assert!(includes(&found, &expected), "{found:#}");
    (store, directory)
}

/// Whether `found` says all that `expected` says; later versions may know to say more.
fn includes(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => expected
            .iter()
            .all(|(name, it)| found.get(name).is_some_and(|found| includes(found, it))),
        (Value::Array(found), Value::Array(expected)) => {
            let pairs = || found.iter().zip(expected);
            found.len() == expected.len() && pairs().all(|(found, it)| includes(found, it))
        }
        (found, expected) => found == expected,
    }
}

#[tokio::test]
async fn a_file_of_format_1_is_written_to_as_any_other() {
    let directory = TempDir::new().unwrap();
    let copy = directory.path().join("jeton.redb");
    fs::copy(fixture("format-1.redb"), &copy).unwrap();
    let key = fs::read_to_string(fixture("format-1.master.key")).unwrap();
    let master = MasterKey::parse(&key).unwrap();
    let store = RedbStore::open(&copy, &master, &Entropy::os()).unwrap();

    fill(&store, 3).await;

    let content = Content::of(&store).await;
    store.close().await.unwrap();
    let again = RedbStore::open(&copy, &master, &Entropy::os()).unwrap();
    assert_eq!(Content::of(&again).await, content);
}

#[tokio::test]
async fn a_file_of_format_1_becomes_one_of_this_format_for_good() {
    let directory = TempDir::new().unwrap();
    let copy = directory.path().join("jeton.redb");
    fs::copy(fixture("format-1.redb"), &copy).unwrap();
    let key = fs::read_to_string(fixture("format-1.master.key")).unwrap();
    let master = MasterKey::parse(&key).unwrap();
    let session = SessionRecord {
        key: SessionKey::of(b"id"),
        operator: None,
        data: Vec::new(),
        created: first::NOW,
        seen: first::NOW,
        expires: first::NOW,
    };

    let store = RedbStore::open(&copy, &master, &Entropy::os()).unwrap();
    let content = Content::of(&store).await;
    store.create_session(session.clone()).await.unwrap();
    store.close().await.unwrap();

    let again = RedbStore::open(&copy, &master, &Entropy::os()).unwrap();
    assert_eq!(again.report().await.unwrap().format, 6);
    assert_eq!(Content::of(&again).await, content);
    let found = again.find_session(session.key).await.unwrap();
    assert_eq!(found, Some(session));
}

#[tokio::test]
#[ignore = "writes the fixture, which is written once"]
async fn write_the_file_of_format_6() {
    let path = fixture("format-6.redb");
    let entropy = Entropy::os();
    let master = MasterKey::generate(&entropy);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let store = RedbStore::create(&path, &master, &entropy).unwrap();
    for (at, changes) in fifth::history(store.load().await.unwrap().pepper())
        .into_iter()
        .enumerate()
    {
        let base = store.load().await.unwrap();
        let at = first::NOW.0 + 60 * i64::try_from(at).unwrap();
        let mut commit = arbitrary::commit(&base, at, changes);
        commit.once = (at == first::NOW.0).then(|| OnceRecord {
            actor: "local:0".to_owned(),
            key: "order-4711".to_owned(),
            request: "hash".to_owned(),
            object: commit.changes[0].effect.object(),
            at: commit.at,
        });
        store.commit(Arc::new(commit)).await.unwrap();
    }
    store
        .write(|it, database| epochs::begin(database, &it.keys, (first::NOW, 0)))
        .await
        .unwrap();
    store.keep_clock(first::NOW).await.unwrap();
    for session in second::sessions() {
        store.create_session(session).await.unwrap();
    }
    store.revoke(third::revocation()).await.unwrap();
    store
        .use_assertions(vec![fourth::assertion()])
        .await
        .unwrap();
    store.keep_acme(fourth::acme()).await.unwrap();
    store.add_usage(sixth::usage()).await.unwrap();
    store.keep_issued(sixth::issued()).await.unwrap();
    let dump = format!("{:#}\n", dump(&store).await);
    store.close().await.unwrap();
    fs::write(fixture("format-6.json"), dump).unwrap();
    fs::write(fixture("format-6.master.key"), master.to_text().as_bytes()).unwrap();
}
