//! What this server is, and how its data are.

use askama::Template;
use axum::{body::Body, extract::State, http::Response};

use crate::{
    admin::evidence::server::ServerAttention,
    app::Readiness,
    domain::{
        server_certificate::{CertificateSource, CertificateStatus},
        time::Timestamp,
    },
    web::console::{
        Console,
        clients::Look,
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::{Moment, capital, number},
    },
};

#[derive(Template)]
#[template(path = "settings/about.html")]
struct AboutPage {
    frame: Frame,
    tab: &'static str,
    version: &'static str,
    health: Health,
    started: Moment,
    size: String,
    format: u32,
    revision: String,
    audit_records: String,
    master_key_id: String,
    /// Nothing where plain HTTP is spoken.
    certificate: Option<CertificateCard>,
}

/// Whether all is well.
pub(in crate::web::console) struct Health {
    pub(in crate::web::console) tone: &'static str,
    pub(in crate::web::console) icon: &'static str,
    pub(in crate::web::console) word: &'static str,
    /// What is wrong, in sentences, the worst first.
    pub(in crate::web::console) problems: Vec<String>,
}

impl Health {
    /// As the server says of itself.
    pub(in crate::web::console) fn of(readiness: Readiness) -> Self {
        let (tone, icon, word) = match readiness {
            Readiness::Ready => ("ok", "circle-check", "All is well"),
            Readiness::Degraded(_) => ("warn", "triangle-alert", "Needs a look"),
            Readiness::Draining => ("warn", "pause", "Stopping"),
            Readiness::Unable(_) => ("bad", "circle-x", "Can’t issue tokens"),
        };
        Self {
            tone,
            icon,
            word,
            problems: readiness.problems(),
        }
    }
}

/// The certificate that the server shows in TLS.
struct CertificateCard {
    look: Look,
    /// What will be the matter, in sentences; nothing is the empty text. What is so already stands on top.
    trouble: String,
    /// The names that it is for, or that one is wanted for.
    names: Vec<String>,
    /// Who signed it, and until when it is valid; nothing while there is none.
    shown: Option<(String, Moment)>,
    source: Source,
    /// Why the latest try to replace it failed; nothing is the empty text. What is so already stands on top.
    last_failure: String,
}

/// Where the certificate comes from.
enum Source {
    File(String),
    Directory { url: String, next: Moment },
}

impl CertificateCard {
    fn of(status: &CertificateStatus, now: Timestamp) -> Self {
        let found = ServerAttention::of_certificate(status, now);
        let look = found.as_ref().map_or(VALID, Look::of_server);
        let is_told = found.as_ref().is_some_and(|it| it.rule.is_failure());
        let failure = status.problem.as_deref().filter(|_| !is_told);
        let shown = status.shown.as_ref();
        let (wanted, source) = match &status.source {
            CertificateSource::File(path) => (Vec::new(), Source::File(path.clone())),
            CertificateSource::Directory { url, domains, next } => {
                let next = Moment::of((*next).max(now), now);
                let url = url.clone();
                (domains.clone(), Source::Directory { url, next })
            }
        };
        Self {
            look,
            trouble: found
                .filter(|found| !found.rule.is_failure())
                .map_or_else(String::new, |found| found.reason),
            names: shown.map_or(wanted, |it| it.names.clone()),
            shown: shown.map(|it| (it.issuer.clone(), Moment::of(it.not_after, now))),
            source,
            last_failure: capital(failure.unwrap_or_default()),
        }
    }
}

const VALID: Look = Look {
    word: "Valid",
    icon: "circle-check",
    tone: "ok",
};

pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
) -> Result<Response<Body>, Trouble> {
    let app = &console.app;
    let report = app.report().await?;
    let certificate = app.certificate_status();
    let certificate = certificate.as_ref().as_ref();
    Ok(page::ok(&AboutPage {
        frame: visitor.frame(Here::Settings).await,
        tab: "about",
        version: env!("CARGO_PKG_VERSION"),
        health: Health::of(app.readiness()),
        started: Moment::of(app.started(), app.now()),
        size: bytes(report.bytes),
        format: report.format,
        revision: number(report.revision),
        audit_records: number(report.audit_records),
        master_key_id: report.master_key_id,
        certificate: certificate.map(|it| CertificateCard::of(it, app.now())),
    }))
}

/// A size as people read it: `1.4 MB`.
pub(in crate::web::console) fn bytes(count: u64) -> String {
    let (unit, name) = match count {
        0..1_000 => return format!("{count} bytes"),
        1_000..1_000_000 => (1_000, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    let tenths = count * 10 / unit;
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit_that_fits_it() {
        assert_eq!(bytes(512), "512 bytes");
        assert_eq!(bytes(1_500), "1.5 kB");
        assert_eq!(bytes(2_590_000), "2.5 MB");
        assert_eq!(bytes(3_000_000_000), "3.0 GB");
    }
}
