//! A small server with routes made to be abused, and a client that writes bytes.

use std::{
    error::Error,
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Extension, Router,
    body::{Body, Bytes, to_bytes},
    extract::Query,
    http::{HeaderMap, Response, StatusCode, header},
    routing::{get, post},
};
use jeton::web::{
    layers::{
        BodyTimedOut, BodyTooLarge, ClientAddress, Edge, EdgeSettings, RequestIds, Transport,
    },
    server::{Limits, Listener, Peer, ServeReport, serve},
    tls::{Acceptor, Tls},
};
use jeton::{crypto::certificate::ClientCertificate, domain::time::SystemClock};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

pub(super) fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Limits that never matter within a test, to change one of.
pub(super) fn patient() -> Limits {
    Limits::default()
}

pub(super) fn settings() -> EdgeSettings {
    EdgeSettings::new(Transport::Http, RequestIds::seeded([7; 10]))
}

/// A running server.
pub(super) struct House {
    pub(super) address: SocketAddr,
    stop: CancellationToken,
    server: JoinSet<ServeReport>,
}

impl House {
    pub(super) async fn start(limits: Limits) -> Self {
        Self::with(limits, settings()).await
    }

    pub(super) async fn with(limits: Limits, settings: EdgeSettings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self::on(Listener::Tcp(listener), address, limits, settings)
    }

    pub(super) fn on_unix(path: &Path, limits: Limits) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        Self::on(Listener::Unix(listener), nowhere, limits, settings())
    }

    /// Within TLS, whoever shows a certificate.
    pub(super) async fn within_tls(tls: Tls, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = Acceptor::mutual(tls, None, Arc::new(SystemClock));
        Self::on(
            Listener::Tls(listener, acceptor),
            address,
            limits,
            settings(),
        )
    }

    fn on(listener: Listener, address: SocketAddr, limits: Limits, settings: EdgeSettings) -> Self {
        let stop = CancellationToken::new();
        let mut server = JoinSet::new();
        server.spawn(serve(
            listener,
            Edge::new(routes(), settings),
            limits,
            stop.clone(),
        ));
        Self {
            address,
            stop,
            server,
        }
    }

    pub(super) async fn connect(&self) -> Wire<TcpStream> {
        Wire::new(TcpStream::connect(self.address).await.unwrap())
    }

    pub(super) fn begin_stop(&self) {
        self.stop.cancel();
    }

    pub(super) async fn stop(mut self) -> ServeReport {
        self.stop.cancel();
        let ended = timeout(Duration::from_secs(20), self.server.join_next());
        ended.await.expect("the server ends").unwrap().unwrap()
    }
}

/// Gives nobody else a turn for a while, as work does that waits for nothing.
async fn block() -> &'static str {
    std::thread::sleep(milliseconds(100));
    "blocked"
}

fn routes() -> Router {
    Router::new()
        .route("/hello", get("hello"))
        .route("/echo", post(async |body: Bytes| body))
        .route("/ignore", post("ignored"))
        .route("/read", post(read))
        .route("/wait", get(wait))
        .route("/block", get(block))
        .route("/stuck", get(std::future::pending::<()>))
        .route("/panic", get(fall_over))
        .route(
            "/large",
            get(async || Bytes::from(vec![b'x'; 32 * 1024 * 1024])),
        )
        .route("/who", get(who))
        .route("/certificate", get(certificate))
        .route(
            "/headers",
            get(async |headers: HeaderMap| format!("{headers:?}")),
        )
        .route(
            "/page",
            get((
                [(header::CONTENT_SECURITY_POLICY, "default-src 'self'")],
                "page",
            )),
        )
}

/// Tells by the error's type why the body could not be read.
async fn read(body: Body) -> Response<Body> {
    let (status, words) = match to_bytes(body, usize::MAX).await {
        Ok(bytes) => (StatusCode::OK, format!("{} bytes", bytes.len())),
        Err(error) if has_source::<BodyTimedOut>(&error) => (
            StatusCode::REQUEST_TIMEOUT,
            "the route saw it was late".to_owned(),
        ),
        Err(error) if has_source::<BodyTooLarge>(&error) => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "the route saw it was large".to_owned(),
        ),
        Err(_) => (StatusCode::IM_A_TEAPOT, "the route saw nothing".to_owned()),
    };
    let mut response = Response::new(Body::from(words));
    *response.status_mut() = status;
    response
}

fn has_source<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    error.is::<E>() || error.source().is_some_and(has_source::<E>)
}

async fn wait(Query(times): Query<Vec<(String, u64)>>) -> &'static str {
    tokio::time::sleep(milliseconds(times[0].1)).await;
    "waited"
}

async fn fall_over() -> &'static str {
    tokio::task::yield_now().await;
    panic!("a route fell over");
}

async fn who(Extension(peer): Extension<Peer>, client: Option<Extension<ClientAddress>>) -> String {
    let client = client.map_or("nowhere".to_owned(), |Extension(ClientAddress(address))| {
        address.to_string()
    });
    match peer {
        Peer::Tcp(address) => format!("{client} by {}", address.ip()),
        Peer::Unix { uid } => format!("{client} by uid {uid}"),
    }
}

async fn certificate(shown: Option<Extension<Arc<ClientCertificate>>>) -> String {
    let Some(Extension(shown)) = shown else {
        return "none".to_owned();
    };
    let subject = shown.certificate.subject();
    let word = if shown.is_vouched_for {
        "vouched for"
    } else {
        "alone"
    };
    format!("{subject} {word}")
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub(super) fn closes(&self) -> bool {
        self.header("connection") == Some("close")
    }

    #[track_caller]
    pub(super) fn assert_ok(&self, body: &str) {
        assert_eq!((self.status, self.body.as_str()), (200, body), "{self:?}");
    }
}

/// A connection whose every byte is ours.
pub(super) struct Wire<I> {
    stream: I,
    received: Vec<u8>,
}

impl Wire<UnixStream> {
    pub(super) async fn unix(path: &Path) -> Self {
        Self::new(UnixStream::connect(path).await.unwrap())
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> Wire<I> {
    pub(super) fn new(stream: I) -> Self {
        Self {
            stream,
            received: Vec::new(),
        }
    }

    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    pub(super) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    pub(super) async fn get(&mut self, path: &str) -> Reply {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"))
            .await;
        self.reply().await
    }

    pub(super) async fn reply(&mut self) -> Reply {
        self.try_reply().await.expect("an answer")
    }

    /// The next answer, unless the connection ends first.
    pub(super) async fn try_reply(&mut self) -> Option<Reply> {
        let end = loop {
            if let Some(end) = self
                .received
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            {
                break end;
            }
            self.receive().await?;
        };
        let body: Vec<u8> = self.received.drain(..end + 4).collect();
        let head = String::from_utf8(body).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut reply = Reply {
            status,
            head,
            body: String::new(),
        };
        let length: usize = reply
            .header("content-length")
            .map_or(0, |length| length.parse().unwrap());
        while self.received.len() < length {
            self.receive().await?;
        }
        reply.body = String::from_utf8(self.received.drain(..length).collect()).unwrap();
        Some(reply)
    }

    /// The first bytes of whatever is said.
    pub(super) async fn first_bytes(&mut self, count: usize) -> Vec<u8> {
        while self.received.len() < count {
            self.receive().await.expect("bytes");
        }
        self.received.clone()
    }

    async fn receive(&mut self) -> Option<()> {
        let mut space = [0; 4096];
        let read = timeout(Duration::from_secs(10), self.stream.read(&mut space)).await;
        let count = read
            .expect("bytes or the end within ten seconds")
            .ok()
            .filter(|&count| count > 0)?;
        self.received.extend_from_slice(&space[..count]);
        Some(())
    }

    /// Waits for the end without a further answer; says how long it took.
    #[track_caller]
    pub(super) fn ended(mut self) -> impl Future<Output = Duration> {
        let since = Instant::now();
        async move {
            while self.receive().await.is_some() {}
            assert_eq!(
                String::from_utf8_lossy(&self.received),
                "",
                "nothing is said before the end"
            );
            since.elapsed()
        }
    }
}

/// What came between these two, in milliseconds.
#[track_caller]
pub(super) fn assert_took(took: Duration, at_least: u64, at_most: u64) {
    assert!(
        (milliseconds(at_least)..milliseconds(at_most)).contains(&took),
        "took {took:?}"
    );
}
