//! `POST /oauth2/revoke`: a client stops a token of its own before its time (RFC 7009).

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Response, StatusCode},
};

use super::{at, endpoint, private_json};
use crate::{
    app::App,
    oauth::{metadata::path, revocation::revoke},
    web::{layers::RequestId, seen::seen},
};

/// The route of the endpoint, at the root and below the issuer's path.
pub fn router(app: App) -> Router {
    at(path::REVOCATION, app, answer)
}

async fn answer(State(app): State<App>, request: Request) -> Response<Body> {
    let (parts, body) = match endpoint::receive(request).await {
        Ok(received) => received,
        Err(answer) => return *answer,
    };
    let mut revoking = match endpoint::decide(&app, (&parts, &body), revoke).await {
        Ok(revoking) => revoking,
        Err(answer) => return *answer,
    };
    if let Some(revocation) = revoking.revocation.take() {
        let token = revocation.token.clone();
        if app.revoke(revocation).await.is_err() {
            return endpoint::busy();
        }
        let id = parts.extensions.get::<RequestId>();
        tracing::info!(
            request.id = id.map(tracing::field::display),
            client.id = %revoking.client,
            secret.id = %revoking.secret,
            "{} revoked its token {token}", revoking.client
        );
    }
    app.observe(revoking.observation(seen(&app, &parts)));
    private_json(StatusCode::OK, "{}".to_owned())
}
