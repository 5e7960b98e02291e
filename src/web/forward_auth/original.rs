//! What a declared proxy tells of the request that it asks about. Nobody else is believed: what others write into
//! these headers was dropped before, and what stands there twice is nobody's word.

use axum::http::{HeaderMap, Method, header, request::Parts};

use crate::{oauth::dpop::Address, web::layers::Declared};

/// The method of the request.
pub(super) fn method(parts: &Parts) -> Option<&str> {
    parts.extensions.get::<Declared>()?;
    match told(&parts.headers, ["x-forwarded-method", "x-original-method"]) {
        Told::Once(method) => Some(method),
        // Envoy asks with the method of the request, and with its path.
        Told::Nothing if appended(parts).is_some() || parts.method == Method::OPTIONS => {
            Some(parts.method.as_str())
        }
        Told::Nothing | Told::Unclearly => None,
    }
}

/// The address of the request, as its caller knows it. All of it has to be told: scheme, host and path.
pub(super) fn address(parts: &Parts) -> Option<Address> {
    parts.extensions.get::<Declared>()?;
    let headers = &parts.headers;
    let path = match (
        told(headers, ["x-forwarded-uri", "x-original-uri"]),
        appended(parts),
    ) {
        (Told::Once(path), None) if path.starts_with('/') => path,
        (Told::Nothing, Some(path)) => path,
        _ => return None,
    };
    let Told::Once(scheme) = told(headers, ["x-forwarded-proto", "x-original-proto"]) else {
        return None;
    };
    let host = match told(headers, ["x-forwarded-host", "x-original-host"]) {
        Told::Once(host) => host,
        Told::Nothing if appended(parts).is_some() => {
            let host = headers.get(header::HOST).map(|host| host.to_str().ok());
            let authority = parts.uri.authority().map(http::uri::Authority::as_str);
            host.unwrap_or(authority)?
        }
        Told::Nothing | Told::Unclearly => return None,
    };
    Address::parse(&format!("{scheme}://{host}{path}"))
}

/// The path of the request, where it follows the name of a rule.
fn appended(parts: &Parts) -> Option<&str> {
    let (_, rest) = parts.uri.path().split_once("/policy/")?;
    rest.find('/').map(|slash| &rest[slash..])
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
