//! TLS: the server's certificate and key, what is spoken, and who is asked for a certificate in return.
//!
//! TLS 1.3, and 1.2 with the four suites that FAPI 2.0 §5.2.2 leaves (BCP 195). No early data: what it
//! carries can be replayed. Files that change, and certificates that are issued, are taken up while
//! connections go on.

mod acceptor;
mod authorities;
mod files;

use std::{path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    crypto::CryptoProvider,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

pub(crate) use self::files::{certified, private_key};
pub use self::{acceptor::Acceptor, authorities::Authorities, files::TlsError};
pub(super) use self::{acceptor::Secured, authorities::judge};
use self::{
    authorities::AnyCertificate,
    files::{Identity, Stamps},
};
use crate::{
    crypto,
    domain::{acme::IssuedCertificate, server_certificate::ShownCertificate, time::Timestamp},
};

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
    source: Source,
    current: ArcSwap<Current>,
}

/// Where certificates come from.
#[derive(Debug)]
enum Source {
    /// From files, which may change.
    Files(Files, ArcSwap<Stamps>),
    /// Whoever gets them hands them in.
    Issued,
}

/// What new connections are met with.
#[derive(Debug)]
struct Current {
    public: Arc<ServerConfig>,
    mutual: Arc<ServerConfig>,
    /// Nothing while there is no certificate.
    says: Option<ShownCertificate>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// What is wrong with them, in one line.
    pub fn load(files: Files, now: Timestamp) -> Result<Self, TlsError> {
        let stamps = Stamps::of(&[&files.certificate, &files.key]);
        let current = Current::load(&files, now)?;
        let source = Source::Files(files, ArcSwap::from_pointee(stamps));
        Ok(Self::new(source, current))
    }

    /// Without a certificate yet: until [`Tls::take_up`], every handshake is refused. Nobody learns to
    /// accept a stand-in.
    ///
    /// # Errors
    /// If TLS cannot be spoken at all.
    pub fn awaiting() -> Result<Self, TlsError> {
        Ok(Self::new(Source::Issued, Current::new(None)?))
    }

    fn new(source: Source, current: Current) -> Self {
        let current = ArcSwap::from_pointee(current);
        Self(Arc::new(Shared { source, current }))
    }

    /// Shows this certificate to connections to come.
    ///
    /// # Errors
    /// If it cannot be shown, or its key is another's; what was shown before stays.
    pub fn take_up(&self, issued: &IssuedCertificate) -> Result<(), TlsError> {
        let identity = files::issued(issued)?;
        self.0
            .current
            .store(Arc::new(Current::new(Some(identity))?));
        Ok(())
    }

    /// Whether the files look different from when they were last read.
    pub fn has_changed(&self) -> bool {
        match &self.0.source {
            Source::Files(files, stamps) => {
                Stamps::of(&[&files.certificate, &files.key]) != **stamps.load()
            }
            Source::Issued => false,
        }
    }

    /// Reads the files again, for connections to come.
    ///
    /// # Errors
    /// What is wrong with them; what was read before stays.
    pub fn reload(&self, now: Timestamp) -> Result<(), TlsError> {
        let Source::Files(files, read) = &self.0.source else {
            return Ok(());
        };
        let stamps = Stamps::of(&[&files.certificate, &files.key]);
        read.store(Arc::new(stamps));
        self.0.current.store(Arc::new(Current::load(files, now)?));
        Ok(())
    }

    /// What the certificate says of itself; nothing while there is none.
    pub fn shown(&self) -> Option<ShownCertificate> {
        self.0.current.load().says.clone()
    }

    /// When the certificate expires; nothing while there is none.
    pub fn not_after(&self) -> Option<Timestamp> {
        self.0.current.load().says.as_ref().map(|it| it.not_after)
    }

    /// The file of the certificate, if it comes from one.
    pub fn file(&self) -> Option<&PathBuf> {
        match &self.0.source {
            Source::Files(files, _) => Some(&files.certificate),
            Source::Issued => None,
        }
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
        files::identity(files, now).and_then(|it| Self::new(Some(it)))
    }

    fn new(identity: Option<Identity>) -> Result<Self, TlsError> {
        let provider = Arc::new(crypto::tls::provider());
        let says = identity.as_ref().map(|it| it.says.clone());
        let shown = Shown(identity.map(|it| Arc::new(it.key)));
        Ok(Self {
            public: Arc::new(config(&provider, shown.clone(), false)?),
            mutual: Arc::new(config(&provider, shown, true)?),
            says,
        })
    }
}

/// The one certificate that everybody is shown, if there is one.
#[derive(Clone, Debug)]
struct Shown(Option<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }
}

fn config(
    provider: &Arc<CryptoProvider>,
    shown: Shown,
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
    let mut config = builder.with_cert_resolver(Arc::new(shown));
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    config.ticketer = crypto::tls::tickets().map_err(TlsError::Unusable)?;
    Ok(config)
}
