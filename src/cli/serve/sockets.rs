//! The sockets a server listens on: bound here, served elsewhere.

use std::{
    fs, io,
    net::SocketAddr,
    os::{fd::AsRawFd, unix::fs::PermissionsExt},
    path::{Path, PathBuf},
};

use tokio::net::{TcpListener, TcpSocket, UnixListener};

use super::{cannot_listen, manager::Held, tls::Security};
use crate::{
    cli::{failure::Failure, remote::SOCKET_NAME},
    config::Config,
    domain::issuer::Issuer,
    web::{faces::Doors, server::Listener},
};

/// What listens on the network.
pub(super) struct Sockets {
    public: TcpListener,
    operator: Option<TcpListener>,
    mutual: Option<TcpListener>,
    challenges: Option<TcpListener>,
    /// Where clients are served; with the port that was given if any was asked for.
    pub(super) public_address: SocketAddr,
}

impl Sockets {
    /// Takes those that a service manager holds, and binds the others.
    pub(super) fn bind(config: &Config, held: &mut Held) -> Result<Self, Failure> {
        let public = listen(config.listen, held)?;
        let operator = maybe(config.operator_listen, held)?;
        let mutual = maybe(config.tls.mtls_listen, held)?;
        let acme = config.tls.acme.as_ref();
        let challenges = maybe(acme.map(|acme| acme.listen), held)?;
        held.check_claimed()?;
        let public_address = public
            .local_addr()
            .map_err(|error| cannot_listen(&config.listen, &error))?;
        Ok(Self {
            public,
            operator,
            mutual,
            challenges,
            public_address,
        })
    }

    /// All doors, the one for the command line included. Only who has the data file open may do so:
    /// a socket that is there already is a dead server's.
    pub(super) fn into_doors(
        self,
        (data, issuer): (&Path, &Issuer),
        security: &Security,
    ) -> Result<(Doors, LocalSocket), Failure> {
        let (listener, socket) = LocalSocket::bind(data)
            .map_err(|error| cannot_listen(&data.join(SOCKET_NAME).display(), &error))?;
        let doors = Doors {
            public: security.public(self.public),
            operator: self.operator.map(|listener| security.public(listener)),
            mutual: self.mutual.map(|listener| security.mutual(listener)),
            challenges: self
                .challenges
                .map(|listener| (Listener::Tcp(listener), security.challenges(issuer))),
            socket: Some(listener),
        };
        Ok((doors, socket))
    }
}

fn maybe(address: Option<SocketAddr>, held: &mut Held) -> Result<Option<TcpListener>, Failure> {
    match address {
        Some(address) => listen(address, held).map(Some),
        None => Ok(None),
    }
}

fn listen(address: SocketAddr, held: &mut Held) -> Result<TcpListener, Failure> {
    if let Some(listener) = held.claim(address) {
        return TcpListener::from_std(listener).map_err(|error| cannot_listen(&address, &error));
    }
    bind(address).map_err(|error| cannot_listen(&address, &error))
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// How many connections the kernel may keep until they are accepted, unless it is set up for fewer: those of a burst.
const BACKLOG: u32 = 4096;

/// The socket of the command line, as a file.
pub(super) struct LocalSocket {
    path: PathBuf,
}

impl LocalSocket {
    /// Bound through the open directory, so that its path may be as long as it likes, and given its
    /// mode before it is given its name.
    fn bind(data: &Path) -> io::Result<(UnixListener, Self)> {
        let folder = fs::File::open(data)?;
        let draft = format!(".{SOCKET_NAME}.{}", std::process::id());
        let short =
            |name: &str| PathBuf::from(format!("/proc/self/fd/{}/{name}", folder.as_raw_fd()));
        let _stale = fs::remove_file(short(&draft));
        let listener = UnixListener::bind(short(&draft))?;
        fs::set_permissions(short(&draft), fs::Permissions::from_mode(0o600))?;
        fs::rename(short(&draft), short(SOCKET_NAME))?;
        let path = data.join(SOCKET_NAME);
        Ok((listener, Self { path }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn remove(&self) {
        let _gone = fs::remove_file(&self.path);
    }
}
