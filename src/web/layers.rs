//! What every face does with a request before its routes see it and with an answer before it is sent:
//! who asks, a name for the request, limits of time and size, panics, headers. One step, no nested layers.

mod body;
mod client_address;
mod client_certificate;
mod refusal;
mod request_id;

use std::{
    any::Any,
    convert::Infallible,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::Poll,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri, Version,
        header::{self, Entry},
        request::Parts,
    },
};
use ipnet::IpNet;
use tokio::time::{Instant, sleep_until};
use tower::{Service, ServiceExt as _};
use tracing::{debug, error};

use self::body::{BoxError, RequestBody};
pub use self::{
    body::{BodyTimedOut, BodyTooLarge},
    client_address::{ClientAddress, ForwardedBy},
    client_certificate::{CertificateHeader, ForwardedCertificates},
    refusal::{Refusal, Responder, plain},
    request_id::{RequestId, RequestIds},
};
use crate::{
    crypto::certificate::ClientCertificate,
    web::server::{Limits, Peer},
};

/// What a face decides about its edge.
#[derive(Debug)]
pub struct EdgeSettings {
    /// Peers whose word on the client's address and the request's id is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which they say it. The other one is dropped, since a proxy may pass it on unseen.
    pub forwarded_by: ForwardedBy,
    /// How they say which certificate the client showed to them, if they do.
    pub certificates: Option<ForwardedCertificates>,
    /// Whether browsers are told to come by HTTPS only.
    pub transport: Transport,
    /// Names for requests that bring none.
    pub request_ids: RequestIds,
    /// Which requests are refused when the server falls behind: those that cost something. The others are how
    /// people find out, and what supervisors ask.
    pub may_shed: fn(&Parts) -> bool,
    /// Words for refusals that no route made.
    pub responder: Responder,
}

impl EdgeSettings {
    /// No proxies, plain words.
    pub fn new(transport: Transport, request_ids: RequestIds) -> Self {
        Self {
            trusted_proxies: Vec::new(),
            forwarded_by: ForwardedBy::XForwardedFor,
            certificates: None,
            transport,
            request_ids,
            may_shed: |_| true,
            responder: plain,
        }
    }
}

/// How the issuer is reached by its clients, whatever this server's own listener speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// The issuer is an http URL.
    Http,
    /// The issuer is an https URL.
    Https,
}

/// In the extensions of a request whose peer is a declared proxy: what it says of its own client is believed.
#[derive(Clone, Copy, Debug)]
pub struct Declared;

/// A request's circumstances, as the server knows them.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Who is at the other end of the connection.
    pub peer: Peer,
    /// The certificate it showed there, its key proven.
    pub certificate: Option<Arc<ClientCertificate>>,
    /// What the request may cost.
    pub limits: Limits,
    /// Set if the request stands in for one that could not be read.
    pub refusal: Option<Refusal>,
    /// Whether the server falls behind, so that what can be refused is.
    pub is_too_much: bool,
}

/// The routes of a face and all that surrounds them.
#[derive(Debug)]
pub struct Edge<S> {
    routes: S,
    settings: Arc<EdgeSettings>,
}

impl<S: Clone> Clone for Edge<S> {
    fn clone(&self) -> Self {
        Self {
            routes: self.routes.clone(),
            settings: Arc::clone(&self.settings),
        }
    }
}

impl<S> Edge<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
{
    /// Surrounds `routes`.
    pub fn new(routes: S, settings: EdgeSettings) -> Self {
        Self {
            routes,
            settings: Arc::new(settings),
        }
    }

    /// Answers one request. The routes find [`Peer`], [`ClientAddress`] and [`RequestId`] in its extensions,
    /// and an [`Arc<ClientCertificate>`](ClientCertificate) if the client showed one.
    pub async fn respond<B>(&self, arrival: Arrival, request: Request<B>) -> Response<Body>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
    {
        let (mut parts, body) = request.into_parts();
        let version = parts.version;
        let (request_id, introduced) = self.introduce(&arrival, &mut parts);
        let refusal = arrival
            .refusal
            .or_else(|| introduced.err())
            .or_else(|| refuse(&parts, &body, &arrival.limits))
            .or_else(|| {
                let is_shed = arrival.is_too_much && (self.settings.may_shed)(&parts);
                is_shed.then_some(Refusal::TooMuch)
            });
        let (mut response, refusal) = match refusal {
            Some(refusal) => (
                (self.settings.responder)(refusal, &parts.uri),
                Some(refusal),
            ),
            None => {
                self.route(&arrival.limits, &request_id, (parts, body))
                    .await
            }
        };
        if let Some(refusal) = refusal {
            debug!(request.id = %request_id, refusal = ?refusal, "refused request {request_id}: {refusal:?}");
        }
        self.dress(response.headers_mut(), request_id);
        let closes = version == Version::HTTP_10 || refusal.is_some_and(Refusal::ends_connection);
        if closes && version <= Version::HTTP_11 {
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// Finds out who asks and gives the request its name.
    fn introduce(&self, arrival: &Arrival, parts: &mut Parts) -> (RequestId, Result<(), Refusal>) {
        let peer = arrival.peer;
        let address = peer.address();
        let trusts = |address| {
            self.settings
                .trusted_proxies
                .iter()
                .any(|network| network.contains(&address))
        };
        let told = address.is_some_and(trusts);
        let request_id = told.then(|| RequestId::accept(&parts.headers)).flatten();
        let request_id = request_id.unwrap_or_else(|| self.settings.request_ids.issue());
        if let Some(address) = address {
            let client = if told {
                client_address::forwarded(
                    &parts.headers,
                    self.settings.forwarded_by,
                    address,
                    trusts,
                )
            } else {
                address
            };
            parts.extensions.insert(ClientAddress(client));
        }
        let shown = self.shown(arrival, told, &parts.headers);
        if told {
            parts.extensions.insert(Declared);
            parts.headers.remove(self.settings.forwarded_by.other());
        } else {
            drop_hearsay(&mut parts.headers);
        }
        parts.extensions.insert(peer);
        parts.extensions.insert(request_id.clone());
        let introduced = shown.map(|shown| {
            if let Some(certificate) = shown {
                parts.extensions.insert(certificate);
            }
        });
        (request_id, introduced)
    }

    /// The client's certificate: what was shown here, else what a trusted proxy says was shown to it.
    fn shown(
        &self,
        arrival: &Arrival,
        told: bool,
        headers: &HeaderMap,
    ) -> Result<Option<Arc<ClientCertificate>>, Refusal> {
        if let Some(certificate) = &arrival.certificate {
            return Ok(Some(Arc::clone(certificate)));
        }
        match &self.settings.certificates {
            Some(forwarded) if told => forwarded.read(headers),
            Some(_) | None => Ok(None),
        }
    }

    async fn route<B>(
        &self,
        limits: &Limits,
        request_id: &RequestId,
        (parts, body): (Parts, B),
    ) -> (Response<Body>, Option<Refusal>)
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
    {
        let uri = parts.uri.clone();
        let (body, progress) = RequestBody::bounded(body, limits);
        let refusal = match self.call(Request::from_parts(parts, body), limits).await {
            Ok(response) => match progress.refusal() {
                Some(refusal) if response.status() != refusal.status() => refusal,
                refusal => return (response, refusal),
            },
            Err(Failure::TimedOut) if progress.is_unfinished() => Refusal::BodyTimedOut,
            Err(Failure::TimedOut) => Refusal::TimedOut,
            Err(Failure::Panicked(message)) => {
                error!(request.id = %request_id, "a request ended in a panic: {message}");
                Refusal::Panicked
            }
        };
        ((self.settings.responder)(refusal, &uri), Some(refusal))
    }

    /// Calls the routes; wakes them when the body is due, and gives up when the answer is.
    async fn call(
        &self,
        request: Request<Body>,
        limits: &Limits,
    ) -> Result<Response<Body>, Failure> {
        let now = Instant::now();
        let due = now + limits.request_timeout;
        let mut alarm = pin!(sleep_until(due.min(now + limits.body_timeout)));
        let mut answer = pin!(self.routes.clone().oneshot(request));
        poll_fn(|cx| {
            loop {
                match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx))) {
                    Ok(Poll::Ready(Ok(response))) => return Poll::Ready(Ok(response)),
                    Ok(Poll::Ready(Err(never))) => match never {},
                    Ok(Poll::Pending) => {}
                    Err(panic) => {
                        return Poll::Ready(Err(Failure::Panicked(message(panic.as_ref()))));
                    }
                }
                if alarm.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                if alarm.deadline() >= due {
                    return Poll::Ready(Err(Failure::TimedOut));
                }
                alarm.as_mut().reset(due);
            }
        })
        .await
    }

    /// Headers that every answer has, unless its route chose its own.
    fn dress(&self, headers: &mut HeaderMap, request_id: RequestId) {
        headers.insert(request_id::HEADER, request_id.into_header());
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        insert_default(
            headers,
            header::CONTENT_SECURITY_POLICY,
            CONTENT_SECURITY_POLICY,
        );
        insert_default(headers, header::REFERRER_POLICY, "no-referrer");
        if self.settings.transport == Transport::Https {
            headers.insert(
                header::STRICT_TRANSPORT_SECURITY,
                HeaderValue::from_static(STRICT_TRANSPORT_SECURITY),
            );
        }
    }
}

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
const STRICT_TRANSPORT_SECURITY: &str = "max-age=31536000";

enum Failure {
    TimedOut,
    Panicked(String),
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}

fn insert_default(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if let Entry::Vacant(entry) = headers.entry(name) {
        entry.insert(HeaderValue::from_static(value));
    }
}

/// What can be refused by looking at the head alone.
fn refuse(parts: &Parts, body: &impl HttpBody, limits: &Limits) -> Option<Refusal> {
    if matches!(parts.method, Method::TRACE | Method::CONNECT) {
        return Some(Refusal::MethodNotImplemented);
    }
    let is_acceptable = names_one_host(parts) && has_routable_target(&parts.uri);
    if !is_acceptable {
        return Some(Refusal::Malformed);
    }
    if parts
        .uri
        .path_and_query()
        .is_some_and(|target| target.as_str().len() > limits.max_target_bytes)
    {
        return Some(Refusal::TargetTooLong);
    }
    (body.size_hint().lower() > limits.max_body_bytes).then_some(Refusal::BodyTooLarge)
}

/// One `Host` field without anything but a host and a port (RFC 9112 §3.2); HTTP/1.0 and HTTP/2 may do without.
fn names_one_host(parts: &Parts) -> bool {
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.as_bytes().iter().all(|&byte| is_host_byte(byte)),
        (None, None) => parts.version != Version::HTTP_11,
        _ => false,
    }
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:[]%!$&'()*+;=".contains(&byte)
}

fn has_routable_target(uri: &Uri) -> bool {
    uri.path().starts_with('/') || uri.path() == "*"
}

/// Forgets what only a trusted proxy may say.
fn drop_hearsay(headers: &mut HeaderMap) {
    let is_hearsay = |name: &HeaderName| {
        let name = name.as_str();
        // Most names are none of them by their first letters.
        let may_be = matches!(
            name.as_bytes(),
            [b'x', b'-', ..] | [b'f', b'o', ..] | [b'c', b'l', ..]
        );
        may_be
            && (name.starts_with("x-forwarded-")
                || name.starts_with("x-original-")
                || HEARSAY.contains(&name))
    };
    while let Some(name) = headers.keys().find(|name| is_hearsay(name)).cloned() {
        headers.remove(name);
    }
}

const HEARSAY: [&str; 7] = [
    "forwarded",
    "x-real-ip",
    "x-request-id",
    "client-cert",
    "client-cert-chain",
    "x-client-cert",
    "x-ssl-client-cert",
];
