//! Backups that the server makes by itself: when the next one is due, which ones go, and how it stands.

use std::{path::PathBuf, str::FromStr};

use super::time::{Span, Timestamp};

/// Where, how often, and how many are kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BackupPlan {
    /// The directory that they are written to.
    pub directory: PathBuf,
    /// From one to the next; at least a minute.
    pub every: Span,
    /// How many are kept; at least one.
    pub keep: usize,
}

/// The name of a backup: `jeton-20261123T190000Z.redb`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct BackupName(pub Timestamp);

impl std::fmt::Display for BackupName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "jeton-{}.redb", self.0.compact())
    }
}

impl FromStr for BackupName {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let moment = name
            .strip_prefix("jeton-")
            .and_then(|it| it.strip_suffix(".redb"));
        moment.and_then(Timestamp::from_compact).map(Self).ok_or(())
    }
}

/// A try to make a backup that failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BackupFailure {
    /// When.
    pub at: Timestamp,
    /// Why, without a full stop.
    pub problem: String,
}

/// How the backups stand that the server makes by itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BackupStatus {
    /// What is planned.
    pub plan: BackupPlan,
    /// When the newest one in the directory was made; nothing if there is none.
    pub last: Option<Timestamp>,
    /// How many there are.
    pub count: usize,
    /// Why the latest try failed; nothing if it did not.
    pub failure: Option<BackupFailure>,
    /// When this process began to look after them.
    pub since: Timestamp,
}

/// What is the matter with them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BackupTrouble {
    /// The latest try failed.
    Failed,
    /// There should be a newer one.
    Overdue,
}

/// How long after a failure the next try is made, at the most.
const AGAIN: Span = Span::minutes(5);

/// How late a backup may be before that is a trouble, at the least.
const LATE: Span = Span::minutes(10);

impl BackupStatus {
    /// When the next one is to be made.
    pub fn next(&self) -> Timestamp {
        match (&self.failure, self.last) {
            (Some(failure), _) => failure.at.plus(self.plan.every.min(AGAIN)),
            (None, Some(last)) => last.plus(self.plan.every),
            (None, None) => self.since,
        }
    }

    /// Whether one is to be made now; also after a clock that was set back.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let ahead = self.last.is_some_and(|last| last > now);
        let failed_ahead = self.failure.as_ref().is_some_and(|it| it.at > now);
        self.next() <= now || (self.failure.is_none() && ahead) || failed_ahead
    }

    /// What is the matter.
    pub fn trouble(&self, now: Timestamp) -> Option<BackupTrouble> {
        if self.failure.is_some() {
            return Some(BackupTrouble::Failed);
        }
        let late = Span(self.plan.every.0 / 4).max(LATE);
        let begun = self.last.map_or(self.since, |last| last.max(self.since));
        let due = self
            .last
            .map_or(self.since, |last| last.plus(self.plan.every));
        (due.max(begun).plus(late) < now).then_some(BackupTrouble::Overdue)
    }
}

/// Which of the backups that there are go, when so many are kept: the oldest. Those of a clock that was ahead
/// neither go nor count.
pub fn superfluous(all: &[BackupName], keep: usize, now: Timestamp) -> Vec<BackupName> {
    let mut past: Vec<_> = all.iter().copied().filter(|name| name.0 <= now).collect();
    past.sort_unstable();
    let surplus = past.len().saturating_sub(keep.max(1));
    past.truncate(surplus);
    past
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn status(last: Option<Span>, failed: Option<Span>) -> BackupStatus {
        BackupStatus {
            plan: BackupPlan {
                directory: PathBuf::from("/backups"),
                every: Span::hours(24),
                keep: 3,
            },
            last: last.map(|ago| NOW.minus(ago)),
            count: 1,
            failure: failed.map(|ago| BackupFailure {
                at: NOW.minus(ago),
                problem: "there is no room".to_owned(),
            }),
            since: NOW.minus(Span::days(9)),
        }
    }

    #[test]
    fn a_backup_has_its_moment_in_its_name_and_nothing_else_is_one() {
        assert_eq!(BackupName(NOW).to_string(), "jeton-20270115T080000Z.redb");
        assert_eq!("jeton-20270115T080000Z.redb".parse(), Ok(BackupName(NOW)));
        for other in [
            "jeton.redb",
            "jeton-.redb",
            "jeton-2027-01-15.redb",
            "jeton-20270115T080000Z.redb.partial",
            "jeton-20270115T080000.redb",
            "jeton-20271315T080000Z.redb",
            "jeton-2027é115T08000Z.redb",
            "my-jeton-20270115T080000Z.redb",
        ] {
            assert_eq!(other.parse::<BackupName>(), Err(()), "{other}");
        }
    }

    #[test]
    fn one_is_due_at_first_then_every_so_often_and_soon_after_a_failure() {
        assert!(status(None, None).is_due(NOW));
        assert!(!status(Some(Span::hours(23)), None).is_due(NOW));
        assert!(status(Some(Span::hours(24)), None).is_due(NOW));
        assert!(!status(Some(Span::hours(24)), Some(Span::minutes(4))).is_due(NOW));
        assert!(status(Some(Span::hours(24)), Some(Span::minutes(5))).is_due(NOW));
        let mut often = status(Some(Span::hours(24)), Some(Span::minutes(1)));
        often.plan.every = Span::minutes(1);
        assert!(often.is_due(NOW));
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_put_them_off() {
        let mut ahead = status(None, None);
        ahead.last = Some(NOW.plus(Span::days(365)));
        assert!(ahead.is_due(NOW));
        ahead.last = Some(NOW);
        ahead.failure = Some(BackupFailure {
            at: NOW.plus(Span::days(365)),
            problem: String::new(),
        });
        assert!(ahead.is_due(NOW));
    }

    #[test]
    fn a_failure_and_a_long_delay_are_troubles() {
        let trouble = |last, failed| status(last, failed).trouble(NOW);
        assert_eq!(trouble(Some(Span::hours(24)), None), None);
        assert_eq!(trouble(Some(Span::hours(30)), None), None);
        assert_eq!(
            trouble(Some(Span::hours(31)), None),
            Some(BackupTrouble::Overdue)
        );
        assert_eq!(trouble(None, None), Some(BackupTrouble::Overdue));
        assert_eq!(
            trouble(Some(Span(1)), Some(Span(0))),
            Some(BackupTrouble::Failed)
        );
        let mut just_started = status(Some(Span::days(30)), None);
        just_started.since = NOW;
        assert_eq!(just_started.trouble(NOW), None);
    }

    #[test]
    fn the_oldest_go_and_never_the_last_one() {
        let name = |hours: u64| BackupName(NOW.minus(Span::hours(hours)));
        let future = BackupName(NOW.plus(Span::days(365)));
        let all = [name(2), name(0), future, name(3), name(1)];

        assert_eq!(superfluous(&all, 2, NOW), [name(3), name(2)]);
        assert_eq!(superfluous(&all, 4, NOW), []);
        assert_eq!(superfluous(&all[..1], 0, NOW), []);
    }
}
