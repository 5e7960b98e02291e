//! The dashboard's other panels: traffic, the time ahead, health.

use std::fmt::Write;

use askama::filters::HtmlSafe;

use crate::{
    admin::evidence::{
        directory::{Directory, Kind},
        horizon::{AHEAD, Event, What, horizon},
        overview::Overview,
        words::clock,
    },
    app::{App, Readiness},
    domain::{
        key::Age,
        time::{Span, Timestamp},
    },
    web::console::{
        Console,
        chart::{Ink, Line, Plot},
        settings::{Health, LastBackup, bytes},
        words::{Moment, date, grouped, number, segment},
    },
};

/// How many addresses, and how many events, are listed.
const LISTED: usize = 5;

/// Tokens issued and requests refused in the last 24 hours.
pub(super) struct Traffic {
    pub(super) plot: Plot,
    /// The chart in a sentence.
    pub(super) sentence: String,
    pub(super) total: String,
    /// The same hours a week before: `1,204 in the same hours last week`.
    pub(super) compared: String,
    pub(super) hours: Vec<Hour>,
    pub(super) refused: Vec<Reason>,
    pub(super) refused_total: String,
    pub(super) addresses: Vec<Refused>,
    /// Who was refused, in a sentence.
    pub(super) refused_in_words: String,
}

/// One hour of the chart.
pub(super) struct Hour {
    pub(super) at: String,
    pub(super) issued: String,
    pub(super) week_before: String,
}

/// Refusals for one reason.
pub(super) struct Reason {
    pub(super) words: &'static str,
    pub(super) code: &'static str,
    pub(super) count: String,
}

/// Refusals of one address.
pub(super) struct Refused {
    pub(super) address: String,
    pub(super) agent: String,
    pub(super) last: Moment,
}

impl Traffic {
    /// What is known.
    pub(super) fn of(overview: &Overview) -> Self {
        let (day, week) = (&overview.last_day, &overview.week_before);
        let points = |series: &crate::admin::evidence::Series| -> Vec<u64> {
            series.points.iter().map(|point| point.issued).collect()
        };
        let sentence = day.issued_in_words();
        let line = |ink, label: &str, points| Line {
            ink,
            label: label.to_owned(),
            points,
        };
        let hours = day.points.iter().zip(&week.points);
        let refusals = &overview.refusals;
        Self {
            plot: Plot {
                sentence: format!("Tokens issued an hour, last 24 hours. {sentence}"),
                from: "24 hours ago".to_owned(),
                until: "now".to_owned(),
                lines: vec![
                    line(Ink::Faint, "", points(week)),
                    line(Ink::Plain, "", points(day)),
                ],
            },
            sentence,
            total: number(day.issued()),
            compared: format!("{} in the same hours last week", number(week.issued())),
            hours: hours
                .rev()
                .map(|(now, then)| Hour {
                    at: clock(now.start),
                    issued: number(now.issued),
                    week_before: number(then.issued),
                })
                .collect(),
            refused: refusals
                .outcomes
                .iter()
                .map(|group| Reason {
                    words: group.words(),
                    code: group.code(),
                    count: number(group.count),
                })
                .collect(),
            refused_total: number(refusals.total),
            addresses: refusals
                .addresses
                .iter()
                .take(LISTED)
                .map(|group| Refused {
                    address: group.address.to_string(),
                    agent: group.agent.as_deref().unwrap_or_default().to_owned(),
                    last: Moment::of(group.last, overview.at),
                })
                .collect(),
            refused_in_words: refusals.in_words(),
        }
    }
}

/// The time ahead.
pub(super) struct Ahead {
    pub(super) strip: Strip,
    /// The strip in a sentence.
    pub(super) sentence: String,
    pub(super) events: Vec<Coming>,
    /// How many are not listed.
    pub(super) more: usize,
    /// The next thing, in a sentence; nothing is the empty text.
    pub(super) next: String,
    pub(super) until: String,
}

/// Something that will happen by itself.
pub(super) struct Coming {
    pub(super) at: Moment,
    pub(super) date: String,
    pub(super) icon: &'static str,
    pub(super) what: String,
    /// Where to see it.
    pub(super) path: String,
}

/// Ticks on a line, one for each event. Made here of numbers alone.
pub(super) struct Strip(String);

impl std::fmt::Display for Strip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Strip {}

impl Ahead {
    /// As of now.
    pub(super) fn of(app: &App, directory: &Directory) -> Self {
        let now = app.now();
        let certificate = app.certificate_status();
        let events = horizon(
            directory.of(Kind::Ending),
            directory.registry(),
            certificate.as_ref().as_ref(),
            now,
        );
        let sentence = match events.len() {
            0 => "Nothing is due in the next 90 days.".to_owned(),
            1 => "One thing is due in the next 90 days.".to_owned(),
            count => format!("{} things are due in the next 90 days.", grouped(count)),
        };
        Self {
            strip: strip(&events, now),
            sentence,
            more: events.len().saturating_sub(LISTED),
            next: events
                .first()
                .map_or_else(String::new, |event| event.in_words(now)),
            events: events
                .iter()
                .take(LISTED)
                .map(|event| Coming::of(event, now))
                .collect(),
            until: date(now.plus(AHEAD), now),
        }
    }
}

fn strip(events: &[Event], now: Timestamp) -> Strip {
    let mut svg = String::from(r#"<line class="ax" x1="0" x2="900" y1="18" y2="18"/>"#);
    for event in events {
        let x = event.at.since(now).0 * 900 / AHEAD.0;
        let class = match event.what {
            What::SecretExpires(..) | What::CertificateExpires => "t-secret",
            What::OldSecretStops(..) => "t-old",
            What::KeySigns(_)
            | What::KeyLeaves(_)
            | What::KeyIsSucceeded(_)
            | What::CertificateIsRenewed => "t-key",
        };
        // Writing to memory does not fail.
        let _ = write!(
            svg,
            r#"<line class="{class}" x1="{x}" x2="{x}" y1="4" y2="18"/>"#
        );
    }
    Strip(svg)
}

impl Coming {
    fn of(event: &Event, now: Timestamp) -> Self {
        let credentials = |client: &crate::domain::client::Client| {
            format!("/clients/{}/credentials", segment(client.id.as_str()))
        };
        let (icon, what, path) = match &event.what {
            What::SecretExpires(client, _) => (
                "clock-alert",
                format!("{}’s secret expires", client.name),
                credentials(client),
            ),
            What::OldSecretStops(client, _) => (
                "refresh-cw",
                format!("{}’s old secret stops", client.name),
                credentials(client),
            ),
            What::KeySigns(key) => (
                "rotate-ccw-key",
                format!("The next {} key begins to sign", key.algorithm),
                "/keys".to_owned(),
            ),
            What::KeyLeaves(key) => (
                "rotate-ccw-key",
                format!("An old {} key leaves the key set", key.algorithm),
                "/keys".to_owned(),
            ),
            What::KeyIsSucceeded(key) => (
                "rotate-ccw-key",
                format!("Another {} key takes over", key.algorithm),
                "/keys".to_owned(),
            ),
            What::CertificateExpires => (
                "clock-alert",
                "The server’s TLS certificate expires".to_owned(),
                "/settings/about".to_owned(),
            ),
            What::CertificateIsRenewed => (
                "refresh-cw",
                "The server’s TLS certificate is renewed".to_owned(),
                "/settings/about".to_owned(),
            ),
        };
        Self {
            at: Moment::of(event.at, now),
            date: date(event.at, now),
            icon,
            what,
            path,
        }
    }
}

/// Whether the server is well.
pub(super) struct HealthPanel {
    pub(super) health: Health,
    /// Whether what is wrong stands among what needs attention already.
    pub(super) is_told_above: bool,
    pub(super) issuer: String,
    pub(super) version: &'static str,
    pub(super) keys: Vec<ActiveKey>,
    /// The data file's size; nothing if it can't be read.
    pub(super) size: Option<String>,
    /// The last backup, if there is one.
    pub(super) backup: Option<LastBackup>,
    /// Whether that could be found out.
    pub(super) knows_backup: bool,
}

/// A key that signs.
pub(super) struct ActiveKey {
    pub(super) algorithm: String,
    pub(super) kid: String,
    /// `12 days`.
    pub(super) age: String,
}

impl HealthPanel {
    /// As of now.
    pub(super) async fn of(console: &Console) -> Self {
        let app = &console.app;
        let (registry, now) = (app.registry_arc(), app.now());
        let keys = registry.published_keys(now);
        let keys = keys.filter_map(|(key, age)| match age {
            Age::Active { since } => Some(ActiveKey {
                algorithm: key.algorithm.to_string(),
                kid: key.id.to_string(),
                age: old(now.since(since)),
            }),
            Age::Pending { .. }
            | Age::Retiring { .. }
            | Age::Retired { .. }
            | Age::Revoked { .. } => None,
        });
        let backup = LastBackup::find(app).await;
        let readiness = app.readiness();
        Self {
            is_told_above: matches!(readiness, Readiness::Degraded(_)),
            health: Health::of(readiness),
            issuer: app.issuer().to_string(),
            version: env!("CARGO_PKG_VERSION"),
            keys: keys.collect(),
            size: app.report().await.ok().map(|report| bytes(report.bytes)),
            knows_backup: backup.is_ok(),
            backup: backup.ok().flatten(),
        }
    }
}

fn old(age: Span) -> String {
    if age < Span::minutes(2) {
        "made just now".to_owned()
    } else {
        format!("signing for {}", age.in_words())
    }
}
