//! The head of a request: what is refused before a byte of the body is read.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header, request::Parts},
};

use super::LONGEST_BODY;
use crate::{
    oauth::{form, reason::ErrorCode},
    web::{layers::Refusal, oauth},
};

/// The media type of a body: an endpoint reads one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::web::oauth) enum Media {
    /// Of token requests (RFC 6749 Appendix B).
    Form,
    /// Of client metadata (RFC 7591 §3.1).
    Json,
}

impl Media {
    const fn name(self) -> &'static str {
        match self {
            Self::Form => "application/x-www-form-urlencoded",
            Self::Json => "application/json",
        }
    }
}

/// What belongs into the body alone: a query string ends up in logs (RFC 6749 §2.3.1).
const BODY_ONLY: [&str; 5] = [
    "client_secret",
    "client_assertion",
    "token",
    "grant_type",
    "scope",
];

/// What is wrong with a head.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    /// Parameters stand in the query string.
    Query,
    /// The body is something else than this in UTF-8.
    MediaType(Media),
    /// The body is compressed.
    Encoding,
    /// The body is declared to be too large.
    Length,
}

/// Finds what is wrong with a head, if anything is.
pub(super) fn check(parts: &Parts, media: Media) -> Result<(), Fault> {
    if parts.uri.query().is_some_and(has_parameters) {
        return Err(Fault::Query);
    }
    if parts.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Fault::Encoding);
    }
    let length = declared_length(&parts.headers);
    if length.is_some_and(|length| length > LONGEST_BODY as u64) {
        return Err(Fault::Length);
    }
    let mut types = parts.headers.get_all(header::CONTENT_TYPE).iter();
    match (types.next(), types.next()) {
        (None, _) if is_bodiless(&parts.headers, length) => Ok(()),
        (Some(value), None) if is_of(media, value) => Ok(()),
        (None | Some(_), _) => Err(Fault::MediaType(media)),
    }
}

impl Fault {
    pub(super) fn answer(self) -> Response<Body> {
        match self {
            Self::Query => oauth::error(
                StatusCode::BAD_REQUEST,
                ErrorCode::InvalidRequest,
                "parameters belong into the body, not into the query string",
            ),
            Self::MediaType(media) => {
                let mut response = oauth::error(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    ErrorCode::InvalidRequest,
                    &format!("the body must be {} in UTF-8", media.name()),
                );
                let accepted = HeaderValue::from_static(media.name());
                response.headers_mut().insert(header::ACCEPT, accepted);
                response
            }
            Self::Encoding => {
                let mut response = oauth::error(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    ErrorCode::InvalidRequest,
                    "the body must not be compressed",
                );
                let accepted = HeaderValue::from_static("identity");
                response
                    .headers_mut()
                    .insert(header::ACCEPT_ENCODING, accepted);
                response
            }
            Self::Length => oauth::refuse(Refusal::BodyTooLarge),
        }
    }
}

fn has_parameters(query: &str) -> bool {
    query.split('&').any(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        form::decode(name.as_bytes()).is_ok_and(|name| BODY_ONLY.contains(&name.as_ref()))
    })
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(header::CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

fn is_bodiless(headers: &HeaderMap, length: Option<u64>) -> bool {
    length.unwrap_or(0) == 0 && !headers.contains_key(header::TRANSFER_ENCODING)
}

/// Types and parameter names know no case; the only parameter that matters is `charset`.
fn is_of(media: Media, value: &HeaderValue) -> bool {
    if value == media.name() {
        return true;
    }
    let Ok(value) = value.to_str() else {
        return false;
    };
    let mut pieces = value.split(';').map(str::trim);
    let is_it = pieces
        .next()
        .is_some_and(|essence| essence.eq_ignore_ascii_case(media.name()));
    is_it && pieces.all(is_harmless)
}

fn is_harmless(parameter: &str) -> bool {
    match parameter.split_once('=') {
        Some((name, charset)) if name.eq_ignore_ascii_case("charset") => {
            let charset = charset.trim_matches('"');
            charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
        }
        Some(_) | None => true,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    const FORM: &str = Media::Form.name();

    fn check_head(uri: &str, headers: &[(&str, &str)]) -> Result<(), Fault> {
        let mut request = Request::post(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(()).unwrap().into_parts().0, Media::Form)
    }

    fn check_type(value: &str) -> Result<(), Fault> {
        check_head("/", &[("content-type", value), ("content-length", "5")])
    }

    /// H-07
    #[test]
    fn only_forms_are_read() {
        assert_eq!(check_type(FORM), Ok(()));
        for other in [
            "application/json",
            "multipart/form-data; boundary=x",
            "text/plain",
            "",
            "application/x-www-form-urlencodedx",
            "application/x-www-form-urlencoded, application/json",
        ] {
            assert_eq!(
                check_type(other),
                Err(Fault::MediaType(Media::Form)),
                "{other}"
            );
        }
        let bodiless = [("content-length", "0")];
        assert_eq!(check_head("/", &bodiless), Ok(()));
        assert_eq!(check_head("/", &[]), Ok(()));
        for body in [("content-length", "5"), ("transfer-encoding", "chunked")] {
            assert_eq!(check_head("/", &[body]), Err(Fault::MediaType(Media::Form)));
        }
        let twice = [("content-type", FORM), ("content-type", FORM)];
        assert_eq!(check_head("/", &twice), Err(Fault::MediaType(Media::Form)));
    }

    /// H-08
    #[test]
    fn the_type_knows_no_case_and_the_charset_is_utf_8() {
        for good in [
            "APPLICATION/X-WWW-FORM-URLENCODED; charset=\"utf-8\"",
            "application/x-www-form-urlencoded;charset=UTF-8",
            "application/x-www-form-urlencoded ; Charset=utf8;x=y;",
        ] {
            assert_eq!(check_type(good), Ok(()), "{good}");
        }
        for charset in ["iso-8859-1", "utf-16", "\"latin1\"", ""] {
            let value = format!("{FORM}; charset={charset}");
            assert_eq!(
                check_type(&value),
                Err(Fault::MediaType(Media::Form)),
                "{charset}"
            );
        }
    }

    /// H-09
    #[test]
    fn nothing_is_compressed_and_no_parameter_stands_in_the_query() {
        let compressed = [("content-type", FORM), ("content-encoding", "gzip")];
        assert_eq!(check_head("/", &compressed), Err(Fault::Encoding));
        for name in BODY_ONLY {
            for query in [
                format!("{name}=x"),
                format!("a=b&{name}"),
                format!("%{:02x}{}=x", name.as_bytes()[0], &name[1..]),
            ] {
                let checked = check_head(&format!("/?{query}"), &[]);
                assert_eq!(checked, Err(Fault::Query), "{query}");
            }
        }
        assert_eq!(check_head("/?trace=1&scopes=x&%zz", &[]), Ok(()));
    }

    /// H-10
    #[test]
    fn a_body_declared_too_large_is_not_read() {
        let declare = |length: usize| {
            let length = length.to_string();
            check_head("/", &[("content-type", FORM), ("content-length", &length)])
        };
        assert_eq!(declare(LONGEST_BODY), Ok(()));
        assert_eq!(declare(LONGEST_BODY + 1), Err(Fault::Length));
    }
}
