//! The yardstick: hyper, a Basic header and a form read without care, one HMAC, one ES256 signature, and the headers
//! that Jeton's answers have.
//!
//! It has one client, one API, one key, no limits, no log, no counts, and checks nothing it need not.

use std::convert::Infallible;
use std::env;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, PRAGMA};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::TcpListener;

use crate::headers;

/// The argument that makes this program the reference server of the token endpoint.
pub(crate) const ROLE: &str = "serve-the-reference";

/// All it knows.
struct Known {
    client: String,
    issuer: String,
    pepper: hmac::Key,
    secret: hmac::Tag,
    signer: EcdsaKeyPair,
    header: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    client_id: &'a str,
    scope: &'a str,
    iat: u64,
    exp: u64,
    jti: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: &'a str,
}

/// Serves until it is killed.
pub(crate) fn serve() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime
        .unwrap()
        .block_on(accept(Arc::new(Known::from_arguments())));
}

#[expect(clippy::disallowed_methods, reason = "its tasks end with the process")]
async fn accept(known: Arc<Known>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let known = Arc::clone(&known);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&known)));
            // A connection that breaks off is the other side's business.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    known: Arc<Known>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let basic = request.headers().get(AUTHORIZATION).cloned();
    let form = request.into_body().collect().await.unwrap().to_bytes();
    let token = basic.and_then(|basic| known.token(basic.to_str().ok()?, &form));
    let mut response = Response::new(Full::new(Bytes::new()));
    let Some(token) = token else {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        return Ok(response);
    };
    *response.body_mut() = Full::new(Bytes::from(token));
    let headers = response.headers_mut();
    headers::write(headers);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(response)
}

impl Known {
    fn from_arguments() -> Self {
        let [client, secret, issuer] = env::args()
            .skip_while(|argument| argument != ROLE)
            .skip(1)
            .take(3)
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        let pepper = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        Self {
            client,
            issuer,
            secret: hmac::sign(&pepper, secret.as_bytes()),
            pepper,
            signer: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            header: URL_SAFE_NO_PAD.encode(format!(
                r#"{{"alg":"ES256","typ":"at+jwt","kid":"{}"}}"#,
                "k".repeat(43)
            )),
        }
    }

    fn token(&self, basic: &str, form: &[u8]) -> Option<Vec<u8>> {
        let login = STANDARD.decode(basic.strip_prefix("Basic ")?).ok()?;
        let (client, secret) = std::str::from_utf8(&login).ok()?.split_once(':')?;
        let presented = hmac::verify(&self.pepper, secret.as_bytes(), self.secret.as_ref());
        if client != self.client || presented.is_err() {
            return None;
        }
        let form = std::str::from_utf8(form).ok()?;
        let field = |name: &str| {
            form.split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.replace("%3A", ":"))
        };
        if field("grant_type")? != "client_credentials" {
            return None;
        }
        let scope = field("scope")?;
        let answer = Answer {
            access_token: self.signed(&scope)?,
            token_type: "Bearer",
            expires_in: 3600,
            scope: &scope,
        };
        serde_json::to_vec(&answer).ok()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "there is no clock to be handed in"
    )]
    fn signed(&self, scope: &str) -> Option<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
        let mut jti = [0; 16];
        aws_lc_rs::rand::fill(&mut jti).ok()?;
        let claims = Claims {
            iss: &self.issuer,
            sub: &self.client,
            aud: super::API,
            client_id: &self.client,
            scope,
            iat: now,
            exp: now + 3600,
            jti: URL_SAFE_NO_PAD.encode(jti),
        };
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).ok()?);
        let mut token = format!("{}.{claims}", self.header);
        let signature = self
            .signer
            .sign(&SystemRandom::new(), token.as_bytes())
            .ok()?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Some(token)
    }
}
