//! How a client is recognised by what it comes with.

use std::{fmt, sync::Arc};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::PlainSecret;
use crate::{
    crypto::{
        mac::{MacKey, SecretDigest},
        password::PasswordHash,
        random::Entropy,
        verifier::Verifier,
    },
    domain::credential::{CertificateSubject, Federation, Method, PinnedCertificate, PublicKey},
};

/// How a presented secret is recognised.
#[derive(Clone, PartialEq)]
pub enum Proof {
    /// HMAC-SHA-256 under the server's pepper: for secrets of 256 random bits, where a slow hash
    /// would add nothing (NIST SP 800-63B, look-up secrets).
    Mac(SecretDigest),
    /// Argon2id: for secrets that people chose.
    Password(PasswordHash),
    /// The secret itself, for a client that signs with it (`client_secret_jwt`).
    Shared(SharedSecret),
    /// A public key of the client's (`private_key_jwt`).
    Key(PublicKey),
    /// Where the client publishes its keys (`private_key_jwt` by `jwks_uri`).
    KeySet(String),
    /// A certificate (`self_signed_tls_client_auth`).
    Certificate(PinnedCertificate),
    /// The public key of its certificates, whatever else those say (the same).
    CertificateKey(PublicKey),
    /// Where it publishes the public keys of its certificates (the same by `jwks_uri`).
    CertificateKeySet(String),
    /// What a certificate says (`tls_client_auth`).
    Subject(CertificateSubject),
    /// Another issuer's tokens.
    Federated(Arc<Federation>),
}

/// A secret that is kept in such a way that it can be used: an HMAC key has no one-way form.
///
/// No `Debug` of what is in it.
#[derive(Clone)]
pub struct SharedSecret {
    text: Arc<Zeroizing<String>>,
    verifier: Arc<Verifier>,
}

impl SharedSecret {
    /// From the secret's text.
    pub fn new(text: Zeroizing<String>) -> Self {
        Self {
            verifier: Arc::new(Verifier::secret(text.as_bytes())),
            text: Arc::new(text),
        }
    }

    /// The text. Callers: the store, which seals it, and comparing.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// Whether `text` is it, in constant time.
    pub fn is(&self, text: &str) -> bool {
        self.text.as_bytes().ct_eq(text.as_bytes()).into()
    }

    /// What checks the signatures that are made with it.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }
}

impl PartialEq for SharedSecret {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Proof {
    /// Which tokens of another issuer count, if it is that.
    pub fn trust(&self) -> Option<&Federation> {
        match self {
            Self::Federated(trust) => Some(trust),
            Self::Mac(_)
            | Self::Password(_)
            | Self::Shared(_)
            | Self::Key(_)
            | Self::KeySet(_)
            | Self::Certificate(_)
            | Self::CertificateKey(_)
            | Self::CertificateKeySet(_)
            | Self::Subject(_) => None,
        }
    }

    /// How a client authenticates with it.
    pub const fn method(&self) -> Method {
        match self {
            Self::Mac(_) | Self::Password(_) => Method::ClientSecret,
            Self::Shared(_) => Method::ClientSecretJwt,
            Self::Key(_) | Self::KeySet(_) => Method::PrivateKeyJwt,
            Self::Certificate(_) | Self::CertificateKey(_) | Self::CertificateKeySet(_) => {
                Method::SelfSignedTlsClientAuth
            }
            Self::Subject(_) => Method::TlsClientAuth,
            Self::Federated(_) => Method::Federated,
        }
    }

    /// The word for its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Mac(_) => "generated",
            Self::Password(_) => "chosen",
            Self::Shared(_) => "shared",
            Self::Key(_) => "key",
            Self::KeySet(_) => "key_set",
            Self::Certificate(_) => "certificate",
            Self::CertificateKey(_) => "certificate_key",
            Self::CertificateKeySet(_) => "certificate_key_set",
            Self::Subject(_) => "subject",
            Self::Federated(_) => "federated",
        }
    }

    /// What may be said of it, by name: nothing of a secret, all of what is public.
    pub fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Mac(_) | Self::Password(_) | Self::Shared(_) => Vec::new(),
            Self::Key(key) => {
                let id = key.key_id().map(|id| ("key_id", id.to_owned()));
                let algorithm = key.verifier().algorithm().to_string();
                let others = [
                    ("algorithm", algorithm),
                    ("thumbprint", key.thumbprint().to_owned()),
                ];
                id.into_iter().chain(others).collect()
            }
            Self::CertificateKey(key) => {
                let id = key.key_id().map(|id| ("key_id", id.to_owned()));
                let thumbprint = ("thumbprint", key.thumbprint().to_owned());
                id.into_iter().chain([thumbprint]).collect()
            }
            Self::KeySet(uri) | Self::CertificateKeySet(uri) => vec![("jwks_uri", uri.clone())],
            Self::Certificate(pinned) => vec![
                ("subject", pinned.subject.clone()),
                ("thumbprint", pinned.thumbprint.clone()),
                ("not_after", pinned.not_after.to_string()),
            ],
            Self::Subject(subject) => vec![(subject.name(), subject.value())],
            Self::Federated(federation) => federation.details(),
        }
    }

    /// For a secret that Jeton made.
    pub fn of_generated(secret: &PlainSecret, pepper: &MacKey) -> Self {
        Self::Mac(SecretDigest::new(pepper.digest(secret.reveal().as_bytes())))
    }

    /// For a secret that its client signs with.
    pub fn of_shared(secret: &PlainSecret) -> Self {
        let text = Zeroizing::new(secret.reveal().to_owned());
        Self::Shared(SharedSecret::new(text))
    }

    /// Whether it is a secret that somebody has to be shown.
    pub const fn is_secret(&self) -> bool {
        matches!(self, Self::Mac(_) | Self::Password(_) | Self::Shared(_))
    }

    /// For a secret that somebody chose. Slow by design.
    pub fn of_chosen(secret: &PlainSecret, entropy: &Entropy) -> Self {
        Self::Password(PasswordHash::of(secret.reveal(), entropy))
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mac(_) => "Mac(..)",
            Self::Password(_) => "Password(..)",
            Self::Shared(_) => "Shared(..)",
            Self::Key(_) => "Key(..)",
            Self::KeySet(_) => "KeySet(..)",
            Self::Certificate(_) => "Certificate(..)",
            Self::CertificateKey(_) => "CertificateKey(..)",
            Self::CertificateKeySet(_) => "CertificateKeySet(..)",
            Self::Subject(_) => "Subject(..)",
            Self::Federated(_) => "Federated(..)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_secret_is_its_text() {
        let secret = |text: &str| SharedSecret::new(Zeroizing::new(text.to_owned()));
        assert!(secret("one") == secret("one"));
        assert!(secret("one") != secret("two"));
        assert!(secret("one").is("one") && !secret("one").is("two"));
        assert_eq!(secret("one").reveal(), "one");
    }
}
