//! What peers may cost.

use super::{ConfigError, Settings, wrong};
use crate::domain::time::Span;

/// What one peer, and all of them together, may cost.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Connections served at once.
    pub max_connections: usize,
    /// Connections of one address; 0 is no limit.
    pub max_connections_per_address: usize,
    /// Bytes of a request's head.
    pub max_header_bytes: usize,
    /// Bytes of a request's target.
    pub max_target_bytes: usize,
    /// Bytes of a request's body.
    pub max_body_bytes: u64,
    /// Until a connection's first byte.
    pub first_byte_timeout: Span,
    /// Of a TLS handshake.
    pub handshake_timeout: Span,
    /// For a request's head.
    pub header_timeout: Span,
    /// For a request's body.
    pub body_timeout: Span,
    /// Until a request is answered.
    pub request_timeout: Span,
    /// How far the server may fall behind.
    pub shed_after: Span,
    /// Between two requests of a connection.
    pub idle_timeout: Span,
    /// Of a connection.
    pub connection_lifetime: Span,
    /// For what is in flight when the server stops.
    pub drain_timeout: Span,
}

/// The least that hyper can read a request's head with.
const LEAST_HEADER_BYTES: usize = 8 * 1024;

impl Limits {
    pub(super) fn from_settings(settings: &Settings) -> Result<Self, ConfigError> {
        let limits = Self {
            max_connections: settings.max_connections.unwrap_or(10_000),
            max_connections_per_address: settings.max_connections_per_address.unwrap_or(0),
            max_header_bytes: settings.max_header_bytes.unwrap_or(32 * 1024),
            max_target_bytes: settings.max_target_bytes.unwrap_or(8 * 1024),
            max_body_bytes: settings.max_body_bytes.unwrap_or(64 * 1024),
            first_byte_timeout: settings.first_byte_timeout.unwrap_or(Span(10)),
            handshake_timeout: settings.handshake_timeout.unwrap_or(Span(5)),
            header_timeout: settings.header_timeout.unwrap_or(Span(10)),
            body_timeout: settings.body_timeout.unwrap_or(Span(10)),
            request_timeout: settings.request_timeout.unwrap_or(Span(15)),
            shed_after: settings.shed_after.unwrap_or(Span(1)),
            idle_timeout: settings.idle_timeout.unwrap_or(Span::minutes(1)),
            connection_lifetime: settings.connection_lifetime.unwrap_or(Span::hours(1)),
            drain_timeout: settings.drain_timeout.unwrap_or(Span(10)),
        };
        limits.check()?;
        Ok(limits)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let spans = [
            ("first_byte_timeout", self.first_byte_timeout),
            ("handshake_timeout", self.handshake_timeout),
            ("header_timeout", self.header_timeout),
            ("body_timeout", self.body_timeout),
            ("request_timeout", self.request_timeout),
            ("idle_timeout", self.idle_timeout),
            ("connection_lifetime", self.connection_lifetime),
        ];
        if let Some((name, _)) = spans.iter().find(|(_, span)| *span == Span(0)) {
            return Err(wrong(format!("{name} is at least 1s")));
        }
        if self.max_connections == 0 {
            return Err(wrong("max_connections is at least 1"));
        }
        if self.max_header_bytes < LEAST_HEADER_BYTES {
            return Err(wrong(format!(
                "max_header_bytes is at least {LEAST_HEADER_BYTES}"
            )));
        }
        if self.max_target_bytes > self.max_header_bytes {
            return Err(wrong(
                "max_target_bytes is at most max_header_bytes: the target is a part of the head",
            ));
        }
        Ok(())
    }
}
