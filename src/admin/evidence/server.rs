//! What needs attention about the server itself, in sentences for operators.

use std::net::IpAddr;

use super::{attention::Level, words};
use crate::domain::{
    backup::{BackupStatus, BackupTrouble},
    registry::Registry,
    server_certificate::{CertificateSource, CertificateStatus, CertificateTrouble},
    time::{Span, Timestamp},
};

/// How close the end of the certificate must be to be a danger.
const ENDS_NOW: Span = Span::days(3);

/// What can be the matter with the server, the worst first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum ServerRule {
    /// The clock is behind the time that it showed before.
    ClockBehind,
    /// The disk failed to keep what was written.
    DiskFailed,
    /// The data file is not where it was.
    DataFileMoved,
    /// There is no room on the disk.
    DiskFull,
    /// Changes are not saved.
    ChangesNotSaved,
    /// Usage is not saved.
    UsageNotSaved,
    /// No tokens are issued: somebody said so.
    IssuanceHalted,
    /// No tokens are issued for an API: somebody said so.
    ApiHalted,
    /// There is no TLS certificate.
    CertificateMissing,
    /// The TLS certificate expired.
    CertificateExpired,
    /// The latest try to replace the TLS certificate failed.
    CertificateNotRenewed,
    /// The TLS certificate ends soon, and somebody has to replace it.
    CertificateEndsSoon,
    /// Requests with wrong credentials are held back.
    Guessing,
    /// Checkpoints of the audit log are not written.
    CheckpointsNotWritten,
    /// The latest backup failed.
    BackupFailed,
    /// There should be a newer backup.
    BackupOverdue,
}

/// What can be the matter with where everything is saved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StoreTrouble {
    /// The disk failed to keep what was written.
    DiskFailed,
    /// The data file is not where it was.
    DataFileMoved,
    /// There is no room on the disk.
    DiskFull,
    /// A change was not saved.
    ChangesNotSaved,
    /// Usage is not saved.
    UsageNotSaved,
}

/// One thing that is the matter with the server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerAttention {
    /// What.
    pub rule: ServerRule,
    /// How much it matters.
    pub level: Level,
    /// The same in a sentence.
    pub reason: String,
}

impl ServerRule {
    /// Every rule, the worst first.
    pub const ALL: [Self; 16] = [
        Self::ClockBehind,
        Self::DiskFailed,
        Self::DataFileMoved,
        Self::DiskFull,
        Self::ChangesNotSaved,
        Self::UsageNotSaved,
        Self::IssuanceHalted,
        Self::ApiHalted,
        Self::CertificateMissing,
        Self::CertificateExpired,
        Self::CertificateNotRenewed,
        Self::CertificateEndsSoon,
        Self::Guessing,
        Self::CheckpointsNotWritten,
        Self::BackupFailed,
        Self::BackupOverdue,
    ];

    /// The word for it in the admin API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClockBehind => "clock_behind",
            Self::DiskFailed => "disk_failed",
            Self::DataFileMoved => "data_file_moved",
            Self::DiskFull => "disk_full",
            Self::ChangesNotSaved => "changes_not_saved",
            Self::UsageNotSaved => "usage_not_saved",
            Self::IssuanceHalted => "issuance_halted",
            Self::ApiHalted => "api_halted",
            Self::Guessing => "guessing",
            Self::CertificateMissing => "certificate_missing",
            Self::CertificateExpired => "certificate_expired",
            Self::CertificateNotRenewed => "certificate_not_renewed",
            Self::CertificateEndsSoon => "certificate_ends_soon",
            Self::CheckpointsNotWritten => "checkpoints_not_written",
            Self::BackupFailed => "backup_failed",
            Self::BackupOverdue => "backup_overdue",
        }
    }

    /// The words for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ClockBehind => "Clock behind",
            Self::DiskFailed => "Disk failed",
            Self::DataFileMoved => "File moved",
            Self::DiskFull => "Disk full",
            Self::ChangesNotSaved | Self::UsageNotSaved => "Not saved",
            Self::IssuanceHalted | Self::ApiHalted => "Halted",
            Self::Guessing => "Guessing",
            Self::CertificateMissing => "No certificate",
            Self::CertificateExpired => "Expired",
            Self::CertificateNotRenewed => "Not renewed",
            Self::CertificateEndsSoon => "Expires soon",
            Self::CheckpointsNotWritten => "No checkpoints",
            Self::BackupFailed => "Backup failed",
            Self::BackupOverdue => "No new backup",
        }
    }

    /// What to do about it.
    pub const fn act(self) -> &'static str {
        match self {
            Self::CertificateEndsSoon => "Replace it",
            Self::ClockBehind => "Set the clock",
            Self::DiskFull => "Make room",
            Self::IssuanceHalted | Self::ApiHalted => "Look at it",
            Self::DiskFailed
            | Self::DataFileMoved
            | Self::ChangesNotSaved
            | Self::UsageNotSaved
            | Self::Guessing
            | Self::CertificateMissing
            | Self::CertificateExpired
            | Self::CertificateNotRenewed
            | Self::CheckpointsNotWritten
            | Self::BackupFailed
            | Self::BackupOverdue => "Look into it",
        }
    }

    /// Whether something failed already, so that the server is not quite well.
    pub const fn is_failure(self) -> bool {
        !matches!(self, Self::CertificateEndsSoon | Self::Guessing)
    }
}

impl ServerAttention {
    /// What is the matter with the store.
    pub fn of_store(trouble: StoreTrouble) -> Self {
        let (rule, level, reason) = match trouble {
            StoreTrouble::DiskFailed => (
                ServerRule::DiskFailed,
                Level::Danger,
                "The disk failed to keep what was written. Nothing is saved any more, and the server stops.",
            ),
            StoreTrouble::DataFileMoved => (
                ServerRule::DataFileMoved,
                Level::Danger,
                "The data file was moved or replaced while it is in use. Tokens are issued, and nothing is saved: \
                 put it back.",
            ),
            StoreTrouble::DiskFull => (
                ServerRule::DiskFull,
                Level::Danger,
                "The disk is full. Tokens are issued. What takes rights away is saved as long as the room lasts \
                 that was set aside for it; nothing else is.",
            ),
            StoreTrouble::ChangesNotSaved => (
                ServerRule::ChangesNotSaved,
                Level::Danger,
                "A change could not be saved. Tokens are issued all the same, and the next change is tried.",
            ),
            StoreTrouble::UsageNotSaved => (
                ServerRule::UsageNotSaved,
                Level::Warning,
                "Usage cannot be saved. Tokens are issued, and what is seen waits in memory.",
            ),
        };
        Self {
            rule,
            level,
            reason: reason.to_owned(),
        }
    }

    /// That no tokens are issued, of all that is halted: everything, or else one API after the other.
    pub fn of_halts(registry: &Registry, now: Timestamp) -> Vec<Self> {
        if let Some(halt) = &registry.policy().halt {
            return vec![Self {
                rule: ServerRule::IssuanceHalted,
                level: Level::Danger,
                reason: format!(
                    "Issuance is halted since {}, for {}: {}. Nobody gets a token; those there are go on to count.",
                    halt.since.in_words(),
                    now.since(halt.since).in_words(),
                    halt.reason.as_str().trim_end_matches('.')
                ),
            }];
        }
        let apis = registry.apis().filter_map(|api| {
            let halt = api.rules.halt.as_ref()?;
            Some(Self {
                rule: ServerRule::ApiHalted,
                level: Level::Warning,
                reason: format!(
                    "Issuance for {} is halted since {}, for {}: {}. Its tokens go on to count.",
                    api.name,
                    halt.since.in_words(),
                    now.since(halt.since).in_words(),
                    halt.reason.as_str().trim_end_matches('.')
                ),
            })
        });
        apis.collect()
    }

    /// That requests are held back because too many failed before them.
    pub fn of_guessing(count: u64, address: IpAddr, since: Timestamp) -> Self {
        Self {
            rule: ServerRule::Guessing,
            level: Level::Warning,
            reason: format!(
                "{} with wrong credentials held back since {}, the latest from {address}. Whoever has the right \
                 ones is served.",
                words::count(count, "request"),
                since.in_words()
            ),
        }
    }

    /// That the clock is behind by so much.
    pub fn of_clock(behind: Span) -> Self {
        Self {
            rule: ServerRule::ClockBehind,
            level: Level::Danger,
            reason: format!(
                "The machine’s clock is {} behind the time that it showed before. No tokens are issued until it is \
                 right: expired secrets would work again. If it was wrong before and is right now, start the server \
                 with --accept-clock.",
                behind.in_words()
            ),
        }
    }

    /// That checkpoints of the audit log cannot be written.
    pub fn of_checkpoints(problem: &str) -> Self {
        Self {
            rule: ServerRule::CheckpointsNotWritten,
            level: Level::Warning,
            reason: format!(
                "Checkpoints of the audit log can't be written. Until they are, nobody can tell if its end is cut \
                 off. The reason: {}.",
                problem.trim_end_matches('.')
            ),
        }
    }

    /// What is the matter with the backups; nothing if all is well.
    pub fn of_backups(status: &BackupStatus, now: Timestamp) -> Option<Self> {
        let last = match status.last {
            Some(last) => format!(
                "The newest is of {}, {} ago",
                last.in_words(),
                now.since(last).in_words()
            ),
            None => "There is none".to_owned(),
        };
        let directory = status.plan.directory.display();
        let (rule, reason) = match (status.trouble(now)?, &status.failure) {
            (BackupTrouble::Failed, Some(failure)) => (
                ServerRule::BackupFailed,
                format!(
                    "The latest backup failed. {last}. The reason: {}. {}",
                    failure.problem.trim_end_matches('.'),
                    again(status.next(), now)
                ),
            ),
            (BackupTrouble::Failed | BackupTrouble::Overdue, _) => (
                ServerRule::BackupOverdue,
                format!(
                    "A backup should be made to {directory} every {}. {last}.",
                    status.plan.every.in_full()
                ),
            ),
        };
        let is_old = status
            .last
            .is_none_or(|last| now.since(last) > Span(status.plan.every.0.saturating_mul(3)));
        Some(Self {
            rule,
            level: if is_old {
                Level::Danger
            } else {
                Level::Warning
            },
            reason,
        })
    }

    /// What is the matter with the server's certificate; nothing if all is well.
    pub fn of_certificate(status: &CertificateStatus, now: Timestamp) -> Option<Self> {
        let trouble = status.trouble(now)?;
        let until = status.shown.as_ref().map_or(now, |it| it.not_after);
        let (rule, level) = match trouble {
            CertificateTrouble::Missing => (ServerRule::CertificateMissing, Level::Danger),
            CertificateTrouble::Expired => (ServerRule::CertificateExpired, Level::Danger),
            CertificateTrouble::NotRenewed => {
                (ServerRule::CertificateNotRenewed, nearing(until, now))
            }
            CertificateTrouble::EndsSoon => (ServerRule::CertificateEndsSoon, nearing(until, now)),
        };
        let mut sentences = vec![first_sentence(trouble, status, now)];
        if let Some(problem) = &status.problem {
            sentences.push(format!("The reason: {}.", problem.trim_end_matches('.')));
        }
        if let CertificateSource::Directory { next, .. } = &status.source {
            sentences.push(again(*next, now));
        }
        Some(Self {
            rule,
            level,
            reason: sentences.join(" "),
        })
    }
}

fn nearing(until: Timestamp, now: Timestamp) -> Level {
    if until.since(now) <= ENDS_NOW {
        Level::Danger
    } else {
        Level::Warning
    }
}

fn first_sentence(
    trouble: CertificateTrouble,
    status: &CertificateStatus,
    now: Timestamp,
) -> String {
    let certificate = match &status.source {
        CertificateSource::File(path) => format!("The TLS certificate in {path}"),
        CertificateSource::Directory { domains, .. } => {
            format!("The TLS certificate for {}", domains.join(", "))
        }
    };
    let Some(shown) = &status.shown else {
        return format!("{certificate} has not come yet, and TLS is refused.");
    };
    let until = shown.not_after;
    let end = format!("{}, in {}", until.in_words(), until.since(now).in_words());
    match (trouble, &status.source) {
        (CertificateTrouble::Missing | CertificateTrouble::Expired, _) => format!(
            "{certificate} expired {}, {} ago: no client accepts it.",
            until.in_words(),
            now.since(until).in_words()
        ),
        (CertificateTrouble::EndsSoon, _) => format!(
            "{certificate} expires {end}. A new one in its place is taken up within seconds."
        ),
        (CertificateTrouble::NotRenewed, CertificateSource::File(path)) => format!(
            "What is in {path} now can't be used. The certificate that was read before stays in use and \
             expires {end}."
        ),
        (CertificateTrouble::NotRenewed, CertificateSource::Directory { .. }) => {
            format!("{certificate} could not be renewed and expires {end}.")
        }
    }
}

/// When it is tried again.
fn again(next: Timestamp, now: Timestamp) -> String {
    if next <= now {
        "One is being asked for now.".to_owned()
    } else {
        let wait = next.since(now).in_words();
        format!("It is tried again {}, in {wait}.", next.in_words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        backup::{BackupFailure, BackupPlan},
        server_certificate::ShownCertificate,
    };

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn in_a_file(left: Span) -> CertificateStatus {
        CertificateStatus {
            source: CertificateSource::File("/etc/as.pem".to_owned()),
            shown: Some(ShownCertificate {
                names: vec!["as.test".to_owned()],
                issuer: "CN=Test Authority".to_owned(),
                not_before: NOW.minus(Span::days(80)),
                not_after: NOW.plus(left),
            }),
            problem: None,
        }
    }

    fn from_a_directory(left: Option<Span>, problem: Option<&str>) -> CertificateStatus {
        CertificateStatus {
            source: CertificateSource::Directory {
                url: "https://ca.test/directory".to_owned(),
                domains: vec!["as.test".to_owned(), "as.example".to_owned()],
                next: NOW.plus(Span::minutes(20)),
            },
            shown: left.and_then(|left| in_a_file(left).shown),
            problem: problem.map(str::to_owned),
        }
    }

    fn said(status: &CertificateStatus) -> (&'static str, Level, String) {
        let found = ServerAttention::of_certificate(status, NOW).expect("a trouble");
        (found.rule.as_str(), found.level, found.reason)
    }

    #[test]
    fn a_certificate_that_is_well_needs_nobody() {
        let well = [
            in_a_file(Span::days(15)),
            from_a_directory(Some(Span::days(2)), None),
        ];
        for status in well {
            assert_eq!(ServerAttention::of_certificate(&status, NOW), None);
        }
    }

    #[test]
    fn a_certificate_in_a_file_that_ends_soon_says_when_and_what_to_do() {
        let (rule, level, reason) = said(&in_a_file(Span::days(12)));

        assert_eq!((rule, level), ("certificate_ends_soon", Level::Warning));
        assert_eq!(
            reason,
            "The TLS certificate in /etc/as.pem expires 27 Jan, 08:00 UTC, in 12 days. A new one in its place \
             is taken up within seconds."
        );
        assert_eq!(said(&in_a_file(Span::days(3))).1, Level::Danger);
    }

    #[test]
    fn a_file_that_can_not_be_read_again_says_why() {
        let status = CertificateStatus {
            problem: Some("the key in a does not belong to the certificate in b".to_owned()),
            ..in_a_file(Span::days(40))
        };

        let (rule, level, reason) = said(&status);

        assert_eq!((rule, level), ("certificate_not_renewed", Level::Warning));
        assert_eq!(
            reason,
            "What is in /etc/as.pem now can't be used. The certificate that was read before stays in use and \
             expires 24 Feb, 08:00 UTC, in 40 days. The reason: the key in a does not belong to the \
             certificate in b."
        );
    }

    #[test]
    fn a_renewal_that_fails_says_why_and_when_it_is_tried_again() {
        let problem = "the directory could not verify as.test: no route.";

        let failing = said(&from_a_directory(Some(Span::days(20)), Some(problem)));
        assert_eq!(
            failing.2,
            "The TLS certificate for as.test, as.example could not be renewed and expires 4 Feb, 08:00 UTC, \
             in 20 days. The reason: the directory could not verify as.test: no route. It is tried again \
             15 Jan, 08:20 UTC, in 20 minutes."
        );
        let none = said(&from_a_directory(None, Some(problem)));
        assert_eq!((none.0, none.1), ("certificate_missing", Level::Danger));
        assert!(
            none.2
                .contains("has not come yet, and TLS is refused. The reason:")
        );
    }

    #[test]
    fn an_expired_certificate_says_for_how_long() {
        let mut status = in_a_file(Span(0));
        status.shown = status.shown.map(|it| ShownCertificate {
            not_after: NOW.minus(Span::hours(2)),
            ..it
        });

        let (rule, _, reason) = said(&status);

        assert_eq!(rule, "certificate_expired");
        assert!(
            reason.contains("expired 15 Jan, 06:00 UTC, 2 hours ago"),
            "{reason}"
        );
    }

    #[test]
    fn backups_that_fail_or_are_late_say_since_when_and_why() {
        let mut status = BackupStatus {
            plan: BackupPlan {
                directory: "/mnt/backups".into(),
                every: Span::hours(24),
                keep: 14,
            },
            last: Some(NOW.minus(Span::hours(31))),
            count: 3,
            failure: None,
            since: NOW.minus(Span::days(9)),
        };
        let said = |status: &BackupStatus| {
            let found = ServerAttention::of_backups(status, NOW).expect("a trouble");
            (found.rule.as_str(), found.level, found.reason)
        };

        assert_eq!(
            said(&status),
            (
                "backup_overdue",
                Level::Warning,
                "A backup should be made to /mnt/backups every 24 hours. The newest is of 14 Jan, 01:00 UTC, 31 \
                 hours ago."
                    .to_owned()
            )
        );
        status.failure = Some(BackupFailure {
            at: NOW.minus(Span::minutes(1)),
            problem: "there is no directory /mnt/backups".to_owned(),
        });
        assert_eq!(
            said(&status).2,
            "The latest backup failed. The newest is of 14 Jan, 01:00 UTC, 31 hours ago. The reason: there is no \
             directory /mnt/backups. It is tried again 15 Jan, 08:04 UTC, in 4 minutes."
        );
        status.last = None;
        assert_eq!(said(&status).1, Level::Danger);
        status.last = Some(NOW);
        status.failure = None;
        assert_eq!(ServerAttention::of_backups(&status, NOW), None);
    }
}
