//! Background work: named, watched, stopped on one signal.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Spawns and stops background work. A task that ends before its time takes the server down
/// loudly, rather than leaving it half alive.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
    died: Arc<AtomicBool>,
}

impl Tasks {
    /// Starts work that goes on until [`Tasks::stop`]; it is given the signal to watch for.
    pub fn spawn<F: Future<Output = ()> + Send + 'static>(
        &self,
        name: &'static str,
        work: impl FnOnce(CancellationToken) -> F,
    ) {
        let guard = Guard {
            name,
            tasks: self.clone(),
        };
        let work = work(self.stop.clone());
        self.tracker.spawn(async move {
            let _guard = guard;
            work.await;
        });
    }

    /// Runs work to its end, even if the caller goes away; nothing if it panicked.
    pub async fn complete<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.tracker.spawn(work).await.ok()
    }

    /// Runs work to its end, with nobody waiting for it.
    pub fn finish_later(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(work);
    }

    /// Tells all background work to end.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Whether it was told to.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// The signal to end.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Whether a task ended before its time.
    pub fn has_died(&self) -> bool {
        self.died.load(Ordering::SeqCst)
    }

    /// Waits until all has ended.
    pub async fn wait(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}

struct Guard {
    name: &'static str,
    tasks: Tasks,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.tasks.is_stopping() {
            self.tasks.died.store(true, Ordering::SeqCst);
            tracing::error!(
                task = self.name,
                "the task {} ended before its time",
                self.name
            );
            self.tasks.stop();
        }
    }
}
