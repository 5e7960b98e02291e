//! Keys that clients and other issuers publish: fetched, refreshed, and fetched from nowhere else.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use jeton::{
    admin::credentials::{NewCredential, RotateToCredential},
    crypto::{
        random::Entropy,
        signer::{Algorithm, Signer, Typ},
    },
    domain::{
        credential::{Federation, FederationKeys},
        rotation::Overlap,
        secret::{IfUsed, Proof},
        time::Span,
    },
    oauth::{assertion::KeySource, reason::ErrorCode},
    web::outbound::Outbound,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::harness::{
    assertion::form,
    caller::{Request, encode},
    certificates::{Authority, Wanted},
    platform::Platform,
    reply::Reply,
    server::{ISSUER, TestServer},
};

const SHOP: &str = "urn:shop";

/// A web server that answers whatever it is asked for, over TLS, and counts.
struct Elsewhere {
    authority: Authority,
    port: u16,
    asked: Arc<AtomicUsize>,
    answer: Arc<Mutex<String>>,
}

impl Elsewhere {
    async fn start() -> Self {
        jeton::crypto::install_provider();
        let authority = Authority::new();
        let pair = authority.issue(Wanted::server("elsewhere"));
        let certificates = CertificateDer::pem_file_iter(&pair.certificate).unwrap();
        let config = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(
                certificates.map(Result::unwrap).collect(),
                PrivateKeyDer::from_pem_file(&pair.key).unwrap(),
            )
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let it = Self {
            authority,
            port: listener.local_addr().unwrap().port(),
            asked: Arc::default(),
            answer: Arc::default(),
        };
        let (asked, answer) = (Arc::clone(&it.asked), Arc::clone(&it.answer));
        #[expect(clippy::disallowed_methods, reason = "this is no part of the server")]
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    continue;
                };
                asked.fetch_add(1, Ordering::SeqCst);
                let mut request = [0; 4096];
                let read = stream.read(&mut request).await.unwrap_or(0);
                let path = String::from_utf8_lossy(&request[..read]).into_owned();
                let answer = answer.lock().unwrap().clone();
                let mut parts = answer.split("\n---\n");
                let answer = if path.contains("openid-configuration") {
                    parts.last()
                } else {
                    parts.next()
                };
                let answer = answer.unwrap_or_default().to_owned();
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        it
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    fn says(&self, answer: &str) {
        answer.clone_into(&mut self.answer.lock().unwrap());
    }

    /// Publishes these keys.
    fn publishes(&self, signers: &[&Signer]) {
        let keys: Vec<_> = signers.iter().filter_map(|it| it.public_jwk()).collect();
        let found = json!({ "issuer": self.url(""), "jwks_uri": self.url("/jwks") });
        self.says(&format!(
            "{}\n---\n{}",
            ok(&json!({ "keys": keys })),
            ok(&found)
        ));
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// A server that may fetch from here, with a client that proves itself by `proof`.
    async fn server(&self, proof: Proof) -> TestServer {
        let outbound = Outbound {
            allow: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
            ca: Some(self.authority.file()),
        };
        with_client(outbound, proof).await
    }
}

fn ok(body: &Value) -> String {
    let body = body.to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/jwk-set+json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

async fn with_client(outbound: Outbound, proof: Proof) -> TestServer {
    let server = TestServer::with_outbound(outbound).await;
    server.api(SHOP, "read").await;
    let client = server.client("svc").await.granted(SHOP, "read").await;
    let rotate = RotateToCredential {
        client: client.client_id(),
        credential: NewCredential {
            proof,
            expires_in: None,
            note: "".parse().unwrap(),
        },
        overlap: Overlap::None,
        if_used: IfUsed::Hold,
    };
    server.run(rotate).await;
    server
}

fn signer(seed: u64) -> Signer {
    Signer::generate(Algorithm::Es256, &Entropy::seeded(seed)).0
}

async fn present(server: &TestServer, signer: &Signer, issuer: &str, id: &str) -> Reply {
    let now = server.app.now().seconds();
    let claims = json!({
        "iss": issuer, "sub": "svc", "aud": ISSUER, "jti": id, "iat": now, "exp": now + 60,
    });
    let text = claims.to_string();
    let assertion = signer
        .sign(Typ::ClientAuthentication, text.as_bytes())
        .unwrap();
    let kind = encode("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let form = format!(
        "grant_type=client_credentials&client_assertion_type={kind}&client_assertion={assertion}"
    );
    Request::new(server, "POST", "/oauth2/token")
        .form(&form)
        .send()
        .await
}

/// CJ-15
#[tokio::test]
async fn a_client_that_publishes_its_keys_changes_them_by_itself() {
    let elsewhere = Elsewhere::start().await;
    let (old, new) = (signer(1), signer(2));
    elsewhere.publishes(&[&old]);
    let server = elsewhere
        .server(Proof::KeySet(elsewhere.url("/jwks")))
        .await;

    present(&server, &old, "svc", "1").await.assert_issued();
    present(&server, &old, "svc", "2").await.assert_issued();
    assert_eq!(elsewhere.asked(), 1, "what was fetched is kept");

    elsewhere.publishes(&[&new]);
    present(&server, &new, "svc", "3")
        .await
        .assert_refused(ErrorCode::InvalidClient);
    assert_eq!(
        elsewhere.asked(),
        1,
        "within a minute nobody is asked again"
    );
    server.advance(Span(60)).await;
    present(&server, &new, "svc", "4").await.assert_issued();
    assert_eq!(elsewhere.asked(), 2);
    present(&server, &old, "svc", "5")
        .await
        .assert_refused(ErrorCode::InvalidClient);
    assert_eq!(
        elsewhere.asked(),
        2,
        "a key that is not there is no reason to ask and ask"
    );
}

/// CJ-15
#[tokio::test]
async fn a_place_that_fails_is_forgiven_for_a_day() {
    let elsewhere = Elsewhere::start().await;
    let key = signer(1);
    elsewhere.publishes(&[&key]);
    let server = elsewhere
        .server(Proof::KeySet(elsewhere.url("/jwks")))
        .await;
    let source = KeySource::Set(elsewhere.url("/jwks"));
    present(&server, &key, "svc", "1").await.assert_issued();

    elsewhere.says("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n");
    server.advance(Span::hours(23)).await;
    server.app.fetch_keys(&source).await;
    present(&server, &key, "svc", "2").await.assert_issued();
    let known = server.app.fetched_keys(&source).unwrap();
    assert!(
        known.problem.as_deref().unwrap().contains("500"),
        "{known:?}"
    );

    server.advance(Span::hours(2)).await;
    server.app.fetch_keys(&source).await;
    present(&server, &key, "svc", "3")
        .await
        .assert_refused(ErrorCode::InvalidClient);
}

/// CF-05
#[tokio::test]
async fn an_issuers_keys_are_found_by_its_discovery_document() {
    let elsewhere = Elsewhere::start().await;
    let platform = signer(1);
    elsewhere.publishes(&[&platform]);
    let issuer = elsewhere.url("");
    let trust = Federation {
        issuer: issuer.clone(),
        subject: "svc".to_owned(),
        audience: ISSUER.to_owned(),
        claims: BTreeMap::new(),
        max_age: Span::hours(1),
        algorithms: BTreeSet::new(),
        keys: FederationKeys::Discovered,
    };
    let server = elsewhere.server(Proof::Federated(trust.into())).await;
    present(&server, &platform, &issuer, "1")
        .await
        .assert_issued();
    present(&server, &platform, &issuer, "1")
        .await
        .assert_issued();
    assert_eq!(elsewhere.asked(), 2, "the document, and the keys");
    // An issuer that nobody trusts is not asked for anything.
    let other = format!("{issuer}/other");
    present(&server, &platform, &other, "1")
        .await
        .assert_refused(ErrorCode::InvalidClient);
    assert_eq!(elsewhere.asked(), 2);
}

/// CP-05, CF-05: the bundle of a trust domain, with what is of no use here.
#[tokio::test]
async fn the_bundle_of_a_trust_domain_is_fetched_from_where_an_operator_said() {
    let elsewhere = Elsewhere::start().await;
    let spire = Platform::with_ec("svid-1");
    elsewhere.says(&ok(&json!({
        "keys": [
            { "kty": "EC", "crv": "secp256k1", "use": "jwt-svid", "kid": "odd", "x": "AA", "y": "AA" },
            Platform::with_ec("ca").jwk(&json!({ "use": "x509-svid", "x5c": ["AAAA"] })),
            spire.jwk(&json!({ "use": "jwt-svid" })),
        ],
        "spiffe_sequence": 1, "spiffe_refresh_hint": 60,
    })));
    let subject = "spiffe://acme.example/deploy";
    let trust = Federation {
        issuer: "spiffe://acme.example".to_owned(),
        subject: subject.to_owned(),
        audience: ISSUER.to_owned(),
        claims: BTreeMap::new(),
        max_age: Span::hours(1),
        algorithms: BTreeSet::new(),
        keys: FederationKeys::At(elsewhere.url("/bundle")),
    };
    let server = elsewhere.server(Proof::Federated(trust.into())).await;
    let now = server.app.now().seconds();
    let claims = json!({
        "sub": subject, "aud": [ISSUER], "exp": now + 300, "iat": now,
        "spiffe_bundle_endpoint": elsewhere.url("/evil"),
    });
    let ask = async |assertion: &str| {
        let request = Request::new(&server, "POST", "/oauth2/token");
        request.form(&form(assertion, "")).send().await
    };

    let token = spire.token(&json!({ "alg": "ES256" }), &claims);
    ask(&token).await.assert_issued();
    ask(&token).await.assert_issued();
    let forged = Platform::with_ec("svid-1").token(&json!({ "alg": "ES256" }), &claims);
    ask(&forged).await.assert_refused(ErrorCode::InvalidClient);
    assert_eq!(elsewhere.asked(), 1);
}

/// CF-05
#[tokio::test]
async fn a_discovery_document_of_another_issuer_is_not_believed() {
    let elsewhere = Elsewhere::start().await;
    let document =
        ok(&json!({ "issuer": "https://other.test", "jwks_uri": elsewhere.url("/jwks") }));
    elsewhere.says(&document);
    let source = KeySource::Issuer(elsewhere.url(""));
    let server = elsewhere
        .server(Proof::KeySet(elsewhere.url("/jwks")))
        .await;
    server.app.fetch_keys(&source).await;
    let known = server.app.fetched_keys(&source).unwrap();
    assert!(known.problem.as_deref().unwrap().contains("another issuer"));
    assert_eq!(elsewhere.asked(), 1);
}

/// AD-10, CJ-15
#[tokio::test]
async fn no_trick_leads_a_fetch_to_where_nobody_allowed_it() {
    let elsewhere = Elsewhere::start().await;
    elsewhere.publishes(&[&signer(1)]);
    let strict = Outbound {
        allow: Vec::new(),
        ca: Some(elsewhere.authority.file()),
    };
    let server = with_client(strict, Proof::KeySet(elsewhere.url("/jwks"))).await;
    let port = elsewhere.port;
    for url in [
        elsewhere.url("/jwks"),
        format!("https://127.0.0.1:{port}/jwks"),
        format!("https://[::1]:{port}/jwks"),
        format!("https://[::ffff:127.0.0.1]:{port}/jwks"),
        format!("https://0.0.0.0:{port}/jwks"),
        format!("https://2130706433:{port}/jwks"),
        format!("https://127.1:{port}/jwks"),
        format!("https://user@localhost:{port}/jwks"),
        format!("http://localhost:{port}/jwks"),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "https://[fd00:ec2::254]/".to_owned(),
        "https://10.0.0.1/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "https:///".to_owned(),
        "https://8.8.8.8:8443/".to_owned(),
    ] {
        let source = KeySource::Set(url.clone());
        server.app.fetch_keys(&source).await;
        let known = server.app.fetched_keys(&source).unwrap();
        assert!(known.problem.is_some() && known.keys.is_empty(), "{url}");
    }
    assert_eq!(elsewhere.asked(), 0);
}

/// CJ-15
#[tokio::test]
async fn no_redirect_is_followed_and_no_endless_answer_read() {
    let elsewhere = Elsewhere::start().await;
    let server = elsewhere
        .server(Proof::KeySet(elsewhere.url("/jwks")))
        .await;
    let to = elsewhere.url("/other");
    let large = "x".repeat(600 * 1024);
    for (n, answer) in [
        format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\n\r\n{large}"),
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]".to_owned(),
        "SSH-2.0-OpenSSH\r\n".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        elsewhere.says(&answer);
        let source = KeySource::Set(elsewhere.url(&format!("/{n}")));
        server.app.fetch_keys(&source).await;
        let known = server.app.fetched_keys(&source).unwrap();
        assert!(known.problem.is_some(), "{answer:.60}");
        assert_eq!(elsewhere.asked(), n + 1);
    }
}

/// CJ-15
#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_not_believed() {
    let elsewhere = Elsewhere::start().await;
    elsewhere.publishes(&[&signer(1)]);
    let outbound = Outbound {
        allow: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
        ca: None,
    };
    let server = with_client(outbound, Proof::KeySet(elsewhere.url("/jwks"))).await;
    let source = KeySource::Set(elsewhere.url("/jwks"));
    server.app.fetch_keys(&source).await;
    let known = server.app.fetched_keys(&source).unwrap();
    assert!(
        known.problem.as_deref().unwrap().contains("TLS"),
        "{known:?}"
    );
}
