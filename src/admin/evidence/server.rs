//! What needs attention about the server itself, in sentences for operators.

mod rule;

use std::net::IpAddr;

pub use self::rule::ServerRule;
use super::{attention::Level, words};
use crate::domain::{
    backup::{BackupStatus, BackupTrouble},
    issued_token::TokenRecords,
    registry::Registry,
    server_certificate::{CertificateSource, CertificateStatus, CertificateTrouble},
    time::{Span, Timestamp},
};

/// How close the end of the certificate must be to be a danger.
const ENDS_NOW: Span = Span::days(3);

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

impl ServerAttention {
    /// What is the matter with the store, and what that means for tokens.
    pub fn of_store(trouble: StoreTrouble, records: TokenRecords) -> Self {
        let (rule, level, reason) = match trouble {
            StoreTrouble::DiskFailed => (
                ServerRule::DiskFailed,
                Level::Danger,
                "The disk failed to keep what was written. Nothing is saved any more, and the server stops.",
            ),
            StoreTrouble::DataFileMoved => (
                ServerRule::DataFileMoved,
                Level::Danger,
                match records {
                    TokenRecords::Off => {
                        "The data file was moved or replaced while it is in use. Tokens are issued, and nothing is \
                         saved: put it back."
                    }
                    TokenRecords::Durable => {
                        "The data file was moved or replaced while it is in use. Nothing is saved, and no token is \
                         issued that is not put on record: put it back."
                    }
                },
            ),
            StoreTrouble::DiskFull => (
                ServerRule::DiskFull,
                Level::Danger,
                match records {
                    TokenRecords::Off => {
                        "The disk is full. Tokens are issued. What takes rights away is saved as long as the room \
                         lasts that was set aside for it; nothing else is."
                    }
                    TokenRecords::Durable => {
                        "The disk is full. No token is issued, as none can be put on record. What takes rights away \
                         is saved as long as the room lasts that was set aside for it; nothing else is."
                    }
                },
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
                "Checkpoints of the audit log cannot be written. Until they are, nobody can tell if its end is cut \
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
            None => "None was made yet".to_owned(),
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
            "What is in {path} now cannot be used. The certificate that was read before stays in use and \
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
mod tests;
