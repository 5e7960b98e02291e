//! The server's own certificate, got from a directory and renewed in the background (ACME, RFC 8555).
//!
//! One try at a time, by one task. What a try led to is kept before anything else is tried; if it cannot be
//! kept, the certificate is used all the same, and keeping it is tried again.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::App;
use crate::{
    crypto::signer::PrivateKey,
    domain::{
        acme::{AcmeState, AcmeWish, Chance, IssuedCertificate},
        time::{Span, Timestamp},
    },
    store::StoreError,
};

/// How often is looked whether something is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long one try may take.
const LONGEST_TRY: Duration = Duration::from_mins(5);

/// How often keeping is tried again that failed.
const KEEP_EVERY: Span = Span::minutes(1);

/// How much is kept of what a directory says of a failure.
const LONGEST_PROBLEM: usize = 500;

/// What asks the directory and shows what it gives: the network's business, handed in.
#[async_trait]
pub trait IssueCertificates: Send + Sync + 'static {
    /// Makes an account.
    ///
    /// # Errors
    /// Why there is none, in words for operators.
    async fn register(&self, wish: &AcmeWish) -> Result<PrivateKey, String>;

    /// Gets a certificate.
    ///
    /// # Errors
    /// See [`OrderFailure`].
    async fn order(
        &self,
        account: &PrivateKey,
        wish: &AcmeWish,
    ) -> Result<IssuedCertificate, OrderFailure>;

    /// Shows a certificate to whoever connects from now on.
    ///
    /// # Errors
    /// If it cannot be shown.
    fn show(&self, certificate: &IssuedCertificate) -> Result<(), String>;
}

/// Why there is no certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum OrderFailure {
    /// The directory does not know the account any more: the next try makes a new one.
    NoAccount,
    /// Anything else, in words for operators.
    Other(String),
}

/// The task's own.
struct Keeper {
    app: App,
    issuer: Arc<dyn IssueCertificates>,
    state: AcmeState,
    /// Since when something is not kept yet.
    unkept: Option<Timestamp>,
}

impl App {
    /// Gets and renews the server's certificate from now on; what was kept is shown at once.
    ///
    /// # Errors
    /// If what was kept cannot be read.
    pub async fn keep_certificate(
        &self,
        wish: AcmeWish,
        issuer: Arc<dyn IssueCertificates>,
    ) -> Result<(), StoreError> {
        let state = match self.0.store.acme().await? {
            Some(state) => state.adopt(wish),
            None => AcmeState::new(wish),
        };
        let mut keeper = Keeper {
            app: self.clone(),
            issuer,
            state,
            unkept: None,
        };
        keeper.show_what_was_kept();
        keeper.publish();
        self.0
            .tasks
            .spawn("own certificate", |stop| keeper.run(stop));
        Ok(())
    }
}

impl Keeper {
    fn show_what_was_kept(&mut self) {
        let Some(certificate) = &self.state.certificate else {
            return;
        };
        if let Err(problem) = self.issuer.show(certificate) {
            tracing::error!(error = %problem, "the certificate that was kept is of no use: {problem}");
            self.state.certificate = None;
            self.state.next = Timestamp(0);
        }
    }

    async fn run(mut self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => return,
            }
            tokio::select! {
                () = self.look() => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn look(&mut self) {
        let now = self.app.now();
        if self
            .unkept
            .is_some_and(|since| now < since || now.since(since) >= KEEP_EVERY)
        {
            self.keep().await;
        }
        if self.state.is_due(now) {
            let outcome = tokio::time::timeout(LONGEST_TRY, self.try_once()).await;
            let outcome = outcome.unwrap_or_else(|_| {
                Err(format!(
                    "it took longer than {} minutes",
                    LONGEST_TRY.as_secs() / 60
                ))
            });
            self.heed(outcome);
            self.keep().await;
            self.publish();
        }
    }

    async fn try_once(&mut self) -> Result<IssuedCertificate, String> {
        let account = if let Some(account) = &self.state.account {
            Arc::clone(account)
        } else {
            let account = Arc::new(self.issuer.register(&self.state.wish).await?);
            self.state.account = Some(Arc::clone(&account));
            self.keep().await;
            account
        };
        match self.issuer.order(&account, &self.state.wish).await {
            Ok(certificate) => {
                self.issuer.show(&certificate)?;
                Ok(certificate)
            }
            Err(OrderFailure::Other(problem)) => Err(problem),
            Err(OrderFailure::NoAccount) => {
                self.state.account = None;
                Err(
                    "the directory does not know the account any more: the next try makes another"
                        .to_owned(),
                )
            }
        }
    }

    fn heed(&mut self, outcome: Result<IssuedCertificate, String>) {
        let now = self.app.now();
        let chance = Chance(u16::from_be_bytes(self.app.entropy().bytes()));
        let domains = self.state.wish.domains.join(", ");
        match outcome {
            Ok(certificate) => {
                let until = certificate.not_after;
                self.state.succeed(certificate, chance);
                let next = self.state.next;
                tracing::info!(
                    "a certificate for {domains} was issued, valid until {until}; it is renewed at {next}"
                );
            }
            Err(problem) => {
                let problem = one_line(&problem);
                self.state.fail(problem.clone(), now, chance);
                let next = self.state.next;
                let directory = &self.state.wish.directory;
                tracing::warn!(
                    error = %problem,
                    "no certificate for {domains} from {directory}: {problem}; tried again at {next}"
                );
            }
        }
    }

    async fn keep(&mut self) {
        let kept = self.app.0.store.keep_acme(self.state.clone()).await;
        self.unkept = match kept {
            Ok(()) => None,
            Err(error) => {
                if self.unkept.is_none() {
                    tracing::error!(
                        error = %error,
                        "the certificate cannot be saved, and is used from memory: {error}"
                    );
                }
                Some(self.app.now())
            }
        };
    }

    fn publish(&self) {
        self.app.note_certificate(self.state.status());
    }
}

/// What somebody else said, as one line of a log and a page can bear it.
fn one_line(text: &str) -> String {
    let mut line: String = text
        .chars()
        .map(|it| if it.is_control() { ' ' } else { it })
        .take(LONGEST_PROBLEM)
        .collect();
    line.truncate(line.trim_end().len());
    line
}
