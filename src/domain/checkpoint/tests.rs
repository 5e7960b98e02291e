//! Lines that come back, and what becomes of logs that do not agree with them.

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
    assert!(line.contains(r#""revision":120,"tokens":{"seq":18446744073709551615,"mac":"CQkJ"#));
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
