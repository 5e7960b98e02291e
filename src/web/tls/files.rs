//! Certificates and keys in files: read, judged, and watched for change.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    InconsistentKeys,
    pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, pem::PemObject},
    sign::{CertifiedKey, SigningKey},
};
use zeroize::Zeroizing;

use super::Files;
use crate::{
    crypto::{self, certificate::Certificate},
    domain::{acme::IssuedCertificate, server_certificate::ShownCertificate, time::Timestamp},
};

/// The longest file that is read.
const LONGEST: u64 = 1024 * 1024;

/// The longest file of lists that is read: an authority may have revoked many.
const LONGEST_LISTS: u64 = 16 * 1024 * 1024;

/// Files are of no use; each says in one line what to do.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {what}", path.display())]
    Foreign {
        /// Which.
        path: PathBuf,
        /// What is the matter.
        what: &'static str,
    },
    /// The key is another certificate's.
    #[error("the key in {} does not belong to the certificate in {}", key.display(), certificate.display())]
    Mismatch {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
    },
    /// The certificate was valid once.
    #[error("the certificate in {} expired at {at}: put a new one there", path.display())]
    Expired {
        /// Its file.
        path: PathBuf,
        /// When.
        at: Timestamp,
    },
    /// The certificate will be valid.
    #[error("the certificate in {} is not valid before {at}: look whether this machine's clock is right", path.display())]
    Early {
        /// Its file.
        path: PathBuf,
        /// From when.
        at: Timestamp,
    },
    /// A certificate that was issued is not what it should be.
    #[error("the certificate that was issued is of no use: {0}")]
    Issued(&'static str),
    /// TLS cannot be spoken with it.
    #[error("TLS cannot be set up: {0}")]
    Unusable(rustls::Error),
}

/// What a server shows for itself.
pub(super) struct Identity {
    pub(super) key: CertifiedKey,
    pub(super) says: ShownCertificate,
}

/// A certificate and its key, for who shows it as a client: valid at `now`.
///
/// # Errors
/// In one line, what to do.
pub(crate) fn certified(files: &Files, now: Timestamp) -> Result<CertifiedKey, TlsError> {
    identity(files, now).map(|it| it.key)
}

pub(super) fn identity(files: &Files, now: Timestamp) -> Result<Identity, TlsError> {
    let chain = certificates(&files.certificate)?;
    let foreign = |path: &Path, what| TlsError::Foreign {
        path: path.to_owned(),
        what,
    };
    let Some(leaf) = chain
        .first()
        .and_then(|leaf| Certificate::from_der(leaf).ok())
    else {
        return Err(foreign(&files.certificate, NO_CERTIFICATE));
    };
    let key = private_key(&files.key)?;
    let signing = signing(key).ok_or_else(|| foreign(&files.key, STRANGE_KEY))?;
    let key = CertifiedKey::new(chain, signing);
    match key.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
        Err(rustls::Error::InconsistentKeys(_)) => {
            return Err(TlsError::Mismatch {
                key: files.key.clone(),
                certificate: files.certificate.clone(),
            });
        }
        Err(_) => return Err(foreign(&files.certificate, NO_CERTIFICATE)),
    }
    let path = files.certificate.clone();
    let says = ShownCertificate::of(&leaf);
    if now > says.not_after {
        let at = says.not_after;
        return Err(TlsError::Expired { path, at });
    }
    if now < says.not_before {
        let at = says.not_before;
        return Err(TlsError::Early { path, at });
    }
    Ok(Identity { key, says })
}

/// What was issued, valid now or not: an expired certificate tells clients more than none.
pub(super) fn issued(issued: &IssuedCertificate) -> Result<Identity, TlsError> {
    let chain = CertificateDer::pem_slice_iter(issued.chain.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .ok()
        .filter(|chain| !chain.is_empty())
        .ok_or(TlsError::Issued(NO_CERTIFICATE))?;
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes());
    let key = key.map_err(|_| TlsError::Issued(NO_KEY))?;
    let signing = signing(key).ok_or(TlsError::Issued(STRANGE_KEY))?;
    let key = CertifiedKey::new(chain, signing);
    key.keys_match()
        .map_err(|_| TlsError::Issued("its key is another's"))?;
    Ok(Identity {
        key,
        says: issued.shown(),
    })
}

fn signing(key: PrivateKeyDer<'static>) -> Option<Arc<dyn SigningKey>> {
    let provider = crypto::tls::provider().key_provider;
    provider.load_private_key(key).ok()
}

const NO_CERTIFICATE: &str = "there is no certificate in PEM in it";
const NO_KEY: &str = "there is no private key in PEM in it";
const LOCKED_KEY: &str = "the key in it is encrypted: write it without a passphrase, readable by the \
                          server alone";
const STRANGE_KEY: &str = "the key in it is of no kind that is served: take P-256, P-384, Ed25519, or RSA \
                           with 2048 bits or more";
pub(super) const NO_LIST: &str = "there is no list of revoked certificates in it that can be used: X.509 CRLs, in PEM or one in DER";
const TOO_LONG: &str = "it is longer than what should be in it";

/// All certificates of a file, of which there is at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let bytes = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    found
        .ok()
        .filter(|found| !found.is_empty())
        .ok_or_else(|| TlsError::Foreign {
            path: path.to_owned(),
            what: NO_CERTIFICATE,
        })
}

/// All lists of revoked certificates in a file, of which there is at least one: in PEM, or one as its authority
/// publishes it (DER).
pub(super) fn revocation_lists(
    path: &Path,
) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
    let bytes = read_up_to(LONGEST_LISTS, path)?;
    let found = if is_in(&bytes, b"-----BEGIN ") {
        let found: Result<Vec<_>, _> =
            CertificateRevocationListDer::pem_slice_iter(&bytes).collect();
        found.ok()
    } else {
        Some(vec![bytes.to_vec().into()])
    };
    found
        .filter(|found| !found.is_empty())
        .ok_or_else(|| TlsError::Foreign {
            path: path.to_owned(),
            what: NO_LIST,
        })
}

/// The private key of a file in PEM.
///
/// # Errors
/// In one line, what to do.
pub(crate) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let bytes = read(path)?;
    let is_locked = [
        &b"BEGIN ENCRYPTED PRIVATE KEY"[..],
        b"Proc-Type: 4,ENCRYPTED",
    ]
    .iter()
    .any(|mark| is_in(&bytes, mark));
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| TlsError::Foreign {
        path: path.to_owned(),
        what: if is_locked { LOCKED_KEY } else { NO_KEY },
    })
}

fn is_in(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    read_up_to(LONGEST, path)
}

/// Wiped when dropped: it may be a key.
fn read_up_to(longest: u64, path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let unreadable = |source| TlsError::Unreadable {
        path: path.to_owned(),
        source,
    };
    if fs::metadata(path).map_err(unreadable)?.len() > longest {
        return Err(TlsError::Foreign {
            path: path.to_owned(),
            what: TOO_LONG,
        });
    }
    fs::read(path).map(Zeroizing::new).map_err(unreadable)
}

/// What a file system says of files: enough to see that they have changed.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Stamps(Vec<Option<[i64; 5]>>);

impl Stamps {
    /// Links are followed: whoever hands out certificates may move a link.
    pub(super) fn of(paths: &[&PathBuf]) -> Self {
        let stamp = |path: &&PathBuf| {
            let file = fs::metadata(path).ok()?;
            let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
            Some([
                file.mtime(),
                file.mtime_nsec(),
                file.ctime_nsec(),
                number(file.ino()),
                number(file.len()),
            ])
        };
        Self(paths.iter().map(stamp).collect())
    }
}
