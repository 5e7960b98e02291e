//! What must not come back with a backup: sessions, and what was used once.

use jeton::{
    crypto::{random::Entropy, sealed::MasterKey, signer::Signer},
    domain::{
        permission::Role,
        rotation::Overlap,
        secret::Proof,
        time::{Span, Timestamp},
    },
    oauth::reason::ErrorCode,
    store::redb::{Candidate, Present, RedbStore},
};
use tempfile::TempDir;

use crate::harness::{
    assertion::{claims, move_to, present, public, sign, signer},
    server::{START, TestServer},
};

const SHOP: &str = "urn:shop";

/// A data file, the key that opens it, and a backup of it.
struct Bench {
    folder: TempDir,
    master: MasterKey,
    entropy: Entropy,
}

impl Bench {
    fn new() -> Self {
        let entropy = Entropy::seeded(3);
        Self {
            folder: TempDir::new().unwrap(),
            master: MasterKey::generate(&entropy),
            entropy,
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// A server on a new data file.
    async fn server(&self) -> TestServer {
        let store = RedbStore::create(&self.path("jeton.redb"), &self.master, &self.entropy);
        TestServer::on(store.unwrap(), START).await
    }

    async fn backup(&self, server: &TestServer) {
        let actor = jeton::domain::actor::Actor::local(0);
        let to = self.path("backup.redb");
        server.app.backup(actor, &to).await.unwrap();
    }

    /// Ends the server, and starts one on what was backed up, at `now`.
    async fn restored(&self, server: TestServer, now: Timestamp) -> TestServer {
        server.app.shut_down().await;
        drop(server);
        let data = self.path("jeton.redb");
        let keys = (&self.master, &self.entropy);
        let present = Present::find(&data, keys).unwrap();
        let candidate = Candidate::of(&self.path("backup.redb"), &data, keys).unwrap();
        candidate.begin_epoch((now, 1), &present).await.unwrap();
        candidate.put_in_place(present, now).await.unwrap();
        let store = RedbStore::open(&data, &self.master, &self.entropy).unwrap();
        TestServer::on(store, now).await
    }
}

async fn with_key(server: &TestServer) -> Signer {
    server.api(SHOP, "read").await;
    let client = server.client("svc").await.granted(SHOP, "read").await;
    let signer = signer(1);
    move_to(server, &client, Proof::Key(public(&signer)), Overlap::None).await;
    signer
}

/// ST-07
#[tokio::test]
async fn no_assertion_that_was_used_after_the_backup_is_taken_after_the_restore() {
    let bench = Bench::new();
    let server = bench.server().await;
    let key = with_key(&server).await;
    bench.backup(&server).await;
    let used = sign(&key, &claims(&server, "svc", "used"));
    present(&server, &used, "").await.assert_issued();
    let mut undated = claims(&server, "svc", "undated");
    undated.as_object_mut().unwrap().remove("iat");
    let undated = sign(&key, &undated);
    present(&server, &undated, "").await.assert_issued();

    let restored = bench.restored(server, START.plus(Span(5))).await;

    for old in [&used, &undated] {
        present(&restored, old, "")
            .await
            .assert_refused(ErrorCode::InvalidClient);
    }
    restored.advance(Span(31)).await;
    let fresh = sign(&key, &claims(&restored, "svc", "fresh"));
    present(&restored, &fresh, "").await.assert_issued();
    present(&restored, &fresh, "")
        .await
        .assert_refused(ErrorCode::InvalidClient);
}

#[tokio::test]
async fn nobody_is_signed_in_after_a_restore() {
    let bench = Bench::new();
    let server = bench.server().await;
    drop(server.signed_in(Role::Owner).await);
    let registry = server.app.registry_arc();
    let operator = registry.operators().next().unwrap().id.clone();
    assert_eq!(server.app.sessions().of(&operator).await.unwrap().len(), 1);
    bench.backup(&server).await;

    let restored = bench.restored(server, START.plus(Span(5))).await;

    assert_eq!(restored.app.sessions().of(&operator).await.unwrap(), []);
    assert_eq!(restored.app.epoch().unwrap().number, 2);
    assert!(restored.app.registry().find_operator(&operator).is_some());
}

/// ST-07
#[tokio::test]
async fn a_token_that_was_revoked_after_the_backup_stays_revoked() {
    let bench = Bench::new();
    let server = bench.server().await;
    server.api(SHOP, "read").await;
    bench.backup(&server).await;
    let revoked = jeton::domain::revocation::Revocation {
        token: "one".to_owned(),
        expires: START.plus(Span::hours(1)),
    };
    server.app.revoke(revoked).await.unwrap();

    let restored = bench.restored(server, START.plus(Span(5))).await;

    assert!(restored.app.is_revoked("one"));
}
