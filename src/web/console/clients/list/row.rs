//! One client in the list.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{Column, Facet, Lookout, address, attention, query::Order};
use crate::{
    admin::evidence::attention::{Attention, Rule},
    domain::{
        client::Client,
        id::ClientId,
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

/// How close it must be to stand among those that expire.
const WITHIN: Span = Span::days(30);

/// For how long a client must have got no token to count as unused.
const UNUSED: Span = Span::days(90);

/// What rows are made from.
pub(super) struct Known<'a> {
    registry: &'a Registry,
    lookout: &'a Lookout<'a>,
    attention: BTreeMap<ClientId, (usize, Attention)>,
}

/// A client, and what it is found and sorted by.
pub(super) struct Entry<'a> {
    registry: &'a Registry,
    client: &'a Client,
    /// Its place among those that need attention.
    place: usize,
    last: Option<Timestamp>,
    /// When the last of its secrets ends.
    end: End,
    week: u64,
    now: Timestamp,
}

/// When a client's secrets end, soonest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum End {
    /// None works.
    Dead,
    /// The last one does then.
    At(Timestamp),
    /// Never.
    Never,
}

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

impl<'a> Known<'a> {
    pub(super) fn new(registry: &'a Registry, lookout: &'a Lookout<'a>) -> Self {
        let rows = attention(registry, lookout).into_iter().enumerate();
        Self {
            registry,
            lookout,
            attention: rows
                .map(|(n, row)| (row.client.clone(), (n, row)))
                .collect(),
        }
    }

    /// How many need attention.
    pub(super) fn attention(&self) -> usize {
        self.attention.len()
    }

    pub(super) fn entry(&self, client: &'a Client) -> Entry<'a> {
        let place = self.attention.get(&client.id).map(|(place, _)| *place);
        let latest = client
            .secrets
            .iter()
            .filter_map(|it| (self.lookout.latest)(&it.id));
        let summary = self.lookout.overview.client(&client.id);
        Entry {
            registry: self.registry,
            client,
            place: place.unwrap_or(usize::MAX),
            last: latest.map(|(at, _)| at).max(),
            end: End::of(client, self.lookout.now),
            week: summary.map_or(0, |summary| summary.days.iter().sum()),
            now: self.lookout.now,
        }
    }

    pub(super) fn row(&self, entry: &Entry<'_>) -> Row {
        let client = entry.client;
        let days = self.lookout.overview.client(&client.id).map(|it| it.days);
        let attention = self.attention.get(&client.id).map(|(_, row)| row);
        Row {
            path: address(&client.id),
            name: client.name.to_string(),
            id: client.id.to_string(),
            owner: client.owner.to_string(),
            access: entry.access(),
            badge: badge(entry, self.lookout.now),
            note: attention.map_or_else(String::new, note),
            last: entry.last.map(|at| Moment::of(at, self.lookout.now)),
            spark: sparkline(&days.unwrap_or_default()),
            week: super::counted(entry.week, "token"),
        }
    }
}

impl Entry<'_> {
    /// Whether it is one of these.
    pub(super) fn is(&self, facet: Facet) -> bool {
        match facet {
            Facet::All => true,
            Facet::Attention => self.place != usize::MAX,
            Facet::Rotating => self.client.old_secret(self.now).is_some(),
            Facet::Expiring => {
                matches!(self.end, End::At(at) if at.since(self.now) <= WITHIN)
            }
            Facet::Unused => {
                let since = self.last.unwrap_or(self.client.created);
                self.now.since(since) >= UNUSED
            }
            Facet::Disabled => !self.client.is_active(),
        }
    }

    /// The names of the APIs that it can call, the first few of many.
    fn access(&self) -> String {
        let mut names = self.apis();
        if names.len() > 3 {
            let more = names.len() - 2;
            names.truncate(2);
            names.push(format!("{} more", grouped(more)));
        }
        list(&names)
    }

    /// The names of all of them.
    fn apis(&self) -> Vec<String> {
        let name = |id| {
            let api = self.registry.find_api(id);
            api.map_or_else(|| id.to_string(), |api| api.name.to_string())
        };
        let mut names: Vec<String> = self.client.grants.keys().map(name).collect();
        order::by_key(&mut names, |name| Place::of(name));
        names
    }
}

impl End {
    fn of(client: &Client, now: Timestamp) -> Self {
        let mut end = Self::Dead;
        for secret in client.live_secrets(now) {
            end = end.max(secret.expires.map_or(Self::Never, Self::At));
        }
        end
    }
}

/// Puts entries in order; the name decides among equals.
pub(super) fn sort(entries: &mut [Entry<'_>], (column, is_turned): Order) {
    order::by_key(entries, |entry| Place::of(entry.client.name.as_str()));
    match column {
        Column::Name => {}
        Column::Attention => order::by_key(entries, |entry| entry.place),
        Column::Owner => order::by_key(entries, |entry| {
            let owner = entry.client.owner.as_str();
            (owner.is_empty(), Place::of(owner))
        }),
        Column::Access => order::by_key(entries, |entry| {
            let apis = entry.apis();
            let places: Vec<Place> = apis.iter().map(|name| Place::of(name)).collect();
            (places.is_empty(), places)
        }),
        Column::Secret => order::by_key(entries, |entry| entry.end),
        Column::Used => order::by_key(entries, |entry| Reverse(entry.last)),
        Column::Week => order::by_key(entries, |entry| Reverse(entry.week)),
    }
    if is_turned {
        entries.reverse();
    }
}

fn badge(entry: &Entry<'_>, now: Timestamp) -> Badge {
    let client = entry.client;
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
    match entry.end {
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
