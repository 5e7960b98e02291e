//! One HTTP/1.1 request and its answer over a stream that is connected already, and whom TLS believes.

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
    sign::{CertifiedKey, SingleCertAndKey},
};
use tokio::io::{AsyncRead, AsyncWrite};

/// How much of an answer is read, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Bytes.
    pub(crate) bytes: usize,
    /// From the request to the end of the answer.
    pub(crate) wait: Duration,
}

/// Sends `request` and reads the whole answer.
///
/// # Errors
/// In words, if the other side hangs up, takes too long or answers with what is no HTTP.
pub(crate) async fn exchange<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    bounds: Bounds,
) -> Result<Response<Bytes>, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    tokio::time::timeout(bounds.wait, converse(stream, request, bounds.bytes))
        .await
        .map_err(|_| format!("no answer within {} seconds", bounds.wait.as_secs()))?
}

async fn converse<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    most: usize,
) -> Result<Response<Bytes>, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let answer = async {
        let answer = sender
            .send_request(request)
            .await
            .map_err(|error| error.to_string())?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, most)
            .collect()
            .await
            .map_err(|error| error.to_string())?;
        Ok(Response::from_parts(head, body.to_bytes()))
    };
    tokio::pin!(answer, connection);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        ended = &mut connection => match ended {
            Ok(()) => answer.await,
            Err(error) => Err(error.to_string()),
        },
    }
}

/// TLS as the system trusts it, and besides the certificates of the PEM file `ca`.
pub(crate) fn trust(ca: Option<&Path>) -> Result<ClientConfig, String> {
    trusting(ca).map(WantsClientCert::with_no_client_auth)
}

/// TLS as the system trusts it, to whoever asks for a certificate: this one.
pub(crate) fn trust_and_show(certificate: CertifiedKey) -> Result<ClientConfig, String> {
    let shown = SingleCertAndKey::from(certificate);
    trusting(None).map(|it| it.with_client_cert_resolver(Arc::new(shown)))
}

fn trusting(ca: Option<&Path>) -> Result<WantsClientCert, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (mut usable, _) = roots.add_parsable_certificates(found.certs);
    if let Some(file) = ca {
        let said = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        for certificate in CertificateDer::pem_file_iter(file).map_err(|error| said(&error))? {
            let certificate = certificate.map_err(|error| said(&error))?;
            roots.add(certificate).map_err(|error| said(&error))?;
            usable += 1;
        }
    }
    if usable == 0 {
        return Err(
            "this system has no certificates to trust: install ca-certificates, or name a \
                    file of them in SSL_CERT_FILE"
                .to_owned(),
        );
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots);
    Ok(config)
}

/// A configuration that lacks what is shown.
type WantsClientCert = ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>;
