//! What TLS is spoken with: the primitives of aws-lc, and of the suites those that are safe.

use rustls::{
    Error, SupportedCipherSuite,
    crypto::{CryptoProvider, aws_lc_rs, aws_lc_rs::cipher_suite},
    server::ProducesTickets,
};

/// All of TLS 1.3; of TLS 1.2 the four that FAPI 2.0 §5.2.2 leaves (BCP 195), so no CHACHA20-POLY1305.
const SUITES: &[SupportedCipherSuite] = &[
    cipher_suite::TLS13_AES_256_GCM_SHA384,
    cipher_suite::TLS13_AES_128_GCM_SHA256,
    cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
];

/// What a server speaks TLS with.
pub fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: SUITES.to_vec(),
        ..aws_lc_rs::default_provider()
    }
}

/// What seals the tickets by which sessions are resumed; its keys change by themselves.
pub fn tickets() -> Result<std::sync::Arc<dyn ProducesTickets>, Error> {
    aws_lc_rs::Ticketer::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_1_2_is_spoken_with_the_four_suites_of_fapi_alone() {
        let suites = provider().cipher_suites;

        let names = suites.iter().map(|it| it.suite().as_str().unwrap_or("?"));
        let old: Vec<_> = names.filter(|it| it.starts_with("TLS_")).collect();
        assert_eq!(
            old,
            [
                "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            ]
        );
    }
}
