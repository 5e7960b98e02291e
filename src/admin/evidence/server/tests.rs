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
        "What is in /etc/as.pem now cannot be used. The certificate that was read before stays in use and \
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
