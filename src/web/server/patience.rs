//! How long a connection may keep its server waiting, and when it is to end.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep};

use super::{
    Limits,
    closing::{Closing, SETTLE},
};

/// What a connection waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Awaited {
    Request,
    RestOfHead,
    Answer,
}

/// How long a connection may keep its server waiting. One timer, moved lazily.
#[derive(Debug)]
pub(super) struct Patience {
    limits: Limits,
    closing: Closing,
    alarm: Pin<Box<Sleep>>,
    ends_at: Instant,
    message_began_at: Instant,
    read_at: Instant,
    wrote_at: Instant,
    stalled_since: Option<Instant>,
    ending_since: Option<Instant>,
}

impl Patience {
    pub(super) fn new(limits: Limits, closing: Closing, accepted_at: Instant) -> Self {
        let now = Instant::now();
        Self {
            limits,
            closing,
            alarm: Box::pin(tokio::time::sleep_until(now + limits.idle_timeout)),
            ends_at: accepted_at + limits.connection_lifetime,
            message_began_at: now,
            read_at: now,
            wrote_at: now,
            stalled_since: None,
            ending_since: None,
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn note_read(&mut self, begins_message: bool) {
        self.read_at = Instant::now();
        if begins_message {
            self.message_began_at = self.read_at;
        }
    }

    /// Ready when the connection has kept us waiting for too long, or has nothing more to do for us.
    pub(super) fn poll_end(
        &mut self,
        cx: &mut Context<'_>,
        awaited: Awaited,
        stream_ended: bool,
    ) -> Poll<()> {
        let now = Instant::now();
        let ending = self.closing.has_begun() || now >= self.ends_at;
        let busy = awaited == Awaited::Answer || self.stalled_since.is_some();
        let due = match awaited {
            _ if busy && (ending || stream_ended) => now + LOOK_AGAIN,
            _ if busy => (now + self.look_again_after()).min(self.ends_at),
            _ if stream_ended => now,
            Awaited::RestOfHead | Awaited::Answer => {
                self.message_began_at.max(self.wrote_at) + self.limits.header_timeout
            }
            Awaited::Request if ending => *self.ending_since.get_or_insert(now) + SETTLE,
            Awaited::Request => {
                (self.read_at.max(self.wrote_at) + self.limits.idle_timeout).min(self.ends_at)
            }
        };
        self.poll_alarm(cx, due)
    }

    /// Passes on what became of a write; one that makes no progress for too long is an error.
    pub(super) fn watch_write(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled_since = None;
            self.wrote_at = Instant::now();
            return written;
        }
        let due =
            *self.stalled_since.get_or_insert_with(Instant::now) + self.limits.request_timeout;
        self.poll_alarm(cx, due)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    /// hyper does not read again when a request ends; the alarm set before must do for what follows.
    fn look_again_after(&self) -> Duration {
        self.limits.header_timeout.min(self.limits.idle_timeout)
    }

    fn poll_alarm(&mut self, cx: &mut Context<'_>, due: Instant) -> Poll<()> {
        if due < self.alarm.deadline() {
            self.alarm.as_mut().reset(due);
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            if Instant::now() >= due {
                return Poll::Ready(());
            }
            self.alarm.as_mut().reset(due);
        }
        Poll::Pending
    }
}

/// How soon a connection that is to end looks whether its request is answered.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
