//! F9: targets. Whatever is asked for without a name is one of the few things that everybody may see, byte for byte,
//! or is refused; nothing is read from a file, and no answer leads to another place.

#![no_main]

use std::{collections::BTreeMap, sync::OnceLock};

use axum::http::{StatusCode, Uri, header};
use jeton_fuzz::{
    bytes::Bytes,
    server::{Asker, Reply, Server, shared},
};

/// What everybody may see, beside the assets.
const OPEN: [&str; 14] = [
    "/health/live",
    "/health/ready",
    "/oauth2/jwks",
    "/oauth2/authorize",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-protected-resource",
    "/api/v1/openapi.json",
    "/console/sign-in",
    "/console/set-up",
    "/console/handover",
    "/console/invitation",
    "/forward-auth",
    "/forward-auth/policy/a",
];

/// Pieces that targets are made of.
const PIECES: [&str; 40] = [
    "/",
    "//",
    ".",
    "..",
    "/../",
    "/./",
    "%2e",
    "%2E%2e",
    "%2f",
    "%5c",
    "\\",
    "%00",
    "%",
    "%zz",
    "?",
    "#",
    "&",
    "=",
    ";",
    ":",
    "@",
    "console",
    "assets",
    "api",
    "v1",
    "oauth2",
    "jwks",
    "token",
    ".well-known",
    "oauth-authorization-server",
    "oauth-protected-resource",
    "clients",
    "health",
    "live",
    "etc",
    "passwd",
    "static",
    "app.css",
    "forward-auth",
    "sign-in",
];

static ASSETS: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();

// Unwatched: what a server remembers of those who ask is bounded, and not nothing.
libfuzzer_sys::fuzz_target!(|data| {
    let server = shared(3);
    let assets = ASSETS.get_or_init(|| assets(server));
    let mut bytes = Bytes::new(data);
    let method = bytes.pick(&["GET", "GET", "GET", "HEAD", "OPTIONS", "PUT", "FROB"]);
    let target = target(&mut bytes, assets);
    let Some(reply) = server.ask(Asker::Anybody, method, &target) else {
        return;
    };
    assert!(
        !reply.status.is_server_error(),
        "{target}: {}",
        reply.status
    );
    assert!(reply.headers.contains_key("x-request-id"), "{target}");
    assert_eq!(
        reply.headers["x-content-type-options"], "nosniff",
        "{target}"
    );
    stays_here(&target, &reply);
    if method == "GET" && reply.status == StatusCode::OK {
        is_known(&target, &reply, assets);
    }
});

/// The assets that pages refer to, by their path.
fn assets(server: &Server) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut places = vec!["/console/sign-in".to_owned()];
    while let Some(place) = places.pop() {
        let reply = get(server, &place);
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        let from_pages = text
            .match_indices("/console/assets/")
            .map(|(at, _)| text[at..].to_owned());
        let from_styles = text.match_indices("url(").map(|(at, _)| {
            let name = text[at + 4..].trim_start_matches(['"', '\'']);
            format!("/console/assets/{name}")
        });
        for path in from_pages.chain(from_styles) {
            let end = path.find(['"', '\'', ')', '#', ' ', '<', '>']);
            let path = path[..end.unwrap_or(path.len())].to_owned();
            let asset = get(server, &path);
            if asset.status == StatusCode::OK && !found.contains_key(&path) {
                found.insert(path.clone(), asset.body.to_vec());
                places.push(path);
            }
        }
    }
    assert!(found.len() >= 2, "pages have a stylesheet and a script");
    found
}

fn get(server: &Server, path: &str) -> Reply {
    server
        .get(Asker::Anybody, path)
        .expect("a path is a target")
}

fn target(bytes: &mut Bytes<'_>, assets: &BTreeMap<String, Vec<u8>>) -> String {
    if bytes.below(4) == 3 {
        return String::from_utf8_lossy(bytes.rest()).into_owned();
    }
    let mut target = String::new();
    if bytes.below(3) == 2 {
        let known: Vec<&String> = assets.keys().collect();
        target += known[bytes.below(known.len())];
    } else if bytes.below(2) == 1 {
        target += bytes.pick(&OPEN);
    }
    while !bytes.is_empty() && target.len() < 400 {
        match bytes.below(3) {
            0 | 1 => target += bytes.pick(&PIECES),
            _ => target.push(char::from(bytes.byte() & 0x7f)),
        }
    }
    if target.starts_with('/') {
        target
    } else {
        format!("/{target}")
    }
}

/// What leads elsewhere leads to a path here.
fn stays_here(target: &str, reply: &Reply) {
    let Some(location) = reply.headers.get(header::LOCATION) else {
        return;
    };
    let location = location.to_str().expect("a path is ASCII");
    let is_path =
        location.starts_with('/') && !location.starts_with("//") && !location.starts_with("/\\");
    assert!(
        is_path || location.starts_with("https://as.test/"),
        "{target}: {location}"
    );
}

fn is_known(target: &str, reply: &Reply, assets: &BTreeMap<String, Vec<u8>>) {
    let target: Uri = target.parse().expect("it was asked for");
    let path = target.path();
    let plain = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    if let Some(asset) = assets.get(&*plain) {
        assert!(asset.as_slice() == reply.body, "{target}");
        let kept = reply.headers[header::CACHE_CONTROL]
            .to_str()
            .unwrap_or_default();
        assert!(kept.contains("immutable"), "{target}");
        return;
    }
    let is_open = OPEN
        .iter()
        .any(|open| path == *open || path.starts_with(&format!("{open}/")));
    assert!(is_open, "{target} is shown to anybody");
}
