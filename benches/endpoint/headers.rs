//! The headers that all of Jeton's answers have, for the references: what is compared is not how many there are.

use std::sync::atomic::{AtomicU64, Ordering};

use hyper::HeaderMap;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};

/// Writes them into an answer.
pub(crate) fn write(headers: &mut HeaderMap) {
    headers.reserve(ALWAYS.len() + 3);
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let request_id = REQUESTS.fetch_add(1, Ordering::Relaxed);
    headers.insert("x-request-id", HeaderValue::from(request_id));
}

/// How many requests there were.
static REQUESTS: AtomicU64 = AtomicU64::new(0);

/// Those that say the same each time.
const ALWAYS: [(HeaderName, &str); 4] = [
    (CACHE_CONTROL, "no-store"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (REFERRER_POLICY, "no-referrer"),
];
