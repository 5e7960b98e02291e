//! The handshake of one connection.

use std::{io, sync::Arc};

use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{Authorities, PROTOCOLS, Tls, authorities::judge};
use crate::{crypto::certificate::ClientCertificate, domain::time::Clock};

/// How a listener meets its peers.
#[derive(Clone, Debug)]
pub struct Acceptor {
    tls: Tls,
    clients: Option<Clients>,
}

/// Peers are asked for certificates.
#[derive(Clone, Debug)]
struct Clients {
    authorities: Option<Authorities>,
    clock: Arc<dyn Clock>,
}

/// A connection after its handshake.
#[derive(Debug)]
pub(in crate::web) struct Secured {
    pub(in crate::web) stream: Box<TlsStream<TcpStream>>,
    /// Whether HTTP/2 was agreed on; nothing if nothing was.
    pub(in crate::web) speaks_http2: Option<bool>,
    /// What the peer showed, its key proven.
    pub(in crate::web) certificate: Option<Arc<ClientCertificate>>,
}

impl Acceptor {
    /// Shows a certificate and asks for none.
    pub fn public(tls: Tls) -> Self {
        Self { tls, clients: None }
    }

    /// Asks for a certificate in return, and takes it as well if there is none.
    pub fn mutual(tls: Tls, authorities: Option<Authorities>, clock: Arc<dyn Clock>) -> Self {
        let clients = Some(Clients { authorities, clock });
        Self { tls, clients }
    }

    pub(in crate::web) async fn accept(&self, stream: TcpStream) -> io::Result<Secured> {
        let config = if self.clients.is_some() {
            self.tls.mutual()
        } else {
            self.tls.public()
        };
        let stream = TlsAcceptor::from(config).accept(stream).await?;
        let (_, session) = stream.get_ref();
        let shown = session.peer_certificates().unwrap_or_default();
        let certificate = self
            .clients
            .as_ref()
            .and_then(|clients| judge(shown, clients.authorities.as_ref(), clients.clock.now()));
        let speaks_http2 = session.alpn_protocol().map(|agreed| agreed == PROTOCOLS[0]);
        Ok(Secured {
            certificate,
            speaks_http2,
            stream: Box::new(stream),
        })
    }
}
