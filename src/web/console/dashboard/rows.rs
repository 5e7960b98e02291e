//! Clients that need somebody, the server if it does, and rotations under way.

use crate::{
    admin::evidence::{
        attention::{self, Level, PutOff},
        directory::{By, Directory, Kind},
        overview::Overview,
        server::{ServerAttention, ServerRule},
    },
    app::App,
    domain::{
        client::Client,
        order,
        secret::Secret,
        time::Timestamp,
        usage::SecretUsage,
        verdict::{Evidence, Verdict, verdict},
    },
    web::console::{
        clients::{Finding, Look, mark_path, told},
        marked::{Marked, long},
        words::{Moment, actor, capital, counted, list, segment},
    },
};

/// How many rows are shown.
const SHOWN: usize = 10;

/// What needs attention.
pub(super) struct Attention {
    /// The server's own first.
    pub(super) rows: Vec<Finding>,
    /// `This server and 4 clients`; nothing is the empty text.
    pub(super) count: String,
    /// Whether it is known which clients need somebody.
    pub(super) knows_clients: bool,
    /// How many are not shown.
    pub(super) more: usize,
    /// What was put off, and is still.
    pub(super) postponed: Vec<PutOffRow>,
}

/// Something that was put off.
pub(super) struct PutOffRow {
    pub(super) look: Look,
    pub(super) client: String,
    pub(super) path: String,
    /// What is the matter now.
    pub(super) reason: Marked,
    /// Until when; until it is worse, if nothing.
    pub(super) until: Option<Moment>,
    pub(super) note: String,
    pub(super) by: String,
    /// Where it is brought back.
    pub(super) recall_path: String,
}

impl Attention {
    /// As of now; without what is known of usage, as much as can be told.
    pub(super) fn of(app: &App, directory: &Directory, knows_clients: bool) -> Self {
        let server = app.attention_to_server(app.now());
        let mut attention = Self {
            count: String::new(),
            knows_clients,
            rows: server.iter().map(of_server).collect(),
            more: 0,
            postponed: Vec::new(),
        };
        let mut count = Vec::new();
        if !server.is_empty() {
            count.push("this server".to_owned());
        }
        if knows_clients {
            let found = attention.add_clients(app, directory);
            count.extend((found > 0).then(|| counted(found as u64, "client")));
        }
        attention.count = capital(&list(&count));
        attention
    }

    /// How many clients need somebody.
    fn add_clients(&mut self, app: &App, directory: &Directory) -> usize {
        let lookout = app.lookout(directory.overview());
        let found = directory.places(Kind::Attention);
        let worst = directory.sorted(&found, (By::Attention, false), (0, SHOWN));
        let worst = attention::attention(worst.iter().map(|it| &it.client), &lookout);
        self.rows.extend(worst.iter().map(Finding::of));
        self.more = found.len().saturating_sub(SHOWN);
        let put_off = attention::put_off(directory.of(Kind::PutOff), &lookout).into_iter();
        self.postponed = put_off.map(|it| PutOffRow::of(it, lookout.now)).collect();
        found.len()
    }
}

/// What is the matter with the server, in the same rows as clients.
fn of_server(found: &ServerAttention) -> Finding {
    Finding {
        look: Look::of_server(found),
        client: "This server".to_owned(),
        path: ABOUT.to_owned(),
        reason: long(&found.reason),
        act: found.rule.act(),
        act_path: place_of(found.rule).to_owned(),
        is_danger: false,
        is_change: false,
        postpone_path: String::new(),
    }
}

/// The page that tells more of what is the matter with the server.
const fn place_of(rule: ServerRule) -> &'static str {
    match rule {
        ServerRule::IssuanceHalted | ServerRule::ApiHalted => "/settings/issuance",
        ServerRule::BackupFailed | ServerRule::BackupOverdue => "/settings/backup",
        ServerRule::CheckpointsNotWritten => "/audit",
        ServerRule::ClockBehind
        | ServerRule::DiskFull
        | ServerRule::DiskFailed
        | ServerRule::DataFileMoved
        | ServerRule::ChangesNotSaved
        | ServerRule::UsageNotSaved
        | ServerRule::Guessing
        | ServerRule::CertificateMissing
        | ServerRule::CertificateExpired
        | ServerRule::CertificateNotRenewed
        | ServerRule::CertificateEndsSoon => ABOUT,
    }
}

/// The page that tells of the server itself.
const ABOUT: &str = "/settings/about";

impl PutOffRow {
    fn of(put_off: PutOff, now: Timestamp) -> Self {
        let postponed = put_off.postponed;
        Self {
            look: Look::of(put_off.rule, Level::Notice),
            client: put_off.name.to_string(),
            path: format!("/clients/{}", segment(put_off.client.as_str())),
            reason: match &put_off.reason {
                Some(reason) => told(put_off.rule, reason),
                None => long("Nothing is the matter now."),
            },
            until: postponed.until.map(|until| Moment::of(until, now)),
            note: postponed.note.to_string(),
            by: actor(&postponed.by),
            recall_path: mark_path(&put_off.client, put_off.rule, "recall"),
        }
    }
}

/// A rotation under way.
pub(super) struct RotationRow {
    pub(super) client: String,
    pub(super) path: String,
    /// What the verdict says; nothing if usage can't be read.
    pub(super) verdict: String,
    pub(super) is_safe: bool,
    pub(super) stops: Moment,
    pub(super) since: Moment,
}

impl RotationRow {
    /// All of them, the one whose old secret stops first before the others.
    pub(super) fn all_of(
        app: &App,
        directory: &Directory,
        overview: Option<&Overview>,
    ) -> Vec<Self> {
        let now = app.now();
        let watching_since = app.watching_since();
        let mut found: Vec<(Timestamp, Self)> = directory
            .of(Kind::Rotating)
            .filter_map(|client| {
                let retiring = client.old_secret(now)?.retiring(now)?;
                let verdict =
                    overview.and_then(|overview| judged(client, overview, (watching_since, now)));
                let row = Self {
                    client: client.name.to_string(),
                    path: format!("/clients/{}/credentials", segment(client.id.as_str())),
                    is_safe: matches!(verdict, Some(Verdict::Safe { .. })),
                    verdict: verdict.map_or_else(String::new, |it| it.sentence(now)),
                    stops: Moment::of(retiring.deadline, now),
                    since: Moment::of(retiring.since, now),
                };
                Some((retiring.deadline, row))
            })
            .collect();
        order::by_key(&mut found, |(deadline, _)| *deadline);
        found.into_iter().map(|(_, row)| row).collect()
    }
}

fn judged(
    client: &Client,
    overview: &Overview,
    (watching_since, now): (Timestamp, Timestamp),
) -> Option<Verdict> {
    let none = SecretUsage::default();
    let summary = overview.client(&client.id);
    let of = |secret: Option<&Secret>| {
        let usage = summary.and_then(|summary| summary.secrets.get(&secret?.id));
        usage.unwrap_or(&none)
    };
    let evidence = Evidence {
        old: of(client.old_secret(now)),
        new: of(client.new_secret(now)),
        watching_since,
    };
    verdict(client, &evidence, now)
}
