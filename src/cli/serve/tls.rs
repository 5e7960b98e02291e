//! The server's certificate and the authorities of its clients: read at start, read again when their files
//! change, and watched lest they expire unseen.

use std::{path::Path, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing::{error, info, warn};

use crate::{
    app::App,
    cli::failure::{Exit, Failure},
    config::{self, Config},
    domain::{
        issuer::Issuer,
        server_certificate::{CertificateSource, CertificateStatus},
        time::{Clock, SystemClock, Timestamp},
    },
    web::{
        acme::{AcmeClient, Challenges},
        layers::{CertificateHeader, ForwardedCertificates},
        outbound,
        server::Listener,
        tls::{Acceptor, Authorities, Files, Tls, TlsError},
    },
};

/// How often it is looked whether files have changed.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How many days before a certificate expires the log says so.
const WARN_AT: [i64; 3] = [7, 14, 30];

/// What the files say, as they are now.
#[derive(Clone, Debug)]
pub(super) struct Security {
    tls: Option<Tls>,
    authorities: Option<Authorities>,
    /// The answers to what a directory of certificates asks.
    challenges: Challenges,
}

impl Security {
    pub(super) fn load(config: &Config) -> Result<Self, Failure> {
        let files = config.tls.files.clone();
        let files = files.map(|(certificate, key)| Files { certificate, key });
        let now = SystemClock.now();
        let mut tls = files.map(|files| Tls::load(files, now)).transpose()?;
        if let Some(acme) = &config.tls.acme {
            acme.ca.as_deref().map(check_trust).transpose()?;
            tls = Some(Tls::awaiting()?);
        }
        let authorities = config.tls.client_ca.clone();
        let lists = config.tls.client_crl.clone();
        let authorities = authorities.map(|file| Authorities::load(file, lists));
        let authorities = authorities.transpose()?;
        Ok(Self {
            tls,
            authorities,
            challenges: Challenges::default(),
        })
    }

    /// Serves everybody there.
    pub(super) fn public(&self, listener: TcpListener) -> Listener {
        match &self.tls {
            Some(tls) => Listener::Tls(listener, Acceptor::public(tls.clone())),
            None => Listener::Tcp(listener),
        }
    }

    /// Asks everybody there for a certificate.
    pub(super) fn mutual(&self, listener: TcpListener) -> Listener {
        match &self.tls {
            Some(tls) => {
                let authorities = self.authorities.clone();
                let acceptor = Acceptor::mutual(tls.clone(), authorities, Arc::new(SystemClock));
                Listener::Tls(listener, acceptor)
            }
            None => Listener::Tcp(listener),
        }
    }

    /// What is served where challenges are answered.
    pub(super) fn challenges(&self, issuer: &Issuer) -> Router {
        self.challenges.router(issuer)
    }

    /// Gets the server's certificate and renews it, from now on, if that is wanted.
    pub(super) async fn get_certificates(&self, app: &App, config: &Config) -> Result<(), Failure> {
        let (Some(tls), Some(acme)) = (&self.tls, &config.tls.acme) else {
            return Ok(());
        };
        let client = AcmeClient {
            contact: acme.contact.clone(),
            ca: acme.ca.clone(),
            challenges: self.challenges.clone(),
            tls: tls.clone(),
        };
        let kept = app
            .keep_certificate(acme.wish(app.issuer()), Arc::new(client))
            .await;
        kept.map_err(|error| Failure::new(Exit::Damaged, "damaged", error.to_string()))?;
        if tls.not_after().is_none() {
            let directory = acme.directory.as_str();
            warn!(
                "TLS is refused until a certificate has come from {directory}: it is asked for now"
            );
        }
        Ok(())
    }

    /// What proxies say of the certificates of their clients.
    pub(super) fn forwarded(&self, config: &Config) -> Option<ForwardedCertificates> {
        let header = match config.tls.certificate_from? {
            config::CertificateHeader::ClientCert => CertificateHeader::ClientCert,
            config::CertificateHeader::XSslClientCert => CertificateHeader::XSslClientCert,
            config::CertificateHeader::XForwardedClientCert => {
                CertificateHeader::XForwardedClientCert
            }
            config::CertificateHeader::XForwardedTlsClientCert => {
                CertificateHeader::XForwardedTlsClientCert
            }
        };
        Some(ForwardedCertificates {
            header,
            authorities: self.authorities.clone(),
            clock: Arc::new(SystemClock),
        })
    }

    /// Takes up files that change, from now on.
    pub(super) fn watch(self, app: &App) -> Result<(), Failure> {
        if self.tls.is_none() && self.authorities.is_none() {
            return Ok(());
        }
        let mut hang_up = signal(SignalKind::hangup())
            .map_err(|error| Failure::unavailable(format!("cannot listen for signals: {error}")))?;
        self.make_known(app, None);
        let (tasks, app) = (app.tasks().clone(), app.clone());
        tasks.spawn("certificates", |stop| async move {
            let (mut warned, mut told) = (None, None);
            loop {
                if let Some(tls) = &self.tls {
                    warn_of_expiry(tls, SystemClock.now(), &mut warned);
                }
                if let Some(authorities) = &self.authorities {
                    tell_of_old_lists(authorities, SystemClock.now(), &mut told);
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(LOOK_EVERY) => self.reload(&app, Asked::No),
                    _ = hang_up.recv() => self.reload(&app, Asked::Yes),
                }
            }
        });
        Ok(())
    }

    /// Tells operators of the certificate in a file; of one that is issued, whoever gets it does.
    fn make_known(&self, app: &App, problem: Option<String>) {
        if let Some(tls) = &self.tls
            && let Some(file) = tls.file()
        {
            app.note_certificate(CertificateStatus {
                source: CertificateSource::File(file.display().to_string()),
                shown: tls.shown(),
                problem,
            });
        }
    }

    fn reload(&self, app: &App, asked: Asked) {
        if let Some(tls) = &self.tls
            && tls.file().is_some()
            && (asked == Asked::Yes || tls.has_changed())
        {
            let path = tls.file().map(|it| it.display().to_string());
            let reloaded = tls.reload(SystemClock.now());
            let problem = reloaded.as_ref().err().map(ToString::to_string);
            self.make_known(app, problem);
            tell(reloaded, &path.as_deref().unwrap_or("the certificate"));
        }
        if let Some(authorities) = &self.authorities
            && (asked == Asked::Yes || authorities.has_changed())
        {
            tell(authorities.reload(), &authorities.file().display());
        }
    }
}

/// Whether somebody wants files to be read again.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Asked {
    Yes,
    No,
}

/// Whether the certificates can be read that are to be trusted.
fn check_trust(ca: &Path) -> Result<(), Failure> {
    let checked = outbound::check_trust(ca);
    checked.map_err(|problem| Failure::new(Exit::Config, "tls", problem))
}

fn tell(reloaded: Result<(), TlsError>, path: &dyn std::fmt::Display) {
    match reloaded {
        Ok(()) => info!(path = %path, "read {path} again: new connections are met with it"),
        Err(error) => error!(
            error = %error,
            path = %path,
            "what was read of {path} before stays in use: {error}"
        ),
    }
}

/// Once for each step towards the end.
fn warn_of_expiry(tls: &Tls, now: Timestamp, warned: &mut Option<(Timestamp, i64)>) {
    let Some(until) = tls.not_after() else {
        return;
    };
    let days = (until.0 - now.0).div_euclid(24 * 60 * 60);
    let steps = std::iter::once(-1).chain(WARN_AT);
    let Some(step) = steps.into_iter().find(|step| days <= *step) else {
        return;
    };
    if *warned == Some((until, step)) {
        return;
    }
    *warned = Some((until, step));
    let path = tls.file().map(|it| format!(" in {}", it.display()));
    let path = path.unwrap_or_default();
    if step < 0 {
        error!("the certificate{path} expired at {until}: no client accepts it");
    } else {
        warn!("the certificate{path} expires at {until}, in {days} days");
    }
}

/// Once for each that is over: from then on nobody is vouched for.
fn tell_of_old_lists(authorities: &Authorities, now: Timestamp, told: &mut Option<Timestamp>) {
    let Some((path, until)) = authorities.lists().filter(|(_, until)| *until <= now) else {
        return;
    };
    if *told != Some(until) {
        *told = Some(until);
        let path = path.display();
        error!(
            path = %path,
            "a list of revoked certificates in {path} was good until {until}: until there is a newer one, no \
             authority vouches for a client"
        );
    }
}

impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Self {
        Self::new(Exit::Config, "tls", error.to_string())
    }
}
