//! What goes wrong, as RFC 9457 tells it: a word for programs, a sentence for people, every bad field.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    admin::refusal::{FieldErrors, Refusal},
    app::AdminError,
    domain::permission::Permission,
    web::layers::{self, RequestId},
};

/// The kinds of problems; each has one status.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Invalid,
    Malformed,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    Stale,
    KeyReused,
    TooLarge,
    MediaType,
    Method,
    Timeout,
    Unavailable,
    Internal,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Malformed => "malformed",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Stale => "stale",
            Self::KeyReused => "key-reused",
            Self::TooLarge => "too-large",
            Self::MediaType => "media-type",
            Self::Method => "method",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Invalid => "Something in the request is not as it must be",
            Self::Malformed => "The request cannot be read",
            Self::Unauthenticated => "An access token for this server is needed",
            Self::Forbidden => "This is not allowed",
            Self::NotFound => "There is no such thing",
            Self::Conflict => "This is not possible as things are",
            Self::Stale => "It was changed in the meantime",
            Self::KeyReused => "This idempotency key belongs to another request",
            Self::TooLarge => "The request is too large",
            Self::MediaType => "The body must be JSON",
            Self::Method => "The method is not known here",
            Self::Timeout => "The request did not arrive in time",
            Self::Unavailable => "The server cannot do this now",
            Self::Internal => "The server failed",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Invalid | Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Stale => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Something that went wrong.
///
/// As a response it is only a note to the layer around the routes, which knows the request's id
/// and writes it down.
#[derive(Clone, Debug)]
pub(super) struct Problem(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    kind: Kind,
    status: StatusCode,
    detail: String,
    errors: FieldErrors,
    header: Option<(HeaderName, HeaderValue)>,
    /// For the log only.
    cause: Option<String>,
}

impl Problem {
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            kind,
            status: kind.status(),
            detail: detail.into(),
            errors: FieldErrors::default(),
            header: None,
            cause: None,
        }))
    }

    pub(super) fn invalid(errors: FieldErrors) -> Self {
        let mut problem = Self::new(Kind::Invalid, errors.to_string());
        problem.0.errors = errors;
        problem
    }

    /// No credentials, or none that are believed (RFC 6750 §3).
    pub(super) fn unauthenticated(error: Option<&str>, cause: impl Into<String>) -> Self {
        let detail = "send an access token for urn:jeton:admin as Authorization: Bearer";
        let challenge = match error {
            None => "Bearer realm=\"jeton\"".to_owned(),
            Some(error) => format!("Bearer realm=\"jeton\", error=\"{error}\""),
        };
        let mut problem = Self::new(Kind::Unauthenticated, detail).challenged(&challenge);
        problem.0.cause = Some(cause.into());
        problem
    }

    pub(super) fn forbidden(needed: Permission) -> Self {
        match needed.scope() {
            None if needed == Permission::KeepAccount => {
                Self::new(Kind::Forbidden, "only whose account it is may do this")
            }
            None => Self::new(Kind::Forbidden, "only an Owner may do this"),
            Some(scope) => {
                let detail = format!("this needs the scope {scope}");
                let challenge = format!(
                    "Bearer realm=\"jeton\", error=\"insufficient_scope\", scope=\"{scope}\""
                );
                Self::new(Kind::Forbidden, detail).challenged(&challenge)
            }
        }
    }

    pub(super) fn nowhere() -> Self {
        Self::new(Kind::NotFound, "there is nothing at this address")
    }

    pub(super) fn wrong_method() -> Self {
        Self::new(Kind::Method, "see the Allow header for what is known here")
    }

    pub(super) fn stale() -> Self {
        let detail = "it is not as If-Match says; read it again before changing it";
        Self::new(Kind::Stale, detail)
    }

    pub(super) fn unavailable(cause: impl Into<String>) -> Self {
        let detail = "the change or the answer could not be had from the store; try again later";
        let mut problem = Self::new(Kind::Unavailable, detail);
        problem.0.cause = Some(cause.into());
        problem.0.header = Some((header::RETRY_AFTER, HeaderValue::from_static("5")));
        problem
    }

    /// A refusal that no route made.
    pub(super) fn refused(refusal: layers::Refusal) -> Self {
        use layers::Refusal;
        let (kind, detail) = match refusal {
            Refusal::Malformed | Refusal::VersionNotSupported => {
                (Kind::Malformed, "the request is not well-formed HTTP")
            }
            Refusal::MethodNotImplemented | Refusal::EncodingNotImplemented => (
                Kind::Method,
                "the method or transfer coding is not implemented",
            ),
            Refusal::TargetTooLong | Refusal::HeadersTooLarge => {
                (Kind::TooLarge, "the head of the request is too large")
            }
            Refusal::BodyTooLarge => (Kind::TooLarge, "the body is too large"),
            Refusal::BodyTimedOut => (Kind::Timeout, "the body did not arrive in time"),
            Refusal::BodyBroken => (Kind::Malformed, "the body broke off"),
            Refusal::TooMuch => (Kind::Unavailable, "the server is busy; ask again"),
            Refusal::TimedOut => (Kind::Unavailable, "the server did not answer in time"),
            Refusal::Panicked => (Kind::Internal, "the request id finds it in the log"),
        };
        let mut problem = Self::new(kind, detail);
        problem.0.status = refusal.status();
        if kind == Kind::Unavailable {
            problem.0.header = Some((header::RETRY_AFTER, HeaderValue::from_static("1")));
        }
        problem
    }

    fn challenged(mut self, challenge: &str) -> Self {
        let value = HeaderValue::from_str(challenge).expect("scopes and errors are visible ASCII");
        self.0.header = Some((header::WWW_AUTHENTICATE, value));
        self
    }

    /// Logs it, once.
    pub(super) fn log(&self, id: Option<&RequestId>) {
        let id = id.map_or("", RequestId::as_str);
        let cause = self.0.cause.as_deref().unwrap_or(&self.0.detail);
        if self.0.status.is_server_error() {
            tracing::error!(request.id = %id, "an admin request failed: {cause}");
        } else {
            tracing::debug!(request.id = %id, "an admin request was refused: {cause}");
        }
    }

    /// The answer itself.
    pub(super) fn render(self, id: Option<&RequestId>) -> Response<Body> {
        let errors = self.0.errors.iter();
        let view = ProblemView {
            kind: format!("urn:jeton:problem:{}", self.0.kind.word()),
            title: self.0.kind.title().to_owned(),
            status: self.0.status.as_u16(),
            detail: self.0.detail,
            request_id: id.map(|id| id.as_str().to_owned()),
            errors: errors
                .map(|(field, message)| FieldErrorView {
                    field: field.to_owned(),
                    message: message.to_owned(),
                })
                .collect(),
        };
        let body = serde_json::to_vec(&view).expect("texts can be written as JSON");
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.0.status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some((name, value)) = self.0.header {
            headers.insert(name, value);
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<AdminError> for Problem {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Refusal(refusal) => refusal.into(),
            AdminError::Replayed(object) => {
                Self::new(Kind::Conflict, format!("this was done before, on {object}"))
            }
            AdminError::KeyReused => Self::new(
                Kind::KeyReused,
                "choose a new Idempotency-Key for each request",
            ),
            AdminError::Unavailable(cause) => Self::unavailable(cause),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Forbidden(permission) => Self::forbidden(permission),
            Refusal::NotFound(object) => Self::new(Kind::NotFound, format!("there is no {object}")),
            Refusal::Conflict(detail) => Self::new(Kind::Conflict, detail),
            Refusal::Stale(_) => Self::stale(),
            Refusal::Invalid(errors) => Self::invalid(errors),
        }
    }
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        Self::invalid(errors)
    }
}

/// A problem (RFC 9457).
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemView {
    /// `urn:jeton:problem:` and a word.
    #[serde(rename = "type")]
    kind: String,
    /// What kind of problem it is.
    title: String,
    /// The status.
    status: u16,
    /// What is wrong with this request.
    detail: String,
    /// What finds the request in the log.
    request_id: Option<String>,
    /// Every bad field.
    errors: Vec<FieldErrorView>,
}

/// One bad field.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = FieldError)]
pub(super) struct FieldErrorView {
    /// Which, as `grants[0].scopes`.
    field: String,
    /// What is wrong with it.
    message: String,
}
