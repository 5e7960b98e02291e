//! What TLS and HTTP/2 cost: tokens a second, and what the server's processors do for each, by how clients connect.

use std::fs;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, HandshakeKind, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::drive::status;
use crate::house::{FORM, House, token_request};
use crate::{Bench, load};

/// How many clients ask at a time.
const CLIENTS: usize = 32;

/// Streams of each connection of HTTP/2, so that as many requests are on their way.
const STREAMS: usize = 8;

/// How long each way is measured.
const TIME: Duration = Duration::from_secs(4);

pub(crate) fn measure(bench: &mut Bench) {
    let plain = House::open(&[]);
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (path("server.pem"), path("server.key"));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let secured = House::open(&["--tls-cert", &certificate, "--tls-key", &key]);
    let config = |protocol: &str, resumption| trusting(&certificate, protocol, resumption);

    kept(bench, &plain, "plain HTTP/1.1, kept", None);
    kept(
        bench,
        &secured,
        "TLS, HTTP/1.1, kept",
        Some(&config("http/1.1", Resumption::default())),
    );
    multiplexed(bench, &plain, "plain HTTP/2, kept", None);
    multiplexed(
        bench,
        &secured,
        "TLS, HTTP/2, kept",
        Some(&config("h2", Resumption::default())),
    );
    fresh(bench, &plain, "plain HTTP/1.1, a connection each", None);
    let (full, resumed) = (HandshakeKind::Full, HandshakeKind::Resumed);
    let never = config("http/1.1", Resumption::disabled());
    fresh(
        bench,
        &secured,
        "TLS 1.3, a handshake each",
        Some(&(never, full)),
    );
    let again = config("http/1.1", Resumption::default());
    fresh(
        bench,
        &secured,
        "TLS 1.3, resumed, a connection each",
        Some(&(again, resumed)),
    );
}

fn trusting(certificate: &str, protocol: &str, resumption: Resumption) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(certificate).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    config.resumption = resumption;
    Arc::new(config)
}

async fn shake_hands(address: SocketAddr, config: &Arc<ClientConfig>) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::clone(config))
        .connect(name, stream)
        .await
        .unwrap()
}

/// Lets so many clients ask for a while, and says how often they were answered.
fn run<F>(
    bench: &mut Bench,
    house: &House,
    name: &str,
    count: usize,
    client: impl Fn(Arc<AtomicU64>) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let answers = Arc::new(AtomicU64::new(0));
    runtime.block_on(async {
        let mut all = JoinSet::new();
        for _ in 0..count {
            all.spawn(client(Arc::clone(&answers)));
        }
        // Connections are made and the first requests answered before anything is counted.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (before, cpu, begun) = (
            answers.load(Ordering::Relaxed),
            load::cpu_time(house.server.pid()),
            Instant::now(),
        );
        tokio::time::sleep(TIME).await;
        let count = u32::try_from(answers.load(Ordering::Relaxed) - before).unwrap();
        let cpu = load::cpu_time(house.server.pid()).saturating_sub(cpu);
        let rate = f64::from(count) / begun.elapsed().as_secs_f64();
        let cost = cpu.as_secs_f64() * 1e6 / f64::from(count);
        bench.figures.say(
            &format!("{name}: tokens a second, server's µs each"),
            format!("{rate:.0}, {cost:.0}"),
        );
        all.shutdown().await;
    });
}

async fn ask_forever<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    request: &[u8],
    answers: &AtomicU64,
) {
    loop {
        assert_eq!(status(&mut stream, request).await.unwrap(), 200);
        answers.fetch_add(1, Ordering::Relaxed);
    }
}

/// Each client on a connection that it keeps.
fn kept(bench: &mut Bench, house: &House, name: &str, config: Option<&Arc<ClientConfig>>) {
    let (address, request) = (house.address(), house.good().requests[0].clone());
    run(bench, house, name, CLIENTS, |answers| {
        let (config, request) = (config.cloned(), request.clone());
        async move {
            if let Some(config) = config {
                ask_forever(shake_hands(address, &config).await, &request, &answers).await;
            } else {
                let stream = TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                ask_forever(stream, &request, &answers).await;
            }
        }
    });
}

/// Each request on a connection of its own.
fn fresh(
    bench: &mut Bench,
    house: &House,
    name: &str,
    config: Option<&(Arc<ClientConfig>, HandshakeKind)>,
) {
    let host = house.address().to_string();
    let request = token_request(&host, "good", &house.secret);
    let address = house.address();
    run(bench, house, name, CLIENTS, |answers| {
        let (config, request) = (config.map(own), request.clone());
        async move {
            for number in 0_u32.. {
                let status = if let Some((config, kind)) = &config {
                    let mut stream = shake_hands(address, config).await;
                    // The first have nothing to resume.
                    let shook = stream.get_ref().1.handshake_kind();
                    assert!(number < 3 || shook == Some(*kind), "{shook:?}");
                    status(&mut stream, &request).await
                } else {
                    let mut stream = TcpStream::connect(address).await.unwrap();
                    status(&mut stream, &request).await
                };
                assert_eq!(status.unwrap(), 200);
                answers.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
}

/// Each client keeps what it needs to resume for itself.
fn own((config, kind): &(Arc<ClientConfig>, HandshakeKind)) -> (Arc<ClientConfig>, HandshakeKind) {
    let mut config = ClientConfig::clone(config);
    if *kind == HandshakeKind::Resumed {
        config.resumption = Resumption::in_memory_sessions(64);
    }
    (Arc::new(config), *kind)
}

/// Several requests at a time on each of a few connections.
fn multiplexed(bench: &mut Bench, house: &House, name: &str, config: Option<&Arc<ClientConfig>>) {
    let address = house.address();
    let scheme = if config.is_some() { "https" } else { "http" };
    let request = house.good().requests[0].clone();
    let login = std::str::from_utf8(&request).unwrap().lines();
    let mut login = login.filter_map(|line| line.strip_prefix("Authorization: "));
    let login = login.next_back().unwrap();
    let request = Request::post(format!("{scheme}://{address}/oauth2/token"))
        .header("authorization", login)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Full::new(Bytes::from_static(FORM.as_bytes())))
        .unwrap();
    run(bench, house, name, CLIENTS / STREAMS, |answers| {
        let (config, request) = (config.cloned(), request.clone());
        async move {
            if let Some(config) = config {
                speak(shake_hands(address, &config).await, &request, &answers).await;
            } else {
                let stream = TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                speak(stream, &request, &answers).await;
            }
        }
    });
}

async fn speak<S>(stream: S, request: &Request<Full<Bytes>>, answers: &Arc<AtomicU64>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    let mut all = JoinSet::new();
    all.spawn(async move { connection.await.unwrap() });
    for _ in 0..STREAMS {
        let (mut sender, request, answers) = (sender.clone(), request.clone(), Arc::clone(answers));
        all.spawn(async move {
            loop {
                let response = sender.send_request(request.clone()).await.unwrap();
                assert_eq!(response.status(), 200);
                response.into_body().collect().await.unwrap();
                answers.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    all.join_next().await;
}
