//! The machine's clock, watched: what is to be believed of it, and that no token is issued while it is behind.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::App;
use crate::{
    admin::clock::NoteClockJump,
    domain::{
        actor::Actor,
        clock::{ClockWatch, is_behind},
        time::{Clock, Span, Timestamp},
    },
};

/// How often the latest time is written down, at most.
const KEEP_EVERY: Span = Span(10);

/// What is known of the clock.
pub(super) struct Watched {
    /// The latest time that is believed: looked at by every request.
    high: AtomicI64,
    state: Mutex<State>,
    /// Whether anything was issued since the latest time was written down.
    issued: AtomicBool,
}

struct State {
    watch: ClockWatch,
    /// What was written down.
    kept: Option<Timestamp>,
    /// A jump that the audit log does not have yet.
    jumped: Option<i64>,
    was_behind: bool,
}

impl Watched {
    /// Goes on from what was written down.
    pub(super) fn begin(kept: Option<Timestamp>, clock: &dyn Clock) -> Self {
        let watch = ClockWatch::begin(kept, clock.now(), clock.uptime());
        Self {
            high: AtomicI64::new(watch.high().0),
            state: Mutex::new(State {
                watch,
                kept,
                jumped: None,
                was_behind: false,
            }),
            issued: AtomicBool::new(false),
        }
    }

    /// Something was issued: the time of it must be remembered.
    pub(super) fn note_issued(&self) {
        if !self.issued.load(Ordering::Relaxed) {
            self.issued.store(true, Ordering::Relaxed);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn high(&self) -> Timestamp {
        Timestamp(self.high.load(Ordering::Relaxed))
    }
}

/// Watches until told to stop.
pub(super) async fn run(app: App, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => app.keep_clock().await,
            () = stop.cancelled() => return,
        }
    }
}

impl App {
    /// By how much the clock is behind the latest time that was seen; nothing if it is not. Takes no lock.
    pub fn clock_behind(&self) -> Option<Span> {
        let (now, high) = (self.now(), self.0.watched.high());
        is_behind(now, high).then(|| high.since(now))
    }

    /// Whether what the clock says is believed, so that what is over may be forgotten.
    pub(super) fn is_time_settled(&self) -> bool {
        self.look_at_clock();
        self.0.watched.state().watch.is_settled()
    }

    fn look_at_clock(&self) {
        let clock = &self.0.clock;
        let mut state = self.0.watched.state();
        if let Some(seconds) = state.watch.look(clock.now(), clock.uptime()) {
            tracing::warn!(seconds, "the clock jumped by {seconds} seconds");
            state.jumped = Some(state.jumped.unwrap_or(0).saturating_add(seconds));
        }
        self.0
            .watched
            .high
            .store(state.watch.high().0, Ordering::Relaxed);
    }

    /// Looks at the clock, tells of jumps, and writes the latest time down.
    pub async fn keep_clock(&self) {
        self.look_at_clock();
        let behind = self.clock_behind();
        let (jumped, high, is_due) = {
            let mut state = self.0.watched.state();
            let changed = behind.is_some() != state.was_behind;
            state.was_behind = behind.is_some();
            match behind {
                Some(by) if changed => tracing::error!(
                    seconds = by.0,
                    "the clock is {} behind: no tokens are issued until it is right",
                    by.in_words()
                ),
                None if changed => tracing::info!("the clock is right again"),
                Some(_) | None => {}
            }
            let high = state.watch.high();
            let last = state.kept;
            let is_due = last.is_none_or(|kept| kept.plus(KEEP_EVERY) <= high);
            (state.jumped.take(), high, is_due)
        };
        if let Some(seconds) = jumped {
            let noted = self.execute(Actor::system("clock"), NoteClockJump { seconds });
            if let Err(error) = noted.await {
                tracing::warn!(error = %error, "the jump of the clock is not in the audit log: {error}");
            }
        }
        if is_due && self.0.watched.issued.swap(false, Ordering::Relaxed) {
            self.keep_time(high).await;
        }
    }

    async fn keep_time(&self, high: Timestamp) {
        match self.0.store.keep_clock(high).await {
            Ok(()) => self.0.watched.state().kept = Some(high),
            Err(error) => {
                self.0.watched.note_issued();
                tracing::debug!(error = %error, "the time cannot be written down: {error}");
            }
        }
    }

    /// Believes the clock as it is, though it is behind: an operator said that it is right.
    pub async fn accept_clock(&self) {
        let now = self.now();
        self.0.watched.state().watch.accept(now);
        self.0.watched.high.store(now.0, Ordering::Relaxed);
        self.keep_time(now).await;
    }

    /// Writes the latest time down before the end.
    pub(super) async fn keep_last_time(&self) {
        let (kept, high) = {
            let state = self.0.watched.state();
            (state.kept, state.watch.high())
        };
        if kept.is_none_or(|kept| kept < high) && self.0.watched.issued.load(Ordering::Relaxed) {
            self.keep_time(high).await;
        }
    }
}
