//! Is it alive, can it issue tokens: for load balancers and supervisors. Says nothing else.

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::app::{App, Readiness};

/// `/health/live` and `/health/ready`.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .with_state(app)
}

/// 200 as long as the process answers at all.
async fn live() -> Response {
    json(StatusCode::OK, r#"{"status":"live"}"#)
}

/// 200 while tokens can be issued, 503 while they cannot or shall be asked for elsewhere.
async fn ready(State(app): State<App>) -> Response {
    match app.readiness() {
        Readiness::Ready => json(StatusCode::OK, r#"{"status":"ready"}"#),
        // What is wrong is for operators: whoever asks here may be anybody.
        Readiness::Degraded(_) => json(StatusCode::OK, r#"{"status":"degraded"}"#),
        Readiness::Draining => json(StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"draining"}"#),
        Readiness::Unable(_) => json(StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"unable"}"#),
    }
}

fn json(status: StatusCode, body: &'static str) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, body).into_response()
}
