//! What is wrong with settings.

use std::{io, net::SocketAddr, path::PathBuf};

use crate::domain::issuer::Issuer;

/// Settings are wrong; nothing was started. Each says in one line what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The settings file cannot be read.
    #[error("cannot read the settings file {}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The settings file has a mistake.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Mistake {
        /// Which file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// Its column, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A value in the environment, or a combination of values, is wrong.
    #[error("{0}")]
    Wrong(String),
    /// An address that everybody can reach would be served without encryption.
    #[error(
        "plain HTTP on {0} could be read on its way: listen on a loopback address such as \
         127.0.0.1:8080, or speak TLS with --tls-cert and --tls-key or with --acme, or name the proxy that adds it with \
         --behind-proxy CIDR, or accept it with --allow-plain-http-from-anywhere"
    )]
    PlainHttp(SocketAddr),
    /// The issuer is reached without encryption.
    #[error(
        "the issuer {0} is plain HTTP on a host that is not this machine: give an https:// issuer, \
         or accept it with --allow-plain-http-from-anywhere"
    )]
    PlainIssuer(Issuer),
    /// The console is reached without encryption.
    #[error(
        "the console's address {0} is plain HTTP on a host that is not this machine: give an \
         https:// one with --console-url, or accept it with --allow-plain-http-from-anywhere"
    )]
    PlainConsole(Issuer),
}

pub(super) fn wrong(message: impl Into<String>) -> ConfigError {
    ConfigError::Wrong(message.into())
}
