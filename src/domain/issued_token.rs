//! The record of one issued token: to whom, for what, from where.

use std::{collections::BTreeMap, net::IpAddr};

use super::{
    id::{ApiIdentifier, ClientId, SecretId},
    time::Timestamp,
};

/// A token that was issued. The token itself is nowhere in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IssuedToken {
    /// When.
    pub at: Timestamp,
    /// Its `jti`.
    pub token: String,
    /// To whom.
    pub client: ClientId,
    /// On the strength of which secret or other credential.
    pub secret: SecretId,
    /// For which API.
    pub api: ApiIdentifier,
    /// What it allows, separated by spaces.
    pub scope: String,
    /// Whom it speaks for, if it was exchanged for another token (RFC 8693).
    pub subject: Option<ClientId>,
    /// When it expires, to a second.
    pub expires: Timestamp,
    /// From where it was asked for.
    pub address: IpAddr,
    /// The id of the request, as it is in the log.
    pub request_id: Option<String>,
}

/// The same with its number, from 1 on without a gap.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IssuedRecord {
    /// Its number.
    pub seq: u64,
    /// What it says.
    pub issued: IssuedToken,
}

/// A stretch of these records, newest first.
#[derive(Clone, Debug, Default)]
pub struct IssuedPage {
    /// Only records with a smaller number.
    pub before: Option<u64>,
    /// At most this many records.
    pub limit: usize,
    /// Only the token with this `jti`.
    pub token: Option<String>,
    /// Only tokens of this client, or that speak for it.
    pub client: Option<ClientId>,
    /// Only tokens for this API.
    pub api: Option<ApiIdentifier>,
    /// Only from then on.
    pub since: Option<Timestamp>,
    /// Only until then.
    pub until: Option<Timestamp>,
}

impl IssuedPage {
    /// Whether `issued` passes the filters.
    pub fn admits(&self, issued: &IssuedToken) -> bool {
        let is_of =
            |client: &ClientId| issued.client == *client || issued.subject.as_ref() == Some(client);
        self.token.as_ref().is_none_or(|it| issued.token == *it)
            && self.client.as_ref().is_none_or(is_of)
            && self.api.as_ref().is_none_or(|it| issued.api == *it)
            && self.since.is_none_or(|it| issued.at >= it)
            && self.until.is_none_or(|it| issued.at <= it)
    }
}

/// Where a chain of records ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ChainEnd {
    /// The number of the last record.
    pub seq: u64,
    /// Its mac.
    pub mac: [u8; 32],
}

/// What holds the records of issued tokens together.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct IssuedChain {
    /// The last record that there ever was; nothing if there never was one.
    pub end: Option<ChainEnd>,
    /// The number of the last record that was deleted because it was old; 0 if none was.
    pub deleted: u64,
    /// The macs of the records that were asked for, of those that there are.
    pub macs: BTreeMap<u64, [u8; 32]>,
}

/// Whether each token is put on record before it is handed out.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TokenRecords {
    /// None is.
    #[default]
    Off,
    /// Each is, durably: no record, no token.
    Durable,
}
