//! What a service manager such as systemd gives a server, and wants to know of it.

use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;
use sd_notify::NotifyState;
use tracing::warn;

use crate::cli::failure::{Exit, Failure};

/// Sockets that the manager listens on, restart or not (`sd_listen_fds(3)`), each for one of the addresses in
/// the settings. While no server runs, connections wait in them.
pub(super) struct Held(Vec<(SocketAddr, TcpListener)>);

/// What was handed to this process.
pub(super) fn held_sockets() -> Result<Held, Failure> {
    let mut handed = ListenFd::from_env();
    let mut held = Vec::new();
    for at in 0..handed.len() {
        let socket = handed.take_tcp_listener(at).and_then(|listener| {
            let listener = listener.ok_or(std::io::ErrorKind::NotFound)?;
            listener.set_nonblocking(true)?;
            Ok((listener.local_addr()?, listener))
        });
        held.push(socket.map_err(|error| {
            unusable(format!(
                "the service manager handed over what is no TCP socket that listens: {error}"
            ))
        })?);
    }
    Ok(Held(held))
}

impl Held {
    /// The socket for `address`, if there is one.
    pub(super) fn claim(&mut self, address: SocketAddr) -> Option<TcpListener> {
        let at = self.0.iter().position(|(found, _)| *found == address)?;
        Some(self.0.swap_remove(at).1)
    }

    /// Refuses sockets that nobody claimed: connections to them would wait for ever.
    pub(super) fn check_claimed(&self) -> Result<(), Failure> {
        let Some((address, _)) = self.0.first() else {
            return Ok(());
        };
        Err(unusable(format!(
            "the service manager listens on {address}, which no setting names: make --listen, or the line of \
             the socket unit, say the same address"
        )))
    }
}

fn unusable(message: String) -> Failure {
    Failure::new(Exit::Config, "config", message)
}

/// Tells the manager, if there is one that listens, that requests are answered.
pub(super) fn tell_ready() {
    tell(NotifyState::Ready);
}

/// Tells the manager that the server is on its way down.
pub(super) fn tell_stopping() {
    tell(NotifyState::Stopping);
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        warn!(error = %error, "the service manager cannot be told: {error}");
    }
}
