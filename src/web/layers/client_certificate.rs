//! The certificate that a client showed to a trusted proxy, in the words of that proxy.

use std::{borrow::Cow, sync::Arc};

use axum::http::{HeaderMap, HeaderName};
use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use rustls::pki_types::{CertificateDer, pem::PemObject};

use super::Refusal;
use crate::{
    crypto::certificate::ClientCertificate,
    domain::time::Clock,
    web::tls::{Authorities, judge},
};

/// The header in which a proxy says which certificate it was shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CertificateHeader {
    /// `Client-Cert`, and `Client-Cert-Chain` (RFC 9440): Caddy, Apache, `HAProxy`.
    ClientCert,
    /// `X-SSL-Client-Cert`: PEM with percent signs, as nginx's `$ssl_client_escaped_cert`, or the base64 of
    /// DER, as `HAProxy`'s `ssl_c_der`.
    XSslClientCert,
    /// `X-Forwarded-Client-Cert`: Envoy.
    XForwardedClientCert,
    /// `X-Forwarded-Tls-Client-Cert`: Traefik.
    XForwardedTlsClientCert,
}

/// How trusted proxies say which certificate a client showed to them. They answer for its key.
#[derive(Clone, Debug)]
pub struct ForwardedCertificates {
    /// In which header.
    pub header: CertificateHeader,
    /// Who may vouch for clients.
    pub authorities: Option<Authorities>,
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
}

/// A chain of certificates in DER, the client's first.
type Chain = Vec<CertificateDer<'static>>;

impl ForwardedCertificates {
    /// What is said, if anything is. A certificate that cannot be read is no certificate left out: the
    /// request is refused, lest it count for less than it should.
    pub(super) fn read(
        &self,
        headers: &HeaderMap,
    ) -> Result<Option<Arc<ClientCertificate>>, Refusal> {
        let chain = if self.header == CertificateHeader::ClientCert {
            client_cert(headers)?
        } else {
            let value = only(headers, &self.header.name())?;
            let chain = value.map(|value| self.header.chain(value).ok_or(Refusal::Malformed));
            chain.transpose()?
        };
        let Some(chain) = chain else {
            return Ok(None);
        };
        judge(&chain, self.authorities.as_ref(), self.clock.now())
            .map(Some)
            .ok_or(Refusal::Malformed)
    }
}

impl CertificateHeader {
    fn name(self) -> HeaderName {
        HeaderName::from_static(match self {
            Self::ClientCert => "client-cert",
            Self::XSslClientCert => "x-ssl-client-cert",
            Self::XForwardedClientCert => "x-forwarded-client-cert",
            Self::XForwardedTlsClientCert => "x-forwarded-tls-client-cert",
        })
    }

    fn chain(self, value: &str) -> Option<Chain> {
        match self {
            Self::ClientCert => Some(vec![byte_sequence(value)?]),
            Self::XSslClientCert => pem(value).or_else(|| Some(vec![base64(value)?])),
            Self::XForwardedClientCert => envoy(value),
            Self::XForwardedTlsClientCert => value.split(',').map(base64).collect(),
        }
    }
}

/// RFC 9440 §2.2, §2.3.
fn client_cert(headers: &HeaderMap) -> Result<Option<Chain>, Refusal> {
    let Some(value) = only(headers, &CertificateHeader::ClientCert.name())? else {
        return Ok(None);
    };
    let mut chain = vec![byte_sequence(value).ok_or(Refusal::Malformed)?];
    for line in headers.get_all("client-cert-chain") {
        let line = line.to_str().map_err(|_| Refusal::Malformed)?;
        for item in line.split(',') {
            chain.push(byte_sequence(item.trim()).ok_or(Refusal::Malformed)?);
        }
    }
    Ok(Some(chain))
}

/// The value of a header that occurs once; an empty one says nothing.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let value = value.to_str().map_err(|_| Refusal::Malformed)?.trim();
            // Caddy writes an empty byte sequence where there is no certificate.
            Ok((!matches!(value, "" | "::")).then_some(value))
        }
        (Some(_), Some(_)) => Err(Refusal::Malformed),
    }
}

/// A byte sequence (RFC 9651 §3.3.5).
fn byte_sequence(text: &str) -> Option<CertificateDer<'static>> {
    let inner = text.strip_prefix(':')?.strip_suffix(':')?;
    STANDARD.decode(inner).ok().map(CertificateDer::from)
}

fn base64(text: &str) -> Option<CertificateDer<'static>> {
    let text = unescaped(text.trim())?;
    STANDARD
        .decode(text.as_bytes())
        .ok()
        .map(CertificateDer::from)
}

fn pem(text: &str) -> Option<Chain> {
    let text = unescaped(text)?;
    let chain: Result<Chain, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    chain.ok().filter(|chain| !chain.is_empty())
}

fn unescaped(text: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().ok()
}

/// One element of what Envoy writes: `By=…;Hash=…;Cert="…";Chain="…"`. Two elements tell of two hops, of
/// which the nearer is a proxy.
fn envoy(value: &str) -> Option<Chain> {
    let (mut certificate, mut chain) = (None, None);
    let mut rest = value;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (text, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_at(end_of_quote(quoted)?),
            None => after.split_at(after.find([';', ',']).unwrap_or(after.len())),
        };
        match name.trim() {
            "Chain" => chain = Some(text),
            "Cert" => certificate = Some(text),
            _ => {}
        }
        let after = after.strip_prefix('"').unwrap_or(after);
        match after.strip_prefix(';') {
            Some(more) => rest = more,
            None if after.is_empty() => break,
            None => return None,
        }
    }
    chain.or(certificate).and_then(pem)
}

/// Where the quoted text ends, quotes behind a backslash aside.
fn end_of_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

#[cfg(test)]
mod tests;
