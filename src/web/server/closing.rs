//! The end of a server, in two phases: closing has begun; what is left is cut.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

/// How long to look for bytes that had arrived before the stop signal: enough for one turn of the reactor.
pub(super) const SETTLE: Duration = Duration::from_millis(10);

/// Shared by the server and its connections.
#[derive(Clone, Debug, Default)]
pub(super) struct Closing(Arc<State>);

#[derive(Debug, Default)]
struct State {
    begun_at: OnceLock<Instant>,
    begin: CancellationToken,
    cut: CancellationToken,
    connections_cut: AtomicU64,
}

impl Closing {
    /// The time is set before anyone is woken, so that whoever wakes sees it.
    pub(super) fn begin(&self) {
        self.0.begun_at.get_or_init(Instant::now);
        self.0.begin.cancel();
    }

    pub(super) fn cut(&self) {
        self.0.cut.cancel();
    }

    pub(super) fn has_begun(&self) -> bool {
        self.0.begun_at.get().is_some()
    }

    /// Whether no connection needs to be accepted any more, however many still come.
    pub(super) fn is_settled(&self) -> bool {
        self.0
            .begun_at
            .get()
            .is_some_and(|begun_at| begun_at.elapsed() > SETTLE * 20)
    }

    pub(super) fn begun(&self) -> WaitForCancellationFuture<'_> {
        self.0.begin.cancelled()
    }

    pub(super) fn connections_cut(&self) -> u64 {
        self.0.connections_cut.load(Ordering::Relaxed)
    }

    /// Runs a connection to its end or to the cut.
    pub(super) async fn unless_cut(&self, connection: impl Future<Output = ()>) {
        if self.0.cut.run_until_cancelled(connection).await.is_none() {
            self.0.connections_cut.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// For work that belongs to a connection and must not outlive the cut.
    pub(super) fn cut_token(&self) -> CancellationToken {
        self.0.cut.clone()
    }
}
