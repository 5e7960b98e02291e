//! The one place where the parts meet.

use std::{path::PathBuf, sync::Arc};

use tokio::sync::Mutex;

use super::{
    App, Parts,
    backups::{self, Backups},
    checkpoints::{self, CheckpointFile, Checkpoints},
    clock::{self, Watched},
    disk,
    executor::Executor,
    group_commit::GroupCommit,
    last_uses::LastUses,
    overview::{Overviews, ready},
    passwords::Passwords,
    proofs::Proofs,
    published::Published,
    quotas::Quotas,
    remembered::RememberedSecrets,
    remote_keys::{self, FetchKeys, RemoteKeys},
    revocations::Revocations,
    schedule,
    sessions::Sessions,
    setup::Setup,
    tasks::Tasks,
    throttle::{ClientThrottle, Throttle},
    usage::UsageRecorder,
    verified_tokens::KnownTokens,
};
use crate::{
    crypto::random::Entropy,
    domain::{
        backup::BackupPlan,
        issued_token::{IssuedToken, TokenRecords},
        issuer::Issuer,
        profile::Profile,
        registry::Registry,
        time::{Clock, Span},
    },
    store::{Condition, Store, StoreError},
};

/// What the running server must be told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who signs.
    pub issuer: Issuer,
    /// Where operators reach the console, if that is not the issuer's address.
    pub console_url: Option<Issuer>,
    /// The web address of the place where clients can show certificates, if they can: it may be the issuer's.
    pub mutual: Option<Issuer>,
    /// How strict it is.
    pub profile: Profile,
    /// How often usage is written down; a crash loses at most so much of it. 1 s to 5 min.
    pub usage_flush: Span,
    /// How old the usage may be that pages of lists are made of: [`OVERVIEW_MAX_AGE`]. Zero: it is
    /// read for every page.
    pub overview_max_age: Span,
    /// Whether clients may register themselves.
    pub registration: bool,
    /// The backups that the server makes by itself, if any.
    pub backups: Option<BackupPlan>,
    /// The file for checkpoints of the audit log, if there is to be one.
    pub audit_checkpoints: Option<PathBuf>,
    /// Whether tokens are put on record before they are handed out.
    pub audit_tokens: TokenRecords,
    /// The file that holds the master key, if it is one that this server may replace.
    pub master_key_file: Option<PathBuf>,
}

/// How old the usage is at most that a server in use makes its pages of.
pub const OVERVIEW_MAX_AGE: Span = Span(10);

/// What the server is made of, beside its settings.
pub struct Surroundings {
    /// Where commits go.
    pub store: Arc<dyn Store>,
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where random numbers come from.
    pub entropy: Entropy,
    /// What fetches keys that others publish.
    pub fetcher: Arc<dyn FetchKeys>,
}

/// The server, with everything loaded and nothing running in the background yet.
///
/// # Errors
/// If the store cannot be read.
pub async fn assemble(settings: Settings, surroundings: Surroundings) -> Result<App, StoreError> {
    let Surroundings { store, clock, .. } = &surroundings;
    let registry = Arc::new(store.load().await?);
    let epochs = store.audit_head().await?.epochs;
    let watched = Watched::begin(store.clock().await?, clock.as_ref());
    let last_uses = Arc::new(LastUses::new(&registry, store.last_uses().await?));
    let checkpoints = settings.audit_checkpoints.as_deref();
    let checkpoints = checkpoints.map(CheckpointFile::at);
    let revocations = Revocations::load(Arc::clone(store), clock.now()).await?;
    let published = Published::new(Arc::clone(&registry));
    let tasks = Tasks::default();
    let executor = executor(registry, (&published, &last_uses, &tasks), &surroundings);
    let Surroundings {
        store,
        clock,
        entropy,
        fetcher,
    } = surroundings;
    Ok(App(Arc::new(Parts {
        assertions: GroupCommit::of_assertions(Arc::clone(&store), tasks.clone()),
        issued: records_of_tokens(&settings, &store, &tasks),
        remote_keys: RemoteKeys::new(fetcher),
        certificate: Published::new(Arc::new(None)),
        disk: Published::new(Arc::new(Condition::Well)),
        backups: Backups::planned(settings.backups.clone(), clock.now()).await,
        checkpoints: Checkpoints::to(checkpoints),
        settings,
        setup: Setup::new(published.clone(), &entropy),
        passwords: Passwords::default(),
        proofs: Proofs::new(&entropy, Arc::clone(&clock)),
        throttle: Throttle::default(),
        client_throttle: ClientThrottle::default(),
        quotas: Quotas::default(),
        published,
        executor,
        usage: UsageRecorder::new(Arc::clone(&store)),
        overviews: Overviews::default(),
        sessions: Sessions::new(Arc::clone(&store), Arc::clone(&clock)),
        store,
        last_uses,
        remembered: RememberedSecrets::new(&entropy),
        rekeying: Mutex::default(),
        verified_tokens: KnownTokens::new(),
        revocations,
        schedule: schedule::Schedule::default(),
        tasks,
        started: clock.now(),
        watched,
        epochs,
        clock,
        entropy,
    })))
}

fn records_of_tokens(
    settings: &Settings,
    store: &Arc<dyn Store>,
    tasks: &Tasks,
) -> Option<GroupCommit<IssuedToken, ()>> {
    match settings.audit_tokens {
        TokenRecords::Off => None,
        TokenRecords::Durable => {
            let store = Arc::clone(store);
            Some(GroupCommit::of_issued_tokens(store, tasks.clone()))
        }
    }
}

fn executor(
    registry: Arc<Registry>,
    (published, last_uses, tasks): (&Published<Registry>, &Arc<LastUses>, &Tasks),
    surroundings: &Surroundings,
) -> Executor {
    Executor {
        head: Arc::new(Mutex::new(registry)),
        published: published.clone(),
        store: Arc::clone(&surroundings.store),
        last_uses: Arc::clone(last_uses),
        tasks: tasks.clone(),
        clock: Arc::clone(&surroundings.clock),
        entropy: surroundings.entropy.clone(),
        latched: Arc::default(),
        finished: Arc::default(),
    }
}

impl App {
    /// Does at once what fell due while the server was down, then starts the background work.
    pub async fn start(&self) {
        self.keep_clock().await;
        self.keep_schedule().await;
        disk::look(self).await;
        let app = self.clone();
        self.0.tasks.spawn("disk", |stop| disk::run(app, stop));
        let recorder = self.0.usage.clone();
        let interval = self.0.settings.usage_flush;
        self.0
            .tasks
            .spawn("usage recorder", |stop| recorder.run(interval, stop));
        let app = self.clone();
        self.0
            .tasks
            .spawn("schedule", |stop| schedule::run(app, stop));
        let app = self.clone();
        self.0
            .tasks
            .spawn("key fetcher", |stop| remote_keys::run(app, stop));
        let app = self.clone();
        self.0
            .tasks
            .spawn("backups", |stop| backups::run(app, stop));
        let app = self.clone();
        self.0
            .tasks
            .spawn("overviews", |stop| ready::run(app, stop));
        let app = self.clone();
        self.0.tasks.spawn("clock", |stop| clock::run(app, stop));
        let app = self.clone();
        self.0
            .tasks
            .spawn("checkpoints", |stop| checkpoints::run(app, stop));
    }
}
