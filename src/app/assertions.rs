//! Assertions that were used: durable before the answer leaves, many in one commit.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as Turn, oneshot};

use super::tasks::Tasks;
use crate::{domain::assertion::UsedAssertion, store::Store};

/// How many may wait to be written down; more are told to come again.
const MOST_WAITING: usize = 4096;

type Waiting = Vec<(UsedAssertion, oneshot::Sender<bool>)>;

/// Keeps that assertions were used.
#[derive(Clone)]
pub(super) struct Assertions {
    waiting: Arc<Mutex<Waiting>>,
    writing: Arc<Turn<()>>,
    store: Arc<dyn Store>,
    tasks: Tasks,
}

impl Assertions {
    /// In `store`, with nothing waiting.
    pub(super) fn new(store: Arc<dyn Store>, tasks: Tasks) -> Self {
        Self {
            waiting: Arc::default(),
            writing: Arc::default(),
            store,
            tasks,
        }
    }

    /// Keeps that an assertion was used; whether this was the first time. Nothing if it cannot be told:
    /// too many wait, or the store failed. Then nobody may be let in. Whoever holds the pen writes for all
    /// that wait, and goes on even if its caller hangs up.
    pub(super) async fn keep(&self, used: UsedAssertion) -> Option<bool> {
        let (tell, told) = oneshot::channel();
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.len() >= MOST_WAITING {
                return None;
            }
            waiting.push((used, tell));
        }
        let it = self.clone();
        self.tasks.complete(async move { it.write().await }).await;
        told.await.ok()
    }

    async fn write(&self) {
        let _turn = self.writing.lock().await;
        let batch =
            std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if batch.is_empty() {
            return;
        }
        let (used, tell): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        match self.store.use_assertions(used).await {
            Ok(first) => {
                for (tell, first) in tell.into_iter().zip(first) {
                    // Whoever does not listen any more has been told enough.
                    let _ = tell.send(first);
                }
            }
            Err(error) => {
                tracing::error!(error = %error, "used assertions cannot be kept: {error}");
            }
        }
    }
}

#[cfg(test)]
mod tests;
