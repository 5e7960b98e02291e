//! What is said of TLS, and what of it must agree.

use std::{net::SocketAddr, path::PathBuf};

use super::{Acme, CertificateHeader, Config, ConfigError, Settings, wrong};
use crate::domain::{issuer::Issuer, profile::Profile};

/// What is spoken besides HTTP, and whose certificates count.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// The server's certificate and its key: with them, TLS is spoken.
    pub files: Option<(PathBuf, PathBuf)>,
    /// The server gets them itself instead.
    pub acme: Option<Acme>,
    /// Where clients are asked for certificates.
    pub mtls_listen: Option<SocketAddr>,
    /// The web address of that place, or of one like it at a proxy.
    pub mtls_url: Option<Issuer>,
    /// The certificates of the authorities that may vouch for clients.
    pub client_ca: Option<PathBuf>,
    /// The lists of certificates that those authorities revoked.
    pub client_crl: Option<PathBuf>,
    /// The header in which a proxy says which certificate it was shown.
    pub certificate_from: Option<CertificateHeader>,
}

impl Tls {
    pub(super) fn from_settings(settings: &Settings) -> Result<Self, ConfigError> {
        let files = match (settings.tls_cert.clone(), settings.tls_key.clone()) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(_), None) => return Err(wrong("--tls-cert needs --tls-key, its key")),
            (None, Some(_)) => return Err(wrong("--tls-key needs --tls-cert, its certificate")),
        };
        let tls = Self {
            files,
            acme: Acme::from_settings(settings)?,
            mtls_listen: settings.mtls_listen.map(|endpoint| endpoint.0),
            mtls_url: settings.mtls_url.clone(),
            client_ca: settings.tls_client_ca.clone(),
            client_crl: settings.tls_client_crl.clone(),
            certificate_from: settings.client_certificate_from,
        };
        if tls.mtls_listen.is_some() && !tls.is_spoken() {
            return Err(wrong(
                "--mtls-listen needs --tls-cert and --tls-key, or --acme: certificates are shown within TLS",
            ));
        }
        if tls.mtls_url.as_ref().is_some_and(|url| !url.is_https()) {
            return Err(wrong("--mtls-url is an https:// address"));
        }
        if tls.client_crl.is_some() && tls.client_ca.is_none() {
            return Err(wrong(
                "--tls-client-crl needs --tls-client-ca: it says which of their certificates were revoked",
            ));
        }
        if tls.is_mutual() {
            return Ok(tls);
        }
        let useless = if tls.client_ca.is_some() {
            "--tls-client-ca"
        } else if tls.mtls_url.is_some() {
            "--mtls-url"
        } else {
            return Ok(tls);
        };
        Err(wrong(format!(
            "{useless} has no use while nobody is asked for a certificate: give --mtls-listen, or \
             --client-certificate-from with --behind-proxy"
        )))
    }

    /// Whether the listeners speak TLS.
    pub fn is_spoken(&self) -> bool {
        self.files.is_some() || self.acme.is_some()
    }

    /// Whether clients can show certificates.
    pub fn is_mutual(&self) -> bool {
        self.mtls_listen.is_some() || self.certificate_from.is_some()
    }
}

impl Config {
    /// FAPI 2.0 wants every endpoint to be reached by TLS alone (§5.2.1).
    fn check_profile(&self) -> Result<(), ConfigError> {
        let is_https = match &self.issuer {
            Some(issuer) => issuer.is_https(),
            None => self.scheme() == "https",
        };
        if self.profile == Profile::Fapi2 && !is_https {
            return Err(wrong(
                "--profile fapi2 wants TLS: give --tls-cert and --tls-key, or an https:// --issuer where a proxy \
                 adds it",
            ));
        }
        Ok(())
    }

    /// Checks what a server that listens says of TLS.
    pub(super) fn check_tls(&self) -> Result<(), ConfigError> {
        if let Some(address) = self.tls.mtls_listen
            && address.port() != 0
            && (address == self.listen || Some(address) == self.operator_listen)
        {
            return Err(wrong(format!(
                "--mtls-listen is {address}, where others are served: give it an address of its own"
            )));
        }
        if self.tls.certificate_from.is_some() && self.behind_proxy.is_empty() {
            return Err(wrong(
                "--client-certificate-from needs --behind-proxy: only a proxy that is named there is \
                 believed",
            ));
        }
        self.check_profile()?;
        match &self.issuer {
            Some(issuer) if self.tls.is_spoken() && !issuer.is_https() => Err(wrong(format!(
                "the issuer {issuer} is plain HTTP, and with {} the server speaks TLS: give \
                 an https:// issuer",
                if self.tls.acme.is_some() {
                    "--acme"
                } else {
                    "--tls-cert"
                }
            ))),
            Some(_) | None => Ok(()),
        }
    }

    /// The web address by which clients reach the server of this issuer where they can show certificates,
    /// if they can: the issuer itself where a proxy passes them on.
    pub fn mutual(&self, issuer: &Issuer) -> Option<Issuer> {
        if self.tls.mtls_url.is_some() {
            return self.tls.mtls_url.clone();
        }
        let Some(address) = self.tls.mtls_listen else {
            return self.tls.certificate_from.map(|_| issuer.clone());
        };
        let (host, port) = (issuer.host(), address.port());
        format!("https://{host}:{port}{}", issuer.path())
            .parse()
            .ok()
    }
}
