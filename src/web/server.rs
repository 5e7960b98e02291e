//! The HTTP server: accepts connections, bounds what each may cost, and ends without losing a request.
//!
//! It knows nothing of routes. Each connection runs in a tracked task: it shakes hands where TLS is
//! spoken, the protocol is chosen (`connection`), bytes pass a gate that frames and times HTTP/1 (`gate`), and each request goes to
//! the [`Edge`].

mod chunks;
mod closing;
mod connection;
mod crowd;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod head;
mod ledger;
mod listener;
mod load;
mod patience;
mod room;
mod watch;

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{Request, Response},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;
use tracing::warn;

pub use self::listener::{Listener, Peer};
use self::{
    closing::Closing,
    connection::Connection,
    crowd::{Crowd, Place},
    ledger::Ledger,
    listener::Socket,
    load::Load,
    room::Room,
};
use crate::web::{layers::Edge, tls::Acceptor};

/// How long each step of a connection may take and how much it may send.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// From accepting a connection to its first byte; and, after a handshake, to the first byte within.
    pub first_byte_timeout: Duration,
    /// Of TLS: from the first byte to the end of the handshake.
    pub handshake_timeout: Duration,
    /// From the first byte of a request's head to its last.
    pub header_timeout: Duration,
    /// From the end of a request's head to the end of its body.
    pub body_timeout: Duration,
    /// From the end of a request's head to the answer. Also bounds how long a peer may refuse to read.
    pub request_timeout: Duration,
    /// How late turns may come before further requests are refused (503) that cost something; zero: they never are.
    pub shed_after: Duration,
    /// Between two requests of one connection.
    pub idle_timeout: Duration,
    /// Of a connection; a request in flight is finished first.
    pub connection_lifetime: Duration,
    /// Connections served at once. When there are more, those that keep the server waiting are closed, the silent
    /// ones first; while nobody does, more wait in the kernel's backlog.
    pub max_connections: usize,
    /// Connections of one address (IPv6: of one /64); 0 is no limit. More are closed at once.
    pub max_connections_per_address: usize,
    /// A request's head: request line and header fields.
    pub max_header_bytes: usize,
    /// A request's body. Routes may lower it for themselves.
    pub max_body_bytes: u64,
    /// A request's target: path and query.
    pub max_target_bytes: usize,
    /// From the stop signal until connections still busy are cut.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            first_byte_timeout: Duration::from_secs(10),
            handshake_timeout: Duration::from_secs(5),
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(15),
            shed_after: Duration::from_secs(1),
            idle_timeout: Duration::from_mins(1),
            connection_lifetime: Duration::from_hours(1),
            max_connections: 10_000,
            max_connections_per_address: 0,
            max_header_bytes: 32 * 1024,
            max_body_bytes: 64 * 1024,
            max_target_bytes: 8 * 1024,
            drain_timeout: Duration::from_secs(10),
        }
    }
}

/// What a server did between its start and its end.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ServeReport {
    /// Connections taken from the listener.
    pub accepted: u64,
    /// Connections closed at once because their address had too many.
    pub turned_away: u64,
    /// Connections that kept the server waiting and were closed because others needed their places.
    pub displaced: u64,
    /// Connections that were still busy when the drain timeout ended them.
    pub cut: u64,
}

/// Serves `edge` on `listener` until `stop` fires and the requests in flight are answered.
pub async fn serve<S>(
    listener: Listener,
    edge: Edge<S>,
    limits: Limits,
    stop: CancellationToken,
) -> ServeReport
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    let mut server = Server {
        edge,
        limits,
        acceptor: listener.acceptor(),
        permits: Arc::new(Semaphore::new(limits.max_connections)),
        crowd: Crowd::new(limits.max_connections_per_address),
        room: Room::default(),
        arrived: None,
        load: Load::default(),
        closing: Closing::default(),
        tasks: TaskTracker::new(),
        report: ServeReport::default(),
    };
    let watch = server.load.clone().watch(limits.shed_after);
    stop.run_until_cancelled(async {
        tokio::join!(watch, server.accept_all(&listener));
    })
    .await;
    server.closing.begin();
    server.accept_queued(&listener).await;
    drop(listener);
    server.drain().await
}

struct Server<S> {
    edge: Edge<S>,
    limits: Limits,
    acceptor: Option<Acceptor>,
    permits: Arc<Semaphore>,
    crowd: Crowd,
    room: Room,
    /// Who came while all places were taken.
    arrived: Option<Arrived>,
    load: Load,
    closing: Closing,
    tasks: TaskTracker,
    report: ServeReport,
}

/// A connection that has no place yet.
struct Arrived {
    socket: Socket,
    peer: Peer,
    among: Place,
}

impl<S> Server<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    /// One connection above the cap is taken, to know that somebody needs a place; others wait in the backlog.
    async fn accept_all(&mut self, listener: &Listener) {
        loop {
            if let Some(arrived) = self.arrive(listener.accept().await).await {
                self.arrived = Some(arrived);
            }
            if self.arrived.is_some() {
                let permit = self.permit().await;
                self.admit(permit);
            }
        }
    }

    /// Takes what the kernel had already accepted when the stop signal came: its requests may be complete.
    async fn accept_queued(&mut self, listener: &Listener) {
        while let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            if self.arrived.is_none() {
                match tokio::time::timeout(closing::SETTLE, listener.accept()).await {
                    Ok(Ok(accepted)) => self.arrived = self.arrive(Ok(accepted)).await,
                    Ok(Err(_)) | Err(_) => return,
                }
            }
            self.admit(permit);
            if self.closing.is_settled() {
                return;
            }
        }
    }

    /// Who came, unless too many of its neighbours are there, or nobody can come just now.
    async fn arrive(&mut self, accepted: io::Result<(Socket, Peer)>) -> Option<Arrived> {
        match accepted {
            Ok((socket, peer)) => {
                self.report.accepted += 1;
                let among = self.crowd.enter(peer);
                self.report.turned_away += u64::from(among.is_none());
                among.map(|among| Arrived {
                    socket,
                    peer,
                    among,
                })
            }
            Err(error) if is_of_peer(&error) => None,
            // No descriptors, no memory: needs time to pass, and places.
            Err(error) => {
                warn!(error = %error, "cannot accept connections: {error}");
                self.make_room();
                tokio::time::sleep(ACCEPT_PAUSE).await;
                None
            }
        }
    }

    /// A place for who came, perhaps that of somebody who keeps the server waiting.
    async fn permit(&mut self) -> OwnedSemaphorePermit {
        loop {
            let permits = Arc::clone(&self.permits);
            if let Ok(permit) = Arc::clone(&permits).try_acquire_owned() {
                return permit;
            }
            self.make_room();
            if let Ok(permit) = tokio::time::timeout(LOOK_AGAIN, permits.acquire_owned()).await {
                return permit.expect("the permits are never closed");
            }
        }
    }

    fn make_room(&mut self) {
        self.report.displaced += self.room.ask_for_places() as u64;
    }

    fn admit(&mut self, permit: OwnedSemaphorePermit) {
        let Some(Arrived {
            socket,
            peer,
            among,
        }) = self.arrived.take()
        else {
            return;
        };
        let connection = Connection {
            edge: self.edge.clone(),
            peer,
            certificate: None,
            limits: self.limits,
            load: self.load.clone(),
            closing: self.closing.clone(),
            tasks: self.tasks.clone(),
        };
        let ledger = Arc::new(Ledger::default());
        self.room.enter(&ledger);
        let (closing, acceptor) = (self.closing.clone(), self.acceptor.clone());
        // Boxed, as it would otherwise be held once more by each future that it passes through.
        let connection = Box::pin(connection.run(socket, acceptor, ledger));
        self.tasks.spawn(async move {
            let _held = (permit, among);
            closing.unless_cut(connection).await;
        });
    }

    async fn drain(self) -> ServeReport {
        self.tasks.close();
        if tokio::time::timeout(self.limits.drain_timeout, self.tasks.wait())
            .await
            .is_err()
        {
            self.closing.cut();
            self.tasks.wait().await;
        }
        ServeReport {
            cut: self.closing.connections_cut(),
            ..self.report
        }
    }
}

/// Whether only the peer went away.
fn is_of_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// How soon it is looked again who might leave a place.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
