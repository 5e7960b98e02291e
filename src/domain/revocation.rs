//! Revocations: tokens that stopped before their time (RFC 7009).

use super::time::Timestamp;

/// A token that does not count any more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Revocation {
    /// Its `jti`.
    pub token: String,
    /// When it would have expired by itself: from then on nothing need be remembered.
    pub expires: Timestamp,
}
