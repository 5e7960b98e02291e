//! Everybody's usage for the pages that show it, worked out at most every few seconds and shared.
//!
//! Counters of the last days and addresses are read afresh each time. How scopes were asked for is
//! by far the most there is to read, and matters by the day: it is read sixty times as seldom.

pub(super) mod ready;

use std::{collections::BTreeMap, sync::Arc};

use arc_swap::ArcSwapOption;
use tokio::{
    sync::{Mutex, MutexGuard},
    time::Instant,
};

use self::ready::Interest;
use super::{AdminError, App, directory::Kept};
use crate::{
    admin::evidence::{
        attention::Lookout,
        overview::{self, Overview},
        scopes::Asking,
    },
    domain::{
        audit::{Action, AuditPage},
        id::ClientId,
        time::{Span, Timestamp},
        usage::KEPT_DAYS,
    },
    store::{StoreError, UsageOf},
};

/// For how many overviews, one right after the other, it is known how scopes were asked for.
const ASKING: u64 = 60;

/// How many times older than it should be an overview is still shown while the next one is worked
/// out.
const STALE: u64 = 60;

/// The latest overview, and the turn to work out the next.
#[derive(Default)]
pub(super) struct Overviews {
    pub(super) shown: ArcSwapOption<Overview>,
    /// All clients, with what is known by the one that is shown.
    pub(super) directory: Kept,
    interest: Interest,
    turn: Mutex<Known>,
}

/// What is kept from one overview to the next.
#[derive(Default)]
struct Known {
    asking: BTreeMap<ClientId, Asking>,
    as_of: Option<Timestamp>,
}

impl App {
    /// Everybody's usage, a few seconds old as a rule. If it is older, the next one is worked out behind
    /// what is shown; if it is minutes old, before anything is.
    ///
    /// # Errors
    /// [`AdminError::Unavailable`] if the store cannot be read.
    pub async fn overview(&self) -> Result<Arc<Overview>, AdminError> {
        let overviews = &self.0.overviews;
        let max_age = self.0.settings.overview_max_age;
        overviews.interest.look(self.now());
        if let Some(shown) = overviews.shown.load_full() {
            let age = age(&shown, self.now());
            if age < max_age {
                return Ok(shown);
            }
            if age.0 < max_age.0.saturating_mul(STALE) {
                if overviews.turn.try_lock().is_ok() {
                    let app = self.clone();
                    let work = async move { app.work_out_overview().await };
                    self.0.tasks.finish_later(work);
                }
                return Ok(shown);
            }
        }
        let turn = overviews.turn.lock().await;
        Ok(self.next_overview(turn).await?)
    }

    /// From where things are looked at now, with what `overview` knows of usage.
    pub fn lookout<'a>(&'a self, overview: &'a Overview) -> Lookout<'a> {
        Lookout {
            now: self.now(),
            watching_since: self.watching_since(),
            latest: Box::new(|secret| self.last_use(secret)),
            overview,
            oldest_secret: self.registry().policy().longest_secret_lifetime,
        }
    }

    /// The next overview, for whoever asks after it.
    async fn work_out_overview(&self) {
        let turn = self.0.overviews.turn.lock().await;
        if let Err(error) = self.next_overview(turn).await {
            tracing::warn!(error = %error, "usage could not be read: {error}");
        }
    }

    /// The next overview, unless somebody worked one out while this turn was waited for.
    async fn next_overview(
        &self,
        mut known: MutexGuard<'_, Known>,
    ) -> Result<Arc<Overview>, StoreError> {
        let (now, max_age) = (self.now(), self.0.settings.overview_max_age);
        let shown = self.0.overviews.shown.load_full();
        if let Some(shown) = shown.filter(|shown| age(shown, now) < max_age) {
            return Ok(shown);
        }
        let begun = Instant::now();
        self.0.usage.flush().await;
        let recent = now.day().minus(overview::DAYS - 1);
        let tally = self.0.store.usage(UsageOf::Since(recent)).await?;
        let asking_max_age = max_age.0.saturating_mul(ASKING);
        if known
            .as_of
            .is_none_or(|as_of| now.since(as_of).0 >= asking_max_age)
        {
            known.asking = self.asking(now).await?;
            known.as_of = Some(now);
        }
        let guesses = self
            .0
            .usage
            .with_recents(|recents| recents.guesses(now))
            .await;
        let asking = known.asking.clone();
        let app = self.clone();
        let worked_out = tokio::task::spawn_blocking(move || {
            let overview = Overview::of(&tally, now);
            let overview = Arc::new(overview.with_asking(asking).with_guesses(guesses));
            app.show(Arc::clone(&overview));
            overview
        });
        let overview = worked_out
            .await
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        self.0.overviews.interest.took(begun.elapsed());
        Ok(overview)
    }

    /// How every client asks for scopes, and since when it has those that it was given lately.
    async fn asking(&self, now: Timestamp) -> Result<BTreeMap<ClientId, Asking>, StoreError> {
        let tally = self.0.store.usage(UsageOf::Scopes).await?;
        let worked_out = tokio::task::spawn_blocking(move || Asking::all_of(&tally, now));
        let mut asking = worked_out
            .await
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let grants = AuditPage {
            limit: usize::MAX,
            action: Some(Action::GrantSet.word().to_owned()),
            since: Some(now.minus(Span::days(u64::from(KEPT_DAYS)))),
            ..AuditPage::default()
        };
        for record in self.0.store.audit(grants).await? {
            Asking::note_grant(&mut asking, &record.entry);
        }
        Ok(asking)
    }
}

/// How old an overview is. One from after `now` was made before the clock was put back, and is as
/// old as can be.
fn age(shown: &Overview, now: Timestamp) -> Span {
    if shown.at > now {
        Span(u64::MAX)
    } else {
        now.since(shown.at)
    }
}

#[cfg(test)]
mod tests;
