//! What a declared proxy tells of the request that it asks about. Nobody else is believed: what others write into
//! these headers was dropped before, and what stands there twice is nobody's word.

use axum::http::{HeaderMap, Method, request::Parts};

use crate::{
    crypto::{mac::sha256, text},
    web::layers::Declared,
};

/// The method of the request.
pub(super) fn method(parts: &Parts) -> Option<&str> {
    parts.extensions.get::<Declared>()?;
    match told(&parts.headers, ["x-forwarded-method", "x-original-method"]) {
        Told::Once(method) => Some(method),
        Told::Nothing if parts.method == Method::OPTIONS => Some(Method::OPTIONS.as_str()),
        Told::Nothing | Told::Unclearly => None,
    }
}

/// The thumbprint of the certificate of its caller (RFC 9440 §2.1, RFC 8705 §3.1).
pub(super) fn certificate(parts: &Parts) -> Option<String> {
    parts.extensions.get::<Declared>()?;
    let Told::Once(field) = told(&parts.headers, ["client-cert", "x-client-cert"]) else {
        return None;
    };
    let encoded = field.strip_prefix(':')?.strip_suffix(':')?;
    let der = text::from_base64(encoded.as_bytes())?;
    Some(text::base64url(sha256(&der)))
}

/// What stands in the headers of some names.
enum Told<'a> {
    Nothing,
    Once(&'a str),
    Unclearly,
}

fn told<'a>(headers: &'a HeaderMap, names: [&'static str; 2]) -> Told<'a> {
    let fields = names.into_iter().flat_map(|name| headers.get_all(name));
    let mut fields = fields.map(|field| field.to_str());
    match (fields.next(), fields.next()) {
        (None, _) => Told::Nothing,
        (Some(Ok(field)), None) if !field.is_empty() => Told::Once(field),
        (Some(_), _) => Told::Unclearly,
    }
}
