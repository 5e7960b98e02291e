//! What the server does by itself: deadlines of rotations, signing keys, things to forget.
//!
//! Looked at every second, and once before serving, so that what fell due while the server was
//! down is done before the first request. A look costs nothing while nothing changed and nothing
//! is due.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{AdminError, App};
use crate::{
    admin::{
        command::Command,
        handovers::{ForgetHandovers, has_forgettable},
        keys::KeepKeySchedule,
        registrations::{self, ForgetRegistrationTokens},
        secrets::{ForgetSecrets, SettleRotation, due_rotations, forgetful_clients},
    },
    domain::{
        actor::Actor,
        id::{ClientId, Revision, SecretId},
        registry::Registry,
        rotation::LatestUses,
        time::{Span, Timestamp},
    },
};

/// How often the schedule is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often keys and failures of clients are looked at, whatever else happens.
const KEYS_EVERY: Span = Span::minutes(1);

/// How often what is kept for a time only is looked through.
const PRUNE_EVERY: Span = Span::hours(1);

/// What was looked at when.
#[derive(Debug, Default)]
pub(super) struct Schedule(Mutex<Looked>);

#[derive(Debug, Default)]
struct Looked {
    /// The registry whose deadlines are known.
    revision: Option<Revision>,
    /// The first of them.
    next_deadline: Option<Timestamp>,
    keys: Timestamp,
    /// When failures were last forgotten.
    failures: Timestamp,
    pruned: Timestamp,
    /// Whether the latest try to change something failed: then it is tried again at every look,
    /// and told only once.
    failing: bool,
}

/// Keeps the schedule until told to stop.
pub(super) async fn run(app: App, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => keep(&app).await,
            () = stop.cancelled() => return,
        }
    }
}

/// Does what is due now.
pub(super) async fn keep(app: &App) {
    if !app.is_time_settled() {
        // By a clock that is wrong, keys would be retired and secrets forgotten that are needed when it is right.
        return;
    }
    let mut looked = app.0.schedule.0.lock().await;
    let now = app.now();
    let changed = looked.revision != Some(app.registry().revision());
    if changed || looked.next_deadline.is_some_and(|deadline| deadline <= now) {
        settle_rotations(app, &mut looked, now).await;
    }
    if changed || elapsed(looked.keys, now, KEYS_EVERY) {
        let outcome = execute(app, "key schedule", KeepKeySchedule).await;
        if looked.heed(outcome.map(|_| ())) {
            looked.keys = now;
        }
    }
    if elapsed(looked.failures, now, KEYS_EVERY) {
        app.client_throttle().forget_old(now);
        looked.failures = now;
    }
    if elapsed(looked.pruned, now, PRUNE_EVERY) {
        prune(app, &mut looked, now).await;
    }
    let registry = app.registry();
    if !looked.failing {
        looked.revision = Some(registry.revision());
        looked.next_deadline = first_deadline(&registry, now);
    }
}

async fn settle_rotations(app: &App, looked: &mut Looked, now: Timestamp) {
    let due: Vec<(ClientId, SecretId, Option<SecretId>)> =
        due_rotations(&app.registry(), now).collect();
    for (client, old, new) in due {
        let latest = |secret: &SecretId| app.last_use(secret).map(|(at, _)| at);
        let uses = LatestUses {
            old: latest(&old),
            new: new.as_ref().and_then(latest),
        };
        let command = SettleRotation {
            client: client.clone(),
            old: old.clone(),
            uses,
        };
        let outcome = execute(app, "rotation deadlines", command).await;
        if let Ok(Some(due)) = &outcome {
            let done = format!("{due:?}").to_lowercase();
            tracing::info!(
                client.id = %client, secret.id = %old, outcome = done,
                "the deadline of secret {old} of client {client} came: {done}"
            );
        }
        looked.heed(outcome.map(|_| ()));
    }
}

async fn prune(app: &App, looked: &mut Looked, now: Timestamp) {
    looked.pruned = now;
    if let Err(error) = app.0.store.prune(now).await {
        tracing::warn!(error = %error, "old records could not be deleted: {error}");
    }
    let forgetful: Vec<ClientId> = forgetful_clients(&app.registry(), now).cloned().collect();
    for client in forgetful {
        let outcome = execute(app, "forgetting secrets", ForgetSecrets { client }).await;
        looked.heed(outcome.map(|_| ()));
    }
    if has_forgettable(&app.registry(), now) {
        let outcome = execute(app, "forgetting hand-overs", ForgetHandovers).await;
        looked.heed(outcome.map(|_| ()));
    }
    if registrations::has_forgettable(&app.registry(), now) {
        let task = "forgetting registration tokens";
        let outcome = execute(app, task, ForgetRegistrationTokens).await;
        looked.heed(outcome.map(|_| ()));
    }
}

async fn execute<C: Command>(
    app: &App,
    task: &'static str,
    command: C,
) -> Result<C::Outcome, AdminError> {
    app.execute(Actor::system(task), command).await
}

impl Looked {
    /// Whether it was done; if not, it is told once, until something is done again.
    fn heed(&mut self, outcome: Result<(), AdminError>) -> bool {
        let failed = outcome.is_err();
        if let Err(error) = outcome
            && !self.failing
        {
            tracing::error!(error = %error, "what was due could not be done: {error}");
        }
        self.failing = failed;
        !failed
    }
}

/// Also when the clock was set back: then nothing is known of when it was.
pub(super) fn elapsed(since: Timestamp, now: Timestamp, span: Span) -> bool {
    now < since || now.since(since) >= span
}

fn first_deadline(registry: &Registry, now: Timestamp) -> Option<Timestamp> {
    registry
        .clients()
        .filter_map(|client| Some(client.old_secret(now)?.retiring(now)?.deadline))
        .min()
}
