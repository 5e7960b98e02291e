//! What must be durable before an answer leaves: many in one commit.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{Mutex as Turn, oneshot};

use super::tasks::Tasks;
use crate::{
    domain::{assertion::UsedAssertion, issued_token::IssuedToken},
    store::{Store, StoreError},
};

/// How many may wait to be written down; more are told to come again.
const MOST_WAITING: usize = 4096;

type Waiting<T, R> = Vec<(T, oneshot::Sender<R>)>;

type Written<R> = Pin<Box<dyn Future<Output = Result<Vec<R>, StoreError>> + Send>>;

/// Keeps things of one kind; of each, the store says something.
pub(super) struct GroupCommit<T, R> {
    /// What they are called in the log.
    what: &'static str,
    waiting: Arc<Mutex<Waiting<T, R>>>,
    writing: Arc<Turn<()>>,
    write: Arc<dyn Fn(Vec<T>) -> Written<R> + Send + Sync>,
    tasks: Tasks,
}

impl<T, R> Clone for GroupCommit<T, R> {
    fn clone(&self) -> Self {
        Self {
            what: self.what,
            waiting: Arc::clone(&self.waiting),
            writing: Arc::clone(&self.writing),
            write: Arc::clone(&self.write),
            tasks: self.tasks.clone(),
        }
    }
}

impl GroupCommit<UsedAssertion, bool> {
    /// Keeps in `store` that assertions were used; says of each whether this was the first time.
    pub(super) fn of_assertions(store: Arc<dyn Store>, tasks: Tasks) -> Self {
        let write = move |used| -> Written<bool> {
            let store = Arc::clone(&store);
            Box::pin(async move { store.use_assertions(used).await })
        };
        Self::new("used assertions", write, tasks)
    }
}

impl GroupCommit<IssuedToken, ()> {
    /// Keeps records of issued tokens in `store`.
    pub(super) fn of_issued_tokens(store: Arc<dyn Store>, tasks: Tasks) -> Self {
        let write = move |issued: Vec<IssuedToken>| -> Written<()> {
            let store = Arc::clone(&store);
            Box::pin(async move {
                let kept = vec![(); issued.len()];
                store.keep_issued(issued).await?;
                Ok(kept)
            })
        };
        Self::new("records of issued tokens", write, tasks)
    }
}

impl<T: Send + 'static, R: Send + 'static> GroupCommit<T, R> {
    fn new(
        what: &'static str,
        write: impl Fn(Vec<T>) -> Written<R> + Send + Sync + 'static,
        tasks: Tasks,
    ) -> Self {
        Self {
            what,
            waiting: Arc::default(),
            writing: Arc::default(),
            write: Arc::new(write),
            tasks,
        }
    }

    /// Keeps one; what the store says of it. Nothing if it is not known to be kept: too many wait, or the
    /// store failed. Whoever holds the pen writes for all that wait, and goes on even if its caller hangs up.
    pub(super) async fn keep(&self, one: T) -> Option<R> {
        let (tell, told) = oneshot::channel();
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.len() >= MOST_WAITING {
                return None;
            }
            waiting.push((one, tell));
        }
        let it = self.clone();
        self.tasks
            .complete(async move { it.write_all().await })
            .await;
        told.await.ok()
    }

    async fn write_all(&self) {
        let _turn = self.writing.lock().await;
        let batch =
            std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if batch.is_empty() {
            return;
        }
        let (all, tell): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        match (self.write)(all).await {
            Ok(said) => {
                for (tell, said) in tell.into_iter().zip(said) {
                    // Whoever does not listen any more has been told enough.
                    let _ = tell.send(said);
                }
            }
            Err(error) => {
                let what = self.what;
                tracing::error!(error = %error, "{what} cannot be kept: {error}");
            }
        }
    }
}

#[cfg(test)]
mod tests;
