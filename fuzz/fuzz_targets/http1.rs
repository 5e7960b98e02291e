//! F13: whole requests of HTTP/1, over the server's own connection. Whatever reaches a route is what `httparse` and
//! a slow reader of bodies find in the same bytes: method, target, number of headers, body. What could be read in
//! two ways reaches none, and every answer is the server's own.

#![no_main]

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use axum::{
    body::Body,
    http::{Request, Response, Uri},
};
use http_body_util::BodyExt;
use jeton::web::{
    layers::{Edge, EdgeSettings, RequestIds, Transport},
    server::{Limits, Peer, fuzzing::speak},
};
use jeton_fuzz::{bytes::Bytes, server::runtime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::Service;

/// A request as somebody understood it.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Understood {
    method: String,
    target: String,
    headers: usize,
    body: Vec<u8>,
}

jeton_fuzz::target!(|data| {
    let mut bytes = Bytes::new(data);
    let cut = usize::from(bytes.byte());
    let sent = bytes.rest();
    let (understood, answers) = spoken(sent, cut);
    let mut all = slow(sent).into_iter();
    for request in &understood {
        assert!(
            all.any(|it| it == *request),
            "{request:?} of {}",
            sent.escape_ascii()
        );
    }
    check_answers(&answers, understood.len());
});

/// What the routes see of these bytes, which arrive in two pieces, and what is answered.
fn spoken(sent: &[u8], cut: usize) -> (Vec<Understood>, Vec<u8>) {
    let seen = Seen::default();
    let settings = EdgeSettings::new(Transport::Http, RequestIds::seeded([7; 10]));
    let edge = Edge::new(seen.clone(), settings);
    let peer = Peer::Tcp(([192, 0, 2, 1], 4711).into());
    let answers = runtime().block_on(async {
        let (mut near, far) = tokio::io::duplex(1 << 20);
        let limits = Limits::default();
        let asking = async {
            let (first, second) = sent.split_at(cut.min(sent.len()));
            near.write_all(first).await.ok();
            tokio::task::yield_now().await;
            near.write_all(second).await.ok();
            near.shutdown().await.ok();
            let mut answers = Vec::new();
            near.read_to_end(&mut answers).await.ok();
            answers
        };
        tokio::join!(speak(far, peer, edge, limits), asking).1
    });
    let understood = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
    (understood.clone(), answers)
}

/// Routes that remember what they were asked, once they have all of it.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Understood>>>);

impl Service<Request<Body>> for Seen {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future =
        std::pin::Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let seen = Arc::clone(&self.0);
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            if let Ok(body) = body.collect().await {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.push(Understood {
                    method: parts.method.to_string(),
                    target: parts.uri.to_string(),
                    headers: parts.headers.len(),
                    body: body.to_bytes().to_vec(),
                });
            }
            Ok(Response::new(Body::from("seen")))
        })
    }
}

/// The requests in these bytes, up to the first that is not clear.
fn slow(mut bytes: &[u8]) -> Vec<Understood> {
    let mut all = Vec::new();
    while let Some((request, rest)) = first(bytes) {
        all.push(request);
        bytes = rest;
    }
    all
}

fn first(mut bytes: &[u8]) -> Option<(Understood, &[u8])> {
    while let Some(rest) = bytes.strip_prefix(b"\r\n") {
        bytes = rest;
    }
    let mut headers = [httparse::EMPTY_HEADER; 200];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(bytes).ok()? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial => return None,
    };
    let (head, rest) = bytes.split_at(length);
    is_clear(head).then_some(())?;
    let values = |name: &str| {
        let named = request
            .headers
            .iter()
            .filter(|it| it.name.eq_ignore_ascii_case(name));
        named.map(|it| it.value).collect::<Vec<_>>()
    };
    let (body, rest) = match (
        values("content-length").as_slice(),
        values("transfer-encoding").as_slice(),
    ) {
        ([], []) => (Vec::new(), rest),
        ([length], []) if length.iter().all(u8::is_ascii_digit) => {
            let length = std::str::from_utf8(length).ok()?.parse().ok()?;
            let (body, rest) = rest.split_at_checked(length)?;
            (body.to_owned(), rest)
        }
        ([], [coding]) if coding.eq_ignore_ascii_case(b"chunked") && request.version == Some(1) => {
            unchunked(rest)?
        }
        _ => return None,
    };
    let understood = Understood {
        method: request.method?.to_owned(),
        target: target(request.path?)?,
        headers: request
            .headers
            .iter()
            .filter(|it| !is_hearsay(it.name))
            .count(),
        body,
    };
    Some((understood, rest))
}

/// A target as it is shown: a path is what it is, a whole address has one spelling.
fn target(path: &str) -> Option<String> {
    if path.starts_with('/') || path == "*" {
        return Some(path.to_owned());
    }
    Some(path.parse::<Uri>().ok()?.to_string())
}

/// Whether every line of a head ends as it must, none goes on in the next, and all words are apart by one space.
fn is_clear(head: &[u8]) -> bool {
    let ends = head.iter().enumerate().all(|(at, byte)| match byte {
        b'\n' => at > 0 && head[at - 1] == b'\r',
        b'\r' => head.get(at + 1) == Some(&b'\n'),
        _ => true,
    });
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let words = first.split(|byte| *byte == b' ');
    let is_folded = |line: &[u8]| line.starts_with(b" ") || line.starts_with(b"\t");
    ends && words.filter(|word| !word.is_empty()).count() == 3
        && first.iter().filter(|byte| **byte == b' ').count() == 2
        && !lines.any(is_folded)
}

/// The body that comes in chunks, and what follows it (RFC 9112 §7.1).
fn unchunked(mut bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut body = Vec::new();
    loop {
        let (line, rest) = line(bytes)?;
        let size = line.split(|byte| *byte == b';').next()?;
        let is_size = (1..=15).contains(&size.len()) && size.iter().all(u8::is_ascii_hexdigit);
        is_size.then_some(())?;
        let size = usize::from_str_radix(std::str::from_utf8(size).ok()?, 16).ok()?;
        if size == 0 {
            bytes = rest;
            break;
        }
        let (content, rest) = rest.split_at_checked(size)?;
        body.extend_from_slice(content);
        bytes = rest.strip_prefix(b"\r\n")?;
    }
    loop {
        let (trailer, rest) = line(bytes)?;
        bytes = rest;
        if trailer.is_empty() {
            return Some((body, bytes));
        }
    }
}

/// A line that ends as it must, and what follows it.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = bytes[..end].strip_suffix(b"\r")?;
    (!line.contains(&b'\r')).then_some((line, &bytes[end + 1..]))
}

/// What only a proxy may say: the server forgets it.
fn is_hearsay(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let names = [
        "forwarded",
        "x-real-ip",
        "x-request-id",
        "client-cert",
        "client-cert-chain",
        "x-client-cert",
        "x-ssl-client-cert",
    ];
    name.starts_with("x-forwarded-")
        || name.starts_with("x-original-")
        || names.contains(&name.as_str())
}

/// That every answer is one of this server: each has a request's name, and none says that something broke.
fn check_answers(answers: &[u8], understood: usize) {
    let text = String::from_utf8_lossy(answers);
    // Who asks to be told so is told to go on, between the answers.
    let heads = text.matches("HTTP/1.").count() - text.matches("HTTP/1.1 100 ").count();
    assert!(
        answers.is_empty() || answers.starts_with(b"HTTP/1."),
        "{text}"
    );
    assert!(heads >= understood, "{understood} requests, and {text}");
    assert_eq!(text.matches("\r\nx-request-id: ").count(), heads, "{text}");
    assert!(!text.contains("HTTP/1.1 500"), "{text}");
}
