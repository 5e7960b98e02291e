//! The scopes of a client as its page shows them.

use std::collections::BTreeMap;

use super::{
    super::{
        super::{
            marked::{Marked, led_by_code},
            words::{counted, date, day, number, segment},
        },
        ClientHead,
    },
    is_admin,
};
use crate::{
    admin::{
        evidence::{
            overview::Overview,
            scopes::{Asking, ScopeEvidence, scopes_of},
        },
        views::ScopeView,
    },
    domain::{
        api::Api,
        client::Client,
        id::ApiIdentifier,
        scope::Scope,
        time::{Day, Timestamp},
    },
};

/// What is known of a client's use of its scopes.
pub(super) struct Known<'a> {
    client: &'a Client,
    asking: Asking,
    scopes: BTreeMap<(ApiIdentifier, Scope), ScopeEvidence>,
    now: Timestamp,
}

impl<'a> Known<'a> {
    /// What `overview` knows of `client`.
    pub(super) fn of(client: &'a Client, overview: &Overview, now: Timestamp) -> Self {
        let asking = overview.client(&client.id);
        let asking = asking.map(|it| it.asking.clone()).unwrap_or_default();
        let scopes = scopes_of(client, &asking, now).into_iter();
        Self {
            scopes: scopes
                .map(|it| ((it.api.clone(), it.scope.clone()), it))
                .collect(),
            client,
            asking,
            now,
        }
    }

    /// Whether it gets tokens without ever naming a scope.
    pub(super) fn names_no_scope(&self) -> bool {
        self.asking.names_no_scope()
    }

    /// What it could do without. What is watched already is not suggested.
    pub(super) fn suggested(&self) -> Vec<Suggested> {
        let open = self.scopes.values().filter(|it| {
            let watched = self.client.marks.watched_since(&it.api, &it.scope);
            watched.is_none()
        });
        open.filter_map(|it| it.suggestion.as_ref())
            .map(|it| Suggested {
                value: format!("{} {}", it.api, it.scope),
                words: led_by_code(&it.in_words()),
                others: self
                    .scopes
                    .keys()
                    .filter(|(api, scope)| *api != it.api || *scope != it.scope)
                    .map(|(api, scope)| format!("{api} {scope}"))
                    .collect(),
            })
            .collect()
    }
}

/// A scope that could be taken away.
pub(super) struct Suggested {
    /// The scope, as the value of a box.
    pub(super) value: String,
    /// Why, in a sentence.
    pub(super) words: Marked,
    /// All other scopes: what the client has without it.
    pub(super) others: Vec<String>,
}

/// An API whose scopes can be added.
pub(super) struct Offered {
    /// What it is called.
    pub(super) name: String,
    /// Its identifier.
    pub(super) audience: String,
    /// The page that lists it too.
    pub(super) path: String,
}

impl Offered {
    /// `api`, for the client of `head`.
    pub(super) fn of(api: &Api, head: &ClientHead) -> Self {
        let id = segment(api.identifier.as_str());
        Self {
            name: api.name.to_string(),
            audience: api.identifier.to_string(),
            path: head.to(format!("/access?api={id}#api-{id}")),
        }
    }
}

/// An API and its scopes.
pub(super) struct Group {
    /// What it is called.
    pub(super) name: String,
    /// Its identifier.
    pub(super) audience: String,
    /// For its element.
    pub(super) id: String,
    /// The path of its page.
    pub(super) path: String,
    /// Whether tokens are issued for it.
    pub(super) is_active: bool,
    /// Whether this operator may not change what is granted here.
    pub(super) is_closed: bool,
    /// How many scopes are granted.
    pub(super) granted: usize,
    /// Its scopes.
    pub(super) rows: Vec<Row>,
}

/// A scope, its box, and what is known of its use.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing that a template asks about"
)]
pub(super) struct Row {
    /// The value of its box.
    pub(super) value: String,
    /// The scope.
    pub(super) scope: ScopeView,
    /// Whether its box is ticked.
    pub(super) is_ticked: bool,
    /// Whether the client has it.
    pub(super) is_granted: bool,
    /// Whether it may not be granted any more.
    pub(super) is_closed: bool,
    /// When it was last asked for by name.
    pub(super) last: DaysAgo,
    /// How often in 30 days.
    pub(super) count: String,
    /// When a request that needed it was last let through to the API, if the server was asked.
    pub(super) exercised: DaysAgo,
    /// Whether it was given without being named.
    pub(super) by_default: bool,
    /// Whether the record suggests to take it away.
    pub(super) is_unused: bool,
    /// Since when it is watched, and whether it was asked for since.
    pub(super) watched: Option<String>,
    /// Until when it is kept.
    pub(super) kept: Option<String>,
}

impl Group {
    /// `api` with what is known of the use of its scopes.
    pub(super) fn of(
        api: &Api,
        known: &Known<'_>,
        ticks: &dyn Fn(&str, &str) -> bool,
        may_own: bool,
    ) -> Self {
        let rows: Vec<Row> = api
            .scopes
            .iter()
            .map(|(scope, detail)| {
                let is_ticked = ticks(api.identifier.as_str(), scope.as_str());
                Row::of((api, scope), ScopeView::of(scope, detail), known, is_ticked)
            })
            .collect();
        Self {
            name: api.name.to_string(),
            id: segment(api.identifier.as_str()),
            path: super::super::super::apis::address(&api.identifier),
            is_active: api.is_active(),
            is_closed: is_admin(api.identifier.as_str()) && !may_own,
            granted: rows.iter().filter(|row| row.is_granted).count(),
            audience: api.identifier.to_string(),
            rows,
        }
    }
}

impl Row {
    fn of(
        (api, scope): (&Api, &Scope),
        view: ScopeView,
        known: &Known<'_>,
        is_ticked: bool,
    ) -> Self {
        let key = (api.identifier.clone(), scope.clone());
        let evidence = known.scopes.get(&key);
        let usage = evidence.map(|it| it.usage).unwrap_or_default();
        let now = known.now;
        let marks = &known.client.marks;
        Self {
            value: format!("{} {scope}", api.identifier),
            is_ticked,
            is_granted: evidence.is_some(),
            is_closed: view.deprecated && evidence.is_none(),
            last: match (usage.last_named, evidence) {
                (Some(day), _) => DaysAgo::of(day, now),
                (None, Some(_)) => DaysAgo::plain("Not asked for yet"),
                (None, None) => DaysAgo::default(),
            },
            count: evidence.map_or_else(String::new, |_| number(usage.named_30d)),
            exercised: match (usage.last_exercised, evidence) {
                (Some(day), Some(_)) => DaysAgo::of(day, now),
                (_, _) => DaysAgo::default(),
            },
            by_default: usage.default_30d > 0,
            is_unused: evidence.is_some_and(|it| it.suggestion.is_some()),
            watched: marks.watched.get(&key).map(|since| {
                let asked = usage.last_named.is_some_and(|last| last >= since.day());
                let words = if asked {
                    "asked for since"
                } else {
                    "not asked for since"
                };
                format!("Watched from {}: {words}", date(*since, now))
            }),
            kept: marks
                .kept
                .get(&key)
                .filter(|until| now < **until)
                .map(|until| format!("Kept until {}", date(*until, now))),
            scope: view,
        }
    }
}

/// The record goes by days: `today`, `yesterday`, `94 days ago` and the date. Nothing is the empty text.
#[derive(Default)]
pub(super) struct DaysAgo {
    /// How long ago.
    pub(super) words: String,
    /// The date, if it is longer ago than yesterday.
    pub(super) date: String,
}

impl DaysAgo {
    fn of(last: Day, now: Timestamp) -> Self {
        match now.day().0.saturating_sub(last.0) {
            0 => Self::plain("today"),
            1 => Self::plain("yesterday"),
            days => Self {
                words: format!("{} ago", counted(u64::from(days), "day")),
                date: day(last, now),
            },
        }
    }

    fn plain(words: &str) -> Self {
        Self {
            words: words.to_owned(),
            date: String::new(),
        }
    }
}
