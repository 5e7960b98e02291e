//! The disk: looked after while serving. Where it cannot be believed any more, the server ends.

use std::{sync::Arc, time::Duration};

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::App;
use crate::{
    admin::evidence::server::{ServerAttention, StoreTrouble},
    store::Condition,
};

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
    if let Some(trouble) = trouble(found) {
        tracing::error!(
            "{}",
            ServerAttention::of_store(trouble, app.0.settings.audit_tokens).reason
        );
    } else {
        tracing::info!("the disk is well again");
    }
    if found == Condition::Distrusted {
        app.0.tasks.stop();
    }
}

/// What is the matter with the disk, if anything.
pub(super) fn trouble(condition: Condition) -> Option<StoreTrouble> {
    match condition {
        Condition::Well => None,
        Condition::Full => Some(StoreTrouble::DiskFull),
        Condition::Moved => Some(StoreTrouble::DataFileMoved),
        Condition::Distrusted => Some(StoreTrouble::DiskFailed),
    }
}

#[cfg(test)]
impl App {
    /// Looks after the disk once.
    pub(crate) async fn look_after_disk(&self) {
        look(self).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{admin::evidence::server::ServerRule, app::frail_server};

    #[tokio::test]
    async fn a_disk_that_failed_to_keep_what_was_written_ends_the_server() {
        let (app, store) = frail_server().await;
        look(&app).await;
        assert!(!app.has_lost_its_disk());

        store.lose_disk();
        look(&app).await;

        assert!(app.has_lost_its_disk());
        assert!(app.tasks().is_stopping());
        let found = app.attention_to_server(app.now());
        assert_eq!(found[0].rule, ServerRule::DiskFailed);
    }

    #[tokio::test]
    async fn a_disk_that_fails_at_the_very_end_is_noticed() {
        let (app, store) = frail_server().await;
        store.lose_disk_when_closed();

        app.shut_down().await;

        assert!(app.has_lost_its_disk());
    }
}
