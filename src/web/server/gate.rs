//! Stands between a connection and hyper. For HTTP/1 it hands on one message at a time, heads only when
//! they are whole and unambiguous, and it ends a connection that is silent, idle, stalled or to be closed
//! by reporting the end of the stream, so that hyper closes it in good order.
//!
//! A head that is refused never reaches hyper: a stand-in does, and the ledger says why. So the answer
//! comes in its turn and in the words of the face. HTTP/2 passes through.

use std::{
    io::{self, IoSlice},
    mem::MaybeUninit,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};

use super::{
    chunks::Chunks,
    head::{self, Framing, Scan},
    ledger::Ledger,
    patience::{Awaited, Patience},
};
use crate::web::layers::Refusal;

/// A byte stream on its way to hyper.
#[derive(Debug)]
pub(super) struct Gate<I> {
    stream: I,
    received: Received,
    phase: Phase,
    patience: Patience,
    ledger: Arc<Ledger>,
    stream_ended: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    /// Waiting for a whole head, of which some bytes need no second look.
    Head { scanned: usize },
    /// This many bytes belong to the current message; then, perhaps, chunks.
    Message { left: u64, chunks: Option<Chunks> },
    /// The stand-in is on its way; nothing else will be read.
    Refused,
    /// Everything passes.
    Open,
}

impl<I: AsyncRead + AsyncWrite + Unpin> Gate<I> {
    /// A gate for HTTP/1, beginning with bytes already received.
    pub(super) fn framed(
        stream: I,
        received: Vec<u8>,
        patience: Patience,
        ledger: Arc<Ledger>,
    ) -> Self {
        let received = Received {
            bytes: received,
            start: 0,
        };
        Self {
            stream,
            received,
            phase: Phase::Head { scanned: 0 },
            patience,
            ledger,
            stream_ended: false,
        }
    }

    /// A gate that only watches for a peer that does not read.
    pub(super) fn open(
        stream: I,
        received: Vec<u8>,
        patience: Patience,
        ledger: Arc<Ledger>,
    ) -> Self {
        Self {
            phase: Phase::Open,
            ..Self::framed(stream, received, patience, ledger)
        }
    }

    /// Waits for the first message: for its whole head and what came with it. `false` if it does not come in time.
    pub(super) fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        loop {
            match self.passable() {
                Ok(0) => {}
                Ok(_) => return Poll::Ready(true),
                Err(_) => return Poll::Ready(false),
            }
            match ready!(self.poll_receive(cx)) {
                Ok(true) => {}
                Ok(false) | Err(_) => return Poll::Ready(false),
            }
        }
    }

    /// After the last answer: if the peer may still be sending what nobody will read, waits a little for
    /// it, lest a reset overtake the answer (RFC 9112 §9.6).
    pub(super) async fn linger(mut self) {
        let in_good_order =
            matches!(self.phase, Phase::Head { .. } | Phase::Open) && self.received.is_empty();
        let is_needed = self.ledger.seat.is_needed();
        if self.stream_ended || in_good_order || is_needed || self.stream.shutdown().await.is_err()
        {
            return;
        }
        let mut discarded = (&mut self.stream).take(LINGER_BYTES);
        let mut nowhere = tokio::io::sink();
        let reading = tokio::io::copy(&mut discarded, &mut nowhere);
        drop(tokio::time::timeout(LINGER_TIME, reading).await);
    }

    /// How many received bytes may be handed on now.
    fn passable(&mut self) -> io::Result<usize> {
        if let Phase::Head { scanned } = self.phase {
            self.look_for_head(scanned);
        }
        let available = self.received.len();
        match &mut self.phase {
            Phase::Head { .. } => Ok(0),
            Phase::Refused | Phase::Open => Ok(available),
            Phase::Message { left, chunks } => {
                if *left == 0
                    && let Some(chunks) = chunks
                {
                    let within = chunks.advance(self.received.as_slice());
                    *left = within.map_err(|bad| io::Error::new(io::ErrorKind::InvalidData, bad))?
                        as u64;
                }
                Ok(available.min(usize::try_from(*left).unwrap_or(usize::MAX)))
            }
        }
    }

    fn look_for_head(&mut self, scanned: usize) {
        if scanned == 0 {
            self.received.skip_empty_lines();
        }
        self.phase = match head::scan(self.received.as_slice(), scanned, self.patience.limits()) {
            Ok(Scan::Partial { scanned }) => Phase::Head { scanned },
            Ok(Scan::Whole { length, framing }) => {
                self.ledger.note_ahead();
                self.ledger.seat.work();
                let (body, chunks) = match framing {
                    Framing::Length(length) => (length, None),
                    Framing::Chunked => (0, Some(Chunks::new())),
                };
                Phase::Message {
                    left: length as u64 + body,
                    chunks,
                }
            }
            Err(refusal) => self.refuse(refusal),
        };
    }

    fn refuse(&mut self, refusal: Refusal) -> Phase {
        self.ledger.note_ahead();
        self.ledger.note_refusal(refusal);
        self.received = Received {
            bytes: STAND_IN.to_vec(),
            start: 0,
        };
        Phase::Refused
    }

    fn hand_on(&mut self, count: usize, into: &mut ReadBufCursor<'_>) {
        into.put_slice(&self.received.as_slice()[..count]);
        self.received.consume(count);
        if let Phase::Message { left, chunks } = &mut self.phase {
            *left -= count as u64;
            if *left == 0 && chunks.as_ref().is_none_or(Chunks::is_done) {
                self.ledger.seat.work();
                self.phase = Phase::Head { scanned: 0 };
            }
        }
    }

    /// Reads from the stream. `false` is the end: the peer's, or ours because patience ended.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if !self.stream_ended && self.phase != Phase::Refused {
            let mut space = [const { MaybeUninit::uninit() }; READ_SIZE];
            let mut read = ReadBuf::uninit(&mut space);
            if Pin::new(&mut self.stream)
                .poll_read(cx, &mut read)?
                .is_ready()
            {
                self.patience.note_read(self.received.is_empty());
                self.received.extend(read.filled());
                self.stream_ended = read.filled().is_empty();
                if !self.stream_ended {
                    return Poll::Ready(Ok(true));
                }
            }
        }
        match self.phase {
            Phase::Open | Phase::Message { .. } if self.stream_ended => {
                return Poll::Ready(Ok(false));
            }
            Phase::Open => return Poll::Pending,
            Phase::Message { .. } => self.ledger.seat.wait(),
            Phase::Head { .. } | Phase::Refused => {}
        }
        ready!(self.poll_end(cx));
        Poll::Ready(Ok(false))
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let seat = &self.ledger.seat;
        if seat.is_needed() && seat.waits() {
            return Poll::Ready(());
        }
        let waiting_for = if self.ledger.is_busy() {
            Awaited::Answer
        } else if matches!(self.phase, Phase::Head { .. }) && self.received.is_empty() {
            Awaited::Request
        } else {
            Awaited::RestOfHead
        };
        self.patience.poll_end(cx, waiting_for, self.stream_ended)
    }
}

const READ_SIZE: usize = 4096;
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nhost: refused\r\n\r\n";
const LINGER_TIME: Duration = Duration::from_secs(1);
const LINGER_BYTES: u64 = 256 * 1024;

impl<I: AsyncRead + AsyncWrite + Unpin> Read for Gate<I> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        loop {
            let count = gate.passable()?.min(into.remaining());
            if count > 0 {
                gate.hand_on(count, &mut into);
                return Poll::Ready(Ok(()));
            }
            if !ready!(gate.poll_receive(cx))? {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<I> Gate<I> {
    /// Passes on what became of a write; a peer that does not read keeps the server waiting.
    fn watch_write(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let seat = &self.ledger.seat;
        if written.is_pending() {
            seat.wait();
            if seat.is_needed() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        } else if seat.waits() && self.ledger.is_busy() {
            seat.work();
        }
        self.patience.watch_write(cx, written)
    }
}

impl<I: AsyncWrite + Unpin> Write for Gate<I> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let gate = self.get_mut();
        let written = Pin::new(&mut gate.stream).poll_write(cx, bytes);
        gate.watch_write(cx, written)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let gate = self.get_mut();
        let written = Pin::new(&mut gate.stream).poll_write_vectored(cx, slices);
        gate.watch_write(cx, written)
    }
}

/// Bytes received and not yet handed on. Holds no memory while empty.
#[derive(Debug, Default)]
struct Received {
    bytes: Vec<u8>,
    start: usize,
}

impl Received {
    fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
        if self.is_empty() {
            *self = Self::default();
        }
    }

    /// Empty lines before a request line mean nothing (RFC 9112 §2.2).
    fn skip_empty_lines(&mut self) {
        while self.as_slice().starts_with(b"\r\n") {
            self.consume(2);
        }
    }
}
