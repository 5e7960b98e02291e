//! Floor 0: what the server needs of cryptography, and nothing else.
//!
//! Randomness, text forms, MACs, password hashes, signatures, certificates, and secrets at rest. Nothing here knows of
//! clients, stores or HTTP; nothing here reads a clock. No primitive is our own: all come from aws-lc and
//! `RustCrypto`'s argon2 and SHA-1.

pub mod algorithm;
pub mod certificate;
mod curve;
pub mod jwk;
pub mod jws;
pub mod mac;
pub mod password;
pub mod pem;
pub mod random;
pub mod sealed;
pub mod signer;
mod spki;
pub mod statement;
pub mod text;
pub mod tls;
pub mod totp;
pub mod verifier;

/// Makes aws-lc the backend of every JWT library in this process. May be called more than once.
///
/// Call it first in `main` and in tests: without it, the choice hangs on which features some dependency
/// turned on.
pub fn install_provider() {
    // The only error says that a provider is in place already.
    jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER
        .install_default()
        .ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_provider_can_be_installed_twice() {
        install_provider();
        install_provider();
    }
}
