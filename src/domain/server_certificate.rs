//! The certificate that the server itself shows in TLS, as people may know it: nothing of it is secret.

use super::time::{Span, Timestamp};
use crate::crypto::certificate::Certificate;

/// How close its end must be that somebody should put another one in its place.
const SOON: Span = Span::days(14);

/// The same for one that lives shorter: which part of its life is left.
const LAST_PART: u64 = 4;

/// Which certificate is shown, where it comes from, and what went wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CertificateStatus {
    /// Where it comes from.
    pub source: CertificateSource,
    /// The one in use; nothing if there is none, and TLS is refused.
    pub shown: Option<ShownCertificate>,
    /// Why the latest try to get or to read another one failed, in words for operators; nothing if it did not.
    pub problem: Option<String>,
}

/// Where a certificate comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CertificateSource {
    /// A file, which somebody else replaces in time.
    File(String),
    /// A directory that hands certificates out (ACME, RFC 8555).
    Directory {
        /// Its web address.
        url: String,
        /// The names that a certificate is wanted for.
        domains: Vec<String>,
        /// When it is asked next.
        next: Timestamp,
    },
}

/// A certificate that is shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ShownCertificate {
    /// The names that it is for.
    pub names: Vec<String>,
    /// Who signed it, as a distinguished name (RFC 4514).
    pub issuer: String,
    /// From when it is valid.
    pub not_before: Timestamp,
    /// Until when, that second included.
    pub not_after: Timestamp,
}

/// What is the matter with the server's certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CertificateTrouble {
    /// There is none.
    Missing,
    /// No client accepts it any more.
    Expired,
    /// It is in use, and the latest try to replace it failed.
    NotRenewed,
    /// It ends soon, and it is somebody's task to replace it.
    EndsSoon,
}

impl CertificateStatus {
    /// What is the matter with it; nothing if all is well.
    pub fn trouble(&self, now: Timestamp) -> Option<CertificateTrouble> {
        let Some(shown) = &self.shown else {
            return Some(CertificateTrouble::Missing);
        };
        if shown.not_after < now {
            return Some(CertificateTrouble::Expired);
        }
        if self.problem.is_some() {
            return Some(CertificateTrouble::NotRenewed);
        }
        let ends_soon = match self.source {
            CertificateSource::File(_) => shown.ends_soon(now),
            CertificateSource::Directory { .. } => false,
        };
        ends_soon.then_some(CertificateTrouble::EndsSoon)
    }
}

impl ShownCertificate {
    /// What a certificate says of itself.
    pub fn of(certificate: &Certificate) -> Self {
        let alternatives = certificate.alternatives();
        Self {
            names: alternatives.iter().map(ToString::to_string).collect(),
            issuer: certificate.issuer().to_string(),
            not_before: Timestamp(certificate.not_before()),
            not_after: Timestamp(certificate.not_after()),
        }
    }

    fn ends_soon(&self, now: Timestamp) -> bool {
        let life = self.not_after.since(self.not_before);
        self.not_after.since(now) <= SOON.min(Span(life.0 / LAST_PART))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn shown(life: Span, left: Span) -> ShownCertificate {
        let not_after = NOW.plus(left);
        ShownCertificate {
            names: vec!["as.test".to_owned()],
            issuer: "CN=Test Authority".to_owned(),
            not_before: not_after.minus(life),
            not_after,
        }
    }

    fn from_file(life: Span, left: Span) -> CertificateStatus {
        CertificateStatus {
            source: CertificateSource::File("/etc/as.pem".to_owned()),
            shown: Some(shown(life, left)),
            problem: None,
        }
    }

    #[test]
    fn a_certificate_in_a_file_ends_soon_in_its_last_two_weeks_or_its_last_quarter() {
        let trouble = |life, left| from_file(life, left).trouble(NOW);

        assert_eq!(trouble(Span::days(90), Span::days(15)), None);
        assert_eq!(
            trouble(Span::days(90), Span::days(14)),
            Some(CertificateTrouble::EndsSoon)
        );
        assert_eq!(trouble(Span::hours(24), Span::hours(7)), None);
        assert_eq!(
            trouble(Span::hours(24), Span::hours(6)),
            Some(CertificateTrouble::EndsSoon)
        );
    }

    #[test]
    fn a_certificate_that_the_server_renews_itself_is_no_trouble_until_that_fails() {
        let mut status = CertificateStatus {
            source: CertificateSource::Directory {
                url: "https://ca.test/directory".to_owned(),
                domains: vec!["as.test".to_owned()],
                next: NOW,
            },
            ..from_file(Span::days(90), Span::days(2))
        };
        assert_eq!(status.trouble(NOW), None);

        status.problem = Some("no route".to_owned());
        assert_eq!(status.trouble(NOW), Some(CertificateTrouble::NotRenewed));
        status.shown = None;
        assert_eq!(status.trouble(NOW), Some(CertificateTrouble::Missing));
    }

    #[test]
    fn a_certificate_is_valid_in_its_last_second_and_expired_in_the_next() {
        let status = from_file(Span::days(90), Span(0));

        assert_eq!(status.trouble(NOW), Some(CertificateTrouble::EndsSoon));
        assert_eq!(
            status.trouble(NOW.plus(Span(1))),
            Some(CertificateTrouble::Expired)
        );
    }
}
