//! The disk: looked after while serving. Where it cannot be believed any more, the server ends.

use std::{sync::Arc, time::Duration};

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::App;
use crate::store::Condition;

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks after the disk until told to stop.
pub(super) async fn run(app: App, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => look(&app).await,
            () = stop.cancelled() => return,
        }
    }
}

/// Looks after it once.
pub(super) async fn look(app: &App) {
    let before = **app.0.disk.current();
    let found = app.0.store.tend().await;
    if found == before {
        return;
    }
    app.0.disk.publish(Arc::new(found));
    if found == Condition::Distrusted {
        tracing::error!("the server stops, because its disk failed to keep what was written");
        app.0.tasks.stop();
        return;
    }
    if let Some(problem) = in_words(found) {
        tracing::error!("{problem}");
    } else {
        tracing::info!("the disk is well again");
    }
}

/// What is wrong with the disk, if anything.
pub(super) const fn in_words(condition: Condition) -> Option<&'static str> {
    match condition {
        Condition::Well => None,
        Condition::Full => Some("the disk is full: only what takes rights away is still saved"),
        Condition::Moved => {
            Some("the data file was moved or replaced while it is in use: nothing is saved")
        }
        Condition::Distrusted => Some("the disk failed to keep what was written: nothing is saved"),
    }
}
