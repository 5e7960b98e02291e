//! The door to a running server: the admin API over the Unix socket in the data directory.

use std::{
    io,
    os::{fd::AsRawFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::net::UnixStream;

use super::failure::Failure;
use crate::web::exchange::{Bounds, exchange};

/// The socket's name in the data directory.
pub(crate) const SOCKET_NAME: &str = "jeton.sock";

/// The longest path that fits a Unix socket's address.
const LONGEST_PATH: usize = 107;

/// The largest answer that is read, a page of the audit log has a few hundred kilobytes; and how long one
/// may take, a backup of a large data file takes minutes.
const BOUNDS: Bounds = Bounds {
    bytes: 64 * 1024 * 1024,
    wait: Duration::from_mins(10),
};

/// A running server.
#[derive(Debug)]
pub(crate) struct Remote {
    socket: PathBuf,
}

impl Remote {
    /// The server of the data directory `data`, if one answers.
    ///
    /// # Errors
    /// As the operating system says; that nothing listens is [`io::ErrorKind::NotFound`] or
    /// [`io::ErrorKind::ConnectionRefused`].
    pub(crate) async fn find(data: &Path) -> io::Result<Self> {
        let socket = data.join(SOCKET_NAME);
        connect(&socket).await?;
        Ok(Self { socket })
    }

    /// Sends `request` and reads the answer.
    pub(crate) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, Failure> {
        let stream = connect(&self.socket).await.map_err(|error| {
            Failure::unavailable(format!(
                "the server at {} went away: {error}",
                self.socket.display()
            ))
        })?;
        exchange(stream, request, BOUNDS)
            .await
            .map_err(|error| Failure::unavailable(format!("the server did not answer: {error}")))
    }
}

/// Connects to a socket, however long its path.
async fn connect(socket: &Path) -> io::Result<UnixStream> {
    if socket.as_os_str().as_bytes().len() <= LONGEST_PATH {
        return UnixStream::connect(socket).await;
    }
    let folder = std::fs::File::open(socket.parent().unwrap_or(Path::new(".")))?;
    let short = format!("/proc/self/fd/{}/{SOCKET_NAME}", folder.as_raw_fd());
    UnixStream::connect(short).await
}
