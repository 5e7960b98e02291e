//! By which rules the server itself needs attention, and what each is called.

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
