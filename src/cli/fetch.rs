//! What a service would do to reach an authorization server: HTTP or HTTPS, nothing more.
//!
//! No proxy, no redirects: an authorization server that moves is a mistake, or an attack.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, Uri, header};
use http_body_util::Full;
use rustls::{ClientConfig, pki_types::ServerName};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::failure::Failure;
use crate::domain::issuer::Issuer;
use crate::web::exchange::{Bounds, exchange, trust};

/// How long reaching a server, and its answer, may take.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How much of an answer is read.
const BOUNDS: Bounds = Bounds {
    bytes: 64 * 1024 * 1024,
    wait: LONGEST_WAIT,
};

/// What is sent.
pub(crate) struct Post {
    /// The form, urlencoded.
    pub(crate) form: String,
    /// The `Authorization` header, if the client proves itself with it.
    pub(crate) authorization: Option<String>,
    /// The `DPoP` header, if it proves that it has a key.
    pub(crate) proof: Option<String>,
    /// How TLS is spoken, if the client shows a certificate.
    pub(crate) tls: Option<Arc<ClientConfig>>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) json: Value,
    /// What the next proof is to say (RFC 9449 §8).
    pub(crate) nonce: Option<String>,
}

/// Gets JSON from `url`.
pub(crate) async fn get(url: &str) -> Result<Value, Failure> {
    let response = send(Method::GET, url, None).await?;
    let status = response.status().as_u16();
    if status != 200 {
        return Err(Failure::refused(
            "unexpected-answer",
            format!("{url} answered with status {status}"),
        ));
    }
    json(url, response.body())
}

/// Posts a form to `url`.
pub(crate) async fn post(url: &str, post: Post) -> Result<Answer, Failure> {
    let response = send(Method::POST, url, Some(post)).await?;
    let nonce = response.headers().get("dpop-nonce");
    let nonce = nonce.and_then(|nonce| nonce.to_str().ok());
    Ok(Answer {
        status: response.status().as_u16(),
        json: json(url, response.body())?,
        nonce: nonce.map(str::to_owned),
    })
}

/// What `issuer` says of itself (RFC 8414 §3).
pub(crate) async fn metadata(issuer: &Issuer) -> Result<Value, Failure> {
    let url = format!(
        "{}/.well-known/oauth-authorization-server{}",
        issuer.origin(),
        issuer.path()
    );
    let metadata = get(&url).await?;
    let named = metadata["issuer"].as_str().unwrap_or_default();
    if named != issuer.as_str() {
        return Err(Failure::refused(
            "wrong-issuer",
            format!(
                "{url} is the metadata of {named:?}, not of {issuer:?}: give --issuer as it says",
                issuer = issuer.as_str()
            ),
        ));
    }
    Ok(metadata)
}

fn json(url: &str, body: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(body).map_err(|_| {
        Failure::refused(
            "unexpected-answer",
            format!("{url} answered with what is no JSON"),
        )
    })
}

async fn send(method: Method, url: &str, form: Option<Post>) -> Result<Response<Bytes>, Failure> {
    tokio::time::timeout(LONGEST_WAIT, converse(method, url, form))
        .await
        .map_err(|_| format!("no answer within {} seconds", LONGEST_WAIT.as_secs()))
        .and_then(|answer| answer)
        .map_err(|error| Failure::unavailable(format!("cannot reach {url}: {error}")))
}

async fn converse(
    method: Method,
    url: &str,
    form: Option<Post>,
) -> Result<Response<Bytes>, String> {
    let uri: Uri = url
        .parse()
        .map_err(|_| "this is not a web address".to_owned())?;
    let host = uri.host().ok_or("this names no host")?;
    let is_https = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
    let tls = form.as_ref().and_then(|post| post.tls.clone());
    let request = request(method, &uri, form);
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((bare, port))
        .await
        .map_err(|error| error.to_string())?;
    if !is_https {
        return exchange(stream, request, BOUNDS).await;
    }
    let name = ServerName::try_from(bare.to_owned()).map_err(|error| error.to_string())?;
    let tls = match tls {
        Some(tls) => tls,
        None => Arc::new(trust(None)?),
    };
    let connector = TlsConnector::from(tls);
    let stream = connector
        .connect(name, stream)
        .await
        .map_err(|error| error.to_string())?;
    exchange(stream, request, BOUNDS).await
}

fn request(method: Method, uri: &Uri, form: Option<Post>) -> Request<Full<Bytes>> {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, authority)
        .header(header::ACCEPT, "application/json")
        .header(
            header::USER_AGENT,
            concat!("jeton/", env!("CARGO_PKG_VERSION")),
        );
    let mut body = Bytes::new();
    if let Some(post) = form {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(authorization) = post.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if let Some(proof) = post.proof {
            request = request.header("dpop", proof);
        }
        body = post.form.into();
    }
    request
        .body(Full::new(body))
        .expect("a web address makes a request")
}
