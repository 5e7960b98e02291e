//! The server's own certificate as it is stored.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{RecordError, StoredPrivate};
use crate::{
    crypto::signer::PrivateKey,
    domain::{
        acme::{AcmeState, AcmeWish, IssuedCertificate},
        time::Timestamp,
    },
};

/// The account, the certificate and the next try.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct StoredAcme {
    directory: String,
    domains: Vec<String>,
    account: Option<StoredPrivate>,
    certificate: Option<StoredCertificate>,
    next: Timestamp,
    failures: u32,
    problem: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StoredCertificate {
    chain: String,
    key: StoredPrivate,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl From<&AcmeState> for StoredAcme {
    fn from(state: &AcmeState) -> Self {
        Self {
            directory: state.wish.directory.clone(),
            domains: state.wish.domains.clone(),
            account: state.account.as_deref().map(Into::into),
            certificate: state.certificate.as_ref().map(|it| StoredCertificate {
                chain: it.chain.clone(),
                key: it.key.as_ref().into(),
                not_before: it.not_before,
                not_after: it.not_after,
            }),
            next: state.next,
            failures: state.failures,
            problem: state.problem.clone(),
        }
    }
}

impl TryFrom<StoredAcme> for AcmeState {
    type Error = RecordError;

    fn try_from(stored: StoredAcme) -> Result<Self, RecordError> {
        let private = |text| PrivateKey::try_from(text).map(Arc::new);
        let certificate = stored.certificate.map(|it| {
            Ok(IssuedCertificate {
                chain: it.chain,
                key: private(it.key)?,
                not_before: it.not_before,
                not_after: it.not_after,
            })
        });
        Ok(Self {
            wish: AcmeWish {
                directory: stored.directory,
                domains: stored.domains,
            },
            account: stored.account.map(private).transpose()?,
            certificate: certificate.transpose()?,
            next: stored.next,
            failures: stored.failures,
            problem: stored.problem,
        })
    }
}
