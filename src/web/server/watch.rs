//! When an HTTP/2 connection is to end: hyper itself has no patience to run out of.

use std::time::Duration;

use tokio::time::Instant;

use super::{Limits, closing::SETTLE, ledger::Ledger};

/// Judges a connection from time to time.
#[derive(Debug)]
pub(super) struct Watch {
    limits: Limits,
    turns: u64,
    turned_at: Instant,
    ends_at: Instant,
    pub(super) ends_soon: bool,
    finishing_since: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    GoOn,
    Finish,
    Drop,
}

impl Watch {
    pub(super) fn new(limits: Limits) -> Self {
        let now = Instant::now();
        let ends_at = now + limits.connection_lifetime;
        Self {
            limits,
            turns: 0,
            turned_at: now,
            ends_at,
            ends_soon: false,
            finishing_since: None,
        }
    }

    pub(super) fn end_soon(&mut self) {
        self.ends_soon = true;
        self.ends_at = self.ends_at.min(Instant::now() + SETTLE);
    }

    pub(super) fn judge(&mut self, ledger: &Ledger) -> Verdict {
        let now = Instant::now();
        if self.turns != ledger.turns() {
            self.turns = ledger.turns();
            self.turned_at = now;
        }
        let quiet_since = self
            .turned_at
            .max(self.finishing_since.unwrap_or(self.turned_at));
        let quiet = now - quiet_since;
        match (self.finishing_since, ledger.is_busy()) {
            (_, true) if quiet > self.limits.request_timeout * 2 => Verdict::Drop,
            (Some(_), false) if quiet > FINISH_TIME => Verdict::Drop,
            (None, false) if quiet >= self.limits.idle_timeout => self.finish(now),
            (None, _) if now >= self.ends_at => self.finish(now),
            (Some(_) | None, _) => Verdict::GoOn,
        }
    }

    fn finish(&mut self, now: Instant) -> Verdict {
        self.finishing_since = Some(now);
        Verdict::Finish
    }

    pub(super) fn pause(&self) -> Duration {
        let pause = (self.limits.idle_timeout / 4).clamp(MIN_PAUSE, MAX_PAUSE);
        if self.finishing_since.is_some() {
            pause
        } else {
            pause.min(self.ends_at - Instant::now()).max(SETTLE)
        }
    }
}

/// For a peer to acknowledge that its connection is to end.
const FINISH_TIME: Duration = Duration::from_secs(1);
const MIN_PAUSE: Duration = Duration::from_millis(20);
const MAX_PAUSE: Duration = Duration::from_secs(1);
