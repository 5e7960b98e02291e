//! SPIFFE IDs: the names of workloads, each in a trust domain that vouches for it (SPIFFE-ID §2).

/// How a SPIFFE ID begins.
pub const SCHEME: &str = "spiffe://";

/// The longest SPIFFE ID, in bytes (SPIFFE-ID §2.3).
const LONGEST: usize = 2048;

/// The longest name of a trust domain, in bytes (SPIFFE-ID §2.3).
const LONGEST_DOMAIN: usize = 255;

/// The trust domain of a workload, as the ID that it has itself: `spiffe://acme.example`. Nothing if `id` is no SPIFFE
/// ID, or that of no workload.
pub fn trust_domain(id: &str) -> Option<&str> {
    split(id, is_of_path)
}

/// The same of a pattern, in whose path `*` may stand.
pub fn trust_domain_of_pattern(pattern: &str) -> Option<&str> {
    split(pattern, |byte| is_of_path(byte) || byte == b'*')
}

fn is_of_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

fn split(id: &str, may_stand: impl Fn(u8) -> bool) -> Option<&str> {
    let (domain, path) = id.strip_prefix(SCHEME)?.split_once('/')?;
    let is_of_domain = |byte: u8| is_of_path(byte) && !byte.is_ascii_uppercase();
    let is_segment = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(&may_stand);
    let is_id = id.len() <= LONGEST
        && (1..=LONGEST_DOMAIN).contains(&domain.len())
        && domain.bytes().all(is_of_domain)
        && path.split('/').all(is_segment);
    is_id.then(|| &id[..SCHEME.len() + domain.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CP-04
    #[test]
    fn only_a_workloads_id_has_a_trust_domain() {
        for id in [
            "spiffe://acme.example/shop/api",
            "spiffe://acme.example/A_b-c.d",
        ] {
            assert_eq!(trust_domain(id), Some("spiffe://acme.example"), "{id}");
        }
        let long = format!("spiffe://acme.example/{}", "a".repeat(LONGEST));
        let domain = format!("spiffe://{}/a", "a".repeat(LONGEST_DOMAIN + 1));
        for id in [
            "spiffe://acme.example",
            "spiffe://acme.example/",
            "spiffe:///shop",
            "SPIFFE://acme.example/shop",
            "spiffe://Acme.example/shop",
            "spiffe://acme.example:8443/shop",
            "spiffe://user@acme.example/shop",
            "spiffe://acme.example/shop?x",
            "spiffe://acme.example/shop#x",
            "spiffe://acme.example/sh%6fp",
            "spiffe://acme.example/shop/",
            "spiffe://acme.example//shop",
            "spiffe://acme.example/./shop",
            "spiffe://acme.example/../shop",
            "spiffe://acme.example/shop/*",
            "https://acme.example/shop",
            &long,
            &domain,
        ] {
            assert_eq!(trust_domain(id), None, "{id}");
        }
    }

    /// CP-04
    #[test]
    fn a_pattern_leaves_the_trust_domain_no_choice() {
        let found = trust_domain_of_pattern("spiffe://acme.example/shop/*");
        assert_eq!(found, Some("spiffe://acme.example"));
        assert_eq!(trust_domain_of_pattern("spiffe://*/shop"), None);
    }
}
