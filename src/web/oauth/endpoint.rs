//! What the endpoints have in common at which clients authenticate: how a request is read, decided and
//! refused (RFC 6749 §2.3, §5.2).
//!
//! Nothing waits between the body and the decision, but for secrets that people chose: those are
//! verified away from the runtime once, and remembered. Who is refused for who it is waits a moment.

mod failures;
mod head;

pub(super) use self::head::Media;

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::Request,
    http::{HeaderName, HeaderValue, Method, Response, StatusCode, header, request::Parts},
};
use bytes::BytesMut;
use http_body_util::BodyExt as _;

use self::failures::{Failures, Judged};
use super::{error, forbid_storing, method_not_allowed};
use crate::{
    app::{App, Place},
    crypto::{certificate::ClientCertificate, random::Entropy},
    domain::registry::Registry,
    oauth::{
        self, Context, SlowHashes, UsesAssertion,
        assertion::AssertionError,
        credentials::Header,
        reason::{ErrorCode, Reason, Refused, SlowCheck},
    },
    web::{
        layers::{BodyTimedOut, Refusal, RequestId},
        seen::{address_of, seen},
    },
};

/// The longest body that is read.
pub(super) const LONGEST_BODY: usize = 16 * 1024;

/// How many places are asked for keys because of one request: a client may move from one to another.
const MOST_FETCHES: usize = 2;
/// Where a proof stands (RFC 9449 §4.1).
pub(in crate::web) const DPOP: HeaderName = HeaderName::from_static("dpop");

/// Where the nonce for the next one stands (RFC 9449 §8).
pub(in crate::web) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The endpoints' methods, for `Allow`.
const METHODS: &str = "POST, OPTIONS";

/// Head and body of a request, if both are in order; the answer to it otherwise.
pub(super) async fn receive(request: Request) -> Result<(Parts, Bytes), Box<Response<Body>>> {
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        return Err(Box::new(other_method(&parts.method, METHODS)));
    }
    check_head(&parts, Media::Form)?;
    let bytes = read(body).await?;
    Ok((parts, bytes))
}

/// Refuses a head that promises no body of `media` that is read here.
pub(super) fn check_head(parts: &Parts, media: Media) -> Result<(), Box<Response<Body>>> {
    head::check(parts, media).map_err(|fault| Box::new(fault.answer()))
}

/// The whole of a body, if it is not too long and comes in time.
pub(super) async fn read(mut body: Body) -> Result<Bytes, Box<Response<Body>>> {
    let Some(first) = next(&mut body, 0).await? else {
        return Ok(Bytes::new());
    };
    // As good as always: a token request is one packet.
    if body.is_end_stream() {
        return Ok(first);
    }
    let mut whole = BytesMut::from(first);
    while let Some(more) = next(&mut body, whole.len()).await? {
        whole.extend_from_slice(&more);
    }
    Ok(whole.freeze())
}

/// What comes next of a body of which `read` bytes were read.
async fn next(body: &mut Body, read: usize) -> Result<Option<Bytes>, Box<Response<Body>>> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Box::new(unreadable(&error)))?;
        match frame.into_data() {
            Ok(data) if read + data.len() > LONGEST_BODY => {
                return Err(Box::new(super::refuse(Refusal::BodyTooLarge)));
            }
            Ok(data) => return Ok(Some(data)),
            // Trailers mean nothing here.
            Err(_) => {}
        }
    }
    Ok(None)
}

/// What `decide` makes of a request; verifies secrets slowly first where it must. Loads the registry
/// once for each decision. What it refuses is answered, logged and counted.
pub(super) async fn decide<T: UsesAssertion>(
    app: &App,
    request: (&Parts, &[u8]),
    decide: impl Fn(&Registry, &oauth::Request<'_>, &Context<'_>) -> Result<T, Refused>,
) -> Result<T, Box<Response<Body>>> {
    let decided = decide_once(app, request, decide).await;
    if let Err(refusal) = &decided
        && refusal.status() == StatusCode::UNAUTHORIZED
    {
        wait_a_moment(app.entropy()).await;
    }
    decided
}

/// Waits two milliseconds or less, as chance has it and timers go off, which is at whole ones. Whether a client is unknown or
/// its secret wrong differs by less than a ten thousandth of that.
async fn wait_a_moment(entropy: &Entropy) {
    let share = u64::from(u32::from_be_bytes(entropy.bytes()));
    let nanoseconds = (share * 1_000_000) >> u32::BITS;
    tokio::time::sleep(Duration::from_nanos(nanoseconds)).await;
}

/// The same, without that moment. An assertion counts once.
async fn decide_once<T: UsesAssertion>(
    app: &App,
    request: (&Parts, &[u8]),
    decide: impl Fn(&Registry, &oauth::Request<'_>, &Context<'_>) -> Result<T, Refused>,
) -> Result<T, Box<Response<Body>>> {
    let failures = Failures::of(app, request.0, request.1);
    let mut decided = decide_at_length(app, request, &failures, decide).await?;
    let Some(used) = decided.used() else {
        failures.forgive();
        return Ok(decided);
    };
    let client = used.client.clone();
    match app.use_assertion(used).await {
        Some(true) => {
            failures.forgive();
            Ok(decided)
        }
        Some(false) => {
            let replayed = Refused {
                client: Some(client),
                ..Reason::Assertion(AssertionError::Replayed).into()
            };
            Err(Box::new(refuse(app, request.0, failures.judge(replayed))))
        }
        None => Err(Box::new(busy())),
    }
}

/// The same, whether or not an assertion may have been used before.
async fn decide_at_length<T>(
    app: &App,
    (parts, body): (&Parts, &[u8]),
    failures: &Failures<'_>,
    decide: impl Fn(&Registry, &oauth::Request<'_>, &Context<'_>) -> Result<T, Refused>,
) -> Result<T, Box<Response<Body>>> {
    let attempt = |slow_hashes| {
        let request = oauth::Request {
            certificate: certificate(parts),
            dpop: one(parts, &DPOP),
            ..oauth::Request::new(one(parts, &header::AUTHORIZATION), body)
        };
        let proofs = app.proofs(Place::Issuing);
        let context = Context {
            now: app.now(),
            issuer: app.issuer(),
            profile: app.profile(),
            mutual: app.addresses().mutual,
            entropy: app.entropy(),
            // What people chose can be guessed: nobody learns that a guess was right who has to wait.
            remembers: &|secret, presented| {
                failures.wait().is_none() && app.remembers(secret, presented)
            },
            keys: &|source| app.fetched_keys(source),
            slow_hashes,
            proofs: &proofs,
            verified: app.verified_tokens(),
            is_revoked: &|token| app.is_revoked(token),
            address: address_of(parts),
            take: &|client, quota| app.take_token(client, quota),
            restored: app.restored(),
        };
        decide(&app.registry(), &request, &context)
    };
    let refuse = |refused| Box::new(refuse(app, parts, failures.judge(refused)));
    let mut first = attempt(SlowHashes::Ask);
    for _ in 0..MOST_FETCHES {
        match first {
            Err(Refused {
                reason: Reason::NeedsKeys(source),
                ..
            }) if failures.wait().is_none() => {
                app.fetch_keys(&source).await;
                first = attempt(SlowHashes::Ask);
            }
            Ok(_) | Err(_) => break,
        }
    }
    let checks = match first {
        Ok(decided) => return Ok(decided),
        Err(Refused {
            reason: Reason::NeedsSlowCheck(checks),
            ..
        }) if failures.wait().is_none() => checks,
        Err(refused) => return Err(refuse(refused)),
    };
    check_slowly(app, checks, address_of(parts)).await?;
    match attempt(SlowHashes::Checked) {
        Ok(decided) => Ok(decided),
        Err(Refused {
            reason: Reason::NeedsSlowCheck(_),
            ..
        }) => Err(Box::new(busy())),
        Err(refused) => Err(refuse(refused)),
    }
}

/// Compares secrets with slow hashes until one fits; what fits is remembered.
async fn check_slowly(
    app: &App,
    checks: Vec<SlowCheck>,
    from: IpAddr,
) -> Result<(), Box<Response<Body>>> {
    for SlowCheck {
        secret,
        hash,
        presented,
    } in checks
    {
        match app.verify_slowly(secret, hash, presented, from).await {
            Ok(true) => break,
            Ok(false) => {}
            Err(_overloaded) => return Err(Box::new(busy())),
        }
    }
    Ok(())
}

/// The field called `name`, which may stand once.
pub(in crate::web) fn one<'a>(parts: &'a Parts, name: &HeaderName) -> Header<'a> {
    let mut headers = parts.headers.get_all(name).iter();
    match (headers.next(), headers.next()) {
        (None, _) => Header::Absent,
        (Some(value), None) => Header::One(value.as_bytes()),
        (Some(_), Some(_)) => Header::Several,
    }
}

/// What the client showed of itself, here or to a proxy that is believed.
pub(in crate::web) fn certificate(parts: &Parts) -> Option<&ClientCertificate> {
    let shown = parts.extensions.get::<Arc<ClientCertificate>>();
    shown.map(AsRef::as_ref)
}

fn refuse(app: &App, parts: &Parts, judged: Judged) -> Response<Body> {
    let Judged {
        refused,
        is_one_of_many,
    } = judged;
    let client = refused.client.as_ref().map(tracing::field::display);
    let secret = refused.secret.as_ref().map(tracing::field::display);
    let request = parts.extensions.get::<RequestId>();
    if !is_one_of_many {
        tracing::info!(
            request.id = request.map(tracing::field::display),
            client.id = client,
            secret.id = secret,
            reason = %refused.reason,
            "refused a client: {}", refused.reason
        );
    }
    let code = refused.reason.code();
    let status =
        StatusCode::from_u16(refused.reason.status()).expect("codes have statuses of HTTP");
    let mut response = error(status, code, refused.reason.description());
    if let Some(wait) = refused.reason.retry_after() {
        let wait = HeaderValue::from(wait.seconds());
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    if status == StatusCode::UNAUTHORIZED {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge(app));
    }
    if code == ErrorCode::UseDpopNonce {
        response.headers_mut().insert(DPOP_NONCE, nonce(app));
    }
    let is_throttled = matches!(refused.reason, Reason::Throttled(_));
    let observation = refused.observation(seen(app, parts));
    if is_throttled {
        // However many there are, no use goes unseen for them.
        app.observe_lightly(observation);
    } else {
        app.observe(observation);
    }
    response
}

/// The nonce for the next proof at the token endpoint.
pub(super) fn nonce(app: &App) -> HeaderValue {
    let nonce = app.proofs(Place::Issuing).present_nonce();
    HeaderValue::from_str(&nonce).expect("a nonce is base64url")
}

/// How to authenticate (RFC 7617 §2). Every 401 says so (RFC 9110 §15.5.2).
fn challenge(app: &App) -> HeaderValue {
    let text = format!("Basic realm=\"{}\", charset=\"UTF-8\"", app.issuer());
    HeaderValue::from_str(&text).expect("an issuer is visible ASCII without quotes")
}

/// Answers `OPTIONS`, and refuses any other method than those of `allow`.
pub(super) fn other_method(method: &Method, allow: &'static str) -> Response<Body> {
    if method == Method::OPTIONS {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        forbid_storing(headers);
        return response;
    }
    let mut response = method_not_allowed(allow);
    if method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

fn unreadable(error: &axum::Error) -> Response<Body> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<BodyTimedOut>() {
            return super::refuse(Refusal::BodyTimedOut);
        }
        cause = error.source();
    }
    super::refuse(Refusal::BodyBroken)
}

/// The answer while the clock is behind the time that it showed before: what has expired would count again.
pub(super) fn refuse_while_clock_is_behind(app: &App) -> Option<Response<Body>> {
    app.clock_behind()?;
    Some(error(
        StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::TemporarilyUnavailable,
        "the clock of the server is behind; ask again when it is right",
    ))
}

/// The answer if a token cannot be put on record, and has to be.
pub(super) fn unrecorded() -> Response<Body> {
    let text = "tokens cannot be put on record now; ask again";
    let status = StatusCode::SERVICE_UNAVAILABLE;
    error(status, ErrorCode::TemporarilyUnavailable, text)
}

pub(super) fn busy() -> Response<Body> {
    error(
        StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::TemporarilyUnavailable,
        "the server is busy; ask again",
    )
}
