//! Whether the server is well, and if not, why: its store, its keys, its certificate, its backups.

use std::{cmp::Reverse, sync::Arc};

use super::{App, disk};
use crate::{
    admin::evidence::server::{ServerAttention, StoreTrouble},
    domain::{order, server_certificate::CertificateStatus, time::Timestamp},
};

/// Whether tokens can be issued, and whether all is well.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Readiness {
    /// All is well.
    Ready,
    /// Tokens are issued, but something needs a person: sentences that say what, the worst first.
    Degraded(Vec<String>),
    /// On the way down: new requests go elsewhere.
    Draining,
    /// No token can be issued: a sentence says why.
    Unable(&'static str),
}

impl Readiness {
    /// The word for it in the admin API and for load balancers.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Degraded(_) => "degraded",
            Self::Draining => "draining",
            Self::Unable(_) => "unable",
        }
    }

    /// What is wrong, in sentences, the worst first.
    pub fn problems(self) -> Vec<String> {
        match self {
            Self::Ready | Self::Draining => Vec::new(),
            Self::Degraded(problems) => problems,
            Self::Unable(problem) => vec![problem.to_owned()],
        }
    }
}

impl App {
    /// Whether tokens can be issued, and whether all is well.
    pub fn readiness(&self) -> Readiness {
        if self.0.tasks.is_stopping() {
            return Readiness::Draining;
        }
        let now = self.now();
        if self.clock_behind().is_some() {
            return Readiness::Unable("The clock is behind the time that it showed before.");
        }
        let can_sign = self
            .registry()
            .published_keys(now)
            .any(|(key, _)| key.active_from <= now);
        if !can_sign {
            return Readiness::Unable("No signing key is active.");
        }
        if self.records_tokens() && disk::trouble(**self.0.disk.current()).is_some() {
            return Readiness::Unable("No token can be put on record: the disk takes nothing.");
        }
        let found = self.attention_to_server(now).into_iter();
        let failures = found.filter(|it| it.rule.is_failure());
        let problems: Vec<_> = failures.map(|it| it.reason).collect();
        if problems.is_empty() {
            Readiness::Ready
        } else {
            Readiness::Degraded(problems)
        }
    }

    /// What needs attention about the server itself, the worst first.
    pub fn attention_to_server(&self, now: Timestamp) -> Vec<ServerAttention> {
        let changes = self.0.executor.is_latched();
        let usage = self.0.usage.is_failing();
        let behind = self.clock_behind().map(ServerAttention::of_clock);
        let certificate = self.certificate_status();
        let certificate = certificate.as_ref().as_ref();
        let of_store = [
            disk::trouble(**self.0.disk.current()),
            changes.then_some(StoreTrouble::ChangesNotSaved),
            usage.then_some(StoreTrouble::UsageNotSaved),
        ];
        let of_store = of_store
            .into_iter()
            .flatten()
            .map(|it| ServerAttention::of_store(it, self.0.settings.audit_tokens));
        let of_certificate = certificate.and_then(|it| ServerAttention::of_certificate(it, now));
        let of_halts = ServerAttention::of_halts(&self.registry(), now);
        let held_back = self.client_throttle().held_back(now);
        let of_guessing =
            held_back.map(|it| ServerAttention::of_guessing(it.count, it.address, it.since));
        let checkpoints = self.0.checkpoints.failure();
        let of_checkpoints = checkpoints.map(|it| ServerAttention::of_checkpoints(&it));
        let backups = self.backup_status();
        let of_backups = backups.as_ref().as_ref();
        let of_backups = of_backups.and_then(|it| ServerAttention::of_backups(it, now));
        let of_store = behind.into_iter().chain(of_store).chain(of_halts);
        let others = of_certificate.into_iter().chain(of_guessing);
        let others = others.chain(of_checkpoints).chain(of_backups);
        let mut all: Vec<ServerAttention> = of_store.chain(others).collect();
        order::by_key(&mut all, |it| Reverse(it.level));
        all
    }

    /// What is known of the certificate that the server shows; nothing if it speaks plain HTTP.
    pub fn certificate_status(&self) -> Arc<Option<CertificateStatus>> {
        self.0.certificate.current_arc()
    }

    /// Makes known which certificate the server shows, and what went wrong with the next.
    pub fn note_certificate(&self, status: CertificateStatus) {
        self.0.certificate.publish(Arc::new(Some(status)));
    }
}
