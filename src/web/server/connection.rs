//! One connection: its protocol is chosen by its first bytes, then hyper speaks it until either side is done.
//!
//! Everything after choosing works on any byte stream, so that a handshake fits in between.

use std::{
    convert::Infallible,
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderValue, Request, Response, header},
};
use hyper::{
    body::Incoming,
    rt::Executor,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::TokioTimer;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite},
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};
use tokio_util::task::TaskTracker;
use tower::Service;
use tracing::debug;

use super::{
    Limits, Peer,
    closing::{Closing, SETTLE},
    gate::Gate,
    ledger::{InFlight, Ledger, TrackedBody},
    listener::Socket,
    load::Load,
    patience::Patience,
    room::Seat,
    watch::{Verdict, Watch},
};
use crate::{
    crypto::certificate::ClientCertificate,
    web::{
        layers::{Arrival, Edge},
        tls::{Acceptor, Secured},
    },
};

/// What a connection needs besides its bytes.
#[derive(Debug)]
pub(super) struct Connection<S> {
    pub(super) edge: Edge<S>,
    pub(super) peer: Peer,
    /// What the peer showed of itself, which a handshake finds out.
    pub(super) certificate: Option<Arc<ClientCertificate>>,
    pub(super) limits: Limits,
    pub(super) load: Load,
    pub(super) closing: Closing,
    pub(super) tasks: TaskTracker,
}

impl<S> Connection<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    /// Until its first message is there, a connection costs little: what the protocols need is boxed.
    pub(super) async fn run(
        mut self,
        socket: Socket,
        acceptor: Option<Acceptor>,
        ledger: Arc<Ledger>,
    ) {
        let accepted_at = Instant::now();
        let seat = &ledger.seat;
        let opened = tokio::select! {
            biased;
            opened = self.open(socket, acceptor, seat) => opened,
            () = seat.needed() => None,
        };
        let Some((socket, agreed, received)) = opened else {
            return;
        };
        let patience = Patience::new(self.limits, self.closing.clone(), accepted_at);
        let speaks_http2 = agreed.unwrap_or_else(|| received.starts_with(PREFACE));
        let ended = match (&socket, speaks_http2) {
            (Socket::Tcp(_) | Socket::Tls(_), true) => {
                let gate = Gate::open(socket, received, patience, Arc::clone(&ledger));
                Box::pin(self.speak_http2(gate, ledger)).await
            }
            (Socket::Tcp(_) | Socket::Tls(_) | Socket::Unix(_), _) => {
                let ends_at = accepted_at + self.limits.connection_lifetime;
                let mut gate = Gate::framed(socket, received, patience, Arc::clone(&ledger));
                if watchful(&self.closing, seat, |cx| gate.poll_message(cx)).await {
                    Box::pin(self.speak_http1(gate, ledger, ends_at)).await
                } else {
                    Box::pin(gate.linger()).await;
                    Ok(())
                }
            }
        };
        if let Err(error) = ended {
            debug!(error = %error, "a connection ended early: {error}");
        }
    }

    /// The handshake, if there is one, what it agreed on, and the first bytes; unless the peer leaves or takes too long.
    async fn open(
        &mut self,
        socket: Socket,
        acceptor: Option<Acceptor>,
        seat: &Seat,
    ) -> Option<(Socket, Option<bool>, Vec<u8>)> {
        let (mut socket, agreed) = match (socket, acceptor) {
            (Socket::Tcp(stream), Some(acceptor)) => {
                let secured = Box::pin(self.shake_hands(stream, &acceptor, seat)).await?;
                self.certificate = secured.certificate;
                (Socket::Tls(secured.stream), secured.speaks_http2)
            }
            (socket, _) => (socket, None),
        };
        let received = self.first_bytes(&mut socket, seat).await?;
        Some((socket, agreed, received))
    }

    /// TLS, if the peer begins in time and goes through with it. A peer that has not begun when the
    /// server ends has nothing to lose.
    async fn shake_hands(
        &self,
        stream: TcpStream,
        acceptor: &Acceptor,
        seat: &Seat,
    ) -> Option<Secured> {
        let begun = timeout(self.limits.first_byte_timeout, stream.readable());
        tokio::select! {
            biased;
            begun = begun => begun.ok()?.ok()?,
            () = self.closing.begun() => timeout(SETTLE, stream.readable()).await.ok()?.ok()?,
        }
        seat.note_word();
        match timeout(self.limits.handshake_timeout, acceptor.accept(stream)).await {
            Ok(Ok(secured)) => Some(secured),
            Ok(Err(error)) => {
                debug!(error = %error, "a handshake failed: {error}");
                None
            }
            Err(_) => {
                debug!("a handshake took too long");
                None
            }
        }
    }

    /// Enough bytes to tell the protocols apart. `None` if the peer sends none in time or leaves.
    async fn first_bytes(&self, socket: &mut Socket, seat: &Seat) -> Option<Vec<u8>> {
        let mut received = Vec::new();
        let first = timeout(
            self.limits.first_byte_timeout,
            socket.read_buf(&mut received),
        );
        let first = tokio::select! {
            biased;
            first = first => first.ok()?,
            () = self.closing.begun() => timeout(SETTLE, socket.read_buf(&mut received)).await.ok()?,
        };
        let mut count = first.ok()?;
        seat.note_word();
        let due = Instant::now() + self.limits.header_timeout;
        while count > 0 {
            if received.len() >= PREFACE.len() || !PREFACE.starts_with(&received) {
                return Some(received);
            }
            count = timeout_at(due, socket.read_buf(&mut received))
                .await
                .ok()?
                .ok()?;
        }
        None
    }

    pub(super) async fn speak_http1<I>(
        self,
        gate: Gate<I>,
        ledger: Arc<Ledger>,
        ends_at: Instant,
    ) -> hyper::Result<()>
    where
        I: AsyncRead + AsyncWrite + Unpin,
    {
        let Self {
            edge,
            peer,
            certificate,
            limits,
            load,
            closing,
            ..
        } = self;
        let answer = service_fn(|request: Request<Incoming>| {
            let arrival = Arrival {
                peer,
                certificate: certificate.clone(),
                limits,
                refusal: ledger.take_refusal(),
                is_too_much: load.is_too_much(),
            };
            let (edge, in_flight) = (edge.clone(), ledger.begin());
            let (closing, ledger) = (&closing, &ledger);
            async move {
                let mut response = edge.respond(arrival, request).await;
                let is_needed = ledger.seat.is_needed();
                let ending = is_needed || closing.has_begun() || Instant::now() >= ends_at;
                if ending && !ledger.has_ahead() {
                    response
                        .headers_mut()
                        .insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(tracked(response, in_flight))
            }
        });
        let mut http1 = http1::Builder::new();
        http1
            .header_read_timeout(None)
            .max_buf_size(limits.max_header_bytes.max(HTTP1_BUFFER));
        let mut connection = http1.serve_connection(gate, answer);
        let ended = watchful(&closing, &ledger.seat, |cx| {
            Pin::new(&mut connection).poll(cx)
        })
        .await;
        connection.into_parts().io.linger().await;
        ended
    }

    async fn speak_http2<I>(self, gate: Gate<I>, ledger: Arc<Ledger>) -> hyper::Result<()>
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self {
            edge,
            peer,
            certificate,
            limits,
            load,
            closing,
            tasks,
        } = self;
        let requests = Arc::clone(&ledger);
        let answer = service_fn(move |request: Request<Incoming>| {
            let arrival = Arrival {
                peer,
                certificate: certificate.clone(),
                limits,
                refusal: None,
                is_too_much: load.is_too_much(),
            };
            let (edge, in_flight) = (edge.clone(), requests.begin());
            requests.seat.work();
            async move { Ok::<_, Infallible>(tracked(edge.respond(arrival, request).await, in_flight)) }
        });
        let streams = Streams {
            tasks,
            closing: closing.clone(),
        };
        let mut connection = pin!(http2_builder(streams, &limits).serve_connection(gate, answer));
        let (mut begun, mut needed) = (pin!(closing.begun()), pin!(ledger.seat.needed()));
        let mut watch = Watch::new(limits);
        loop {
            tokio::select! {
                ended = connection.as_mut() => return ended,
                () = begun.as_mut(), if !watch.ends_soon => watch.end_soon(),
                () = needed.as_mut(), if !watch.ends_soon => watch.end_soon(),
                () = tokio::time::sleep(watch.pause()) => {}
            }
            match watch.judge(&ledger) {
                Verdict::GoOn => {}
                Verdict::Finish => connection.as_mut().graceful_shutdown(),
                Verdict::Drop => return Ok(()),
            }
        }
    }
}

/// Polls also when closing begins or the place is needed: the gate sees then that it is to end.
async fn watchful<T>(
    closing: &Closing,
    seat: &Seat,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> T {
    let (mut begun, mut needed) = (pin!(closing.begun()), pin!(seat.needed()));
    poll_fn(|cx| {
        let _ = begun.as_mut().poll(cx);
        let _ = needed.as_mut().poll(cx);
        poll(cx)
    })
    .await
}

/// What an HTTP/2 client with prior knowledge sends first (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The smallest that hyper takes.
const HTTP1_BUFFER: usize = 8 * 1024;

fn tracked(response: Response<Body>, request: InFlight) -> Response<TrackedBody> {
    response.map(|body| TrackedBody::new(body, request))
}

fn http2_builder(streams: Streams, limits: &Limits) -> http2::Builder<Streams> {
    let mut http2 = http2::Builder::new(streams);
    http2
        .timer(TokioTimer::new())
        .max_concurrent_streams(128)
        .max_header_list_size(u32::try_from(limits.max_header_bytes).unwrap_or(u32::MAX))
        .initial_stream_window_size(64 * 1024)
        .initial_connection_window_size(256 * 1024)
        .max_send_buf_size(64 * 1024)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20));
    http2
}

/// Runs the streams of HTTP/2 in tracked tasks that do not outlive the cut.
#[derive(Clone, Debug)]
struct Streams {
    tasks: TaskTracker,
    closing: Closing,
}

impl<F> Executor<F> for Streams
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, stream: F) {
        self.tasks
            .spawn(self.closing.cut_token().run_until_cancelled_owned(stream));
    }
}
