//! Requests that are answered without asking a route.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, Uri, header},
};

/// Why the server answers in place of a route.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Refusal {
    /// The request breaks the grammar of HTTP, or could be read in two ways.
    Malformed,
    /// Neither HTTP/1.0, HTTP/1.1 nor HTTP/2.
    VersionNotSupported,
    /// TRACE or CONNECT.
    MethodNotImplemented,
    /// A transfer coding other than chunked.
    EncodingNotImplemented,
    /// The target is longer than the limit.
    TargetTooLong,
    /// The head is larger than the limit.
    HeadersTooLarge,
    /// The body is larger than the limit, as declared or as sent.
    BodyTooLarge,
    /// The body did not arrive in time.
    BodyTimedOut,
    /// The body broke off, or its chunks are malformed.
    BodyBroken,
    /// The server falls behind, and answers nothing that costs something.
    TooMuch,
    /// The answer was not ready in time.
    TimedOut,
    /// The route panicked.
    Panicked,
}

impl Refusal {
    /// The status that says so.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Malformed | Self::BodyBroken => StatusCode::BAD_REQUEST,
            Self::VersionNotSupported => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::MethodNotImplemented | Self::EncodingNotImplemented => {
                StatusCode::NOT_IMPLEMENTED
            }
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::TimedOut | Self::TooMuch => StatusCode::SERVICE_UNAVAILABLE,
            Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether what follows on the connection can no longer be trusted to be a request.
    pub fn ends_connection(self) -> bool {
        !matches!(self, Self::TimedOut | Self::TooMuch | Self::Panicked)
    }
}

/// Puts a refusal into the words of a face, which it may tell by the request's target.
///
/// For a request that could not be read the target is `/`.
pub type Responder = fn(Refusal, &Uri) -> Response<Body>;

/// The status and its name as plain text: for faces without words of their own.
pub fn plain(refusal: Refusal, _: &Uri) -> Response<Body> {
    let status = refusal.status();
    let mut response = Response::new(Body::from(format!("{status}\n")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}
