//! What a client may prove itself with besides a secret: keys, certificates, tokens of other issuers.
//!
//! All of it is public, or a name: a copy of it lets nobody in. Each stands in a
//! [`Secret`](super::secret::Secret) record, so that a key has the same life, overlap, last use and
//! verdict as a secret has. How a client authenticates follows from what it has that is live, so that
//! it can move from a secret to a key as it moves from one secret to the next.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use serde_json::{Map, Value};

use super::{
    spiffe,
    time::{Span, Timestamp},
};
use crate::crypto::{
    algorithm::JwsAlgorithm,
    jwk::thumbprint,
    verifier::{KeyError, Verifier},
};

/// How a client authenticates (RFC 7591 §2, RFC 8705 §2).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Method {
    /// With a secret: `client_secret_basic` or `client_secret_post`.
    ClientSecret,
    /// With a JWT that its secret signs.
    ClientSecretJwt,
    /// With a JWT that its private key signs.
    PrivateKeyJwt,
    /// With a certificate of an authority that the server trusts.
    TlsClientAuth,
    /// With a certificate that is registered itself, or whose public key is.
    SelfSignedTlsClientAuth,
    /// With a token that another issuer made for it.
    Federated,
}

impl Method {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::ClientSecret,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt,
        Self::TlsClientAuth,
        Self::SelfSignedTlsClientAuth,
        Self::Federated,
    ];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecret => "client_secret",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            Self::Federated => "federated",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A public key as it is kept: the JWK of its public members, parsed once.
#[derive(Clone)]
pub struct PublicKey(Arc<Parsed>);

struct Parsed {
    jwk: Value,
    thumbprint: String,
    verifier: Verifier,
}

/// The members of a JWK that are kept.
const KEPT: [&str; 9] = ["kty", "crv", "x", "y", "n", "e", "alg", "kid", "use"];

impl PublicKey {
    /// Reads a JWK (RFC 7517); of its members only those that say which key it is are kept.
    ///
    /// # Errors
    /// As [`Verifier::from_jwk`].
    pub fn from_jwk(jwk: &Value) -> Result<Self, KeyError> {
        let verifier = Verifier::from_jwk(jwk)?;
        let members = jwk.as_object().ok_or(KeyError::Malformed)?;
        let kept: Map<String, Value> = members
            .iter()
            .filter(|(name, _)| KEPT.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let jwk = Value::Object(kept);
        let kid = jwk
            .get("kid")
            .map(|kid| kid.as_str().ok_or(KeyError::Malformed));
        if kid.transpose()?.is_some_and(|kid| kid.len() > 256) {
            return Err(KeyError::Malformed);
        }
        let thumbprint = thumbprint(&jwk).ok_or(KeyError::Malformed)?;
        Ok(Self(Arc::new(Parsed {
            jwk,
            thumbprint,
            verifier,
        })))
    }

    /// The JWK, public members alone.
    pub fn jwk(&self) -> &Value {
        &self.0.jwk
    }

    /// What it is called (`kid`), if it is called anything.
    pub fn key_id(&self) -> Option<&str> {
        self.0.jwk["kid"].as_str()
    }

    /// Its thumbprint (RFC 7638), which names it whatever it is called.
    pub fn thumbprint(&self) -> &str {
        &self.0.thumbprint
    }

    /// What checks its signatures.
    pub fn verifier(&self) -> &Verifier {
        &self.0.verifier
    }

    /// The key as one for `algorithm`; nothing if it is for another. A key of RSA whose JWK names no algorithm may be
    /// for any of RSA's (RFC 7517 §4.4): which it is, somebody else has to say.
    pub fn for_algorithm(&self, algorithm: JwsAlgorithm) -> Option<Self> {
        if self.verifier().algorithm() == algorithm {
            return Some(self.clone());
        }
        if self.0.jwk.get("alg").is_some() {
            return None;
        }
        let mut jwk = self.0.jwk.clone();
        jwk["alg"] = algorithm.as_str().into();
        Self::from_jwk(&jwk).ok()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.jwk == other.0.jwk
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.thumbprint())
    }
}

/// A certificate that a client presents, known by itself (RFC 8705 §2.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PinnedCertificate {
    /// The SHA-256 of its DER in base64url, as in `x5t#S256`.
    pub thumbprint: String,
    /// Its subject, for people.
    pub subject: String,
    /// When it expires.
    pub not_after: Timestamp,
}

/// What must stand in a certificate of an authority that the server trusts (RFC 8705 §2.1.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CertificateSubject {
    /// Its subject, as RFC 4514 writes it.
    Dn(String),
    /// A DNS name among its alternative names.
    SanDns(String),
    /// A URI among its alternative names, a SPIFFE ID for example.
    SanUri(String),
    /// An IP address among its alternative names.
    SanIp(std::net::IpAddr),
    /// An e-mail address among its alternative names.
    SanEmail(String),
}

impl CertificateSubject {
    /// The client metadata that it is (RFC 8705 §2.1.2).
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Dn(_) => "tls_client_auth_subject_dn",
            Self::SanDns(_) => "tls_client_auth_san_dns",
            Self::SanUri(_) => "tls_client_auth_san_uri",
            Self::SanIp(_) => "tls_client_auth_san_ip",
            Self::SanEmail(_) => "tls_client_auth_san_email",
        }
    }

    /// Its value.
    pub fn value(&self) -> String {
        match self {
            Self::Dn(text) | Self::SanDns(text) | Self::SanUri(text) | Self::SanEmail(text) => {
                text.clone()
            }
            Self::SanIp(address) => address.to_string(),
        }
    }

    /// From the name of client metadata and its value.
    pub fn from_parts(name: &str, value: String) -> Option<Self> {
        Some(match name {
            "tls_client_auth_subject_dn" => Self::Dn(value),
            "tls_client_auth_san_dns" => Self::SanDns(value),
            "tls_client_auth_san_uri" => Self::SanUri(value),
            "tls_client_auth_san_ip" => Self::SanIp(value.parse().ok()?),
            "tls_client_auth_san_email" => Self::SanEmail(value),
            _ => return None,
        })
    }
}

/// Whose tokens a client may show in place of a secret of its own: workload identity federation
/// (RFC 7523 §2.2 with the keys of another issuer).
#[derive(Clone, Debug, PartialEq)]
pub struct Federation {
    /// Exactly the `iss` of the tokens; or the trust domain of a SPIFFE ID, `spiffe://acme.example`, which vouches for
    /// what is in it whatever `iss` says (JWT-SVID §3).
    pub issuer: String,
    /// Their `sub`; a `*` stands for anything but `:` and `/`.
    pub subject: String,
    /// Their `aud`, the only one.
    pub audience: String,
    /// What else must stand in them: path of a claim, and its value, in which `*` is as above.
    pub claims: BTreeMap<String, String>,
    /// How old they may be.
    pub max_age: Span,
    /// How they may be signed; as the keys say, if this is empty.
    pub algorithms: BTreeSet<JwsAlgorithm>,
    /// Where the issuer's keys come from.
    pub keys: FederationKeys,
}

/// Where the keys of another issuer come from.
#[derive(Clone, Debug, PartialEq)]
pub enum FederationKeys {
    /// Its discovery document (OpenID Connect Discovery §4).
    Discovered,
    /// This JWK set.
    At(String),
    /// They were given.
    Given(Vec<PublicKey>),
}

impl Federation {
    /// `key` as one that a token may be signed with by `algorithm`; nothing if none may be. The trust decides, never
    /// the token alone: keys that name no algorithm are for those that the trust names, else for their kind's first.
    pub fn key_for(&self, key: &PublicKey, algorithm: JwsAlgorithm) -> Option<PublicKey> {
        if !self.may_be_signed_by(algorithm) {
            None
        } else if self.algorithms.is_empty() {
            let is_its = key.verifier().algorithm() == algorithm;
            is_its.then(|| key.clone())
        } else {
            key.for_algorithm(algorithm)
        }
    }

    /// Whether tokens may be signed by `algorithm`, if a key is for it. JWT-SVIDs never are by `EdDSA` (JWT-SVID §2.1).
    pub fn may_be_signed_by(&self, algorithm: JwsAlgorithm) -> bool {
        let is_allowed = self.algorithms.is_empty() || self.algorithms.contains(&algorithm);
        is_allowed && !(self.is_of_trust_domain() && algorithm == JwsAlgorithm::EdDsa)
    }

    /// Whether a trust domain of SPIFFE vouches, and no issuer.
    pub fn is_of_trust_domain(&self) -> bool {
        self.issuer.starts_with(spiffe::SCHEME)
    }

    /// What may be said of it, by name.
    pub fn details(&self) -> Vec<(&'static str, String)> {
        let mut all = vec![
            ("issuer", self.issuer.clone()),
            ("subject", self.subject.clone()),
            ("audience", self.audience.clone()),
            ("max_age", self.max_age.to_string()),
        ];
        if !self.claims.is_empty() {
            let claims = self
                .claims
                .iter()
                .map(|(path, value)| format!("{path}={value}"));
            all.push(("claims", claims.collect::<Vec<_>>().join(" ")));
        }
        if !self.algorithms.is_empty() {
            let names = self.algorithms.iter().map(|it| it.as_str());
            all.push(("algorithms", names.collect::<Vec<_>>().join(" ")));
        }
        match &self.keys {
            FederationKeys::Discovered => {}
            FederationKeys::At(uri) => all.push(("jwks_uri", uri.clone())),
            FederationKeys::Given(keys) => {
                let names: Vec<&str> = keys.iter().map(PublicKey::thumbprint).collect();
                all.push(("keys", names.join(" ")));
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_public_key_keeps_nothing_but_which_key_it_is() {
        let jwk = json!({
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "kid": "one", "x5c": ["AAAA"], "comment": "mine",
        });
        let key = PublicKey::from_jwk(&jwk).unwrap();
        assert_eq!(
            key.thumbprint(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
        assert_eq!(key.key_id(), Some("one"));
        assert_eq!(key.jwk().as_object().unwrap().len(), 4);
    }

    /// CF-05
    #[test]
    fn a_trust_says_what_a_key_is_for_that_does_not_say_it_itself() {
        use crate::crypto::{
            random::Entropy,
            signer::{Algorithm, Signer},
        };
        let (signer, _) = Signer::generate(Algorithm::Ps256, &Entropy::seeded(1));
        let mut jwk = signer.public_jwk().unwrap().clone();
        let named = PublicKey::from_jwk(&jwk).unwrap();
        jwk.as_object_mut().unwrap().remove("alg");
        let open = PublicKey::from_jwk(&jwk).unwrap();
        let trust = |algorithms: &[JwsAlgorithm]| Federation {
            issuer: "https://issuer.test".to_owned(),
            subject: "job".to_owned(),
            audience: "https://as.test".to_owned(),
            claims: BTreeMap::new(),
            max_age: Span::hours(1),
            algorithms: algorithms.iter().copied().collect(),
            keys: FederationKeys::Discovered,
        };
        let may = |algorithms: &[JwsAlgorithm], key: &PublicKey| {
            let all = JwsAlgorithm::ALL.into_iter();
            let taken = all.filter(|it| trust(algorithms).key_for(key, *it).is_some());
            taken.map(JwsAlgorithm::as_str).collect::<Vec<_>>()
        };
        let (ps256, rs512) = (JwsAlgorithm::Ps256, JwsAlgorithm::Rs512);
        assert_eq!(may(&[], &named), ["PS256"]);
        assert_eq!(may(&[], &open), ["RS256"]);
        assert_eq!(may(&[ps256, rs512], &named), ["PS256"]);
        assert_eq!(may(&[ps256, rs512], &open), ["RS512", "PS256"]);
        assert!(may(&[rs512], &named).is_empty());
        assert!(may(&[JwsAlgorithm::Es256], &open).is_empty());
    }

    #[test]
    fn a_private_key_is_refused_where_a_public_one_belongs() {
        let jwk = json!({
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        });
        assert_eq!(PublicKey::from_jwk(&jwk).unwrap_err(), KeyError::Private);
    }
}
