//! Reading a document that somebody else publishes, without being led anywhere by it.
//!
//! Only https. The name is looked up once; if any address it has is not the public internet's, and no
//! operator allowed it, nothing is connected to; and what is connected to is the very address that was
//! looked at. No redirect is followed, no proxy asked, and an answer is short and comes soon.

mod places;

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri, header};
use http_body_util::Full;
use ipnet::IpNet;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::net::{TcpStream, ToSocketAddrs};
use tokio_rustls::{TlsConnector, client::TlsStream};

pub use self::places::is_public;
use crate::{
    app::remote_keys::FetchKeys,
    oauth::assertion::KeySource,
    web::exchange::{Bounds, exchange, trust},
};

/// How long all of it may take.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How long connecting may take.
const LONGEST_CONNECT: Duration = Duration::from_secs(2);

/// How much of an answer is read.
const BOUNDS: Bounds = Bounds {
    bytes: 512 * 1024,
    wait: LONGEST_WAIT,
};

/// Where this server may fetch documents from besides the public internet, and whom it believes.
#[derive(Clone, Debug, Default)]
pub struct Outbound {
    /// Networks of one's own, on whatever port.
    pub allow: Vec<IpNet>,
    /// A file of certificates, in PEM, that are trusted besides those of the system.
    pub ca: Option<PathBuf>,
}

/// Fetches documents.
#[derive(Debug)]
pub struct Fetcher {
    outbound: Outbound,
}

#[async_trait]
impl FetchKeys for Fetcher {
    async fn keys(&self, source: &KeySource) -> Result<Value, String> {
        let work = async {
            match source {
                KeySource::Set(uri) => self.json(uri).await,
                KeySource::Issuer(issuer) => self.json(&self.discover(issuer).await?).await,
            }
        };
        let set = tokio::time::timeout(LONGEST_WAIT, work)
            .await
            .map_err(|_| format!("no answer within {} seconds", LONGEST_WAIT.as_secs()))??;
        if set["keys"].is_array() {
            Ok(set)
        } else {
            Err("the answer is no JWK set".to_owned())
        }
    }
}

impl Fetcher {
    /// With these freedoms.
    pub fn new(outbound: Outbound) -> Self {
        Self { outbound }
    }

    /// Where an issuer says its keys are (OpenID Connect Discovery §4, RFC 8414 §3.3).
    async fn discover(&self, issuer: &str) -> Result<String, String> {
        let base = issuer.strip_suffix('/').unwrap_or(issuer);
        let document = self
            .json(&format!("{base}/.well-known/openid-configuration"))
            .await?;
        if document["issuer"] != *issuer {
            return Err("the discovery document names another issuer".to_owned());
        }
        let keys = document["jwks_uri"].as_str();
        let keys = keys.ok_or("the discovery document names no jwks_uri")?;
        Ok(keys.to_owned())
    }

    async fn json(&self, url: &str) -> Result<Value, String> {
        let body = self.get(url).await?;
        serde_json::from_slice(&body).map_err(|_| "the answer is no JSON".to_owned())
    }

    async fn get(&self, url: &str) -> Result<Bytes, String> {
        let uri: Uri = url.parse().map_err(|_| "this is no web address")?;
        check_form(&uri)?;
        let (host, port) = place(&uri)?;
        let address = self.look_up(host, port).await?;
        let stream = connect((address, port)).await?;
        let stream = secure(stream, host, self.outbound.ca.as_deref()).await?;
        let answer = exchange(stream, request(&uri), BOUNDS).await?;
        match answer.status() {
            StatusCode::OK => Ok(answer.into_body()),
            status if status.is_redirection() => Err(format!(
                "it answers {status}, and redirects are not followed"
            )),
            status => Err(format!("it answers {status}")),
        }
    }

    /// The one address that is connected to, if each that the name has may be.
    async fn look_up(&self, host: &str, port: u16) -> Result<IpAddr, String> {
        let found = tokio::net::lookup_host((host, port)).await;
        let found: Vec<IpAddr> = found
            .map_err(|error| format!("its name cannot be looked up: {error}"))?
            .map(|address| address.ip())
            .collect();
        for address in &found {
            let is_allowed = self
                .outbound
                .allow
                .iter()
                .any(|network| network.contains(address));
            if !is_allowed && !is_public(*address) {
                return Err(
                    "its name leads to an address that is not the public internet's; allow its network \
                     with --fetch-allow"
                        .to_owned(),
                );
            }
            if !is_allowed && port != 443 {
                return Err("on the public internet only port 443 is asked".to_owned());
            }
        }
        found
            .first()
            .copied()
            .ok_or_else(|| "its name has no address".to_owned())
    }
}

/// Whether the certificates of a PEM file can be trusted: all of them are readable, and there is one.
///
/// # Errors
/// What is wrong with it.
pub fn check_trust(ca: &Path) -> Result<(), String> {
    trust(Some(ca)).map(drop)
}

/// The host, without brackets, and the port of an address.
pub(super) fn place(uri: &Uri) -> Result<(&str, u16), String> {
    let host = uri.host().ok_or("this names no host")?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    Ok((bare, uri.port_u16().unwrap_or(443)))
}

/// Connects, in good time.
pub(super) async fn connect(to: impl ToSocketAddrs) -> Result<TcpStream, String> {
    tokio::time::timeout(LONGEST_CONNECT, TcpStream::connect(to))
        .await
        .map_err(|_| "it cannot be connected to in time".to_owned())?
        .map_err(|error| format!("it cannot be connected to: {error}"))
}

/// Begins TLS with `host`, which must prove its name to those who the system and the file `ca` trust.
pub(super) async fn secure(
    stream: TcpStream,
    host: &str,
    ca: Option<&Path>,
) -> Result<TlsStream<TcpStream>, String> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| "this names no host")?;
    TlsConnector::from(Arc::new(trust(ca)?))
        .connect(name, stream)
        .await
        .map_err(|error| format!("TLS failed: {error}"))
}

/// What an address may look like that is fetched from.
pub(super) fn check_form(uri: &Uri) -> Result<(), String> {
    if uri.scheme_str() != Some("https") {
        return Err("only https is fetched".to_owned());
    }
    if uri.authority().is_none_or(|it| it.as_str().contains('@')) {
        return Err("an address with a user in it is not fetched".to_owned());
    }
    Ok(())
}

fn request(uri: &Uri) -> Request<Full<Bytes>> {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Request::builder()
        .method(Method::GET)
        .uri(path)
        .header(header::HOST, authority)
        .header(header::ACCEPT, "application/jwk-set+json, application/json")
        .header(
            header::USER_AGENT,
            concat!("jeton/", env!("CARGO_PKG_VERSION")),
        )
        .body(Full::new(Bytes::new()))
        .expect("a web address makes a request")
}
