//! What this server is, and how its data are.

use askama::Template;
use axum::{body::Body, extract::State, http::Response};

use crate::{
    app::Readiness,
    web::console::{
        Console,
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::{Moment, number},
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
}

/// Whether all is well.
pub(in crate::web::console) struct Health {
    pub(in crate::web::console) tone: &'static str,
    pub(in crate::web::console) icon: &'static str,
    pub(in crate::web::console) word: &'static str,
    /// What is wrong; nothing is the empty text.
    pub(in crate::web::console) problem: &'static str,
}

impl Health {
    /// As the server says of itself.
    pub(in crate::web::console) const fn of(readiness: Readiness) -> Self {
        let (tone, icon, word, problem) = match readiness {
            Readiness::Ready => ("ok", "circle-check", "All is well", ""),
            Readiness::Degraded(problem) => ("warn", "triangle-alert", "Needs a look", problem),
            Readiness::Draining => ("warn", "pause", "Stopping", ""),
            Readiness::Unable(problem) => ("bad", "circle-x", "Can’t issue tokens", problem),
        };
        Self {
            tone,
            icon,
            word,
            problem,
        }
    }
}

pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
) -> Result<Response<Body>, Trouble> {
    let app = &console.app;
    let report = app.report().await?;
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
