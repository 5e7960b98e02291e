//! Floor 4: the running server: publishes the registry, executes commands, records usage, keeps
//! its own schedule, and shuts down in order.
//!
//! [`App`] is the handle that every request holds. It is cheap to clone and has no lock on the
//! path of a token request: the registry is one atomic load away, and usage goes into a bounded
//! lock-free queue.

pub mod acme;
pub mod assemble;
mod backups;
pub mod checkpoints;
mod clock;
mod directory;
mod disk;
pub mod dry_run;
mod executor;
mod group_commit;
mod health;
mod kept;
mod last_uses;
mod overview;
mod passwords;
mod proofs;
mod published;
mod quotas;
mod recents;
mod rekey;
pub mod remembered;
pub mod remote_keys;
mod revocations;
mod schedule;
pub mod sessions;
pub mod setup;
pub mod tasks;
pub mod throttle;
mod usage;
mod verified_tokens;

use std::{fmt, net::IpAddr, sync::Arc};

use arc_swap::Guard;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

#[cfg(test)]
pub(crate) use self::executor::tests::{frail_server, frail_server_that_records};
use self::{
    assemble::Settings,
    backups::Backups,
    checkpoints::Checkpoints,
    clock::Watched,
    executor::Executor,
    group_commit::GroupCommit,
    last_uses::LastUses,
    overview::Overviews,
    passwords::Passwords,
    proofs::Proofs,
    published::Published,
    quotas::Quotas,
    remembered::{Overloaded, RememberedSecrets},
    remote_keys::RemoteKeys,
    revocations::Revocations,
    schedule::Schedule,
    sessions::Sessions,
    setup::Setup,
    tasks::Tasks,
    throttle::{ClientThrottle, Throttle},
    usage::UsageRecorder,
    verified_tokens::KnownTokens,
};
pub use self::{
    directory::Listing,
    executor::{AdminError, Once, Terms},
    health::Readiness,
    proofs::{Place, ProofsAt},
    quotas::Over,
    recents::{RecentRequest, RecentToken},
    rekey::Rekeyed,
};
use crate::{
    admin::command::Command,
    crypto::{password::PasswordHash, random::Entropy},
    domain::{
        actor::Actor,
        assertion::UsedAssertion,
        audit::Object,
        epoch::Epoch,
        id::SecretId,
        issued_token::IssuedToken,
        issuer::Issuer,
        profile::Profile,
        registry::Registry,
        revocation::Revocation,
        server_certificate::CertificateStatus,
        time::{Clock, Timestamp},
    },
    oauth::{
        access_token::VerifiedTokens,
        assertion::{FetchedKeys, KeySource},
        metadata::Addresses,
    },
    store::{Condition, Store, StoreError},
};

/// The running server, as every request holds it.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    settings: Settings,
    published: Published<Registry>,
    disk: Published<Condition>,
    executor: Executor,
    /// Held while the master key changes.
    rekeying: Mutex<()>,
    store: Arc<dyn Store>,
    usage: UsageRecorder,
    overviews: Overviews,
    last_uses: Arc<LastUses>,
    remembered: RememberedSecrets,
    verified_tokens: KnownTokens,
    revocations: Revocations,
    assertions: GroupCommit<UsedAssertion, bool>,
    /// Nothing if tokens are not put on record.
    issued: Option<GroupCommit<IssuedToken, ()>>,
    remote_keys: RemoteKeys,
    checkpoints: Checkpoints,
    backups: Backups,
    /// What is known of the server's own; nothing where plain HTTP is spoken.
    certificate: Published<Option<CertificateStatus>>,
    schedule: Schedule,
    sessions: Sessions,
    passwords: Passwords,
    proofs: Proofs,
    throttle: Throttle,
    client_throttle: ClientThrottle,
    quotas: Quotas,
    setup: Setup,
    tasks: Tasks,
    clock: Arc<dyn Clock>,
    watched: Watched,
    entropy: Entropy,
    started: Timestamp,
    /// When backups were restored.
    epochs: Vec<Epoch>,
}

impl App {
    /// Everything the server knows: one atomic load. Take it once per request and pass it down.
    pub fn registry(&self) -> Guard<Arc<Registry>> {
        self.0.published.current()
    }

    /// The same, to be held across an await.
    pub fn registry_arc(&self) -> Arc<Registry> {
        self.0.published.current_arc()
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Where random numbers come from.
    pub fn entropy(&self) -> &Entropy {
        &self.0.entropy
    }

    /// Who signs.
    pub fn issuer(&self) -> &Issuer {
        &self.0.settings.issuer
    }

    /// How strict the server is.
    pub fn profile(&self) -> Profile {
        self.0.settings.profile
    }

    /// The web address below which operators reach the console: the issuer's, unless they have
    /// another.
    pub fn console_url(&self) -> &Issuer {
        let settings = &self.0.settings;
        settings.console_url.as_ref().unwrap_or(&settings.issuer)
    }

    /// Where the server is reached, and what it offers there.
    pub fn addresses(&self) -> Addresses<'_> {
        Addresses {
            issuer: &self.0.settings.issuer,
            profile: self.0.settings.profile,
            mutual: self.0.settings.mutual.as_ref(),
            registration: self.0.settings.registration,
        }
    }

    /// When this process began to watch.
    pub fn started(&self) -> Timestamp {
        self.0.started
    }

    /// The epoch that the last restore of a backup began; nothing if none was ever restored.
    pub fn epoch(&self) -> Option<Epoch> {
        self.0.epochs.last().copied()
    }

    /// When a backup was last restored; nothing if none ever was.
    pub fn restored(&self) -> Option<Timestamp> {
        self.epoch().map(|epoch| epoch.since)
    }

    /// Runs a command to its end: decided on the newest registry, durable before it is visible.
    ///
    /// # Errors
    /// See [`AdminError`]. After any of them but [`AdminError::Unavailable`], nothing has changed.
    pub async fn execute<C: Command>(
        &self,
        actor: Actor,
        command: C,
    ) -> Result<C::Outcome, AdminError> {
        self.execute_on(actor, Terms::default(), command).await
    }

    /// Runs a command unless its terms forbid it: see [`Terms`].
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn execute_on<C: Command>(
        &self,
        actor: Actor,
        terms: Terms,
        command: C,
    ) -> Result<C::Outcome, AdminError> {
        self.execute_and(actor, (terms, command), |_| ()).await
    }

    /// The same, and `tell` sees the outcome before anybody else can learn that the command was
    /// carried out: also if nobody waits for it any more.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn execute_and<C: Command>(
        &self,
        actor: Actor,
        order: (Terms, C),
        tell: impl FnOnce(&C::Outcome) + Send + 'static,
    ) -> Result<C::Outcome, AdminError> {
        self.0.executor.execute(actor, order, tell).await
    }

    /// On what the same request was carried out before; nothing if it was not. Waits for the running
    /// command.
    ///
    /// # Errors
    /// [`AdminError::KeyReused`] if it was another request; [`AdminError::Unavailable`] if the
    /// store cannot be read.
    pub async fn earlier(&self, actor: &Actor, once: &Once) -> Result<Option<Object>, AdminError> {
        self.0.executor.earlier(&actor.to_string(), once).await
    }

    /// When a secret was last used, and how often in all; exact, whatever became of the detail.
    pub fn last_use(&self, secret: &SecretId) -> Option<(Timestamp, u64)> {
        self.0.last_uses.of(secret)
    }

    /// Since when every use is on record without a gap.
    pub fn watching_since(&self) -> Timestamp {
        self.0.usage.watching_since().max(self.0.started)
    }

    /// Whether `presented` was verified against this slow-hashed secret within five minutes.
    pub fn remembers(&self, secret: &SecretId, presented: &str) -> bool {
        self.0.remembered.remembers(secret, presented, self.now())
    }

    /// Verifies a slow-hashed secret off the runtime, and remembers success for five minutes.
    ///
    /// # Errors
    /// [`Overloaded`] if too many such verifications wait already.
    pub async fn verify_slowly(
        &self,
        secret: SecretId,
        hash: PasswordHash,
        presented: Zeroizing<String>,
        from: IpAddr,
    ) -> Result<bool, Overloaded> {
        let at = (from, self.now());
        self.0.remembered.verify(secret, hash, presented, at).await
    }

    /// Where tokens may have been found signed before. Takes no lock.
    pub fn verified_tokens(&self) -> &dyn VerifiedTokens {
        &self.0.verified_tokens
    }

    /// Whether the token with this `jti` was revoked by itself. Takes no lock.
    pub fn is_revoked(&self, token: &str) -> bool {
        self.0.revocations.has(token)
    }

    /// Revokes a token: durable when it returns, and seen by everybody from then on. The work goes
    /// on even if the caller hangs up.
    ///
    /// # Errors
    /// [`AdminError::Unavailable`] if it could not be written down; the token counts as before.
    pub async fn revoke(&self, revocation: Revocation) -> Result<(), AdminError> {
        let (revocations, now) = (self.0.revocations.clone(), self.now());
        let work = async move { revocations.add(revocation, now).await };
        let done = self.0.tasks.complete(work).await;
        let ended = || StoreError::Unavailable("the work ended unexpectedly".to_owned());
        Ok(done.unwrap_or_else(|| Err(ended()))?)
    }

    /// Keeps that an assertion was used, durably; whether this was the first time. Nothing if that cannot be
    /// told now: then it proves nobody.
    pub async fn use_assertion(&self, used: UsedAssertion) -> Option<bool> {
        self.0.assertions.keep(used).await
    }

    /// The keys that were last fetched from there. Takes no lock.
    pub fn fetched_keys(&self, source: &KeySource) -> Option<Arc<FetchedKeys>> {
        self.0.remote_keys.current(source)
    }

    /// Fetches the keys of a place that an operator registered, unless that was tried within the last minute.
    pub async fn fetch_keys(&self, source: &KeySource) {
        self.0.remote_keys.refresh(source, self.now()).await;
    }

    /// What slows down guessing at passwords and codes.
    pub fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    /// Whether the disk failed to keep what was written, so that the process must end.
    pub fn has_lost_its_disk(&self) -> bool {
        **self.0.disk.current() == Condition::Distrusted
    }

    /// The background work of this server.
    pub fn tasks(&self) -> &Tasks {
        &self.0.tasks
    }

    /// Does what its own schedule has due: deadlines of rotations, signing keys, things to forget.
    ///
    /// Called every second while serving, and by tests that move the clock.
    pub async fn keep_schedule(&self) {
        schedule::keep(self).await;
    }

    /// Ends in order: background work, the running command, usage, the store.
    ///
    /// Listeners must have been drained before.
    pub async fn shut_down(&self) {
        self.0.tasks.stop();
        self.0.executor.finish().await;
        self.0.usage.flush().await;
        self.0.tasks.wait().await;
        self.write_last_checkpoint().await;
        self.keep_last_time().await;
        if let Err(error) = self.0.store.close().await {
            tracing::error!(error = %error, "the store did not close cleanly: {error}");
        }
        // What was written last may be what the disk did not keep.
        disk::look(self).await;
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("issuer", &self.0.settings.issuer)
            .field("revision", &self.registry().revision())
            .finish_non_exhaustive()
    }
}

/// The address a request counts as coming from when it did not come over the network.
pub const LOCAL_ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
