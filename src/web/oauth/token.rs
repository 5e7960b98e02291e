//! `POST /oauth2/token`: from the head and body of a request to its answer (RFC 6749 §3.2).

use axum::{
    body::Body,
    extract::Request,
    http::{Response, StatusCode, request::Parts},
};

use super::{endpoint, private_json};
use crate::{
    app::App,
    oauth::{self, Issued},
    web::{layers::RequestId, seen::seen},
};

/// Answers whatever comes to the endpoint.
pub(in crate::web) async fn respond(app: &App, request: Request) -> Response<Body> {
    match endpoint::receive(request).await {
        Ok((parts, body)) => answer(app, &parts, &body).await,
        Err(answer) => *answer,
    }
}

/// Answers a request whose head was found to be in order, with its whole body at hand.
pub async fn answer(app: &App, parts: &Parts, body: &[u8]) -> Response<Body> {
    if let Some(refused) = endpoint::refuse_while_clock_is_behind(app) {
        return refused;
    }
    match endpoint::decide(app, (parts, body), oauth::token).await {
        Ok(issued) if app.records_tokens() => record(app, parts, issued).await,
        Ok(issued) => succeed(app, parts, issued),
        Err(answer) => *answer,
    }
}

/// Hands the token out once it is on record.
async fn record(app: &App, parts: &Parts, issued: Issued) -> Response<Body> {
    if app.record_token(issued.record(seen(app, parts))).await {
        return succeed(app, parts, issued);
    }
    endpoint::unrecorded()
}

fn succeed(app: &App, parts: &Parts, issued: Issued) -> Response<Body> {
    let request = parts.extensions.get::<RequestId>();
    tracing::debug!(
        request.id = request.map(tracing::field::display),
        client.id = %issued.client,
        secret.id = %issued.secret,
        api = %issued.api,
        scope = %issued.scopes,
        token.subject = issued.subject.as_ref().map(tracing::field::display),
        "issued a token to {}", issued.client
    );
    let body = issued.to_json();
    let is_nonce_due = issued.is_bound_to_a_key() && app.registry().policy().dpop_nonces;
    app.observe(issued.observation(seen(app, parts)));
    let mut response = private_json(StatusCode::OK, body);
    if is_nonce_due {
        let headers = response.headers_mut();
        headers.insert(endpoint::DPOP_NONCE, endpoint::nonce(app));
    }
    response
}

#[cfg(test)]
mod tests;
