//! A name for each request: in the answer, in the log, and in what a person reports.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of one request: 1 to 64 of `A-Z`, `a-z`, `0-9`, `.`, `_` and `-`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id that a proxy gave, if it is a well-formed one.
    pub(super) fn accept(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(HEADER)?;
        let allowed = |&byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_id = matches!(value.len(), 1..=64) && value.as_bytes().iter().all(allowed);
        is_id.then(|| Self(value.clone()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    fn from_base32(text: [u8; 16]) -> Self {
        Self(HeaderValue::from_bytes(&text).expect("base32 is visible ASCII"))
    }

    pub(super) fn into_header(self) -> HeaderValue {
        self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Makes request ids: 16 characters of lower-case base32, never the same twice in a process.
///
/// They are names, not secrets: whoever knows the seed knows them all.
#[derive(Debug)]
pub struct RequestIds {
    next: AtomicU64,
    process: u16,
}

impl RequestIds {
    /// A sequence of its own for each seed; give each process a random one.
    pub fn seeded(seed: [u8; 10]) -> Self {
        let mut first = [0; 8];
        first.copy_from_slice(&seed[..8]);
        Self {
            next: AtomicU64::new(u64::from_be_bytes(first)),
            process: u16::from_be_bytes([seed[8], seed[9]]),
        }
    }

    /// The next id.
    pub fn issue(&self) -> RequestId {
        let number = scramble(self.next.fetch_add(1, Ordering::Relaxed));
        let mut bits = u128::from(self.process) << 64 | u128::from(number);
        let mut text = [0; 16];
        for character in text.iter_mut().rev() {
            let [.., lowest] = bits.to_be_bytes();
            *character = ALPHABET[usize::from(lowest & 31)];
            bits >>= 5;
        }
        RequestId::from_base32(text)
    }
}

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A bijection (the finaliser of `SplitMix64`), so that neighbours look unlike and none repeats.
fn scramble(number: u64) -> u64 {
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_do_not_repeat_and_look_like_ids() {
        let ids = RequestIds::seeded([255; 10]);

        let issued: HashSet<String> = (0..10_000).map(|_| ids.issue().to_string()).collect();

        assert_eq!(issued.len(), 10_000);
        for id in issued {
            assert_eq!(id.len(), 16);
            assert!(id.bytes().all(|byte| ALPHABET.contains(&byte)), "{id}");
        }
    }

    #[test]
    fn seeds_decide_the_ids() {
        let first = |seed| RequestIds::seeded(seed).issue();

        assert_eq!(first([1; 10]), first([1; 10]));
        assert_ne!(first([1; 10]), first([2; 10]));
    }

    /// H-26
    #[test]
    fn only_well_formed_ids_are_accepted() {
        let accept = |value: &str| {
            let headers = HeaderMap::from_iter([(HEADER, HeaderValue::from_str(value).unwrap())]);
            RequestId::accept(&headers).map(|id| id.to_string())
        };

        assert_eq!(accept("a-B_3.x"), Some("a-B_3.x".to_owned()));
        assert_eq!(accept(&"a".repeat(64)), Some("a".repeat(64)));
        for value in ["", " ", "a b", "a\tb", "<a>", "a;b", "a\"", &"a".repeat(65)] {
            assert_eq!(accept(value), None, "{value:?}");
        }
    }
}
