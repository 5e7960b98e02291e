//! What many checkpoints say of one log together.

use std::collections::BTreeMap;

use super::{Checkpoint, Standing};
use crate::domain::{epoch::AuditHead, issued_token::IssuedChain};

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
