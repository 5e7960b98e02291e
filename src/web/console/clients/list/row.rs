//! One client in the list.

use super::address;
use crate::{
    admin::evidence::{
        attention::{Attention, Lookout, Rule, attention_to},
        directory::End,
    },
    domain::{
        client::Client,
        name::Place,
        order,
        registry::Registry,
        secret::Secret,
        time::{Span, Timestamp},
    },
    web::console::{
        chart::{Svg, sparkline},
        words::{Moment, grouped, list},
    },
};

/// How close the end of a secret must be to be said with a word of warning.
const SOON: Span = Span::days(14);

/// A row as it is shown.
pub(super) struct Row {
    pub(super) path: String,
    pub(super) name: String,
    pub(super) id: String,
    pub(super) owner: String,
    pub(super) access: String,
    pub(super) badge: Badge,
    /// What needs attention; nothing is the empty text.
    pub(super) note: String,
    pub(super) last: Option<Moment>,
    pub(super) spark: Svg,
    /// The sparkline for those who do not see it.
    pub(super) week: String,
}

/// The state of a client's secrets.
pub(super) struct Badge {
    pub(super) tone: &'static str,
    pub(super) icon: &'static str,
    pub(super) text: String,
}

impl Row {
    /// That of `client`, as it is seen from there.
    pub(super) fn of(client: &Client, registry: &Registry, lookout: &Lookout<'_>) -> Self {
        let now = lookout.now;
        let days = lookout.overview.client(&client.id).map(|it| it.days);
        let days = days.unwrap_or_default();
        let latest = client.secrets.iter();
        let latest = latest.filter_map(|it| (lookout.latest)(&it.id));
        Self {
            path: address(&client.id),
            name: client.name.to_string(),
            id: client.id.to_string(),
            owner: client.owner.to_string(),
            access: access(client, registry),
            badge: badge(client, now),
            note: attention_to(client, lookout).map_or_else(String::new, |it| note(&it)),
            last: latest.map(|(at, _)| at).max().map(|at| Moment::of(at, now)),
            spark: sparkline(&days),
            week: super::counted(days.iter().sum(), "token"),
        }
    }
}

/// The names of the APIs that `client` can call, the first few of many.
fn access(client: &Client, registry: &Registry) -> String {
    let name = |id| {
        let api = registry.find_api(id);
        api.map_or_else(|| id.to_string(), |api| api.name.to_string())
    };
    let mut names: Vec<String> = client.grants.keys().map(name).collect();
    order::by_key(&mut names, |name| Place::of(name));
    if names.len() > 3 {
        let more = names.len() - 2;
        names.truncate(2);
        names.push(format!("{} more", grouped(more)));
    }
    list(&names)
}

fn badge(client: &Client, now: Timestamp) -> Badge {
    let of = |tone, icon, text: &str| Badge {
        tone,
        icon,
        text: text.to_owned(),
    };
    if client.leaked_secret(now).is_some() {
        return of("bad", "badge-alert", "Leaked");
    }
    if !client.is_active() {
        return of("", "pause", "Disabled");
    }
    match End::of(client, now) {
        End::Dead => of("bad", "circle-x", dead(client, now)),
        _ if client.old_secret(now).is_some() => of("info", "refresh-cw", "Rotating"),
        End::Never => of("ok", "check", "Works until replaced"),
        End::At(at) => {
            let left = at.since(now);
            let words = left.in_words();
            let (tone, icon, text) = if left <= SOON {
                ("warn", "clock-alert", format!("Expires in {words}"))
            } else {
                ("ok", "check", format!("{words} left"))
            };
            Badge { tone, icon, text }
        }
    }
}

/// Why no secret works.
fn dead(client: &Client, now: Timestamp) -> &'static str {
    use crate::domain::secret::Life;
    let last = client
        .secrets
        .iter()
        .max_by_key(|it| Secret::ended(it, now));
    match last.map(|secret| secret.life(now)) {
        Some(Life::Expired) => "Expired",
        Some(Life::Revoked) => "Revoked",
        Some(Life::Retired | Life::Cancelled) => "Retired",
        Some(Life::Active | Life::Retiring) | None => "No secret",
    }
}

/// What needs attention, where the state of the secret does not say it already.
fn note(attention: &Attention) -> String {
    match attention.rule {
        Rule::Leaked | Rule::Expiring => String::new(),
        Rule::Broken => attention.number.clone(),
        Rule::Deadline => format!("Old one stops {}", attention.number),
        Rule::Finish => "Ready to retire".to_owned(),
        Rule::Guessing | Rule::Unused | Rule::TooBroad | Rule::Old => {
            format!("{}: {}", attention.rule.words(), attention.number)
        }
    }
}
