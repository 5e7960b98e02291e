//! What one connection's reader and its requests tell each other.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

use super::room::Seat;
use crate::web::layers::Refusal;

/// Shared by a connection's gate and its requests, which all run in one task (HTTP/2: in a few).
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The place of its connection.
    pub(super) seat: Seat,
    in_flight: AtomicUsize,
    turns: AtomicU64,
    ahead: AtomicBool,
    refusal: Mutex<Option<Refusal>>,
}

impl Ledger {
    /// Begins a request: it is in flight until the answer's body is written or dropped.
    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        self.ahead.store(false, Ordering::Relaxed);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.turns.fetch_add(1, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    /// A head was handed on that no request has begun with yet.
    pub(super) fn note_ahead(&self) {
        self.ahead.store(true, Ordering::Relaxed);
    }

    /// The head handed on stands in for one that is refused.
    pub(super) fn note_refusal(&self, refusal: Refusal) {
        *self
            .refusal
            .lock()
            .expect("no holder of the refusal panics") = Some(refusal);
    }

    /// Why the request that begins now is refused, if it is.
    pub(super) fn take_refusal(&self) -> Option<Refusal> {
        self.refusal
            .lock()
            .expect("no holder of the refusal panics")
            .take()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) > 0
    }

    pub(super) fn has_ahead(&self) -> bool {
        self.ahead.load(Ordering::Relaxed)
    }

    /// Grows whenever a request begins or ends.
    pub(super) fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }
}

/// A request between its head and the end of its answer.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Ledger>);

impl Drop for InFlight {
    fn drop(&mut self) {
        let before = self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.0.turns.fetch_add(1, Ordering::Relaxed);
        self.0.seat.note_answer();
        if before == 1 && !self.0.has_ahead() {
            self.0.seat.wait();
        }
    }
}

/// An answer's body that keeps its request in flight.
#[derive(Debug)]
pub(super) struct TrackedBody {
    body: Body,
    _request: InFlight,
}

impl TrackedBody {
    pub(super) fn new(body: Body, request: InFlight) -> Self {
        Self {
            body,
            _request: request,
        }
    }
}

impl HttpBody for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
