//! Whoever looked lately does not wait for the next overview: it is worked out before anybody asks.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{App, age};
use crate::domain::time::{Span, Timestamp};

/// For how long after somebody looked.
const FOR: Span = Span::hours(24);

/// One part in so many of the time goes into it at most.
const SHARE: u64 = 50;

/// How often is looked whether the next one is due.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// When somebody looked last, and how long it took to work out what was shown.
#[derive(Debug, Default)]
pub(super) struct Interest {
    looked: AtomicI64,
    milliseconds: AtomicU64,
}

impl Interest {
    pub(super) fn look(&self, now: Timestamp) {
        self.looked.store(now.seconds(), Ordering::Relaxed);
    }

    pub(super) fn took(&self, time: Duration) {
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.milliseconds.store(milliseconds, Ordering::Relaxed);
    }

    fn is_there(&self, now: Timestamp) -> bool {
        now.since(Timestamp(self.looked.load(Ordering::Relaxed))) < FOR
    }

    /// How old an overview becomes before the next one is worked out unasked.
    fn pause(&self, max_age: Span) -> Span {
        let milliseconds = self.milliseconds.load(Ordering::Relaxed);
        max_age.max(Span(milliseconds.saturating_mul(SHARE).div_ceil(1000)))
    }
}

/// Keeps overviews ready until told to stop.
pub(in crate::app) async fn run(app: App, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => app.keep_overview_ready().await,
        }
    }
}

impl App {
    /// Works out the next overview if it is due and somebody looked lately.
    pub(super) async fn keep_overview_ready(&self) {
        let (overviews, now) = (&self.0.overviews, self.now());
        let max_age = self.0.settings.overview_max_age;
        // Where none may age, none is of use to who asks later.
        if max_age == Span(0) || !overviews.interest.is_there(now) {
            return;
        }
        let pause = overviews.interest.pause(max_age);
        let shown = overviews.shown.load_full();
        if shown.is_some_and(|shown| age(&shown, now) >= pause) {
            self.work_out_overview().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_done_seldom() {
        let interest = Interest::default();
        let (max_age, pause) = (Span(10), |milliseconds| {
            interest.took(Duration::from_millis(milliseconds));
            interest.pause(Span(10))
        });

        assert_eq!(pause(0), max_age);
        assert_eq!(pause(200), max_age);
        assert_eq!(pause(201), Span(11));
        assert_eq!(pause(5_000), Span(250));
    }
}
