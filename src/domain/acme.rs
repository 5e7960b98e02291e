//! A certificate of the server's own that a directory hands out (ACME, RFC 8555): what is kept of it, and
//! when the next try is due. Nothing here asks anybody; time and chance are handed in.

use std::{fmt, sync::Arc};

use super::{
    server_certificate::{CertificateSource, CertificateStatus, ShownCertificate},
    time::{Span, Timestamp},
};
use crate::crypto::{certificate::Certificate, signer::PrivateKey};

/// What an operator wants a certificate for, and from whom.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AcmeWish {
    /// The directory's web address.
    pub directory: String,
    /// The names that the certificate is for, in order.
    pub domains: Vec<String>,
}

/// What is kept: it outlives the process, sealed.
#[derive(Clone)]
pub struct AcmeState {
    /// What was wanted at the latest try.
    pub wish: AcmeWish,
    /// The account at the directory, with its key, as the client of the protocol writes it.
    pub account: Option<Arc<PrivateKey>>,
    /// The certificate in use.
    pub certificate: Option<IssuedCertificate>,
    /// When the next try is due.
    pub next: Timestamp,
    /// How many tries failed since the last that did not.
    pub failures: u32,
    /// Why the latest of them failed, in words for operators.
    pub problem: Option<String>,
}

/// A certificate with its key.
#[derive(Clone)]
pub struct IssuedCertificate {
    /// The certificate and those that lead to its authority, in PEM.
    pub chain: String,
    /// Its key, in PEM.
    pub key: Arc<PrivateKey>,
    /// From when it is valid.
    pub not_before: Timestamp,
    /// Until when.
    pub not_after: Timestamp,
}

/// A number drawn by chance, so that many servers do not come at the same moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Chance(pub u16);

impl Chance {
    /// A part of `span`, from none of it to nearly all.
    const fn of(self, span: Span) -> Span {
        Span(span.0.saturating_mul(self.0 as u64) / (u16::MAX as u64 + 1))
    }
}

/// How long is waited after the first failure, the second and so on, before chance adds a quarter. Five tries
/// in the first hour: as many failures as the public directories take of one name.
const BACK_OFF: [Span; 7] = [
    Span(10),
    Span(60),
    Span(5 * 60),
    Span(20 * 60),
    Span(60 * 60),
    Span(3 * 60 * 60),
    Span(6 * 60 * 60),
];

/// No wait after a failure is longer.
const LONGEST_BACK_OFF: Span = Span(8 * 60 * 60);

impl AcmeState {
    /// Nothing yet, and due at once.
    pub fn new(wish: AcmeWish) -> Self {
        Self {
            wish,
            account: None,
            certificate: None,
            next: Timestamp(0),
            failures: 0,
            problem: None,
        }
    }

    /// What was kept, for a wish that may have changed. If it has, the next try is due at once; until it
    /// succeeds, the certificate that is there goes on being used.
    #[must_use]
    pub fn adopt(mut self, wish: AcmeWish) -> Self {
        if self.wish == wish {
            return self;
        }
        if self.wish.directory != wish.directory {
            self.account = None;
        }
        Self {
            next: Timestamp(0),
            failures: 0,
            problem: None,
            wish,
            ..self
        }
    }

    /// Whether a try is due. Also when the clock was set back so far that waiting makes no sense any more.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let waits_after_a_failure = self.failures > 0 || self.certificate.is_none();
        self.next <= now || waits_after_a_failure && self.next > now.plus(LONGEST_BACK_OFF)
    }

    /// A certificate came: it is renewed when a third of its life is left, or a little earlier.
    pub fn succeed(&mut self, certificate: IssuedCertificate, chance: Chance) {
        self.next = certificate.renewal(chance);
        self.certificate = Some(certificate);
        self.failures = 0;
        self.problem = None;
    }

    /// None came.
    pub fn fail(&mut self, problem: String, now: Timestamp, chance: Chance) {
        let step = usize::try_from(self.failures).unwrap_or(usize::MAX);
        let wait = BACK_OFF[step.min(BACK_OFF.len() - 1)];
        self.next = now.plus(wait).plus(chance.of(Span(wait.0 / 4)));
        self.failures = self.failures.saturating_add(1);
        self.problem = Some(problem);
    }

    /// What people may know of it.
    pub fn status(&self) -> CertificateStatus {
        CertificateStatus {
            source: CertificateSource::Directory {
                url: self.wish.directory.clone(),
                domains: self.wish.domains.clone(),
                next: self.next,
            },
            shown: self.certificate.as_ref().map(IssuedCertificate::shown),
            problem: self.problem.clone(),
        }
    }
}

impl IssuedCertificate {
    /// What it says of itself; names and issuer are left out if it cannot be read.
    pub fn shown(&self) -> ShownCertificate {
        let said = Certificate::first_in(self.chain.as_bytes());
        let said = said.map(|it| ShownCertificate::of(&it)).ok();
        ShownCertificate {
            names: said.as_ref().map_or_else(Vec::new, |it| it.names.clone()),
            issuer: said.map_or_else(String::new, |it| it.issuer),
            not_before: self.not_before,
            not_after: self.not_after,
        }
    }

    fn renewal(&self, chance: Chance) -> Timestamp {
        let life = self.not_after.since(self.not_before);
        let earlier = chance.of(Span(life.0 / 30));
        self.not_after.minus(Span(life.0 / 3)).minus(earlier)
    }
}

impl fmt::Debug for AcmeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::server_certificate::CertificateTrouble;

    const DAY: i64 = 24 * 60 * 60;
    const NOW: Timestamp = Timestamp(1_800_000_000);
    const NEVER: Chance = Chance(0);
    const MOST: Chance = Chance(u16::MAX);

    fn wish(domain: &str) -> AcmeWish {
        AcmeWish {
            directory: "https://ca.test/directory".to_owned(),
            domains: vec![domain.to_owned()],
        }
    }

    fn certificate(days: i64) -> IssuedCertificate {
        IssuedCertificate {
            chain: String::new(),
            key: Arc::new(PrivateKey::from_bytes(Vec::new())),
            not_before: NOW,
            not_after: Timestamp(NOW.0 + days * DAY),
        }
    }

    fn with_certificate(days: i64) -> AcmeState {
        let mut state = AcmeState::new(wish("as.test"));
        state.account = Some(Arc::new(PrivateKey::from_bytes(Vec::new())));
        state.succeed(certificate(days), NEVER);
        state
    }

    #[test]
    fn without_a_certificate_a_try_is_due_at_once() {
        assert!(AcmeState::new(wish("as.test")).is_due(NOW));
    }

    #[test]
    fn a_certificate_is_renewed_when_a_third_of_its_life_is_left_or_a_little_earlier() {
        for days in [6, 90] {
            let mut state = with_certificate(days);
            let latest = NOW.0 + days * DAY * 2 / 3;

            assert_eq!(state.next, Timestamp(latest));
            assert!(!state.is_due(Timestamp(latest - 1)));
            assert!(state.is_due(Timestamp(latest)));
            state.succeed(certificate(days), MOST);
            let earliest = latest - days * DAY / 30;
            assert!((earliest..earliest + 60).contains(&state.next.0));
        }
    }

    #[test]
    fn failures_are_waited_out_longer_and_longer_but_never_longer_than_eight_hours() {
        let mut state = with_certificate(90);
        let mut now = state.next;
        let mut within_an_hour = 0;
        let start = now;
        for _ in 0..20 {
            let before = now;
            state.fail("no route".to_owned(), now, NEVER);
            assert!(state.next > before && state.next <= before.plus(LONGEST_BACK_OFF));
            assert!(!state.is_due(before));
            assert!(state.is_due(state.next));
            now = state.next;
            within_an_hour += u32::from(now < start.plus(Span::hours(1)));
        }

        assert!(within_an_hour <= 5, "{within_an_hour}");
        assert_eq!(
            state.status().trouble(now),
            Some(CertificateTrouble::NotRenewed)
        );
        assert!(state.certificate.is_some());
    }

    #[test]
    fn a_success_forgets_the_failures_before_it() {
        let mut state = AcmeState::new(wish("as.test"));
        state.fail("no route".to_owned(), NOW, MOST);
        state.succeed(certificate(90), NEVER);

        assert_eq!((state.failures, &state.problem), (0, &None));
        assert_eq!(state.status().trouble(NOW), None);
        assert_eq!(
            state.status().trouble(Timestamp(NOW.0 + 91 * DAY)),
            Some(CertificateTrouble::Expired)
        );
    }

    #[test]
    fn another_wish_is_due_at_once_and_leaves_the_certificate_in_use() {
        let state = with_certificate(90);
        assert!(!state.clone().adopt(wish("as.test")).is_due(NOW));

        let renamed = state.clone().adopt(wish("other.test"));
        assert!(renamed.is_due(NOW));
        assert!(renamed.certificate.is_some() && renamed.account.is_some());

        let moved = state.adopt(AcmeWish {
            directory: "https://other.test".to_owned(),
            ..wish("as.test")
        });
        assert!(moved.is_due(NOW) && moved.account.is_none() && moved.certificate.is_some());
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_hold_a_try_up() {
        let mut state = AcmeState::new(wish("as.test"));
        state.fail("no route".to_owned(), Timestamp(NOW.0 + 400 * DAY), NEVER);

        assert!(state.is_due(NOW));
    }
}
