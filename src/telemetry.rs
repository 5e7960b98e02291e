//! The log: how it is set up, and the one list of the names of its fields.
//!
//! Events go to standard error, for people or as JSON, with times in UTC (RFC 3339). A message reads
//! well alone; what a query needs is in fields. Never a secret, a token, a header or a body.

use std::io::{self, IsTerminal};

use tracing_subscriber::{
    Layer, filter::LevelFilter, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::config::{LogFormat, LogLevel};

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
    (
        "request.id",
        "the identifier of a request, as its answer's `X-Request-Id`",
    ),
    ("revision", "the registry's revision"),
    ("scope", "the scopes of a token"),
    ("secret.id", "the public part of a client secret"),
    ("status", "the status of an answer"),
    ("task", "the name of a background task"),
    ("version", "the version of this program"),
];

/// Starts the log. Once in a process; a second time changes nothing.
pub fn start(format: LogFormat, level: LogLevel) {
    let level = match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines = match format {
        LogFormat::Human => lines
            .with_ansi(io::stderr().is_terminal() && !crate::config::wants_no_colour())
            .with_target(false)
            .boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .boxed(),
    };
    let started = tracing_subscriber::registry()
        .with(lines.with_filter(level))
        .try_init();
    if started.is_err() {
        tracing::debug!("the log was started already");
    }
}

#[cfg(test)]
mod tests;
