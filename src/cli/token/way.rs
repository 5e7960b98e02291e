//! How a client proves who it is when it asks for a token: as flags, and as parts of its request.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use clap::{ArgGroup, Args, ValueEnum};
use rustls::ClientConfig;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::encoded;
use crate::{
    cli::{credential, failure::Failure, secret_file::read_secret},
    crypto::{
        random::Entropy,
        signer::{Algorithm, KeyError, Signer},
    },
    domain::{
        issuer::Issuer,
        time::{Clock, Span, SystemClock},
    },
    oauth::assertion,
    web::{
        exchange::trust_and_show,
        tls::{self, Files},
    },
};

/// Those of the flags that each prove something.
const WAYS: [&str; 4] = ["client_secret_file", "key", "assertion_file", "cert"];

/// The flags.
#[derive(Args, Debug, Default)]
#[group(skip)]
#[command(group = ArgGroup::new("way").required(true).multiple(true).args(WAYS))]
pub(super) struct WayArgs {
    /// The file that holds the client's secret; `-` reads it from standard input.
    #[arg(long, value_name = "FILE", help_heading = HEADING, conflicts_with_all = ["key", "assertion_file"])]
    client_secret_file: Option<PathBuf>,
    /// Sign with the secret instead of sending it (`client_secret_jwt`).
    #[arg(long, help_heading = HEADING, requires = "client_secret_file", conflicts_with_all = ["key", "assertion_file"])]
    secret_signs: bool,
    /// The file of the private key that the client signs with (`private_key_jwt`), in PEM, not encrypted: of P-256,
    /// Ed25519 or RSA.
    #[arg(long, value_name = "FILE", help_heading = HEADING, conflicts_with = "assertion_file")]
    key: Option<PathBuf>,
    /// What an RSA key signs with. What the server takes, if not given: RS256 before PS256.
    #[arg(long, value_name = "ALG", help_heading = HEADING, requires = "key", conflicts_with_all = ["client_secret_file", "assertion_file"])]
    rsa_algorithm: Option<RsaAlgorithm>,
    /// The file of the token that the client's platform made for this server; `-` reads it from standard input.
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    assertion_file: Option<PathBuf>,
    /// The file of the certificate that the client shows, in PEM, and of those up to its authority. Beside another
    /// of these ways, it is what the token is bound to.
    #[arg(long, value_name = "FILE", help_heading = HEADING, requires = "cert_key")]
    cert: Option<PathBuf>,
    /// The file of the certificate's private key, in PEM, not encrypted.
    #[arg(long, value_name = "FILE", help_heading = HEADING, requires = "cert")]
    cert_key: Option<PathBuf>,
}

const HEADING: &str = "How the client proves itself";

/// What an RSA key may sign with.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum RsaAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[value(name = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256.
    #[value(name = "PS256")]
    Ps256,
}

/// How a client proves who it is, with all that it needs.
pub(super) struct Way {
    how: How,
    /// TLS with the certificate that it shows.
    pub(super) tls: Option<Arc<ClientConfig>>,
}

enum How {
    /// It sends a secret.
    Sends(Zeroizing<String>),
    /// It signs with its secret, or with a key: what signs where RSA has one algorithm, and where it has the other.
    Signs {
        usual: Box<Signer>,
        pss: Option<Box<Signer>>,
    },
    /// It shows a token that somebody else made.
    Shows(String),
    /// Its certificate says it.
    Certificate,
}

impl WayArgs {
    /// Reads the files.
    pub(super) fn read(&self) -> Result<Way, Failure> {
        let how = match (&self.client_secret_file, &self.key, &self.assertion_file) {
            (Some(file), ..) => {
                let secret = read_secret(file)?;
                if self.secret_signs {
                    let usual = Signer::from_secret(&secret).map_err(|_| {
                        let what =
                            "is too short to sign with: it takes 32 characters (RFC 7518 §3.2)";
                        Failure::refused("secret-file", format!("{} {what}", file.display()))
                    })?;
                    How::Signs {
                        usual: Box::new(usual),
                        pss: None,
                    }
                } else {
                    How::Sends(secret)
                }
            }
            (None, Some(file), _) => self.read_key(file)?,
            (None, None, Some(file)) => How::Shows(credential::read(file)?.trim().to_owned()),
            (None, None, None) => How::Certificate,
        };
        Ok(Way {
            how,
            tls: self.read_certificate()?,
        })
    }

    fn read_key(&self, file: &Path) -> Result<How, Failure> {
        let key = tls::private_key(file).map_err(|error| unusable("key", &error))?;
        let signer = |rsa| {
            Signer::from_der(&key, rsa)
                .map(Box::new)
                .map_err(|error: KeyError| {
                    let what = "take a key of P-256, Ed25519, or RSA with 2048 bits or more";
                    unusable("key", &format!("{}: {error}; {what}", file.display()))
                })
        };
        let usual = signer(match self.rsa_algorithm {
            Some(RsaAlgorithm::Ps256) => Algorithm::Ps256,
            Some(RsaAlgorithm::Rs256) | None => Algorithm::Rs256,
        })?;
        let is_open = self.rsa_algorithm.is_none() && usual.algorithm() == Algorithm::Rs256;
        let pss = is_open.then(|| signer(Algorithm::Ps256)).transpose()?;
        Ok(How::Signs { usual, pss })
    }

    fn read_certificate(&self) -> Result<Option<Arc<ClientConfig>>, Failure> {
        let (Some(certificate), Some(key)) = (&self.cert, &self.cert_key) else {
            return Ok(None);
        };
        let files = Files {
            certificate: certificate.clone(),
            key: key.clone(),
        };
        let certified = tls::certified(&files, SystemClock.now());
        let certified = certified.map_err(|error| unusable("certificate", &error))?;
        let config = trust_and_show(certified).map_err(Failure::unavailable)?;
        Ok(Some(Arc::new(config)))
    }
}

fn unusable(word: &str, error: &impl ToString) -> Failure {
    Failure::refused(word, error.to_string())
}

impl Way {
    /// Adds what proves the client `id` to a token request for the server of this metadata; the `Authorization`
    /// header, if that is it.
    pub(super) fn prove(
        &self,
        id: &str,
        (issuer, metadata): (&Issuer, &Value),
        pairs: &mut Vec<(&'static str, String)>,
    ) -> Result<Option<String>, Failure> {
        let mut show = |assertion: String| {
            pairs.push((
                "client_assertion_type",
                assertion::Kind::Jwt.as_str().to_owned(),
            ));
            pairs.push(("client_assertion", assertion));
        };
        match &self.how {
            How::Sends(secret) if takes_basic(metadata) => {
                let pair = Zeroizing::new(format!("{}:{}", encoded(id), encoded(secret)));
                return Ok(Some(format!("Basic {}", STANDARD.encode(&*pair))));
            }
            How::Sends(secret) => {
                pairs.push(("client_id", id.to_owned()));
                pairs.push(("client_secret", secret.to_string()));
            }
            How::Signs { usual, pss } => {
                let signer = match pss {
                    Some(pss) if !takes(metadata, usual) && takes(metadata, pss) => pss,
                    Some(_) | None => usual,
                };
                show(signed(signer, id, issuer)?);
            }
            How::Shows(token) => {
                show(token.clone());
                pairs.push(("client_id", id.to_owned()));
            }
            How::Certificate => pairs.push(("client_id", id.to_owned())),
        }
        Ok(None)
    }

    /// What may be the matter if the server does not believe it.
    pub(super) fn doubt(&self) -> &'static str {
        match &self.how {
            How::Sends(_) => "this is none of its live secrets",
            How::Signs { usual, .. } if usual.algorithm() == Algorithm::Hs256 => {
                "this is none of its live secrets, or not one that it signs with"
            }
            How::Signs { .. } => {
                "none of its keys is this one, or they are for another algorithm, or the clocks differ"
            }
            How::Shows(_) => {
                "it does not trust this token: see its issuer, its subject, its audience and its age"
            }
            How::Certificate => "it is not known by this certificate",
        }
    }
}

/// What says who the client is for the next minute (RFC 7523 §3).
fn signed(signer: &Signer, id: &str, issuer: &Issuer) -> Result<String, Failure> {
    let now = SystemClock.now();
    let claims = json!({
        "iss": id,
        "sub": id,
        "aud": issuer.as_str(),
        "jti": Entropy::os().base62(22).as_str(),
        "iat": now.seconds(),
        "exp": now.plus(Span::minutes(1)).seconds(),
    });
    let assertion = signer.sign_assertion(claims.to_string().as_bytes());
    assertion.map_err(|error| Failure::refused("signing", error.to_string()))
}

/// Whether the server takes what `signer` signs, as one may that says nothing of it.
fn takes(metadata: &Value, signer: &Signer) -> bool {
    let named = &metadata["token_endpoint_auth_signing_alg_values_supported"];
    let name = signer.algorithm().as_str();
    named
        .as_array()
        .is_none_or(|names| names.iter().any(|it| it == name))
}

/// Whether the server takes secrets by HTTP Basic, as one does that says nothing of it
/// (RFC 8414 §2).
fn takes_basic(metadata: &Value) -> bool {
    metadata["token_endpoint_auth_methods_supported"]
        .as_array()
        .is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::jws::decode_unverified;

    fn proven(how: How, metadata: &Value) -> (Option<String>, Vec<(&'static str, String)>) {
        let mut pairs = Vec::new();
        let way = Way { how, tls: None };
        let issuer = "https://as.test".parse().unwrap();
        let header = way.prove("a b:c", (&issuer, metadata), &mut pairs);
        (header.unwrap(), pairs)
    }

    fn secret(text: &str) -> How {
        How::Sends(Zeroizing::new(text.to_owned()))
    }

    /// CA-02: RFC 6749 §2.3.1: id and secret are form-encoded before they are joined.
    #[test]
    fn basic_credentials_are_form_encoded_first() {
        let (header, pairs) = proven(secret("p+%:"), &json!({}));

        let header = header.unwrap();
        let decoded = STANDARD.decode(header.strip_prefix("Basic ").unwrap());
        let decoded = String::from_utf8(decoded.unwrap()).unwrap();
        assert_eq!(decoded, "a+b%3Ac:p%2B%25%3A");
        assert!(pairs.is_empty());
    }

    #[test]
    fn a_server_without_basic_gets_the_credentials_in_the_body() {
        let only = json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] });

        let (header, pairs) = proven(secret("s"), &only);

        assert_eq!(header, None);
        let wanted = [
            ("client_id", "a b:c".to_owned()),
            ("client_secret", "s".to_owned()),
        ];
        assert_eq!(pairs, wanted);
    }

    #[test]
    fn an_rsa_key_signs_as_the_server_takes_it() {
        let (_, private) = Signer::generate(Algorithm::Rs256, &Entropy::seeded(1));
        let signer = |algorithm| Box::new(Signer::from_private(algorithm, &private).unwrap());
        let how = || How::Signs {
            usual: signer(Algorithm::Rs256),
            pss: Some(signer(Algorithm::Ps256)),
        };
        let takes =
            |names: Value| json!({ "token_endpoint_auth_signing_alg_values_supported": names });

        for (metadata, algorithm) in [
            (json!({}), "RS256"),
            (takes(json!(["PS256", "RS256"])), "RS256"),
            (takes(json!(["ES256", "PS256"])), "PS256"),
            (takes(json!(["ES256"])), "RS256"),
        ] {
            let (_, pairs) = proven(how(), &metadata);
            let (header, claims) = decode_unverified(&pairs[1].1).unwrap();
            assert_eq!(header["alg"], algorithm, "{metadata}");
            assert_eq!(header.get("kid"), None);
            assert_eq!(claims["aud"], "https://as.test");
        }
    }
}
