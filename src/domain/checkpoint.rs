//! Checkpoints: signed notes of where the audit log and the records of issued tokens ended, kept apart from them.
//!
//! The chain shows that no record was changed, taken out or put in. That the end is missing, or that all of
//! it is an older copy, only somebody else can tell: whoever remembers how far it was. A checkpoint is one
//! line of JSON; its signature is over the line without the member `signature` (see [`statement`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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

/// What checkpoints say of an audit log.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Comparison {
    /// How many agree with it.
    pub kept: u64,
    /// How many are of records that a restore gave up.
    pub given_up: u64,
    /// The first record that is not as a checkpoint has it, and how.
    pub first_bad: Option<(u64, Standing)>,
    /// The first record of an issued token that is not as a checkpoint has it, and how.
    pub first_bad_token: Option<(u64, Standing)>,
}

impl Comparison {
    /// Of `checkpoints` with a log that ends like `head` and has records with these macs, and with the records of
    /// issued tokens.
    pub fn of(
        checkpoints: &[Checkpoint],
        (head, macs): (&AuditHead, &BTreeMap<u64, [u8; 32]>),
        tokens: &IssuedChain,
    ) -> Self {
        let mut all = Self::default();
        for checkpoint in checkpoints {
            let standing = checkpoint.standing(head, macs.get(&checkpoint.seq).copied());
            match standing {
                Standing::Kept => all.kept += 1,
                Standing::GivenUp => all.given_up += 1,
                Standing::Missing | Standing::Other => {}
            }
            note_bad(&mut all.first_bad, (checkpoint.seq, standing));
            if let Some(end) = checkpoint.tokens {
                let standing = checkpoint.tokens_standing(head, tokens);
                note_bad(&mut all.first_bad_token, (end.seq, standing));
            }
        }
        all
    }

    /// What is wrong, in a sentence without a full stop.
    pub fn problem(&self) -> Option<String> {
        if let Some((seq, standing)) = self.first_bad {
            let record = format!("record {seq}");
            return Some(problem(
                &record,
                ["the log ends", "its", "the log was"],
                standing,
            ));
        }
        let (seq, standing) = self.first_bad_token?;
        let record = format!("the record of issued token {seq}");
        Some(problem(
            &record,
            ["these records end", "their", "they were"],
            standing,
        ))
    }
}

/// Remembers the first record that is not as it was.
fn note_bad(first_bad: &mut Option<(u64, Standing)>, (seq, standing): (u64, Standing)) {
    let is_bad = matches!(standing, Standing::Missing | Standing::Other);
    if is_bad && first_bad.is_none_or(|(first, _)| seq < first) {
        *first_bad = Some((seq, standing));
    }
}

fn problem(record: &str, [ends, whose, was]: [&str; 3], standing: Standing) -> String {
    match standing {
        Standing::Missing => format!(
            "a checkpoint has {record}, and {ends} before it: {whose} end was cut off, or the data file is an older \
             copy"
        ),
        Standing::Other | Standing::Kept | Standing::GivenUp => format!(
            "{record} is not the one that a checkpoint has: {was} written anew, or the data file is another"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::epoch::Epoch;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn key() -> StatementKey {
        StatementKey::from_seed(&[7; 32])
    }

    fn checkpoint(epoch: u64, seq: u64) -> Checkpoint {
        Checkpoint {
            epoch,
            seq,
            mac: [5; 32],
            time: NOW,
            revision: Revision(seq),
            tokens: None,
        }
    }

    fn head(epochs: &[(u64, u64)], seq: u64) -> AuditHead {
        let epochs = epochs.iter().map(|(number, first)| Epoch {
            number: *number,
            since: NOW,
            first: *first,
        });
        AuditHead {
            epochs: epochs.collect(),
            seq,
            mac: [5; 32],
            revision: Revision(seq),
        }
    }

    /// Without a token on record.
    fn compare(all: &[Checkpoint], head: &AuditHead, macs: &[(u64, [u8; 32])]) -> Comparison {
        let macs = macs.iter().copied().collect();
        Comparison::of(all, (head, &macs), &IssuedChain::default())
    }

    fn with_token(checkpoint: Checkpoint, seq: u64) -> Checkpoint {
        let end = ChainEnd { seq, mac: [9; 32] };
        Checkpoint {
            tokens: Some(end),
            ..checkpoint
        }
    }

    #[test]
    fn a_checkpoint_is_a_line_that_comes_back() {
        let line = checkpoint(2, 120).to_line(&key());

        assert!(
            line.starts_with(r#"{"epoch":2,"seq":120,"mac":"BQUF"#),
            "{line}"
        );
        assert!(line.contains(r#""time":"2027-01-15T08:00:00Z","revision":120,"key":""#));
        assert!(!line.contains('\n') && line.len() < LONGEST_LINE);
        assert_eq!(Checkpoint::parse(&line, &key()), Ok(checkpoint(2, 120)));
        let with_token = with_token(checkpoint(2, 120), u64::MAX);
        let line = with_token.to_line(&key());
        assert!(
            line.contains(r#""revision":120,"tokens":{"seq":18446744073709551615,"mac":"CQkJ"#)
        );
        assert!(line.len() < LONGEST_LINE);
        assert_eq!(Checkpoint::parse(&line, &key()), Ok(with_token));
    }

    #[test]
    fn a_line_that_was_changed_is_no_checkpoint() {
        let line = checkpoint(1, 120).to_line(&key());
        for place in 0..line.len() {
            let mut bytes = line.clone().into_bytes();
            bytes[place] = if bytes[place] == b'1' { b'2' } else { b'1' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(Checkpoint::parse(&changed, &key()).is_err(), "{changed}");
        }
        for end in 0..line.len() {
            assert_eq!(
                Checkpoint::parse(&line[..end], &key()),
                Err(CheckpointError::Malformed)
            );
        }
        let other = StatementKey::from_seed(&[8; 32]);
        assert_eq!(
            Checkpoint::parse(&checkpoint(1, 120).to_line(&other), &key()),
            Err(CheckpointError::Key)
        );
        let earlier = line.replace(r#""seq":120"#, r#""seq":119"#);
        assert_eq!(
            Checkpoint::parse(&earlier, &key()),
            Err(CheckpointError::Signature)
        );
    }

    #[test]
    fn a_log_that_goes_on_keeps_what_checkpoints_have() {
        let log = head(&[], 130);
        assert_eq!(
            checkpoint(1, 120).standing(&log, Some([5; 32])),
            Standing::Kept
        );
        assert_eq!(
            checkpoint(1, 120).standing(&log, Some([6; 32])),
            Standing::Other
        );
        assert_eq!(checkpoint(1, 131).standing(&log, None), Standing::Missing);
    }

    #[test]
    fn what_a_restore_gave_up_is_no_fault_and_a_file_of_before_it_is() {
        let restored = head(&[(2, 101)], 140);
        let standing = |epoch, seq| checkpoint(epoch, seq).standing(&restored, Some([5; 32]));
        assert_eq!(standing(1, 100), Standing::Kept);
        assert_eq!(standing(1, 101), Standing::GivenUp);
        assert_eq!(standing(1, 500), Standing::GivenUp);
        assert_eq!(standing(2, 140), Standing::Kept);
        let around = head(&[(4, 101)], 140);
        assert_eq!(
            checkpoint(3, 95).standing(&around, Some([6; 32])),
            Standing::GivenUp
        );
        let before = head(&[], 200);
        assert_eq!(
            checkpoint(2, 140).standing(&before, Some([5; 32])),
            Standing::Missing
        );
    }

    #[test]
    fn the_first_record_that_is_not_as_it_was_is_named() {
        let log = head(&[], 20);
        let macs = [(3, [5; 32]), (9, [6; 32]), (12, [6; 32])];
        let all = [
            checkpoint(1, 25),
            checkpoint(1, 12),
            checkpoint(1, 3),
            checkpoint(1, 9),
        ];

        let found = compare(&all, &log, &macs);

        assert_eq!((found.kept, found.given_up), (1, 0));
        assert_eq!(found.first_bad, Some((9, Standing::Other)));
        let problem = found.problem().unwrap();
        assert!(problem.starts_with("record 9 is not the one"), "{problem}");
    }

    #[test]
    fn a_line_is_read_up_to_its_longest() {
        let line = checkpoint(2, 120).to_line(&key());
        let padded = |length: usize| format!("{line:<length$}");

        assert_eq!(
            Checkpoint::parse(&padded(LONGEST_LINE), &key()),
            Ok(checkpoint(2, 120))
        );
        assert_eq!(
            Checkpoint::parse(&padded(LONGEST_LINE + 1), &key()),
            Err(CheckpointError::Malformed)
        );
    }

    #[test]
    fn a_checkpoint_of_an_empty_log_needs_no_record() {
        let empty = head(&[], 0);
        let of_nothing = Checkpoint {
            mac: [0; 32],
            ..checkpoint(1, 0)
        };
        assert_eq!(of_nothing.standing(&empty, None), Standing::Kept);
        assert_eq!(checkpoint(1, 0).standing(&empty, None), Standing::Missing);
        let of_a_record = Checkpoint {
            seq: 3,
            ..of_nothing
        };
        assert_eq!(of_a_record.standing(&empty, None), Standing::Missing);
    }

    #[test]
    fn what_a_restore_gave_up_is_counted_and_the_first_fault_of_a_record_is_named() {
        let restored = head(&[(2, 5)], 20);
        let given_up = [checkpoint(1, 7), checkpoint(1, 8)];
        let found = compare(&given_up, &restored, &[]);
        assert_eq!((found.kept, found.given_up, found.first_bad), (0, 2, None));

        let twice = [checkpoint(1, 9), checkpoint(2, 9)];
        let found = compare(&twice, &head(&[], 20), &[(9, [6; 32])]);
        assert_eq!(found.first_bad, Some((9, Standing::Other)));
    }

    #[test]
    fn the_last_token_on_record_is_there_as_it_was_until_it_is_old() {
        let log = head(&[], 130);
        let chain = IssuedChain {
            end: None,
            deleted: 5,
            macs: [(5, [9; 32]), (6, [9; 32]), (7, [8; 32])].into(),
        };
        for (seq, standing) in [
            (4, Standing::Kept),
            (5, Standing::Kept),
            (6, Standing::Kept),
            (7, Standing::Other),
            (8, Standing::Missing),
        ] {
            let known = with_token(checkpoint(1, 120), seq);
            assert_eq!(known.tokens_standing(&log, &chain), standing, "{seq}");
            let restored = head(&[(2, 125)], 130);
            assert_eq!(known.tokens_standing(&restored, &chain), Standing::GivenUp);
        }
        let none = checkpoint(1, 120);
        assert_eq!(none.tokens_standing(&log, &chain), Standing::Kept);

        let both = [with_token(none, 8), with_token(none, 7)];
        let macs = [(120, [5; 32])].into();
        let found = Comparison::of(&both, (&log, &macs), &chain);
        assert_eq!(found.kept, 2, "the log is whole");
        assert_eq!(
            found.problem().unwrap(),
            "the record of issued token 7 is not the one that a checkpoint has: they were written anew, or the data \
             file is another"
        );
        let found = Comparison::of(&both[..1], (&log, &macs), &chain);
        assert_eq!(
            found.problem().unwrap(),
            "a checkpoint has the record of issued token 8, and these records end before it: their end was cut off, or the data \
             file is an older copy"
        );
    }
}
