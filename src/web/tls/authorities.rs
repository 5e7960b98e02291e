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
    pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use x509_parser::{prelude::FromDer, revocation_list::CertificateRevocationList};

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
    /// What they revoked.
    lists: Option<PathBuf>,
    stamps: ArcSwap<Stamps>,
    current: ArcSwap<Verifier>,
}

#[derive(Debug)]
struct Verifier {
    verifier: Arc<dyn ClientCertVerifier>,
    /// Until when all lists of what was revoked are good, if there are any and they say so.
    lists_until: Option<Timestamp>,
}

impl Authorities {
    /// Reads the authorities' certificates, and the lists of those that they revoked (RFC 5280 §5), if there are any.
    ///
    /// With lists, every authority of a chain must have one that is not over: of a certificate of which nobody knows
    /// whether it was revoked, nobody vouches.
    ///
    /// # Errors
    /// What is wrong with them, in one line.
    pub fn load(file: PathBuf, lists: Option<PathBuf>) -> Result<Self, TlsError> {
        let stamps = stamps(&file, lists.as_ref());
        let current = Verifier::load(&file, lists.as_deref())?;
        Ok(Self(Arc::new(Shared {
            file,
            lists,
            stamps: ArcSwap::from_pointee(stamps),
            current: ArcSwap::from_pointee(current),
        })))
    }

    /// Whether a file looks different from when it was last read.
    pub fn has_changed(&self) -> bool {
        stamps(&self.0.file, self.0.lists.as_ref()) != **self.0.stamps.load()
    }

    /// Reads the files again, for connections to come.
    ///
    /// # Errors
    /// What is wrong with them; what was read before stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        let Shared { file, lists, .. } = &*self.0;
        let read = stamps(file, lists.as_ref());
        self.0.stamps.store(Arc::new(read));
        let current = Verifier::load(file, lists.as_deref())?;
        self.0.current.store(Arc::new(current));
        Ok(())
    }

    /// The file of their certificates.
    pub fn file(&self) -> &PathBuf {
        &self.0.file
    }

    /// The file of the lists, and until when they are good, if there are any and they say so.
    pub fn lists(&self) -> Option<(&PathBuf, Timestamp)> {
        let until = self.0.current.load().lists_until;
        self.0.lists.as_ref().zip(until)
    }

    /// Whether one of them vouches for the first of these certificates, by way of the others.
    fn vouch_for(&self, chain: &[CertificateDer<'_>], now: Timestamp) -> bool {
        let Some((leaf, rest)) = chain.split_first() else {
            return false;
        };
        let now = Duration::from_secs(u64::try_from(now.0).unwrap_or_default());
        let now = UnixTime::since_unix_epoch(now);
        let current = self.0.current.load();
        let vouched = current.verifier.verify_client_cert(leaf, rest, now);
        vouched.is_ok()
    }
}

fn stamps(file: &PathBuf, lists: Option<&PathBuf>) -> Stamps {
    let files: Vec<_> = [Some(file), lists].into_iter().flatten().collect();
    Stamps::of(&files)
}

impl Verifier {
    fn load(file: &Path, lists: Option<&Path>) -> Result<Self, TlsError> {
        let foreign = |path: &Path, what| TlsError::Foreign {
            path: path.to_owned(),
            what,
        };
        let mut roots = RootCertStore::empty();
        for certificate in files::certificates(file)? {
            let added = roots.add(certificate);
            added.map_err(|_| foreign(file, "a certificate in it is none of an authority"))?;
        }
        let provider = Arc::new(crypto::tls::provider());
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let Some(path) = lists else {
            let verifier = builder.build();
            return Ok(Self {
                verifier: verifier.map_err(|_| foreign(file, "it cannot be used"))?,
                lists_until: None,
            });
        };
        let lists = files::revocation_lists(path)?;
        let lists_until = lists.iter().filter_map(next_update).min();
        let verifier = builder
            .with_crls(lists)
            .enforce_revocation_expiration()
            .build();
        Ok(Self {
            verifier: verifier.map_err(|_| foreign(path, files::NO_LIST))?,
            lists_until,
        })
    }
}

/// When there is to be another list (RFC 5280 §5.1.2.5).
fn next_update(list: &CertificateRevocationListDer<'static>) -> Option<Timestamp> {
    let (_, list) = CertificateRevocationList::from_der(list).ok()?;
    list.next_update().map(|at| Timestamp(at.timestamp()))
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

#[cfg(test)]
mod tests;
