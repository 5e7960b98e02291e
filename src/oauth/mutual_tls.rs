//! Clients that prove themselves with a certificate (RFC 8705 §2): one that is registered itself, or whose public
//! key is; or one that an authority vouches for and that says what is registered.
//!
//! That the key of the certificate was there is proven already, in the handshake.

use std::borrow::Cow;

use super::{
    Context,
    assertion::{KeySource, keys_at},
    authenticate::{AuthenticatedClient, fit_for_logs, judge},
    reason::{Reason, Refused},
};
use crate::{
    crypto::certificate::ClientCertificate,
    domain::{
        credential::{CertificateSubject, Method, PublicKey},
        order,
        registry::Registry,
        secret::{Proof, Secret},
    },
};

/// "I am this client, and you have seen my certificate."
pub struct Shown<'a> {
    /// The client's id.
    pub id: Cow<'a, str>,
    /// The certificate.
    pub certificate: &'a ClientCertificate,
}

/// Why a certificate proves nobody.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CertificateFault {
    /// It is registered nowhere with this client, and says nothing that is.
    #[error("the certificate is none of the client's")]
    Another,
    /// It says what is registered, but anybody could have written it.
    #[error(
        "no authority that the server trusts with clients vouches for the certificate, or it was revoked"
    )]
    NotVouchedFor,
    /// It is the right one at the wrong time.
    #[error("the certificate has expired, or is not valid yet")]
    Stale,
}

/// Finds out whether the client is who it says.
pub(super) fn prove<'r>(
    registry: &'r Registry,
    shown: &Shown<'_>,
    context: &Context<'_>,
) -> Result<AuthenticatedClient<'r>, Refused> {
    let Some(client) = registry.find_client_by_text(&shown.id) else {
        return Err(Reason::UnknownClient(fit_for_logs(&shown.id)).into());
    };
    let now = context.now;
    let (mut fitting, mut wanted) = (Vec::new(), None);
    for credential in &client.secrets {
        match fits(credential, shown, context) {
            Ok(true) => fitting.push(credential),
            Ok(false) => {}
            Err(source) => wanted = Some(source),
        }
    }
    // Those that are live first, so that a dead one counts only where it is all there is.
    order::by_key(&mut fitting, |it| !it.is_live(now));
    // Where a certificate is registered itself, or its key, nobody need vouch for it.
    let is_trusted = |it: &Secret| is_pinned(it) || shown.certificate.is_vouched_for;
    let proves = |it: &&Secret| it.is_live(now) && is_trusted(it);
    if let Some(source) = wanted
        && !fitting.iter().any(proves)
    {
        return Err(Reason::NeedsKeys(source).into());
    }
    let refused = |fault, secret: Option<&Secret>| Refused {
        client: Some(client.id.clone()),
        secret: secret.map(|secret| secret.id.clone()),
        ..Reason::Certificate(fault).into()
    };
    let Some(secret) = fitting.first().copied() else {
        return Err(refused(CertificateFault::Another, None));
    };
    if !shown.certificate.certificate.is_valid_at(now.0) {
        return Err(refused(CertificateFault::Stale, Some(secret)));
    }
    match fitting.iter().find(|it| is_trusted(it)) {
        Some(secret) => judge(client, secret, now),
        None => Err(refused(CertificateFault::NotVouchedFor, Some(secret))),
    }
}

fn is_pinned(credential: &Secret) -> bool {
    credential.proof.method() == Method::SelfSignedTlsClientAuth
}

/// Whether the certificate is what is registered; where keys come from that have to be fetched to know.
fn fits(credential: &Secret, shown: &Shown<'_>, context: &Context<'_>) -> Result<bool, KeySource> {
    let certificate = &shown.certificate.certificate;
    let is_its_key = |key: &PublicKey| certificate.key_thumbprint() == Some(key.thumbprint());
    Ok(match &credential.proof {
        Proof::Certificate(pinned) => pinned.thumbprint == certificate.thumbprint(),
        Proof::CertificateKey(key) => is_its_key(key),
        Proof::CertificateKeySet(uri) if credential.is_live(context.now) => {
            let has_it = |keys: &[PublicKey]| keys.iter().any(is_its_key);
            return keys_at(&KeySource::Set(uri.clone()), has_it, context);
        }
        Proof::Subject(subject) => says(shown.certificate, subject),
        Proof::CertificateKeySet(_)
        | Proof::Mac(_)
        | Proof::Password(_)
        | Proof::Shared(_)
        | Proof::Key(_)
        | Proof::KeySet(_)
        | Proof::Federated(_) => false,
    })
}

/// Whether a certificate says this of its subject (RFC 8705 §2.1.2).
pub fn says(shown: &ClientCertificate, subject: &CertificateSubject) -> bool {
    let certificate = &shown.certificate;
    match subject {
        CertificateSubject::Dn(name) => name
            .parse()
            .is_ok_and(|name| *certificate.subject() == name),
        CertificateSubject::SanDns(name) => certificate.has_dns(name),
        CertificateSubject::SanUri(uri) => certificate.has_uri(uri),
        CertificateSubject::SanIp(address) => certificate.has_ip(*address),
        CertificateSubject::SanEmail(address) => certificate.has_email(address),
    }
}

#[cfg(test)]
mod tests;
