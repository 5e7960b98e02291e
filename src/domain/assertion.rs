//! Assertions: signed statements that prove a client once (RFC 7523 §3).

use super::{id::ClientId, time::Timestamp};

/// An assertion that may not be used a second time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UsedAssertion {
    /// Whose.
    pub client: ClientId,
    /// Its `jti`: at most 256 bytes.
    pub id: String,
    /// When it would be refused anyway: from then on nothing need be remembered.
    pub expires: Timestamp,
}
