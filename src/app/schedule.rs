//! What the server does by itself: deadlines of rotations, signing keys, things to forget.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::App;
use crate::domain::time::{Span, Timestamp};

/// How often the schedule is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Keeps the schedule until told to stop.
pub(super) async fn run(app: App, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => keep(&app).await,
            () = stop.cancelled() => return,
        }
    }
}

/// How often what is kept for a time only is looked through.
const PRUNE_EVERY: Span = Span::hours(1);

/// What was done when.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    pruned: Mutex<Timestamp>,
}

/// Does what is due now.
pub(super) async fn keep(app: &App) {
    let now = app.now();
    let mut pruned = app.0.schedule.pruned.lock().await;
    if now.since(*pruned) >= PRUNE_EVERY {
        *pruned = now;
        if let Err(error) = app.0.store.prune(now).await {
            tracing::warn!(error = %error, "old records could not be deleted: {error}");
        }
    }
}
