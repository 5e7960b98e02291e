//! What is said of getting the server's certificate from a directory (ACME, RFC 8555).

use std::{net::SocketAddr, path::PathBuf, str::FromStr};

use super::{Config, ConfigError, Endpoint, Settings, ValueError, wrong};
use crate::domain::{acme::AcmeWish, issuer::Issuer};

/// Where directories ask for the answers to their challenges (RFC 8555 §8.3): port 80 of every address.
const CHALLENGES: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 80);

/// The server gets its certificate itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Acme {
    /// From whom.
    pub directory: AcmeDirectory,
    /// Whom the directory may write to.
    pub contact: Vec<String>,
    /// The names that the certificate is for; none means the issuer's host.
    pub domains: Vec<String>,
    /// Where challenges are answered.
    pub listen: SocketAddr,
    /// Certificates that are trusted where the directory is asked, besides the system's.
    pub ca: Option<PathBuf>,
}

/// The web address of a directory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AcmeDirectory(String);

impl AcmeDirectory {
    /// As a URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AcmeDirectory {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        const NO_DIRECTORY: ValueError =
            ValueError("letsencrypt, letsencrypt-staging, or the https:// address of a directory");
        let url = match text {
            "letsencrypt" => "https://acme-v02.api.letsencrypt.org/directory",
            "letsencrypt-staging" => "https://acme-staging-v02.api.letsencrypt.org/directory",
            other => other,
        };
        let parsed: Issuer = url.parse().map_err(|_| NO_DIRECTORY)?;
        if !parsed.is_https() {
            return Err(NO_DIRECTORY);
        }
        Ok(Self(url.to_owned()))
    }
}

/// A name that a certificate can be for, as DNS has it or an IP address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AcmeDomain(String);

impl FromStr for AcmeDomain {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        const NO_DOMAIN: ValueError = ValueError(
            "a host name such as auth.example.com; http-01 cannot prove one with a * in it",
        );
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<std::net::IpAddr>() {
            return Ok(Self(address.to_string()));
        }
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|it| it.is_ascii_alphanumeric() || it == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.len() > 253 || !text.split('.').all(is_label) {
            return Err(NO_DOMAIN);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

/// An e-mail address for the directory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AcmeContact(String);

impl FromStr for AcmeContact {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let address = text.strip_prefix("mailto:").unwrap_or(text);
        let is_one = address.is_ascii()
            && address
                .bytes()
                .all(|it| it.is_ascii_graphic() && !b",?".contains(&it))
            && address.split_once('@').is_some_and(|(user, host)| {
                !user.is_empty() && !host.is_empty() && !host.contains('@')
            });
        if !is_one {
            return Err(ValueError("an e-mail address, as ops@example.com"));
        }
        Ok(Self(format!("mailto:{address}")))
    }
}

impl Acme {
    pub(super) fn from_settings(settings: &Settings) -> Result<Option<Self>, ConfigError> {
        let Some(directory) = settings.acme.clone() else {
            let useless = [
                ("--acme-contact", settings.acme_contact.is_some()),
                ("--acme-domains", settings.acme_domains.is_some()),
                ("--acme-ca", settings.acme_ca.is_some()),
                ("--acme-agree", settings.acme_agree == Some(true)),
            ];
            return match useless.into_iter().find(|(_, is_given)| *is_given) {
                Some((flag, _)) => Err(wrong(format!(
                    "{flag} has no use without --acme, which names the directory to get a certificate from"
                ))),
                None => Ok(None),
            };
        };
        if settings.tls_cert.is_some() || settings.tls_key.is_some() {
            return Err(wrong(
                "--acme gets a certificate and --tls-cert has one: give one of the two",
            ));
        }
        if settings.acme_agree != Some(true) {
            return Err(wrong(
                "--acme needs --acme-agree: whoever gets certificates has to agree to the terms of the \
                 directory, so read them first",
            ));
        }
        let mut domains: Vec<String> = Vec::new();
        for AcmeDomain(domain) in settings.acme_domains.clone().unwrap_or_default() {
            if !domains.contains(&domain) {
                domains.push(domain);
            }
        }
        let contact = settings.acme_contact.clone().unwrap_or_default();
        Ok(Some(Self {
            directory,
            contact: contact.into_iter().map(|it| it.0).collect(),
            domains,
            listen: settings.acme_listen.map_or(CHALLENGES, |Endpoint(it)| it),
            ca: settings.acme_ca.clone(),
        }))
    }

    /// What the server of this issuer asks the directory for.
    pub fn wish(&self, issuer: &Issuer) -> AcmeWish {
        let domains = if self.domains.is_empty() {
            let host = issuer.host().trim_start_matches('[').trim_end_matches(']');
            vec![host.to_ascii_lowercase()]
        } else {
            self.domains.clone()
        };
        AcmeWish {
            directory: self.directory.as_str().to_owned(),
            domains,
        }
    }
}

impl Config {
    /// Checks what a server that listens says of its certificate.
    pub(super) fn check_acme(&self) -> Result<(), ConfigError> {
        let Some(acme) = &self.tls.acme else {
            return Ok(());
        };
        let others = [
            Some(self.listen),
            self.operator_listen,
            self.tls.mtls_listen,
        ];
        if acme.listen.port() != 0 && others.contains(&Some(acme.listen)) {
            return Err(wrong(format!(
                "--acme-listen is {}, where others are served: give it an address of its own, which \
                 http://DOMAIN:80 leads to",
                acme.listen
            )));
        }
        let Some(issuer) = &self.issuer else {
            return if acme.domains.is_empty() {
                Err(wrong(
                    "--acme needs to know the server's name: say it with --issuer, as \
                     https://auth.example.com, or with --acme-domains",
                ))
            } else {
                Ok(())
            };
        };
        let is_covered = acme.domains.is_empty()
            || acme
                .wish(issuer)
                .domains
                .iter()
                .any(|it| it == issuer.host());
        if !is_covered {
            return Err(wrong(format!(
                "the issuer's host {} is not among --acme-domains: clients would refuse the certificate",
                issuer.host()
            )));
        }
        Ok(())
    }
}
