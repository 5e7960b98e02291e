//! Clients that need somebody, and rotations under way.

use crate::{
    admin::evidence::{
        attention::{self, Act, Level, Lookout, Rule},
        overview::Overview,
        rulings::NoRulings,
    },
    app::App,
    domain::{
        client::Client,
        secret::Secret,
        time::Timestamp,
        usage::SecretUsage,
        verdict::{Evidence, Verdict, verdict},
    },
    web::console::words::{Moment, counted, segment},
};

/// How many rows are shown.
const SHOWN: usize = 10;

/// What needs attention.
pub(super) struct Attention {
    pub(super) rows: Vec<Row>,
    /// `4 clients`; nothing is the empty text.
    pub(super) count: String,
    /// How many are not shown.
    pub(super) more: usize,
}

/// One client that does.
pub(super) struct Row {
    pub(super) tone: &'static str,
    pub(super) icon: &'static str,
    pub(super) rule: &'static str,
    pub(super) client: String,
    pub(super) path: String,
    pub(super) reason: String,
    pub(super) act: &'static str,
    /// Where it is done.
    pub(super) act_path: String,
    pub(super) is_danger: bool,
    /// Whether it changes secrets: whoever may not gets a link to the client instead.
    pub(super) is_change: bool,
}

impl Attention {
    /// As of now.
    pub(super) fn of(app: &App, overview: &Overview) -> Self {
        let registry = app.registry_arc();
        let latest = |secret: &_| app.last_use(secret);
        let lookout = Lookout {
            now: app.now(),
            watching_since: app.watching_since(),
            latest: &latest,
            overview,
            rulings: &NoRulings,
        };
        let found = attention::attention(&registry, &lookout);
        Self {
            count: match found.len() {
                0 => String::new(),
                clients => counted(clients as u64, "client"),
            },
            more: found.len().saturating_sub(SHOWN),
            rows: found.iter().take(SHOWN).map(Row::of).collect(),
        }
    }
}

impl Row {
    fn of(found: &attention::Attention) -> Self {
        let path = format!("/clients/{}", segment(found.client.as_str()));
        let below = match &found.act {
            Act::Revoke(secret) => format!("/credentials/{secret}/revoke"),
            Act::MakeSecret | Act::Rotate => "/credentials/rotate".to_owned(),
            Act::Extend => "/credentials".to_owned(),
            Act::Retire(_) => "/credentials/retire".to_owned(),
            Act::OpenActivity => "/activity".to_owned(),
            Act::ReviewClient => String::new(),
            Act::ReviewAccess => "/access".to_owned(),
        };
        let (tone, icon) = look(found.rule, found.level);
        Self {
            tone,
            icon,
            rule: found.rule.words(),
            client: found.name.to_string(),
            act_path: format!("{path}{below}"),
            path,
            reason: found.reason.clone(),
            act: found.act.words(),
            is_danger: matches!(found.act, Act::Revoke(_)),
            is_change: matches!(
                found.act,
                Act::Revoke(_) | Act::MakeSecret | Act::Rotate | Act::Extend | Act::Retire(_)
            ),
        }
    }
}

const fn look(rule: Rule, level: Level) -> (&'static str, &'static str) {
    let icon = match rule {
        Rule::Leaked => "badge-alert",
        Rule::Broken => "circle-x",
        Rule::Deadline | Rule::Expiring => "clock-alert",
        Rule::Finish => "refresh-cw",
        Rule::Guessing => "shield-alert",
        Rule::Unused => "circle-dashed",
        Rule::TooBroad => "list-checks",
        Rule::Old => "hourglass",
    };
    let tone = match level {
        Level::Danger => "bad",
        Level::Warning => "warn",
        Level::Notice => match rule {
            Rule::Finish => "info",
            Rule::Leaked
            | Rule::Broken
            | Rule::Deadline
            | Rule::Expiring
            | Rule::Guessing
            | Rule::Unused
            | Rule::TooBroad
            | Rule::Old => "old",
        },
    };
    (tone, icon)
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
    pub(super) fn all_of(app: &App, overview: Option<&Overview>) -> Vec<Self> {
        let (registry, now) = (app.registry_arc(), app.now());
        let watching_since = app.watching_since();
        let mut found: Vec<(Timestamp, Self)> = registry
            .clients()
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
        found.sort_by_key(|(deadline, _)| *deadline);
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
