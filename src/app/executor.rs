//! The whole write path, on one screen: decide, commit, apply, publish.

use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::Mutex;

use super::{last_uses::LastUses, published::Published, tasks::Tasks};
use crate::{
    admin::{command::Command, draft::Draft, refusal::Refusal},
    crypto::random::Entropy,
    domain::{
        actor::Actor, audit::Object, change::OnceRecord, id::Revision, registry::Registry,
        time::Clock,
    },
    store::{Store, StoreError},
};

/// Runs commands, one at a time.
#[derive(Clone)]
pub(super) struct Executor {
    pub(super) head: Arc<Mutex<Arc<Registry>>>,
    pub(super) published: Published<Registry>,
    pub(super) store: Arc<dyn Store>,
    pub(super) last_uses: Arc<LastUses>,
    pub(super) tasks: Tasks,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Entropy,
    /// Set when a commit failed: what is on disk is unknown until it was read again.
    pub(super) latched: Arc<AtomicBool>,
    /// Set at the end: nothing is begun any more.
    pub(super) finished: Arc<AtomicBool>,
}

const DECIDED: &str = "the decision is that of the command";

/// What a command decides, whichever it is: the write path is compiled once, not once for each command.
type Decision =
    Box<dyn FnOnce(&Registry, &mut Draft) -> Result<Box<dyn Any + Send>, Refusal> + Send>;

/// What is done with a command's outcome before anybody else can learn that it was carried out.
type Telling = Box<dyn FnOnce(&(dyn Any + Send)) + Send>;

/// On which terms a command is run.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Not a second time under the same key.
    pub once: Option<Once>,
    /// Only if this object is still as it was at this revision.
    pub if_match: Option<(Object, Revision)>,
}

/// An idempotency key, and the request it came with.
#[derive(Clone, Debug)]
pub struct Once {
    /// The key, chosen by the caller.
    pub key: String,
    /// A hash of method, path and body.
    pub request: String,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// It may not be.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// It was, by an earlier request with the same idempotency key, on this object.
    #[error("this request was carried out before, on {0}")]
    Replayed(Object),
    /// Another request was made under the same idempotency key.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// The store failed; whether the change is kept is unknown.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl Executor {
    /// Runs a command to its end: decided on the newest registry, durable before it is visible.
    ///
    /// The work goes on even if the caller hangs up, so that what is on disk and what is published
    /// cannot part. `tell` sees the outcome before the next command, and before [`Executor::earlier`]
    /// answers for this one.
    pub(super) async fn execute<C: Command>(
        &self,
        actor: Actor,
        (terms, command): (Terms, C),
        tell: impl FnOnce(&C::Outcome) + Send + 'static,
    ) -> Result<C::Outcome, AdminError> {
        if !actor.may(C::NEEDS) {
            return Err(Refusal::Forbidden(C::NEEDS).into());
        }
        let decision: Decision = Box::new(|registry, draft| {
            let outcome = command.decide(registry, draft)?;
            Ok(Box::new(outcome))
        });
        let telling: Telling = Box::new(|outcome| tell(outcome.downcast_ref().expect(DECIDED)));
        let outcome = Box::pin(self.complete(actor, terms, (decision, telling))).await?;
        Ok(*outcome.downcast().expect(DECIDED))
    }

    async fn complete(
        &self,
        actor: Actor,
        terms: Terms,
        decision: (Decision, Telling),
    ) -> Result<Box<dyn Any + Send>, AdminError> {
        let executor = self.clone();
        let work = async move { executor.run(actor, terms, decision).await };
        self.tasks.complete(work).await.unwrap_or_else(|| {
            Err(AdminError::Unavailable(
                "the command ended unexpectedly".to_owned(),
            ))
        })
    }

    async fn run(
        &self,
        actor: Actor,
        terms: Terms,
        (decision, tell): (Decision, Telling),
    ) -> Result<Box<dyn Any + Send>, AdminError> {
        let mut head = self.head.lock().await;
        if self.finished.load(Ordering::SeqCst) {
            return Err(AdminError::Unavailable("the server is stopping".to_owned()));
        }
        if self.is_latched() {
            self.recover(&mut head).await?;
        }
        let actor_name = actor.to_string();
        self.check(&head, &actor_name, &terms).await?;
        let base = Arc::clone(&head);
        let draft = Draft::new(actor, self.clock.now(), self.entropy.clone());
        let (outcome, draft) = decide(Arc::clone(&base), draft, decision).await?;
        let Some(mut commit) = draft.into_commit(&base) else {
            tell(&*outcome);
            return Ok(outcome);
        };
        commit.once = terms.once.map(|once| OnceRecord {
            actor: actor_name,
            key: once.key,
            request: once.request,
            object: commit.changes[0].effect.object(),
            at: commit.at,
        });
        let commit = Arc::new(commit);
        if let Err(error) = self.store.commit(Arc::clone(&commit)).await {
            self.latched.store(true, Ordering::SeqCst);
            tracing::error!(error = %error, "a change could not be saved: {error}");
            return Err(error.into());
        }
        let next = Arc::new(base.apply(&commit));
        self.last_uses.follow(&commit);
        *head = Arc::clone(&next);
        self.published.publish(next);
        tell(&*outcome);
        Ok(outcome)
    }

    /// After a commit whose outcome is unknown: goes on from what the store now says, if it can be
    /// read.
    async fn recover(&self, head: &mut Arc<Registry>) -> Result<(), AdminError> {
        let found = Arc::new(self.store.load().await?);
        tracing::warn!(revision = %found.revision(), "the store answers again; going on from there");
        self.last_uses.follow_registry(&found);
        *head = Arc::clone(&found);
        self.published.publish(found);
        self.latched.store(false, Ordering::SeqCst);
        Ok(())
    }

    /// On what a request with the same idempotency key was carried out before, if one was. Waits for
    /// the running command: what it made is in the registry then.
    pub(super) async fn earlier(
        &self,
        actor: &str,
        once: &Once,
    ) -> Result<Option<Object>, AdminError> {
        let _head = self.head.lock().await;
        self.recall(actor, once).await
    }

    async fn recall(&self, actor: &str, once: &Once) -> Result<Option<Object>, AdminError> {
        match self.store.recall(actor, &once.key).await? {
            Some(earlier) if earlier.request == once.request => Ok(Some(earlier.object)),
            Some(_) => Err(AdminError::KeyReused),
            None => Ok(None),
        }
    }

    async fn check(
        &self,
        registry: &Registry,
        actor: &str,
        terms: &Terms,
    ) -> Result<(), AdminError> {
        if let Some(once) = &terms.once
            && let Some(object) = self.recall(actor, once).await?
        {
            return Err(AdminError::Replayed(object));
        }
        if let Some((object, expected)) = &terms.if_match
            && let Some(found) = registry.revision_of(object)
            && found != *expected
        {
            return Err(Refusal::Stale(found).into());
        }
        Ok(())
    }

    /// Whether changes are refused because one could not be saved.
    pub(super) fn is_latched(&self) -> bool {
        self.latched.load(Ordering::SeqCst)
    }

    /// Waits for the running command, and lets none begin after it.
    pub(super) async fn finish(&self) {
        let _head = self.head.lock().await;
        self.finished.store(true, Ordering::SeqCst);
    }
}

/// Decides off the runtime: hashing a password or generating an RSA key takes its time.
async fn decide(
    registry: Arc<Registry>,
    mut draft: Draft,
    decision: Decision,
) -> Result<(Box<dyn Any + Send>, Draft), AdminError> {
    let decided = tokio::task::spawn_blocking(move || {
        decision(&registry, &mut draft).map(|outcome| (outcome, draft))
    });
    match decided.await {
        Ok(decision) => Ok(decision?),
        Err(error) => {
            tracing::error!(error = %error, "a command panicked: {error}");
            Err(AdminError::Unavailable(
                "the command failed unexpectedly".to_owned(),
            ))
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
