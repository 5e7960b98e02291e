//! TLS: the server's certificate and key, what is spoken, and who is asked for a certificate in return.
//!
//! TLS 1.3, and 1.2 with the four suites that FAPI 2.0 §5.2.2 leaves (BCP 195). No early data: what it
//! carries can be replayed. Files that change are taken up while connections go on.

mod acceptor;
mod authorities;
mod files;

use std::{path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    crypto::CryptoProvider,
    sign::{CertifiedKey, SingleCertAndKey},
};

pub use self::{acceptor::Acceptor, authorities::Authorities, files::TlsError};
pub(super) use self::{acceptor::Secured, authorities::judge};
use self::{authorities::AnyCertificate, files::Stamps};
use crate::{crypto, domain::time::Timestamp};

/// The protocols that are offered within (RFC 7301), the better one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Where the server's certificate and its key lie, in PEM.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Files {
    /// The certificate, and those between it and the authority.
    pub certificate: PathBuf,
    /// Its key, not encrypted.
    pub key: PathBuf,
}

/// The server's side of TLS, as it is now. A clone is the same.
#[derive(Clone, Debug)]
pub struct Tls(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    files: Files,
    stamps: ArcSwap<Stamps>,
    current: ArcSwap<Current>,
}

/// What new connections are met with.
#[derive(Debug)]
struct Current {
    public: Arc<ServerConfig>,
    mutual: Arc<ServerConfig>,
    not_after: Timestamp,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// What is wrong with them, in one line.
    pub fn load(files: Files, now: Timestamp) -> Result<Self, TlsError> {
        let stamps = Stamps::of(&[&files.certificate, &files.key]);
        let current = Current::load(&files, now)?;
        Ok(Self(Arc::new(Shared {
            files,
            stamps: ArcSwap::from_pointee(stamps),
            current: ArcSwap::from_pointee(current),
        })))
    }

    /// Whether the files look different from when they were last read.
    pub fn has_changed(&self) -> bool {
        let files = &self.0.files;
        Stamps::of(&[&files.certificate, &files.key]) != **self.0.stamps.load()
    }

    /// Reads the files again, for connections to come.
    ///
    /// # Errors
    /// What is wrong with them; what was read before stays.
    pub fn reload(&self, now: Timestamp) -> Result<(), TlsError> {
        let files = &self.0.files;
        let stamps = Stamps::of(&[&files.certificate, &files.key]);
        self.0.stamps.store(Arc::new(stamps));
        self.0.current.store(Arc::new(Current::load(files, now)?));
        Ok(())
    }

    /// When the certificate expires.
    pub fn not_after(&self) -> Timestamp {
        self.0.current.load().not_after
    }

    /// The file of the certificate.
    pub fn file(&self) -> &PathBuf {
        &self.0.files.certificate
    }

    fn public(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.current.load().public)
    }

    fn mutual(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.current.load().mutual)
    }
}

impl Current {
    fn load(files: &Files, now: Timestamp) -> Result<Self, TlsError> {
        let provider = Arc::new(crypto::tls::provider());
        let identity = files::identity(files, &provider, now)?;
        let key = Arc::new(identity.key);
        Ok(Self {
            public: Arc::new(config(&provider, &key, false)?),
            mutual: Arc::new(config(&provider, &key, true)?),
            not_after: identity.not_after,
        })
    }
}

fn config(
    provider: &Arc<CryptoProvider>,
    key: &Arc<CertifiedKey>,
    asks_for_certificates: bool,
) -> Result<ServerConfig, TlsError> {
    let builder = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Unusable)?;
    let builder = if asks_for_certificates {
        builder.with_client_cert_verifier(Arc::new(AnyCertificate::new(provider)))
    } else {
        builder.with_no_client_auth()
    };
    let resolver = SingleCertAndKey::from(Arc::clone(key));
    let mut config = builder.with_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    config.ticketer = crypto::tls::tickets().map_err(TlsError::Unusable)?;
    Ok(config)
}
