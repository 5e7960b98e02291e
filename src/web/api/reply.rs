//! Answers, and the things that are shown in most of them.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::{ROOT, problem::Problem};
use crate::{
    admin::{refusal::Refusal, views::Sight},
    app::App,
    domain::{
        audit::Object,
        client::Client,
        id::{ClientId, Revision, SecretId},
    },
    store::UsageOf,
};

/// An answer that is no problem.
pub(super) struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<Vec<u8>>,
}

impl Reply {
    /// 200, and what there is to see.
    pub(super) fn ok(view: &impl Serialize) -> Self {
        let body = serde_json::to_vec(view).expect("views can be written as JSON");
        Self {
            status: StatusCode::OK,
            headers: Vec::new(),
            body: Some(body),
        }
    }

    /// 201, where it is, and what there is to see.
    pub(super) fn created(view: &impl Serialize, location: &Location) -> Self {
        let value = HeaderValue::from_str(&location.0).expect("the address is percent-encoded");
        Self {
            status: StatusCode::CREATED,
            headers: vec![(header::LOCATION, value)],
            ..Self::ok(view)
        }
    }

    /// 204: it is gone.
    pub(super) fn gone() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            headers: Vec::new(),
            body: None,
        }
    }

    /// With the revision of what is shown, for a later `If-Match`.
    pub(super) fn tagged(mut self, revision: Revision) -> Self {
        let value = HeaderValue::from_str(&format!("\"{revision}\"")).expect("digits in quotes");
        self.headers.push((header::ETAG, value));
        self
    }

    /// Says whether the request had been carried out before.
    pub(super) fn replayed(mut self, is_replay: bool) -> Self {
        if is_replay {
            let name = HeaderName::from_static("idempotency-replayed");
            self.headers.push((name, HeaderValue::from_static("true")));
        }
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(self.body.map_or_else(Body::empty, Body::from));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if self.status != StatusCode::NO_CONTENT {
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
        }
        headers.extend(self.headers);
        response
    }
}

/// Where something new can be found.
pub(super) struct Location(String);

impl Location {
    /// Below the admin API, each segment percent-encoded.
    pub(super) fn of(app: &App, segments: &[&str]) -> Self {
        const KEPT: &AsciiSet = &NON_ALPHANUMERIC
            .remove(b'-')
            .remove(b'.')
            .remove(b'_')
            .remove(b'~');
        let mut address = format!("{}{ROOT}", app.issuer().path());
        for segment in segments {
            address.push('/');
            address.extend(utf8_percent_encode(segment, KEPT));
        }
        Self(address)
    }
}

/// Shows something of one client, with all that is known of its use.
pub(super) async fn of_client<V: Serialize>(
    app: &App,
    id: &ClientId,
    show: impl FnOnce(&Client, &Sight<'_>) -> Result<V, Problem>,
) -> Result<Reply, Problem> {
    let registry = app.registry_arc();
    let client = registry.find_client(id).ok_or_else(|| no_client(id))?;
    let usage = app.usage(UsageOf::Client(id.clone())).await?;
    let view = show(
        client,
        &Sight {
            usage: Some(&usage),
            ..sight(app, &|secret| app.last_use(secret))
        },
    )?;
    Ok(Reply::ok(&view).tagged(client.revision))
}

/// That there is no such client.
pub(super) fn no_client(id: &ClientId) -> Problem {
    Refusal::NotFound(Object::Client(id.clone())).into()
}

/// What can be seen without asking the store.
pub(super) fn sight<'a>(
    app: &App,
    latest: &'a dyn Fn(&SecretId) -> Option<(crate::domain::time::Timestamp, u64)>,
) -> Sight<'a> {
    Sight {
        now: app.now(),
        watching_since: app.watching_since(),
        latest,
        usage: None,
    }
}
