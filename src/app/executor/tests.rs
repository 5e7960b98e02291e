//! What the server does when the store fails in the middle of a change.

use std::{
    future::{Future, poll_fn},
    path::Path,
    pin::pin,
    sync::atomic::{AtomicU8, Ordering},
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;

use crate::{
    admin::{
        apis::{DefineApi, Defined},
        init::InitServer,
    },
    app::{
        AdminError, App, Readiness,
        assemble::{Settings, Surroundings, assemble},
    },
    crypto::{random::Entropy, signer::Algorithm, statement::StatementKey},
    domain::{
        acme::AcmeState,
        actor::Actor,
        assertion::UsedAssertion,
        audit::{AuditPage, AuditRecord},
        change::{Commit, OnceRecord},
        epoch::AuditHead,
        id::{OperatorId, SecretId},
        issued_token::{IssuedChain, IssuedPage, IssuedRecord, IssuedToken, TokenRecords},
        name::Description,
        registry::Registry,
        revocation::Revocation,
        session::{SessionKey, SessionRecord},
        time::{Lifetime, ManualClock, Span, Timestamp},
        usage::{LastUse, Tally},
    },
    store::{
        AuditScope, BackupReport, Condition, Store, StoreError, StoreReport, UsageOf,
        redb::RedbStore,
    },
};

use super::*;

/// A real store whose next commit fails: before it is kept, or after.
pub(crate) struct Frail {
    store: RedbStore,
    fails: AtomicU8,
    disk: AtomicU8,
    fails_records: AtomicBool,
    /// While a test holds it, no assertion is written down.
    pub(crate) pen: Mutex<()>,
    /// While a test holds it, nobody hears that a change was kept.
    kept: Mutex<()>,
}

const BEFORE: u8 = 1;
const AFTER: u8 = 2;

const LOST: u8 = 1;
const LOST_WHEN_CLOSED: u8 = 2;
const FULL: u8 = 3;

impl Frail {
    pub(crate) fn new(entropy: &Entropy) -> Self {
        Self {
            store: RedbStore::in_memory(entropy),
            fails: AtomicU8::new(0),
            disk: AtomicU8::new(0),
            fails_records: AtomicBool::new(false),
            pen: Mutex::default(),
            kept: Mutex::default(),
        }
    }

    /// Lets the next thing fail that is to be kept, before it is.
    pub(crate) fn fail_next(&self) {
        self.fails.store(BEFORE, Ordering::SeqCst);
    }

    /// Lets no record of a token be kept any more, or lets them be kept again.
    pub(crate) fn fail_records(&self, fails: bool) {
        self.fails_records.store(fails, Ordering::SeqCst);
    }

    /// Lets the disk be full.
    pub(crate) fn fill_disk(&self) {
        self.disk.store(FULL, Ordering::SeqCst);
    }

    /// Lets the disk fail to keep what was written.
    pub(crate) fn lose_disk(&self) {
        self.disk.store(LOST, Ordering::SeqCst);
    }

    /// Lets it fail with what is written last.
    pub(crate) fn lose_disk_when_closed(&self) {
        self.disk.store(LOST_WHEN_CLOSED, Ordering::SeqCst);
    }
}

#[async_trait]
impl Store for Frail {
    async fn load(&self) -> Result<Registry, StoreError> {
        self.store.load().await
    }

    async fn commit(&self, commit: Arc<Commit>) -> Result<(), StoreError> {
        let fails = self.fails.swap(0, Ordering::SeqCst);
        if fails != BEFORE {
            self.store.commit(commit).await?;
        }
        let _kept = self.kept.lock().await;
        match fails {
            0 => Ok(()),
            _ => Err(StoreError::Unavailable("the disk is gone".to_owned())),
        }
    }

    async fn recall(&self, actor: &str, key: &str) -> Result<Option<OnceRecord>, StoreError> {
        self.store.recall(actor, key).await
    }

    async fn add_usage(&self, tally: Tally) -> Result<(), StoreError> {
        self.store.add_usage(tally).await
    }

    async fn usage(&self, of: UsageOf) -> Result<Tally, StoreError> {
        self.store.usage(of).await
    }

    async fn last_uses(&self) -> Result<Vec<(SecretId, LastUse)>, StoreError> {
        self.store.last_uses().await
    }

    async fn audit(&self, page: AuditPage) -> Result<Vec<AuditRecord>, StoreError> {
        self.store.audit(page).await
    }

    async fn use_assertions(&self, used: Vec<UsedAssertion>) -> Result<Vec<bool>, StoreError> {
        let _pen = self.pen.lock().await;
        match self.fails.swap(0, Ordering::SeqCst) {
            0 => self.store.use_assertions(used).await,
            _ => Err(StoreError::Unavailable("the disk is gone".to_owned())),
        }
    }

    async fn keep_issued(&self, issued: Vec<IssuedToken>) -> Result<(), StoreError> {
        if self.fails_records.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("the disk is gone".to_owned()));
        }
        self.store.keep_issued(issued).await
    }

    async fn issued(&self, page: IssuedPage) -> Result<Vec<IssuedRecord>, StoreError> {
        self.store.issued(page).await
    }

    async fn verify_issued(&self) -> Result<u64, StoreError> {
        self.store.verify_issued().await
    }

    async fn issued_chain(&self, numbers: Vec<u64>) -> Result<IssuedChain, StoreError> {
        self.store.issued_chain(numbers).await
    }

    async fn revoke(&self, revocation: Revocation) -> Result<(), StoreError> {
        match self.fails.swap(0, Ordering::SeqCst) {
            0 => self.store.revoke(revocation).await,
            _ => Err(StoreError::Unavailable("the disk is gone".to_owned())),
        }
    }

    async fn revocations(&self, now: Timestamp) -> Result<Vec<Revocation>, StoreError> {
        self.store.revocations(now).await
    }

    async fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        self.store.clock().await
    }

    async fn keep_clock(&self, high: Timestamp) -> Result<(), StoreError> {
        self.store.keep_clock(high).await
    }

    async fn acme(&self) -> Result<Option<AcmeState>, StoreError> {
        self.store.acme().await
    }

    async fn keep_acme(&self, state: AcmeState) -> Result<(), StoreError> {
        self.store.keep_acme(state).await
    }

    async fn tend(&self) -> Condition {
        match self.disk.load(Ordering::SeqCst) {
            LOST => Condition::Distrusted,
            FULL => Condition::Full,
            _ => self.store.tend().await,
        }
    }

    async fn create_session(&self, session: SessionRecord) -> Result<bool, StoreError> {
        self.store.create_session(session).await
    }

    async fn save_session(&self, session: SessionRecord) -> Result<bool, StoreError> {
        self.store.save_session(session).await
    }

    async fn find_session(&self, key: SessionKey) -> Result<Option<SessionRecord>, StoreError> {
        self.store.find_session(key).await
    }

    async fn remove_session(&self, key: SessionKey) -> Result<bool, StoreError> {
        self.store.remove_session(key).await
    }

    async fn sessions_of(&self, operator: &OperatorId) -> Result<Vec<SessionRecord>, StoreError> {
        self.store.sessions_of(operator).await
    }

    async fn remove_sessions_of(
        &self,
        operator: &OperatorId,
        except: Option<SessionKey>,
    ) -> Result<u64, StoreError> {
        self.store.remove_sessions_of(operator, except).await
    }

    async fn verify_audit(&self, scope: AuditScope) -> Result<u64, StoreError> {
        self.store.verify_audit(scope).await
    }

    async fn audit_head(&self) -> Result<AuditHead, StoreError> {
        self.store.audit_head().await
    }

    async fn audit_macs(
        &self,
        numbers: Vec<u64>,
    ) -> Result<std::collections::BTreeMap<u64, [u8; 32]>, StoreError> {
        self.store.audit_macs(numbers).await
    }

    fn checkpoint_key(&self) -> StatementKey {
        self.store.checkpoint_key()
    }

    async fn prune(&self, now: Timestamp) -> Result<(), StoreError> {
        self.store.prune(now).await
    }

    async fn backup(&self, to: &Path) -> Result<BackupReport, StoreError> {
        self.store.backup(to).await
    }

    async fn report(&self) -> Result<StoreReport, StoreError> {
        self.store.report().await
    }

    async fn close(&self) -> Result<(), StoreError> {
        if self.disk.load(Ordering::SeqCst) == LOST_WHEN_CLOSED {
            self.lose_disk();
        }
        self.store.close().await
    }
}

pub(crate) async fn frail_server() -> (App, Arc<Frail>) {
    frail_server_with(TokenRecords::Off).await
}

/// One that puts tokens on record.
pub(crate) async fn frail_server_that_records() -> (App, Arc<Frail>) {
    frail_server_with(TokenRecords::Durable).await
}

async fn frail_server_with(audit_tokens: TokenRecords) -> (App, Arc<Frail>) {
    let entropy = Entropy::seeded(5);
    let store = Arc::new(Frail::new(&entropy));
    let settings = Settings {
        issuer: "https://as.test".parse().unwrap(),
        console_url: None,
        usage_flush: Span(5),
        mutual: None,
        profile: crate::domain::profile::Profile::default(),
        overview_max_age: Span(0),
        registration: false,
        backups: None,
        audit_checkpoints: None,
        audit_tokens,
        master_key_file: None,
    };
    let surroundings = Surroundings {
        store: Arc::clone(&store) as Arc<dyn Store>,
        clock: Arc::new(ManualClock::at(Timestamp(1_800_000_000))),
        entropy,
        fetcher: Arc::new(crate::app::remote_keys::Nowhere),
    };
    let app = assemble(settings, surroundings).await.unwrap();
    app.execute(Actor::local(0), InitServer).await.unwrap();
    (app, store)
}

fn define(identifier: &str) -> DefineApi {
    DefineApi {
        identifier: identifier.parse().unwrap(),
        name: "Orders".parse().unwrap(),
        description: Description::default(),
        algorithm: Algorithm::Es256,
        token_lifetime: Lifetime::DEFAULT,
        scopes: std::collections::BTreeMap::new(),
        rules: crate::domain::api::ApiRules::default(),
    }
}

#[tokio::test]
async fn a_change_that_could_not_be_saved_is_not_shown_and_tokens_go_on() {
    let (app, store) = frail_server().await;
    let before = app.registry_arc();

    store.fails.store(BEFORE, Ordering::SeqCst);
    let failed = app.execute(Actor::local(0), define("urn:orders:eu")).await;

    assert!(matches!(failed, Err(AdminError::Unavailable(_))));
    assert!(*app.registry_arc() == *before);
    assert!(matches!(app.readiness(), Readiness::Degraded(_)));
    assert!(
        app.registry()
            .active_key(Algorithm::Es256, app.now())
            .is_some()
    );
}

#[tokio::test]
async fn after_a_failure_the_next_change_goes_on_from_what_the_store_says() {
    for fails in [BEFORE, AFTER] {
        let (app, store) = frail_server().await;
        store.fails.store(fails, Ordering::SeqCst);
        app.execute(Actor::local(0), define("urn:orders:eu"))
            .await
            .err()
            .unwrap();

        app.execute(Actor::local(0), define("urn:orders:us"))
            .await
            .ok()
            .unwrap();

        let identifiers: Vec<String> = app
            .registry()
            .apis()
            .map(|api| api.identifier.to_string())
            .collect();
        let kept = identifiers
            .iter()
            .any(|identifier| identifier == "urn:orders:eu");
        assert_eq!(kept, fails == AFTER, "{identifiers:?}");
        assert_eq!(app.readiness(), Readiness::Ready);
        assert!(*app.registry_arc() == store.load().await.unwrap());
        assert_eq!(
            app.verify_audit().await.unwrap().records,
            app.registry().revision().0 + 2
        );
    }
}

#[tokio::test]
async fn that_a_change_was_made_before_is_said_when_it_is_seen_and_told() {
    let (app, store) = frail_server().await;
    let once = Once {
        key: "k".to_owned(),
        request: "r".to_owned(),
    };
    let terms = Terms {
        once: Some(once.clone()),
        ..Terms::default()
    };
    let told = Arc::new(AtomicBool::new(false));
    let tell = Arc::clone(&told);
    let kept = store.kept.lock().await;
    let work = app.clone();
    let tasks = app.tasks().clone();
    tasks.finish_later(async move {
        let order = (terms, define("urn:orders:eu"));
        let told = move |_: &Defined| tell.store(true, Ordering::SeqCst);
        let done = work.execute_and(Actor::local(0), order, told);
        drop(tokio::time::timeout(Duration::ZERO, done).await);
    });
    let actor = Actor::local(0);
    while store
        .recall(&actor.to_string(), "k")
        .await
        .unwrap()
        .is_none()
    {
        tokio::task::yield_now().await;
    }

    let mut earlier = pin!(app.earlier(&actor, &once));
    let early = poll_fn(|context| Poll::Ready(earlier.as_mut().poll(context))).await;
    drop(kept);
    let object = earlier.await.unwrap();

    assert!(early.is_pending());
    let identifier = "urn:orders:eu".parse().unwrap();
    assert_eq!(object, Some(Object::Api(identifier)));
    assert!(app.registry().apis().next().is_some());
    assert!(told.load(Ordering::SeqCst));
}
