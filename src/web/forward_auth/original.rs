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

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    /// What a declared proxy asks with: its own method, its address, and headers.
    fn asked(method: &str, at: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(at);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts.extensions.insert(Declared);
        parts
    }

    const SHOP: [(&str, &str); 3] = [
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "shop.test"),
        ("x-forwarded-uri", "/orders?page=2"),
    ];

    #[test]
    fn the_method_is_the_one_that_is_told_and_the_proxys_own_where_it_asks_with_that() {
        let told = |name: &'static str, method| asked("GET", "/forward-auth", &[(name, method)]);
        for name in ["x-forwarded-method", "x-original-method"] {
            assert_eq!(method(&told(name, "PUT")), Some("PUT"));
            assert_eq!(method(&told(name, "")), None, "it is empty");
        }
        let twice = [("x-forwarded-method", "PUT"), ("x-original-method", "PUT")];
        assert_eq!(method(&asked("GET", "/forward-auth", &twice)), None);
        assert_eq!(method(&asked("GET", "/forward-auth", &[])), None);
        assert_eq!(
            method(&asked("OPTIONS", "/forward-auth", &[])),
            Some("OPTIONS")
        );
        let appended = asked("PUT", "/forward-auth/policy/shop/orders", &[]);
        assert_eq!(method(&appended), Some("PUT"));
        let mut stranger = told("x-forwarded-method", "PUT");
        stranger.extensions.clear();
        assert_eq!(method(&stranger), None);
    }

    #[test]
    fn the_address_is_told_whole_or_not_at_all() {
        let parse = |address: &str| Address::parse(address);
        let whole = asked("GET", "/forward-auth", &SHOP);
        let orders = parse("https://shop.test/orders?page=2");
        assert!(orders.is_some());
        assert_eq!(address(&whole), orders);
        for left_out in 0..SHOP.len() {
            let mut headers = SHOP.to_vec();
            headers.remove(left_out);
            assert_eq!(address(&asked("GET", "/forward-auth", &headers)), None);
        }
        for odd in [".evil.test/", "orders", "@evil.test/"] {
            let headers = [SHOP[0], SHOP[1], ("x-forwarded-uri", odd)];
            let parts = asked("GET", "/forward-auth", &headers);
            assert_eq!(address(&parts), None, "{odd}");
        }
        let mut stranger = whole;
        stranger.extensions.clear();
        assert_eq!(address(&stranger), None);
    }

    #[test]
    fn who_appends_the_path_tells_the_host_as_it_is_asked() {
        let at = "/forward-auth/policy/shop/orders";
        let scheme = ("x-forwarded-proto", "https");
        let orders = Address::parse("https://shop.test/orders");
        let asked_at = |headers: &[(&str, &str)]| address(&asked("GET", at, headers));
        assert_eq!(asked_at(&[scheme, ("host", "shop.test")]), orders);
        let told = ("x-forwarded-host", "shop.test");
        assert_eq!(asked_at(&[scheme, told, ("host", "proxy.test")]), orders);
        assert_eq!(asked_at(&[scheme]), None, "no host at all");
        assert_eq!(asked_at(&[("host", "shop.test")]), None, "no scheme");
        let both = [scheme, told, ("x-forwarded-uri", "/other")];
        assert_eq!(asked_at(&both), None, "two paths");
        let authority = format!("https://shop.test{at}");
        assert_eq!(address(&asked("GET", &authority, &[scheme])), orders);
        // Where the path is told, so is the host.
        let own = [scheme, SHOP[2], ("host", "shop.test")];
        assert_eq!(address(&asked("GET", "/forward-auth", &own)), None);
    }
}
