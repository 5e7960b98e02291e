//! TLS as a network meets it: what is spoken, what a handshake may cost, and who showed what.

use std::{
    process::{Command, Output, Stdio},
    sync::Arc,
};

use jeton::{
    domain::time::{Clock, SystemClock},
    web::{
        server::Limits,
        tls::{Files, Tls},
    },
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::kit::{House, Wire, assert_took, milliseconds, patient};
use crate::harness::certificates::{Authority, Pair, Wanted, text};

/// Runs a program while the server goes on.
async fn run(program: &str, words: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output());
    output.await.unwrap().unwrap()
}

fn load(pair: &Pair) -> Tls {
    let files = Files {
        certificate: pair.certificate.clone(),
        key: pair.key.clone(),
    };
    Tls::load(files, SystemClock.now()).unwrap()
}

async fn house(authority: &Authority, limits: Limits) -> House {
    House::within_tls(load(&authority.issue(Wanted::server("server"))), limits).await
}

fn client(authority: &Authority, shows: Option<&Pair>, protocols: &[&str]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(authority.file()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match shows {
        None => builder.with_no_client_auth(),
        Some(pair) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_file(&pair.certificate).unwrap()],
                PrivateKeyDer::from_pem_file(&pair.key).unwrap(),
            )
            .unwrap(),
    };
    config.alpn_protocols = protocols.iter().map(|it| it.as_bytes().to_vec()).collect();
    config
}

async fn connect(house: &House, config: ClientConfig) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(house.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

/// What `openssl s_client` says of a handshake: the version and the cipher, or nothing.
async fn openssl(house: &House, words: &[&str]) -> Option<(String, String)> {
    let address = house.address.to_string();
    let all = [&["s_client", "-connect", &address, "-brief"], words].concat();
    let output = run("openssl", &all).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let value = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim().to_owned())
    };
    Some((value("Protocol version:")?, value("Ciphersuite:")?))
}

/// TLS-02
#[tokio::test]
async fn nothing_older_than_tls_1_2_is_spoken_and_1_3_is_preferred() {
    let authority = Authority::new();
    let house = house(&authority, patient()).await;

    for old in ["-tls1", "-tls1_1"] {
        let words = [old, "-cipher", "ALL:@SECLEVEL=0"];
        assert_eq!(openssl(&house, &words).await, None, "{old}");
    }
    let version = async |words: &[&str]| openssl(&house, words).await.unwrap().0;
    assert_eq!(version(&[]).await, "TLSv1.3");
    assert_eq!(version(&["-tls1_2"]).await, "TLSv1.2");
    assert_eq!(version(&["-tls1_3"]).await, "TLSv1.3");
}

/// TLS-03
#[tokio::test]
async fn tls_1_2_is_spoken_with_four_suites() {
    let authority = Authority::new();
    let mut taken = Vec::new();
    let listed = run("openssl", &["ciphers", "-tls1_2", "-s", "ALL:@SECLEVEL=0"]).await;
    let listed = String::from_utf8(listed.stdout).unwrap();
    let suites: Vec<&str> = listed.trim().split(':').collect();
    assert!(suites.len() > 30, "{listed}");
    for key in [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_RSA_SHA256] {
        let wanted = Wanted {
            key,
            ..Wanted::server("server")
        };
        let house = House::within_tls(load(&authority.issue(wanted)), patient()).await;
        for suite in &suites {
            let cipher = format!("{suite}:@SECLEVEL=0");
            if let Some((_, spoken)) = openssl(&house, &["-tls1_2", "-cipher", &cipher]).await {
                taken.push(spoken);
            }
        }
    }
    taken.sort();
    assert_eq!(
        taken,
        [
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "ECDHE-RSA-AES128-GCM-SHA256",
            "ECDHE-RSA-AES256-GCM-SHA384",
        ]
    );
}

/// TLS-04
#[tokio::test]
async fn sessions_are_resumed_but_nothing_is_taken_before_the_handshake_ends() {
    let authority = Authority::new();
    let house = house(&authority, patient()).await;
    let mut config = client(&authority, None, &["http/1.1"]);
    config.enable_early_data = true;

    let mut kinds = Vec::new();
    for _ in 0..2 {
        let mut stream = connect(&house, config.clone()).await.unwrap();
        assert!(stream.get_mut().1.early_data().is_none());
        let mut wire = Wire::new(&mut stream);
        wire.get("/hello").await.assert_ok("hello");
        kinds.push(format!(
            "{:?}",
            stream.get_ref().1.handshake_kind().unwrap()
        ));
    }
    assert!(
        kinds[0].starts_with("Full") && kinds[1] == "Resumed",
        "{kinds:?}"
    );
    let renegotiation = openssl(&house, &["-tls1_2", "-no_ticket", "-comp"]).await;
    assert!(renegotiation.is_some());
}

/// H-21
#[tokio::test]
async fn the_protocol_within_is_agreed_on_in_the_handshake() {
    let authority = Authority::new();
    let house = house(&authority, patient()).await;

    for (offered, agreed) in [
        (&["h2", "http/1.1"][..], Some("h2")),
        (&["http/1.1"], Some("http/1.1")),
        (&[], None),
    ] {
        let stream = connect(&house, client(&authority, None, offered))
            .await
            .unwrap();
        let spoken = stream.get_ref().1.alpn_protocol();
        assert_eq!(spoken, agreed.map(str::as_bytes));
    }
    let strange = connect(&house, client(&authority, None, &["spdy/3"])).await;
    assert!(strange.is_err());
    let ca = authority.file();
    let url = format!("https://localhost:{}/hello", house.address.port());
    for (version, flag) in [("2", "--http2"), ("1.1", "--http1.1")] {
        let words = [
            "-sS",
            flag,
            "--cacert",
            text(&ca),
            "-w",
            " %{http_version}",
            &url,
        ];
        let curl = run("curl", &words).await;
        let printed = String::from_utf8(curl.stdout).unwrap();
        assert_eq!(printed, format!("hello {version}"));
    }
}

/// H-24
#[tokio::test]
async fn a_handshake_that_does_not_come_or_end_is_not_waited_for() {
    let authority = Authority::new();
    let limits = Limits {
        first_byte_timeout: milliseconds(300),
        handshake_timeout: milliseconds(600),
        ..patient()
    };
    let house = house(&authority, limits).await;

    assert_took(house.connect().await.ended().await, 250, 2000);
    let mut dribble = house.connect().await;
    dribble.send(b"\x16\x03\x01").await;
    assert_took(dribble.ended().await, 500, 2500);
    // And who shakes hands but then says nothing.
    let stream = connect(&house, client(&authority, None, &["http/1.1"]))
        .await
        .unwrap();
    assert_took(Wire::new(stream).ended().await, 250, 2000);
}

/// H-24
#[tokio::test]
async fn a_handshake_takes_the_place_of_a_connection() {
    let authority = Authority::new();
    let limits = Limits {
        max_connections_per_address: 2,
        ..patient()
    };
    let house = house(&authority, limits).await;

    let mut one = house.connect().await;
    one.send(b"\x16\x03\x01").await;
    let mut two = house.connect().await;
    two.send(b"\x16\x03\x01").await;
    house.connect().await.ended().await;

    drop((one, two));
    tokio::time::sleep(milliseconds(100)).await;
    let stream = connect(&house, client(&authority, None, &[]))
        .await
        .unwrap();
    Wire::new(stream).get("/hello").await.assert_ok("hello");
}

/// TLS-01
#[tokio::test]
async fn plain_http_is_not_answered_where_tls_is_spoken() {
    let authority = Authority::new();
    let house = house(&authority, patient()).await;

    let mut wire = house.connect().await;
    wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").await;

    assert!(wire.try_reply().await.is_none());
}

/// TLS-05, CM-10
#[tokio::test]
async fn a_certificate_is_asked_for_and_taken_from_whoever_has_its_key() {
    let authority = Authority::new();
    let house = house(&authority, patient()).await;
    let pair = authority.self_signed(Wanted::client("svc"));
    let other = authority.self_signed(Wanted::client("other"));
    let ask = async |shows: Option<&Pair>| {
        let stream = connect(&house, client(&authority, shows, &[]))
            .await
            .unwrap();
        Wire::new(stream).get("/certificate").await.body
    };

    assert_eq!(ask(None).await, "none");
    assert_eq!(
        ask(Some(&pair)).await,
        "CN=svc,O=Example\\, Inc.,C=DE alone"
    );
    // With a key of somebody else's, the handshake fails.
    let address = house.address.to_string();
    let words = [
        "s_client",
        "-connect",
        &address,
        "-cert",
        text(&pair.certificate),
        "-key",
        text(&other.key),
    ];
    let stolen = run("openssl", &words).await;
    assert!(!stolen.status.success());
}

/// CM-05
#[tokio::test]
async fn a_resumed_session_still_knows_the_certificate() {
    let authority = Authority::new();
    let house = house(&authority, patient()).await;
    let pair = authority.self_signed(Wanted::client("svc"));
    let config = client(&authority, Some(&pair), &[]);

    for _ in 0..2 {
        let mut stream = connect(&house, config.clone()).await.unwrap();
        let body = Wire::new(&mut stream).get("/certificate").await.body;
        assert_eq!(body, "CN=svc,O=Example\\, Inc.,C=DE alone");
    }
}

#[tokio::test]
async fn requests_within_tls_are_finished_before_the_end() {
    let authority = Authority::new();
    let house = house(&authority, patient()).await;
    let stream = connect(&house, client(&authority, None, &[]))
        .await
        .unwrap();
    let mut wire = Wire::new(stream);
    wire.send("GET /wait?ms=300 HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    tokio::time::sleep(milliseconds(100)).await;

    house.begin_stop();

    let reply = wire.reply().await;
    reply.assert_ok("waited");
    assert!(reply.closes());
    assert_eq!(house.stop().await.cut, 0);
}

#[tokio::test]
async fn who_does_not_begin_a_handshake_or_does_not_end_it_gives_way() {
    for beginning in ["", "\x16\x03\x01\x02\x00\x01"] {
        let authority = Authority::new();
        let limits = Limits {
            max_connections: 1,
            handshake_timeout: milliseconds(20_000),
            ..patient()
        };
        let house = house(&authority, limits).await;
        let mut slow = house.connect().await;
        slow.send(beginning).await;

        let since = std::time::Instant::now();
        let stream = connect(&house, client(&authority, None, &[])).await;
        let reply = Wire::new(stream.unwrap()).get("/hello").await;

        reply.assert_ok("hello");
        assert_took(since.elapsed(), 0, 5000);
    }
}
