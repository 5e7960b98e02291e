//! The usage recorder: never waits, never fails a request; loses at most one flush interval in a
//! crash, and nothing in a clean stop.

use std::{
    sync::{
        Arc, Mutex as StdMutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use crossbeam_queue::SegQueue;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::recents::Recents;
use crate::{
    domain::{
        time::{Span, Timestamp},
        usage::{Observation, Tally},
    },
    store::Store,
};

/// How many observations wait at most, give or take one per thread. When it is full, further detail is
/// dropped and counted, and no verdict says "safe" on its strength.
const QUEUE: usize = 16_384;

/// How often the queue is emptied into the tally.
const DRAIN_EVERY: Duration = Duration::from_millis(100);

/// How many rows a tally may have before it is flushed ahead of time.
const LARGE: usize = 20_000;

/// Takes observations and keeps their sums.
#[derive(Clone)]
pub(super) struct UsageRecorder(Arc<Inner>);

struct Inner {
    /// Takes memory as it fills: set aside whole, it would be 2 MB of an idle server.
    queue: SegQueue<Observation>,
    tally: Mutex<Tally>,
    recents: StdMutex<Recents>,
    store: Arc<dyn Store>,
    dropped: AtomicU64,
    dropped_at: AtomicI64,
    failing: AtomicBool,
}

impl UsageRecorder {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self(Arc::new(Inner {
            queue: SegQueue::new(),
            tally: Mutex::default(),
            recents: StdMutex::default(),
            store,
            dropped: AtomicU64::new(0),
            dropped_at: AtomicI64::new(i64::MIN),
            failing: AtomicBool::new(false),
        }))
    }

    /// Queues an observation, or counts it as dropped. The moment is asked for only then.
    pub(super) fn record(&self, observation: Observation, now: impl FnOnce() -> Timestamp) {
        if self.0.queue.len() < QUEUE {
            self.0.queue.push(observation);
        } else {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
            self.0.dropped_at.fetch_max(now().0, Ordering::Relaxed);
        }
    }

    /// Queues an observation that no verdict rests on, if there is room to spare.
    pub(super) fn record_lightly(&self, observation: Observation) {
        if self.0.queue.len() < QUEUE / 2 {
            self.0.queue.push(observation);
        }
    }

    /// The latest moment when detail was dropped; the beginning of time if never.
    pub(super) fn watching_since(&self) -> Timestamp {
        Timestamp(self.0.dropped_at.load(Ordering::Relaxed))
    }

    /// Whether the latest flush failed.
    pub(super) fn is_failing(&self) -> bool {
        self.0.failing.load(Ordering::Relaxed)
    }

    /// Empties the queue and flushes, every `interval` and whenever the tally is large, until
    /// told to stop.
    pub(super) async fn run(self, interval: Span, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(DRAIN_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut flushed = tokio::time::Instant::now();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => break,
            }
            let rows = self.drain().await;
            if rows > 0 && (rows > LARGE || flushed.elapsed() >= interval.duration()) {
                self.flush().await;
                flushed = tokio::time::Instant::now();
            }
        }
        self.flush().await;
    }

    async fn drain(&self) -> usize {
        let mut tally = self.0.tally.lock().await;
        self.drain_into(&mut tally);
        tally.days.len()
            + tally.addresses.len()
            + tally.scopes.len()
            + tally.exercised.len()
            + tally.fetches.len()
    }

    /// Looks at the latest requests, up to this moment.
    pub(super) async fn with_recents<T>(&self, look: impl FnOnce(&Recents) -> T) -> T {
        self.drain().await;
        look(
            &self
                .0
                .recents
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    fn drain_into(&self, tally: &mut Tally) {
        let recents = self.0.recents.lock();
        let mut recents = recents.unwrap_or_else(PoisonError::into_inner);
        for _ in 0..QUEUE {
            let Some(observation) = self.0.queue.pop() else {
                break;
            };
            recents.note(&observation);
            tally.add(observation);
        }
    }

    /// Writes down all that was seen so far. What the store does not take is kept for next time.
    pub(super) async fn flush(&self) {
        let mut tally = self.0.tally.lock().await;
        self.drain_into(&mut tally);
        if tally.is_empty() {
            return;
        }
        match self.0.store.add_usage(tally.clone()).await {
            Ok(()) => {
                *tally = Tally::default();
                self.0.failing.store(false, Ordering::Relaxed);
                let dropped = self.0.dropped.swap(0, Ordering::Relaxed);
                if dropped > 0 {
                    tracing::warn!(count = dropped, "dropped the detail of {dropped} requests");
                }
            }
            Err(error) => {
                if !self.0.failing.swap(true, Ordering::Relaxed) {
                    tracing::error!(error = %error, "usage could not be saved: {error}");
                }
            }
        }
    }
}
