//! `POST /oauth2/introspect`: what a token says, to the resource server that it is for (RFC 7662).

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};

use super::{endpoint, private_json};
use crate::{
    app::App,
    oauth::introspection::{Form, SIGNED, introspect},
    web::{layers::RequestId, seen::seen},
};

/// Answers whatever comes to the endpoint.
pub(in crate::web) async fn respond(app: &App, request: Request) -> Response<Body> {
    let (parts, body) = match endpoint::receive(request).await {
        Ok(received) => received,
        Err(answer) => return *answer,
    };
    if let Some(refused) = endpoint::refuse_while_clock_is_behind(app) {
        return refused;
    }
    let form = wanted(&parts.headers);
    let decided = endpoint::decide(app, (&parts, &body), |registry, request, context| {
        introspect(registry, request, context, form)
    });
    let introspected = match decided.await {
        Ok(introspected) => introspected,
        Err(answer) => return *answer,
    };
    let id = parts.extensions.get::<RequestId>();
    tracing::debug!(
        request.id = id.map(tracing::field::display),
        client.id = %introspected.client,
        secret.id = %introspected.secret,
        "told {} of a token that {}",
        introspected.client,
        if introspected.is_active { "counts" } else { "does not count" }
    );
    let mut response = private_json(StatusCode::OK, introspected.body.clone());
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    if introspected.form == Form::Signed {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(SIGNED));
    }
    app.observe(introspected.observation(seen(app, &parts)));
    response
}

/// Signed only if that very type is asked for (RFC 9701 §4).
fn wanted(headers: &HeaderMap) -> Form {
    let fields = headers.get_all(header::ACCEPT).iter();
    let mut types = fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(','))
        .filter_map(|range| range.split(';').next());
    if types.any(|essence| essence.trim().eq_ignore_ascii_case(SIGNED)) {
        Form::Signed
    } else {
        Form::Plain
    }
}
