//! The keys of one algorithm, by their places.

use super::Evidence;
use crate::{
    admin::evidence::keys::{Place, Readiness, Station, live_tokens},
    crypto::signer::Algorithm,
    domain::{
        api::Signing,
        key::{PUBLISHED_AHEAD, SIGNS_FOR, SigningKey},
        order,
        registry::Registry,
        time::Timestamp,
    },
    web::console::words::{Moment, counted, date},
};

/// How many keys that are gone are listed.
const GONE_SHOWN: usize = 3;

/// The keys of one algorithm.
pub(super) struct Family {
    pub(super) algorithm: String,
    /// `Signs the tokens of 3 APIs`.
    pub(super) use_in_words: String,
    pub(super) verdict: Option<Verdict>,
    pub(super) places: [PlaceView; 4],
}

/// One of the four places, with the keys that stand there.
pub(super) struct PlaceView {
    pub(super) name: &'static str,
    pub(super) icon: &'static str,
    /// What standing there means.
    pub(super) meaning: &'static str,
    pub(super) keys: Vec<KeyCard>,
    /// What stands there if no key does.
    pub(super) empty: String,
    /// How many more there are.
    pub(super) more: usize,
}

/// One key.
pub(super) struct KeyCard {
    pub(super) kid: String,
    pub(super) since_word: &'static str,
    pub(super) since: Moment,
    pub(super) until_word: &'static str,
    pub(super) until: Option<Moment>,
    /// `Up to 1,204 tokens alive`; nothing is the empty text.
    pub(super) alive: String,
    pub(super) is_next: bool,
    pub(super) is_published: bool,
    pub(super) revision: u64,
}

/// Whether APIs are ready for the next key.
pub(super) struct Verdict {
    pub(super) tone: &'static str,
    pub(super) icon: &'static str,
    pub(super) title: &'static str,
    pub(super) text: String,
}

impl Family {
    /// Every algorithm that has a key, those that sign for APIs first.
    pub(super) fn all_of(registry: &Registry, evidence: &Evidence, now: Timestamp) -> Vec<Self> {
        let mut algorithms: Vec<Algorithm> = registry.keys().map(|key| key.algorithm).collect();
        algorithms.sort();
        algorithms.dedup();
        order::by_key(&mut algorithms, |it| {
            std::cmp::Reverse(apis_of(*it, registry))
        });
        algorithms
            .into_iter()
            .map(|algorithm| Self::of(algorithm, registry, evidence, now))
            .collect()
    }

    fn of(algorithm: Algorithm, registry: &Registry, evidence: &Evidence, now: Timestamp) -> Self {
        let mut keys: Vec<&SigningKey> = registry
            .keys()
            .map(|key| &**key)
            .filter(|key| key.algorithm == algorithm)
            .collect();
        order::by(&mut keys, |one, two| two.seniority().cmp(&one.seniority()));
        let at = |place| -> Vec<&SigningKey> {
            let stands = |key: &&SigningKey| Station::of(key, registry, now).place == place;
            keys.iter().copied().filter(stands).collect()
        };
        let next = at(Place::Next);
        let view = |place| PlaceView::of(place, at(place), algorithm, (registry, evidence, now));
        Self {
            algorithm: algorithm.to_string(),
            use_in_words: match apis_of(algorithm, registry) {
                0 => "No API uses it now".to_owned(),
                apis => format!("Signs the tokens of {}", counted(apis, "API")),
            },
            verdict: next.last().map(|key| Verdict::of(key, evidence, now)),
            places: [
                view(Place::Next),
                view(Place::Signing),
                view(Place::CheckingOnly),
                view(Place::Gone),
            ],
        }
    }
}

/// How many APIs have their tokens signed with `algorithm`.
fn apis_of(algorithm: Algorithm, registry: &Registry) -> u64 {
    let apis = registry.apis().filter(|api| match &api.signing {
        Signing::Published(it) => *it == algorithm,
        Signing::Shared { .. } => false,
    });
    apis.count() as u64
}

impl PlaceView {
    fn of(
        place: Place,
        mut keys: Vec<&SigningKey>,
        algorithm: Algorithm,
        (registry, evidence, now): (&Registry, &Evidence, Timestamp),
    ) -> Self {
        let (icon, meaning) = match place {
            Place::Next => ("circle-dashed", "Published, so that APIs have it in time."),
            Place::Signing => ("circle-dot", "Signs every new token."),
            Place::CheckingOnly => ("hourglass", "Tokens that it signed are still accepted."),
            Place::Gone => (
                "circle",
                "Out of the key set; its private half is destroyed.",
            ),
        };
        let all = keys.len();
        if place == Place::Gone {
            keys.truncate(GONE_SHOWN);
        }
        Self {
            name: place.words(),
            icon,
            meaning,
            empty: empty(place, algorithm, registry, now),
            more: all - keys.len(),
            keys: keys
                .into_iter()
                .map(|key| KeyCard::of(key, registry, evidence, now))
                .collect(),
        }
    }
}

/// What stands in a place without a key.
fn empty(place: Place, algorithm: Algorithm, registry: &Registry, now: Timestamp) -> String {
    match place {
        Place::Next => {
            let active = registry.active_key(algorithm, now);
            let is_used = apis_of(algorithm, registry) > 0;
            match active.filter(|_| is_used) {
                Some(active) => {
                    let takes_over = active.active_from.plus(SIGNS_FOR);
                    let published = takes_over.minus(PUBLISHED_AHEAD).max(now);
                    format!(
                        "None yet. The schedule publishes one on {}, to sign from {}.",
                        date(published, now),
                        date(takes_over, now)
                    )
                }
                None => "None, and none is planned.".to_owned(),
            }
        }
        Place::Signing => "None. One is made when an API needs it.".to_owned(),
        Place::CheckingOnly | Place::Gone => "None.".to_owned(),
    }
}

impl KeyCard {
    fn of(key: &SigningKey, registry: &Registry, evidence: &Evidence, now: Timestamp) -> Self {
        let station = Station::of(key, registry, now);
        let alive = evidence
            .overview
            .as_ref()
            .map(|overview| live_tokens(key, registry, overview, now));
        let (since_word, until_word) = match station.place {
            Place::Next => ("Published", "Signs from"),
            Place::Signing => ("Signs since", "Until"),
            Place::CheckingOnly => ("Signed until", "Leaves"),
            Place::Gone if station.revoked => ("Removed at once", ""),
            Place::Gone => ("Left", ""),
        };
        let is_published = station.place != Place::Gone;
        Self {
            kid: key.id.to_string(),
            since_word,
            since: Moment::of(station.since, now),
            until_word,
            until: station.until.map(|until| Moment::of(until, now)),
            alive: match alive {
                Some(alive) if is_published && station.place != Place::Next => {
                    alive_in_words(alive)
                }
                Some(_) | None => String::new(),
            },
            is_next: station.place == Place::Next,
            is_published,
            revision: key.revision.0,
        }
    }
}

/// `Up to 3 tokens alive`.
fn alive_in_words(alive: u64) -> String {
    match alive {
        0 => "No token alive".to_owned(),
        _ => format!("Up to {} alive", counted(alive, "token")),
    }
}

impl Verdict {
    fn of(next: &SigningKey, evidence: &Evidence, now: Timestamp) -> Self {
        let Some(tally) = &evidence.fetches else {
            return Self {
                tone: "warn",
                icon: "triangle-alert",
                title: "Nobody can tell who is ready",
                text: "Who fetched the key set can’t be read right now.".to_owned(),
            };
        };
        let readiness = Readiness::of(next, &tally.fetches, now);
        let (tone, icon, title) = match &readiness {
            Readiness::Ready(_) => ("ok", "circle-check", "Safe to switch"),
            Readiness::Behind(_) => ("warn", "triangle-alert", "Not safe to switch yet"),
            Readiness::Unknown => ("info", "info", "Nobody is known to be ready"),
        };
        let text = readiness.in_words(now);
        let text = text.strip_prefix("Safe to switch: ").unwrap_or(&text);
        Self {
            tone,
            icon,
            title,
            text: crate::web::console::words::capital(text),
        }
    }
}
