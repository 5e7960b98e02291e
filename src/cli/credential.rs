//! What a client proves itself with in place of a secret, as flags.

use std::{fs, path::PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::{desk::Desk, failure::Failure};

/// How a client authenticates.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum AuthMethod {
    /// It sends its secret.
    ClientSecret,
    /// It signs with its secret, which Jeton then keeps readable, sealed.
    ClientSecretJwt,
    /// It signs with a key whose public half is registered.
    PrivateKeyJwt,
    /// It shows a certificate that an authority of `--tls-client-ca` vouches for.
    TlsClientAuth,
    /// It shows a certificate that is registered itself, or whose public key is.
    SelfSignedTlsClientAuth,
    /// It shows a token that another issuer made for it.
    Federated,
}

/// Flags for a credential that is no secret.
#[derive(Args, Debug, Default)]
pub(crate) struct CredentialArgs {
    /// How the client authenticates. As the other flags say, if not given; with a secret, if none does: in a
    /// rotation as with the one that is replaced.
    #[arg(long, value_name = "METHOD", help_heading = HEADING)]
    auth_method: Option<AuthMethod>,
    /// The client's public key: a JWK, a JWK set of one key, or PEM; `-` is standard input. It signs assertions, or
    /// with `--auth-method self_signed_tls_client_auth` makes certificates.
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    jwks: Option<PathBuf>,
    /// Where the client publishes its keys, over https; they are for the same.
    #[arg(long, value_name = "URL", help_heading = HEADING, conflicts_with = "jwks")]
    jwks_uri: Option<String>,
    /// The client's certificate, registered itself: PEM; `-` is standard input. It works until it expires.
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    cert: Option<PathBuf>,
    /// The subject of the client's certificates, as RFC 4514 writes it: CN=report-service,O=Example.
    #[arg(long, value_name = "DN", help_heading = HEADING, group = "tls_subject")]
    tls_subject_dn: Option<String>,
    /// A DNS name in the client's certificates.
    #[arg(long, value_name = "NAME", help_heading = HEADING, group = "tls_subject")]
    tls_san_dns: Option<String>,
    /// A URI in the client's certificates: a SPIFFE ID for example.
    #[arg(long, value_name = "URI", help_heading = HEADING, group = "tls_subject")]
    tls_san_uri: Option<String>,
    /// An IP address in the client's certificates.
    #[arg(long, value_name = "ADDR", help_heading = HEADING, group = "tls_subject")]
    tls_san_ip: Option<String>,
    /// An e-mail address in the client's certificates.
    #[arg(long, value_name = "EMAIL", help_heading = HEADING, group = "tls_subject")]
    tls_san_email: Option<String>,
    /// Whose tokens the client shows: exactly their `iss`. Not needed for a SPIFFE ID, for which its trust domain vouches.
    #[arg(long, value_name = "URL", help_heading = HEADING, requires = "federated_subject")]
    federated_issuer: Option<String>,
    /// The `sub` of those tokens; `*` stands for anything but `:` and `/`.
    #[arg(long, value_name = "SUBJECT", help_heading = HEADING)]
    federated_subject: Option<String>,
    /// The only `aud` of those tokens. This server's issuer, if not given.
    #[arg(long, value_name = "AUD", help_heading = HEADING, requires = "federated_subject")]
    federated_audience: Option<String>,
    /// What else must stand in those tokens. May be given several times.
    #[arg(long, value_name = "CLAIM=VALUE", help_heading = HEADING, requires = "federated_subject")]
    federated_claim: Vec<String>,
    /// How old those tokens may be: a minute to 24 hours. 1h, if not given.
    #[arg(long, value_name = "SPAN", help_heading = HEADING, requires = "federated_subject")]
    federated_max_age: Option<String>,
    /// How those tokens may be signed, as PS256. May be given several times. As the issuer's keys say, if not given.
    #[arg(long, value_name = "ALG", help_heading = HEADING, requires = "federated_subject")]
    federated_alg: Vec<String>,
    /// The keys of that issuer, if they cannot be fetched: a JWK set; `-` is standard input.
    #[arg(long, value_name = "FILE", help_heading = HEADING, requires = "federated_subject")]
    federated_jwks: Option<PathBuf>,
    /// Where that issuer's keys are, if its discovery document is not to be asked.
    #[arg(
        long, value_name = "URL", help_heading = HEADING, requires = "federated_subject",
        conflicts_with = "federated_jwks"
    )]
    federated_jwks_uri: Option<String>,
}

const HEADING: &str = "Instead of a secret";

/// What the flags come to.
pub(crate) enum Instead {
    /// A secret; whether the client signs with it, if that was said.
    Secret(Option<bool>),
    /// A credential that is no secret, as the admin API reads it.
    Credential(Map<String, Value>),
}

impl CredentialArgs {
    /// What they come to. `desk` is asked for this server's issuer where that is the audience.
    ///
    /// # Errors
    /// They contradict each other, or a file cannot be read.
    pub(crate) async fn choose(&self, desk: &Desk) -> Result<Instead, Failure> {
        let given = [
            (
                self.jwks.is_some() || self.jwks_uri.is_some(),
                AuthMethod::PrivateKeyJwt,
            ),
            (self.federated_subject.is_some(), AuthMethod::Federated),
            (self.cert.is_some(), AuthMethod::SelfSignedTlsClientAuth),
            (self.subject().is_some(), AuthMethod::TlsClientAuth),
        ];
        let mut given = given.into_iter().filter(|(is_given, _)| *is_given);
        let says = given.next().map(|(_, method)| method);
        if given.next().is_some() {
            return Err(contradiction("flags for credentials of different kinds"));
        }
        match (self.auth_method, says) {
            (None, None) => Ok(Instead::Secret(None)),
            (Some(AuthMethod::ClientSecret), None) => Ok(Instead::Secret(Some(false))),
            (Some(AuthMethod::ClientSecretJwt), None) => Ok(Instead::Secret(Some(true))),
            (Some(AuthMethod::PrivateKeyJwt), None) => Err(Failure::usage(
                "private_key_jwt needs the client's public key: --jwks FILE or --jwks-uri URL",
            )),
            (Some(AuthMethod::SelfSignedTlsClientAuth), None) => Err(Failure::usage(
                "self_signed_tls_client_auth needs the client's certificate: --cert FILE; or the public key of its \
                 certificates: --jwks FILE or --jwks-uri URL",
            )),
            (Some(AuthMethod::TlsClientAuth), None) => Err(Failure::usage(
                "tls_client_auth needs what the client's certificates say: --tls-subject-dn DN, or one of \
                 --tls-san-dns, --tls-san-uri, --tls-san-ip and --tls-san-email",
            )),
            (Some(AuthMethod::Federated), None) => Err(Failure::usage(
                "federated needs --federated-subject SUBJECT, and --federated-issuer URL unless that is a SPIFFE ID",
            )),
            (Some(AuthMethod::SelfSignedTlsClientAuth), Some(AuthMethod::PrivateKeyJwt)) => {
                let mut credential = self.credential(desk).await?;
                let method = json!("self_signed_tls_client_auth");
                credential.insert("auth_method".to_owned(), method);
                Ok(Instead::Credential(credential))
            }
            (Some(method), Some(says)) if method != says => {
                Err(contradiction("--auth-method and the other flags"))
            }
            (_, Some(_)) => self.credential(desk).await.map(Instead::Credential),
        }
    }

    /// What the client's certificates say: the name of the metadata (RFC 8705 §2.1.2), and the value.
    fn subject(&self) -> Option<(&'static str, &String)> {
        let all = [
            ("tls_client_auth_subject_dn", &self.tls_subject_dn),
            ("tls_client_auth_san_dns", &self.tls_san_dns),
            ("tls_client_auth_san_uri", &self.tls_san_uri),
            ("tls_client_auth_san_ip", &self.tls_san_ip),
            ("tls_client_auth_san_email", &self.tls_san_email),
        ];
        let mut given = all.into_iter();
        given.find_map(|(name, value)| Some((name, value.as_ref()?)))
    }

    async fn credential(&self, desk: &Desk) -> Result<Map<String, Value>, Failure> {
        let mut credential = Map::new();
        if let Some(file) = &self.jwks {
            credential.insert("key".to_owned(), Value::from(read(file)?));
        }
        if let Some(uri) = &self.jwks_uri {
            credential.insert("jwks_uri".to_owned(), json!(uri));
        }
        if let Some(file) = &self.cert {
            credential.insert("certificate".to_owned(), Value::from(read(file)?));
        }
        if let Some((name, value)) = self.subject() {
            credential.insert(name.to_owned(), json!(value));
        }
        if let Some(subject) = &self.federated_subject {
            let mut claims = Map::new();
            for claim in &self.federated_claim {
                let (path, value) = claim.split_once('=').ok_or_else(|| {
                    Failure::usage("--federated-claim is CLAIM=VALUE, as repository_id=74")
                })?;
                claims.insert(path.to_owned(), json!(value));
            }
            let audience = match &self.federated_audience {
                Some(audience) => json!(audience),
                None => desk.get("/server").await?["issuer"].take(),
            };
            let mut trust = json!({
                "subject": subject,
                "audience": audience,
                "claims": claims,
            });
            if let Some(issuer) = &self.federated_issuer {
                trust["issuer"] = json!(issuer);
            }
            if let Some(span) = &self.federated_max_age {
                trust["max_age"] = json!(span);
            }
            if !self.federated_alg.is_empty() {
                trust["algorithms"] = json!(self.federated_alg);
            }
            if let Some(file) = &self.federated_jwks {
                trust["jwks"] = Value::from(read(file)?);
            }
            if let Some(uri) = &self.federated_jwks_uri {
                trust["jwks_uri"] = json!(uri);
            }
            credential.insert("federation".to_owned(), trust);
        }
        Ok(credential)
    }
}

fn contradiction(what: &str) -> Failure {
    Failure::usage(format!("{what} say different things"))
}

/// The longest file of keys that is read.
const LONGEST: u64 = 256 * 1024;

pub(super) fn read(file: &PathBuf) -> Result<String, Failure> {
    use std::io::Read;
    let fail =
        |error: std::io::Error| Failure::usage(format!("cannot read {}: {error}", file.display()));
    let mut text = String::new();
    if file.as_os_str() == "-" {
        std::io::stdin()
            .take(LONGEST)
            .read_to_string(&mut text)
            .map_err(fail)?;
    } else {
        let opened = fs::File::open(file).map_err(fail)?;
        opened
            .take(LONGEST)
            .read_to_string(&mut text)
            .map_err(fail)?;
    }
    Ok(text)
}
