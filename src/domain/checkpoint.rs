//! Checkpoints: signed notes of where the audit log and the records of issued tokens ended, kept apart from them.
//!
//! The chain shows that no record was changed, taken out or put in. That the end is missing, or that all of
//! it is an older copy, only somebody else can tell: whoever remembers how far it was. A checkpoint is one
//! line of JSON; its signature is over the line without the member `signature` (see [`statement`]).

mod comparison;

use serde::{Deserialize, Serialize};

pub use self::comparison::Comparison;
use super::{
    epoch::AuditHead,
    id::Revision,
    issued_token::{ChainEnd, IssuedChain},
    time::Timestamp,
};
use crate::crypto::{
    statement::{self, StatementKey},
    text,
};

/// What is signed is a statement of this kind.
const KIND: &str = "jeton audit checkpoint";

/// The longest line that is looked at, in bytes.
pub const LONGEST_LINE: usize = 1024;

/// Where the audit log ended at some moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// The epoch it was in.
    pub epoch: u64,
    /// The number of the last record.
    pub seq: u64,
    /// Its mac.
    pub mac: [u8; 32],
    /// When.
    pub time: Timestamp,
    /// The revision of the last commit.
    pub revision: Revision,
    /// The last issued token on record, if there ever was one.
    pub tokens: Option<ChainEnd>,
}

/// How a checkpoint agrees with an audit log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// The record is there as it was.
    Kept,
    /// It was given up when a backup was restored, which the log tells.
    GivenUp,
    /// The log ends before it: its end was cut off, or all of it is an older copy.
    Missing,
    /// There is another record in its place.
    Other,
}

/// A line, in the order in which it is written.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Line {
    epoch: u64,
    seq: u64,
    mac: String,
    time: String,
    revision: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tokens: Option<TokensLine>,
    key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

/// The last issued token on record, in a line.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct TokensLine {
    seq: u64,
    mac: String,
}

impl Checkpoint {
    /// Of a log, and of records of issued tokens, that end like this.
    pub fn of(head: &AuditHead, tokens: Option<ChainEnd>, time: Timestamp) -> Self {
        Self {
            epoch: head.epoch(),
            seq: head.seq,
            mac: head.mac,
            time,
            revision: head.revision,
            tokens,
        }
    }

    /// The line for it, signed, without its end.
    pub fn to_line(&self, key: &StatementKey) -> String {
        let mut line = Line {
            epoch: self.epoch,
            seq: self.seq,
            mac: text::base64url(self.mac),
            time: self.time.to_string(),
            revision: self.revision.0,
            tokens: self.tokens.map(|end| TokensLine {
                seq: end.seq,
                mac: text::base64url(end.mac),
            }),
            key: text::base64url(key.public()),
            signature: None,
        };
        let signature = key.sign(KIND, line.to_json().as_bytes());
        line.signature = Some(text::base64url(signature));
        line.to_json()
    }

    /// Reads a line that `key` signed.
    ///
    /// # Errors
    /// It is no checkpoint, another key's, or it was changed.
    pub fn parse(line: &str, key: &StatementKey) -> Result<Self, CheckpointError> {
        if line.len() > LONGEST_LINE {
            return Err(CheckpointError::Malformed);
        }
        let mut read: Line = serde_json::from_str(line).map_err(|_| CheckpointError::Malformed)?;
        let signature = read.signature.take().ok_or(CheckpointError::Malformed)?;
        let signature = text::from_base64url(&signature).ok_or(CheckpointError::Malformed)?;
        if read.key != text::base64url(key.public()) {
            return Err(CheckpointError::Key);
        }
        if !statement::is_signed(key.public(), (KIND, read.to_json().as_bytes()), &signature) {
            return Err(CheckpointError::Signature);
        }
        let tokens = read.tokens.map(|end| {
            Ok(ChainEnd {
                seq: end.seq,
                mac: read_mac(&end.mac)?,
            })
        });
        Ok(Self {
            epoch: read.epoch,
            seq: read.seq,
            mac: read_mac(&read.mac)?,
            time: read.time.parse().map_err(|_| CheckpointError::Malformed)?,
            revision: Revision(read.revision),
            tokens: tokens.transpose()?,
        })
    }

    /// How it agrees with a log that ends like `head`, and whose record of this number has the mac `found`,
    /// if there is one.
    pub fn standing(&self, head: &AuditHead, found: Option<[u8; 32]>) -> Standing {
        if self.epoch > head.epoch() {
            return Standing::Missing;
        }
        let is_over = head.end_of(self.epoch).is_some_and(|end| self.seq >= end);
        if is_over || !head.has(self.epoch) {
            return Standing::GivenUp;
        }
        match found {
            Some(mac) if mac == self.mac => Standing::Kept,
            None if self.seq == 0 && self.mac == [0; 32] => Standing::Kept,
            None => Standing::Missing,
            Some(_) => Standing::Other,
        }
    }

    /// How the last issued token that it knows agrees with the records in a file whose log ends like `head`. What was
    /// on record in an epoch before, a restore may have given up; what is old was deleted.
    pub fn tokens_standing(&self, head: &AuditHead, chain: &IssuedChain) -> Standing {
        let Some(end) = self.tokens else {
            return Standing::Kept;
        };
        if self.epoch < head.epoch() {
            return Standing::GivenUp;
        }
        match chain.macs.get(&end.seq) {
            Some(mac) if *mac == end.mac => Standing::Kept,
            Some(_) => Standing::Other,
            None if end.seq < chain.deleted => Standing::Kept,
            None => Standing::Missing,
        }
    }
}

fn read_mac(text: &str) -> Result<[u8; 32], CheckpointError> {
    let mac = text::from_base64url(text).and_then(|mac| mac.try_into().ok());
    mac.ok_or(CheckpointError::Malformed)
}

impl Line {
    fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are JSON")
    }
}

/// Why a line is no checkpoint of this server.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CheckpointError {
    /// It has another form.
    #[error("it is not a checkpoint")]
    Malformed,
    /// Another server signed it.
    #[error("it was signed by another server's key")]
    Key,
    /// It was changed.
    #[error("its signature is not that of what it says")]
    Signature,
}

#[cfg(test)]
mod tests;
