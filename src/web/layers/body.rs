//! A request's body, bounded in size and time.

use std::{
    error::Error,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;

use super::Refusal;
use crate::web::server::Limits;

pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// The body was not complete when it was due. A source of the error that reading it gives.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the request's body did not arrive in time")]
pub struct BodyTimedOut;

/// The body is larger than the limit. A source of the error that reading it gives.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the request's body is larger than {limit} bytes")]
pub struct BodyTooLarge {
    /// The limit that it broke.
    pub limit: u64,
}

/// A body that ends in an error when it is too late or too large, and keeps a record of it.
///
/// It does not wake its reader when it is due; the edge does.
#[derive(Debug)]
pub(super) struct RequestBody<B> {
    body: B,
    left: u64,
    limit: u64,
    due: Instant,
    progress: Progress,
}

impl<B> RequestBody<B>
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    pub(super) fn bounded(body: B, limits: &Limits) -> (Body, Progress) {
        if body.is_end_stream() {
            return (Body::empty(), Progress::default());
        }
        let progress = Progress(Some(Arc::new(AtomicU8::new(UNFINISHED))));
        let limit = limits.max_body_bytes;
        let due = Instant::now() + limits.body_timeout;
        (
            Body::new(Self {
                body,
                left: limit,
                limit,
                due,
                progress: progress.clone(),
            }),
            progress,
        )
    }

    fn fail(
        &mut self,
        state: u8,
        error: impl Into<BoxError>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.progress.note(state);
        Poll::Ready(Some(Err(error.into())))
    }
}

impl<B> HttpBody for RequestBody<B>
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        if polled.is_pending() && Instant::now() >= this.due {
            return this.fail(TIMED_OUT, BodyTimedOut);
        }
        match ready!(polled) {
            Some(Ok(frame)) => {
                let size = frame.data_ref().map_or(0, |bytes| bytes.len() as u64);
                if size > this.left {
                    return this.fail(TOO_LARGE, BodyTooLarge { limit: this.limit });
                }
                this.left -= size;
                if this.body.is_end_stream() {
                    this.progress.note(FINISHED);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => this.fail(BROKEN, error),
            None => {
                this.progress.note(FINISHED);
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How far a body came; the reader's own account of it may be lost on its way through the routes.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress(Option<Arc<AtomicU8>>);

impl Progress {
    fn note(&self, state: u8) {
        if let Some(noted) = &self.0 {
            noted.store(state, Ordering::Relaxed);
        }
    }

    fn state(&self) -> u8 {
        self.0
            .as_ref()
            .map_or(FINISHED, |state| state.load(Ordering::Relaxed))
    }

    pub(super) fn is_unfinished(&self) -> bool {
        self.state() == UNFINISHED
    }

    /// Why the request cannot have been understood, if its body failed.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        match self.state() {
            TIMED_OUT => Some(Refusal::BodyTimedOut),
            TOO_LARGE => Some(Refusal::BodyTooLarge),
            BROKEN => Some(Refusal::BodyBroken),
            _ => None,
        }
    }
}

const UNFINISHED: u8 = 0;
const FINISHED: u8 = 1;
const TIMED_OUT: u8 = 2;
const TOO_LARGE: u8 = 3;
const BROKEN: u8 = 4;
