//! The values of settings that are types of their own.

use std::{fmt, net::SocketAddr, str::FromStr};

use clap::ValueEnum;
use ipnet::IpNet;

/// An address and a port to listen on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Endpoint(pub SocketAddr);

impl Default for Endpoint {
    fn default() -> Self {
        Self(SocketAddr::from(([127, 0, 0, 1], 8080)))
    }
}

impl FromStr for Endpoint {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        const NOT_AN_ENDPOINT: ValueError =
            ValueError("an address and a port, as 127.0.0.1:8080 or [::1]:8080");
        text.parse().map(Self).map_err(|_| NOT_AN_ENDPOINT)
    }
}

/// A network, or a single address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network(pub IpNet);

impl FromStr for Network {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        const NOT_A_NETWORK: ValueError =
            ValueError("a network or an address, as 10.0.0.0/8 or 10.1.2.3");
        let network = text.parse::<IpNet>();
        let alone = || text.parse::<std::net::IpAddr>().map(IpNet::from);
        network
            .or_else(|_| alone())
            .map(Self)
            .map_err(|_| NOT_A_NETWORK)
    }
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Human,
    /// One JSON object per line.
    Json,
}

impl FromStr for LogFormat {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        <Self as ValueEnum>::from_str(text, false).map_err(|_| ValueError("human or json"))
    }
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// Only what a person must act on.
    Error,
    /// And what somebody should look at some day.
    Warn,
    /// And what happens: starts, changes, refusals.
    #[default]
    Info,
    /// And how.
    Debug,
    /// Everything.
    Trace,
}

impl FromStr for LogLevel {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        <Self as ValueEnum>::from_str(text, false)
            .map_err(|_| ValueError("off, error, warn, info, debug or trace"))
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        })
    }
}

/// What a setting's value should have been.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct ValueError(&'static str);
