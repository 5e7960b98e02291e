//! What a reader of public documents has already, and which media type it prefers.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::web::oauth::JSON;

const JWK_SET: &str = "application/jwk-set+json";

/// Whether the reader has the document with this strong tag (RFC 9110 §13.1.2).
pub(super) fn has_already(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// `application/json`, unless the reader prefers the type of RFC 7517 §8.5.2.
pub(super) fn key_set_type(headers: &HeaderMap) -> HeaderValue {
    let (mut set, mut json) = (0, 0);
    let values = headers.get_all(header::ACCEPT).iter();
    for range in values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
    {
        let mut pieces = range.split(';').map(str::trim);
        let media_type = pieces.next().unwrap_or_default().to_ascii_lowercase();
        let weight = pieces.find_map(weight).unwrap_or(1000);
        match media_type.as_str() {
            JWK_SET => set = set.max(weight),
            "application/json" | "application/*" | "*/*" => json = json.max(weight),
            _ => {}
        }
    }
    if set > json {
        HeaderValue::from_static(JWK_SET)
    } else {
        JSON
    }
}

/// `q` in thousandths (RFC 9110 §12.4.2).
fn weight(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let digits = || fraction.bytes().chain(std::iter::repeat(b'0')).take(3);
    if whole.len() != 1 || !digits().all(|digit| digit.is_ascii_digit()) {
        return Some(0);
    }
    let thousandths = digits().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match whole {
        "0" => Some(thousandths),
        "1" => Some(1000),
        _ => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: header::HeaderName, value: &str) -> HeaderMap {
        [(name, HeaderValue::from_str(value).unwrap())]
            .into_iter()
            .collect()
    }

    /// MD-04
    #[test]
    fn a_tag_among_others_and_a_weak_one_are_recognised() {
        let has = |value: &str| has_already(&with(header::IF_NONE_MATCH, value), "\"a\"");
        for same in ["\"a\"", "W/\"a\"", "*", "\"b\", \"a\"", "\"b\",W/\"a\""] {
            assert!(has(same), "{same}");
        }
        for other in ["", "a", "\"b\"", "\"A\"", "\"a", "w/\"a\""] {
            assert!(!has(other), "{other}");
        }
        assert!(!has_already(&HeaderMap::new(), "\"a\""));
    }

    #[test]
    fn json_is_the_type_unless_the_other_is_preferred() {
        let type_for = |accept: &str| key_set_type(&with(header::ACCEPT, accept));
        for accept in [
            "application/jwk-set+json",
            "Application/JWK-Set+JSON, application/json;q=0.9",
            "application/jwk-set+json, */*;q=0.1",
            "text/html, application/jwk-set+json;q=0.5",
        ] {
            assert_eq!(type_for(accept), JWK_SET, "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "text/html",
            "application/json",
            "application/json, application/jwk-set+json",
            "application/jwk-set+json;q=0, text/html",
            "application/jwk-set+json;q=0.1, application/*;q=0.2",
            "application/jwk-set+json;q=x",
        ] {
            assert_eq!(type_for(accept), JSON, "{accept}");
        }
        assert_eq!(key_set_type(&HeaderMap::new()), JSON);
    }
}
