//! The certificates of clients: any is taken in the handshake if its key is there, since a client may have
//! registered just this one; whether an authority vouches for it is noted (RFC 8705 §2).

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{
        CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    },
    pki_types::{CertificateDer, UnixTime},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};

use super::{
    TlsError,
    files::{self, Stamps},
};
use crate::{
    crypto::{
        self,
        certificate::{Certificate, ClientCertificate},
    },
    domain::time::Timestamp,
};

/// The most certificates that a client may send: its own, and those up to the authority.
const LONGEST_CHAIN: usize = 8;

/// Who may vouch for clients. Never the authorities that the system trusts: those vouch for web sites.
#[derive(Clone, Debug)]
pub struct Authorities(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    file: PathBuf,
    stamps: ArcSwap<Stamps>,
    current: ArcSwap<Verifier>,
}

#[derive(Debug)]
struct Verifier(Arc<dyn ClientCertVerifier>);

impl Authorities {
    /// Reads the authorities' certificates.
    ///
    /// # Errors
    /// What is wrong with them, in one line.
    pub fn load(file: PathBuf) -> Result<Self, TlsError> {
        let stamps = Stamps::of(&[&file]);
        let current = Verifier::load(&file)?;
        Ok(Self(Arc::new(Shared {
            file,
            stamps: ArcSwap::from_pointee(stamps),
            current: ArcSwap::from_pointee(current),
        })))
    }

    /// Whether the file looks different from when it was last read.
    pub fn has_changed(&self) -> bool {
        Stamps::of(&[&self.0.file]) != **self.0.stamps.load()
    }

    /// Reads the file again, for connections to come.
    ///
    /// # Errors
    /// What is wrong with it; what was read before stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.0.stamps.store(Arc::new(Stamps::of(&[&self.0.file])));
        self.0
            .current
            .store(Arc::new(Verifier::load(&self.0.file)?));
        Ok(())
    }

    /// The file.
    pub fn file(&self) -> &PathBuf {
        &self.0.file
    }

    /// Whether one of them vouches for the first of these certificates, by way of the others.
    fn vouch_for(&self, chain: &[CertificateDer<'_>], now: Timestamp) -> bool {
        let Some((leaf, rest)) = chain.split_first() else {
            return false;
        };
        let now = Duration::from_secs(u64::try_from(now.0).unwrap_or_default());
        let now = UnixTime::since_unix_epoch(now);
        let verifier = self.0.current.load();
        verifier.0.verify_client_cert(leaf, rest, now).is_ok()
    }
}

impl Verifier {
    fn load(file: &Path) -> Result<Self, TlsError> {
        let foreign = || TlsError::Foreign {
            path: file.to_owned(),
            what: "a certificate in it is none of an authority",
        };
        let mut roots = RootCertStore::empty();
        for certificate in files::certificates(file)? {
            roots.add(certificate).map_err(|_| foreign())?;
        }
        let provider = Arc::new(crypto::tls::provider());
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map(Self)
            .map_err(|_| foreign())
    }
}

/// What is known of a client by the certificates it showed, its own first. None if that cannot be read.
pub(in crate::web) fn judge(
    chain: &[CertificateDer<'_>],
    authorities: Option<&Authorities>,
    now: Timestamp,
) -> Option<Arc<ClientCertificate>> {
    let leaf = chain.first()?;
    if chain.len() > LONGEST_CHAIN {
        return None;
    }
    Some(Arc::new(ClientCertificate {
        certificate: Certificate::from_der(leaf).ok()?,
        is_vouched_for: authorities.is_some_and(|it| it.vouch_for(chain, now)),
    }))
}

/// Takes any certificate that can be read, from whoever proves to have its key.
#[derive(Debug)]
pub(super) struct AnyCertificate(WebPkiSupportedAlgorithms);

impl AnyCertificate {
    pub(super) fn new(provider: &CryptoProvider) -> Self {
        Self(provider.signature_verification_algorithms)
    }
}

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if rest.len() >= LONGEST_CHAIN || Certificate::from_der(leaf).is_err() {
            return Err(CertificateError::BadEncoding.into());
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
