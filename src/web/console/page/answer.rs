//! How pages become answers.

use askama::Template;
use axum::{
    body::Body,
    extract::OriginalUri,
    http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header, request::Parts},
};

use super::super::ROOT;
use crate::crypto::text::fingerprint;

/// Where a request was sent, whatever part of it a router has taken off since.
pub(in crate::web::console) fn sent_to(parts: &Parts) -> &Uri {
    let original = parts.extensions.get::<OriginalUri>();
    original.map_or(&parts.uri, |original| &original.0)
}

/// The path of the console as a request has it: below the issuer's path, or at the root.
pub(in crate::web::console) fn root_of(path: &str) -> &str {
    let end = path.find(ROOT).map_or(0, |at| at + ROOT.len());
    &path[..end]
}

/// Look at this page now, by GET (RFC 9110 §15.4.4).
pub(in crate::web::console) fn see(path: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, location);
    response
}

/// A page as an answer.
pub(in crate::web::console) fn page(
    status: StatusCode,
    template: &impl Template,
) -> Response<Body> {
    let mut response = html(written(template));
    *response.status_mut() = status;
    response
}

/// A page that is as it should be.
pub(in crate::web::console) fn ok(template: &impl Template) -> Response<Body> {
    page(StatusCode::OK, template)
}

/// A form that came back because something in it is wrong.
pub(in crate::web::console) fn refused(template: &impl Template) -> Response<Body> {
    page(StatusCode::UNPROCESSABLE_ENTITY, template)
}

/// A live part of a page: the same again is 304.
pub(in crate::web::console) fn fragment(
    headers: &HeaderMap,
    template: &impl Template,
) -> Response<Body> {
    let body = written(template);
    let tag = format!("\"{}\"", fingerprint(body.as_bytes()));
    let is_known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if is_known {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        html(body)
    };
    let tag = HeaderValue::from_str(&tag).expect("base64url is visible ASCII");
    response.headers_mut().insert(header::ETAG, tag);
    response
}

fn written(template: &impl Template) -> String {
    template
        .render()
        .expect("writing to memory does not fail, and no filter of ours does")
}

fn html(body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    response
}
