//! Forms of other sites are refused.

use axum::http::HeaderMap;

/// Whether an unsafe request comes from a page of this console: the browser says so itself, or its
/// `Origin` is ours. One that says neither is refused.
pub(in crate::web::console) fn is_same_origin(headers: &HeaderMap, own: &str) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => {
            let host = text("host").unwrap_or_default();
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            origin == own || (!host.is_empty() && authority == Some(host))
        }
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_change_is_taken_from_our_own_pages_only() {
        let own = "https://as.test";
        let is_ours = |pairs: &[_]| is_same_origin(&headers(pairs), own);

        assert!(
            is_ours(&[("sec-fetch-site", "none")]),
            "sent by the browser's own means"
        );
        assert!(is_ours(&[("sec-fetch-site", "same-origin")]));
        assert!(is_ours(&[("origin", "https://as.test")]));
        assert!(is_ours(&[
            ("origin", "http://127.0.0.1:8080"),
            ("host", "127.0.0.1:8080")
        ]));

        assert!(!is_ours(&[]));
        assert!(!is_ours(&[("host", "as.test")]));
        assert!(!is_ours(&[("sec-fetch-site", "cross-site")]));
        assert!(!is_ours(&[("sec-fetch-site", "same-site")]));
        assert!(!is_ours(&[("origin", "null"), ("host", "as.test")]));
        assert!(!is_ours(&[
            ("origin", "https://evil.test"),
            ("host", "as.test")
        ]));
        assert!(!is_ours(&[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://as.test")
        ]));
    }
}
