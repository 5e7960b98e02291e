//! Who tells the time: the machine, or a test.

use std::{
    fmt,
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::UNIX_EPOCH,
};

use super::{Span, Timestamp};

/// Tells the time; handed to whoever needs it.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// How long the machine has run, asleep or not: it only ever goes on, whatever becomes of the time of day.
    fn uptime(&self) -> Span;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one door to the machine's clock"
    )]
    fn now(&self) -> Timestamp {
        let now = std::time::SystemTime::now();
        let seconds = match now.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
        };
        Timestamp(seconds)
    }

    fn uptime(&self) -> Span {
        let since = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Span(u64::try_from(since.tv_sec).unwrap_or(0))
    }
}

/// A clock that moves only when told to.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicI64,
    uptime: AtomicU64,
}

impl ManualClock {
    /// Stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self {
            now: AtomicI64::new(now.0),
            uptime: AtomicU64::new(1_000_000),
        }
    }

    /// Moves forward.
    pub fn advance(&self, span: Span) {
        let seconds = i64::try_from(span.0).unwrap_or(i64::MAX);
        self.now.fetch_add(seconds, Ordering::SeqCst);
        self.uptime.fetch_add(span.0, Ordering::SeqCst);
    }

    /// Jumps to a moment, back as well as forth, and no time passes.
    pub fn set(&self, now: Timestamp) {
        self.now.store(now.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    fn uptime(&self) -> Span {
        Span(self.uptime.load(Ordering::SeqCst))
    }
}
