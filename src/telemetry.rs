//! The log: how it is set up, and the one list of the names of its fields.
//!
//! Events go to standard error, for people or as JSON, with times in UTC (RFC 3339). A message reads
//! well alone; what a query needs is in fields. Never a secret, a token, a header or a body.

use std::{io, str::FromStr};

use clap::ValueEnum;
use tracing_subscriber::{
    Layer, filter::LevelFilter, layer::SubscriberExt, util::SubscriberInitExt,
};

/// Starts the log. Once in a process; a second time changes nothing.
pub fn start(log: Log) {
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines = match log.format {
        LogFormat::Human => lines.with_ansi(log.colours).with_target(false).boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .boxed(),
    };
    let started = tracing_subscriber::registry()
        .with(lines.with_filter(log.level.filter()))
        .try_init();
    if started.is_err() {
        tracing::debug!("the log was started already");
    }
}

/// How the log is to be.
#[derive(Clone, Copy, Debug)]
pub struct Log {
    /// For whom.
    pub format: LogFormat,
    /// How much.
    pub level: LogLevel,
    /// Whether lines for people have colours.
    pub colours: bool,
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
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        <Self as ValueEnum>::from_str(text, false).map_err(|_| LogError("human or json"))
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
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        <Self as ValueEnum>::from_str(text, false)
            .map_err(|_| LogError("off, error, warn, info, debug or trace"))
    }
}

impl LogLevel {
    fn filter(self) -> LevelFilter {
        match self {
            Self::Off => LevelFilter::OFF,
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }
}

/// A text is none of the words that a setting of the log knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct LogError(&'static str);

/// Every field of the log: its one name, and what it holds.
pub const FIELDS: &[(&str, &str)] = &[
    ("action", "what an operator did, as the audit log's word"),
    ("actor", "who did it, as the audit log names them"),
    (
        "address",
        "the address a request came from, or that is listened on",
    ),
    ("api", "the identifier of an API"),
    ("bytes", "a number of bytes"),
    ("client.id", "the identifier of a client"),
    ("connections", "a number of connections"),
    ("count", "how many, of what the message names"),
    ("data", "the data directory"),
    ("duration_ms", "how long it took, in milliseconds"),
    ("error", "what went wrong, with its causes"),
    ("issuer", "the issuer identifier"),
    ("key.id", "the identifier of a signing key"),
    ("method", "the method of a request"),
    ("outcome", "how a token request ended"),
    (
        "path",
        "the path of a request, without its query; or of a file",
    ),
    (
        "reason",
        "why a request was refused: for us, never for the caller",
    ),
    ("refusal", "which bound of the server a request ran into"),
    (
        "request.id",
        "the identifier of a request, as its answer's `X-Request-Id`",
    ),
    ("revision", "the registry's revision"),
    ("scope", "the scopes of a token"),
    ("seconds", "a length of time, in seconds"),
    ("secret.id", "the public part of a client secret"),
    ("status", "the status of an answer"),
    ("task", "the name of a background task"),
    ("token.subject", "whom an exchanged token speaks for"),
    ("version", "the version of this program"),
];

#[cfg(test)]
mod tests;
