//! F12: backups. A copy of the data that was damaged, wherever, opens with the same content or not at all.

#![no_main]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use jeton::{
    admin::{command::Command, draft::Draft, init::InitServer},
    crypto::{random::Entropy, sealed::MasterKey},
    domain::{
        actor::Actor,
        audit::{AuditPage, AuditRecord},
    },
    store::{
        AuditScope, Store,
        redb::{RedbStore, fuzzing::records},
    },
};
use jeton_fuzz::{bytes::Bytes, server::runtime, world::NOW};
use tokio::runtime::Runtime;

/// A backup, and what is in it.
struct Scene {
    runtime: Runtime,
    path: PathBuf,
    whole: Vec<u8>,
    content: Content,
}

/// All records, out of their seals, and the audit log.
type Content = (Vec<(&'static str, Vec<u8>)>, Vec<AuditRecord>);

static SCENE: LazyLock<Scene> = LazyLock::new(|| {
    jeton::crypto::install_provider();
    let folder = std::env::temp_dir().join(format!("jeton-fuzz-backup-{}", std::process::id()));
    drop(fs::remove_dir_all(&folder));
    fs::create_dir(&folder).expect("there is room");
    let (data, path) = (folder.join("data.redb"), folder.join("backup.redb"));
    let runtime = runtime();
    runtime.block_on(async {
        let entropy = Entropy::seeded(2);
        let store = RedbStore::create(&data, &master(), &entropy).expect("there is no file");
        let registry = store.load().await.expect("a new file can be read");
        let mut draft = Draft::new(Actor::system("fuzzing"), NOW, entropy);
        InitServer
            .decide(&registry, &mut draft)
            .expect("a new server can be set up");
        let commit = draft
            .into_commit(&registry)
            .expect("there is something to change");
        store.commit(commit.into()).await.expect("there is room");
        store.backup(&path).await.expect("there is room");
    });
    let whole = fs::read(&path).expect("it was written");
    let store = open(&path).expect("nothing was damaged");
    let content = runtime.block_on(content(&store));
    Scene {
        runtime,
        path,
        whole,
        content,
    }
});

fn master() -> MasterKey {
    MasterKey::generate(&Entropy::seeded(5))
}

fn open(path: &Path) -> Option<RedbStore> {
    RedbStore::open(path, &master(), &Entropy::seeded(6)).ok()
}

jeton_fuzz::target!(|data| {
    let Scene {
        runtime,
        path,
        whole,
        content: before,
    } = &*SCENE;
    let mut bytes = Bytes::new(data);
    let mut damaged = whole.clone();
    for _ in 0..=bytes.below(4) {
        damage(&mut damaged, &mut bytes);
    }
    fs::write(path, &damaged).expect("there is room");
    runtime.block_on(async {
        match open(path) {
            None => assert!(
                fs::read(path).is_ok_and(|it| it == damaged),
                "it was left as it was"
            ),
            Some(store) => {
                assert!(content(&store).await == *before, "it opens, and is another");
                store.close().await.ok();
            }
        }
    });
});

fn damage(file: &mut Vec<u8>, bytes: &mut Bytes<'_>) {
    if file.is_empty() {
        return;
    }
    let place =
        usize::try_from(bytes.number() & i64::from(i32::MAX)).unwrap_or_default() % file.len();
    let page = place - place % 4096;
    let end = (page + 4096).min(file.len());
    match bytes.below(8) {
        0 => file.truncate(place),
        1 => file[page..end].fill(0),
        2 => {
            let other = bytes.below(256) * 4096 % file.len();
            let copy = file[other..(other + end - page).min(file.len())].to_owned();
            file[page..page + copy.len()].copy_from_slice(&copy);
        }
        // The header, where it says which half of it counts.
        3 => {
            let place = bytes.below(256);
            let here = place.min(file.len() - 1);
            file[here] ^= bytes.byte();
        }
        _ => file[place] ^= bytes.byte(),
    }
}

async fn content(store: &RedbStore) -> Content {
    let all = records(store).expect("what opens can be read");
    let count = store
        .verify_audit(AuditScope::All)
        .await
        .expect("what opens is whole");
    let page = AuditPage {
        limit: 1000,
        ..AuditPage::default()
    };
    let audit = store.audit(page).await.expect("what opens can be read");
    assert_eq!(audit.len() as u64, count);
    (all, audit)
}
