//! The yardstick of `/forward-auth` and introspection: hyper, and one ES256 signature that is verified.
//!
//! It has one key, believes every claim, knows no revocation and no scope, and says nothing but 200, with the headers that
//! all of Jeton's answers have.

use std::convert::Infallible;
use std::env;
use std::sync::Arc;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::AUTHORIZATION;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::headers;

/// The argument that makes this program the reference server of what verifies tokens.
pub(crate) const ROLE: &str = "serve-the-verifier";

/// Serves until it is killed.
pub(crate) fn serve() {
    let mut arguments = env::args().skip_while(|argument| argument != ROLE).skip(1);
    let mut coordinate = || {
        let text = arguments.next().unwrap();
        URL_SAFE_NO_PAD.decode(text).unwrap()
    };
    let point = [vec![4], coordinate(), coordinate()].concat();
    let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(accept(Arc::new(key)));
}

#[expect(clippy::disallowed_methods, reason = "its tasks end with the process")]
async fn accept(key: Arc<ParsedPublicKey>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let key = Arc::clone(&key);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&key)));
            // A connection that breaks off is the other side's business.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// The token stands in the header, or in the form.
async fn answer(
    request: Request<Incoming>,
    key: Arc<ParsedPublicKey>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let header = request.headers().get(AUTHORIZATION).cloned();
    let form = request.into_body().collect().await.unwrap().to_bytes();
    let header = header.as_ref().and_then(|header| header.to_str().ok());
    let bearer = header.and_then(|header| header.strip_prefix("Bearer "));
    let form = std::str::from_utf8(&form).unwrap();
    let token = bearer.or_else(|| form.strip_prefix("token="));
    let mut response = Response::new(Full::new(Bytes::new()));
    if token.is_none_or(|token| !is_signed(&key, token)) {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
    }
    headers::write(response.headers_mut());
    Ok(response)
}

fn is_signed(key: &ParsedPublicKey, token: &str) -> bool {
    let Some((signed, signature)) = token.rsplit_once('.') else {
        return false;
    };
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    key.verify_sig(signed.as_bytes(), &signature).is_ok()
}
