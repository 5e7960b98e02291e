//! Stylesheet, script, icons and font: embedded, named by their content, kept by browsers for a year.

use std::{borrow::Cow, sync::LazyLock};

use axum::{
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};

use crate::crypto::text::fingerprint;

/// A file that pages refer to.
struct Asset {
    /// Its name with a piece of its hash in it: another content is another name.
    name: String,
    kind: &'static str,
    bytes: Cow<'static, [u8]>,
}

impl Asset {
    fn new(
        (stem, ending): (&str, &str),
        kind: &'static str,
        bytes: impl Into<Cow<'static, [u8]>>,
    ) -> Self {
        let bytes = bytes.into();
        let mut hash = fingerprint(&bytes);
        hash.truncate(12);
        Self {
            name: format!("{stem}.{hash}.{ending}"),
            kind,
            bytes,
        }
    }
}

/// All of them. They are part of the program, so this is a constant that takes a moment to compute.
struct Assets {
    stylesheet: Asset,
    script: Asset,
    icons: Asset,
    font: Asset,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let font = Asset::new(
        ("mono", "woff2"),
        "font/woff2",
        &include_bytes!("../../../static/mono.woff2")[..],
    );
    let stylesheet = include_str!("../../../static/app.css").replace("mono.woff2", &font.name);
    Assets {
        stylesheet: Asset::new(
            ("app", "css"),
            "text/css; charset=utf-8",
            stylesheet.into_bytes(),
        ),
        script: Asset::new(
            ("app", "js"),
            "text/javascript; charset=utf-8",
            &include_bytes!("../../../static/app.js")[..],
        ),
        icons: Asset::new(
            ("icons", "svg"),
            "image/svg+xml",
            &include_bytes!("../../../static/icons.svg")[..],
        ),
        font,
    }
});

/// The stylesheet's name.
pub(super) fn stylesheet() -> &'static str {
    &ASSETS.stylesheet.name
}

/// The script's name.
pub(super) fn script() -> &'static str {
    &ASSETS.script.name
}

/// The name of the sprite that has all icons.
pub(super) fn icons() -> &'static str {
    &ASSETS.icons.name
}

/// `GET /assets/{name}`.
pub(super) async fn show(Path(name): Path<String>) -> Response<Body> {
    let all = [
        &ASSETS.stylesheet,
        &ASSETS.script,
        &ASSETS.icons,
        &ASSETS.font,
    ];
    let Some(asset) = all.into_iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let body = match &asset.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::copy_from_slice(bytes),
    };
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    response
}
