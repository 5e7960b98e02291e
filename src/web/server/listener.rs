//! The sockets the server listens on, and the streams and peers that come out of them.

use std::{
    io::{self, IoSlice},
    net::{IpAddr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
};
use tokio_rustls::server::TlsStream;

use crate::web::tls::Acceptor;

/// How many bytes of answers the kernel takes that cannot be sent yet.
const MOST_UNSENT: u32 = 128 * 1024;

/// Where connections come from. Whoever serves has bound it.
#[derive(Debug)]
pub enum Listener {
    /// Speaks HTTP/1.1 and HTTP/2 with prior knowledge.
    Tcp(TcpListener),
    /// Speaks the same within TLS.
    Tls(TcpListener, Acceptor),
    /// Speaks HTTP/1.1 and knows its peers by user id.
    Unix(UnixListener),
}

impl Listener {
    pub(super) async fn accept(&self) -> io::Result<(Socket, Peer)> {
        match self {
            Self::Tcp(listener) | Self::Tls(listener, _) => {
                let (stream, address) = listener.accept().await?;
                stream.set_nodelay(true)?;
                // What a peer does not read would else grow to megabytes in the kernel. Where there is no such bound, it does.
                drop(SockRef::from(&stream).set_tcp_notsent_lowat(MOST_UNSENT));
                Ok((Socket::Tcp(stream), Peer::Tcp(address)))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                let uid = stream.peer_cred()?.uid();
                Ok((Socket::Unix(stream), Peer::Unix { uid }))
            }
        }
    }

    /// Where it listens on the network.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) | Self::Tls(listener, _) => listener.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    /// The scheme of web addresses there.
    pub fn scheme(&self) -> &'static str {
        match self {
            Self::Tls(..) => "https",
            Self::Tcp(_) | Self::Unix(_) => "http",
        }
    }

    /// How its connections begin, if not with HTTP.
    pub(super) fn acceptor(&self) -> Option<Acceptor> {
        match self {
            Self::Tls(_, acceptor) => Some(acceptor.clone()),
            Self::Tcp(_) | Self::Unix(_) => None,
        }
    }
}

/// Who is at the other end of a connection, as the kernel says. In the extensions of each request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Peer {
    /// A peer on the network; perhaps a proxy.
    Tcp(SocketAddr),
    /// A process on this machine.
    Unix {
        /// The user it ran as when it connected.
        uid: u32,
    },
}

impl Peer {
    /// The peer's address, an IPv4 one as such even if it came by IPv6.
    pub fn address(self) -> Option<IpAddr> {
        match self {
            Self::Tcp(address) => Some(address.ip().to_canonical()),
            Self::Unix { .. } => None,
        }
    }
}

/// An accepted connection.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    /// After its handshake.
    Tls(Box<TlsStream<TcpStream>>),
    Unix(UnixStream),
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, into),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, into),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}
