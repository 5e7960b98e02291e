//! Signing keys: where each stands in its life, whether APIs are ready for the next one, and what
//! taking one out at once would cost.

use std::{cmp::Reverse, collections::BTreeMap, net::IpAddr};

use super::{overview::Overview, words};
use crate::domain::{
    api::{Api, Signing},
    key::{Age, KEPT_AFTER, SigningKey},
    order,
    registry::Registry,
    time::{Lifetime, Span, Timestamp},
    usage::{FETCHES_KEPT_DAYS, KeyFetch},
};

/// The four places of a key's life.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Place {
    /// Published, not yet signing.
    Next,
    /// Signing.
    Signing,
    /// No longer signing; what it signed is still checked with it.
    CheckingOnly,
    /// Out of the JWK set.
    Gone,
}

impl Place {
    /// The word for it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Next => "Next",
            Self::Signing => "Signing",
            Self::CheckingOnly => "Checking only",
            Self::Gone => "Gone",
        }
    }
}

/// Where a key stands, and until when.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Station {
    /// Where.
    pub place: Place,
    /// Since when.
    pub since: Timestamp,
    /// Until when, if that is known.
    pub until: Option<Timestamp>,
    /// Whether it was taken out at once.
    pub revoked: bool,
}

impl Station {
    /// Where `key` stands at `now`.
    pub fn of(key: &SigningKey, registry: &Registry, now: Timestamp) -> Self {
        let stops = registry.stops_signing(key);
        let (place, since, until) = match registry.age(key, now) {
            Age::Pending { active_from } => (Place::Next, key.published, Some(active_from)),
            Age::Active { since } => (Place::Signing, since, stops),
            Age::Retiring { until } => {
                let since = until.minus(KEPT_AFTER).minus(registry.longest_lifetime());
                (Place::CheckingOnly, stops.unwrap_or(since), Some(until))
            }
            Age::Retired { at } | Age::Revoked { at } => (Place::Gone, at, None),
        };
        Self {
            place,
            since,
            until,
            revoked: matches!(registry.age(key, now), Age::Revoked { .. }),
        }
    }
}

/// Whether APIs are ready for the next key, as far as who fetched the JWK set tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Readiness {
    /// Nobody fetched it in 7 days.
    Unknown,
    /// Everybody who did has seen the next key: so many addresses.
    Ready(usize),
    /// These have not fetched it since the next key was published, latest first.
    Behind(Vec<(IpAddr, Timestamp)>),
}

impl Readiness {
    /// Whether APIs are ready for `next` at `now`.
    pub fn of(next: &SigningKey, fetches: &BTreeMap<IpAddr, KeyFetch>, now: Timestamp) -> Self {
        let kept = now.minus(Span::days(u64::from(FETCHES_KEPT_DAYS)));
        let recent = || fetches.iter().filter(|(_, fetch)| fetch.at >= kept);
        // A fetch in the very second may have come first: only later ones surely have the key.
        let mut behind: Vec<_> = recent()
            .filter(|(_, fetch)| fetch.at <= next.published)
            .map(|(address, fetch)| (*address, fetch.at))
            .collect();
        order::by_key(&mut behind, |(address, at)| (Reverse(*at), *address));
        match recent().count() {
            0 => Self::Unknown,
            all if behind.is_empty() => Self::Ready(all),
            _ => Self::Behind(behind),
        }
    }

    /// Whether nothing speaks against switching to it.
    pub const fn is_ready(&self) -> bool {
        matches!(self, Self::Ready(_))
    }

    /// As a sentence.
    pub fn in_words(&self, now: Timestamp) -> String {
        match self {
            Self::Unknown => "Nobody fetched the key set in 7 days, so nobody is known to have \
                              the next key."
                .to_owned(),
            Self::Ready(1) => "Safe to switch: the one address that fetched the key set in 7 days \
                               has fetched it since the next key was published."
                .to_owned(),
            Self::Ready(all) => format!(
                "Safe to switch: all {all} addresses that fetched the key set in 7 days have \
                 fetched it since the next key was published."
            ),
            Self::Behind(behind) => {
                let addresses: Vec<IpAddr> = behind.iter().map(|(address, _)| *address).collect();
                let last = behind.first().map_or(now, |(_, at)| *at);
                format!(
                    "{} last fetched it {}{} ago and would refuse new tokens.",
                    words::listed(&addresses),
                    if behind.len() > 1 { "at least " } else { "" },
                    now.since(last).in_words()
                )
            }
        }
    }
}

/// How many tokens that `key` signed may be alive at `now`: never fewer than there are, to the
/// hour. They all stop being accepted when it is taken out at once.
pub fn live_tokens(
    key: &SigningKey,
    registry: &Registry,
    overview: &Overview,
    now: Timestamp,
) -> u64 {
    if now < key.active_from {
        return 0;
    }
    let stopped = registry.stops_signing(key).unwrap_or(now).min(now);
    let signs = |api: &Api| match &api.signing {
        Signing::Published(algorithm) => *algorithm == key.algorithm,
        Signing::Shared { .. } => false,
    };
    let clients = registry.clients().filter_map(|client| {
        let apis = client.grants.keys().filter_map(|id| registry.find_api(id));
        let apis = apis.filter(|api| signs(api));
        let longest = apis.map(|api| api.longest_lifetime.span()).max()?;
        let own = client.token_lifetime.map(Lifetime::span);
        let longest = own.map_or(longest, |own| own.min(longest));
        let from = key.active_from.max(now.minus(longest));
        Some(overview.issued_between(&client.id, from, stopped))
    });
    clients.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        admin::{
            evidence::tests::{issue, seen},
            keys::{GenerateKey, When},
            tests::World,
        },
        crypto::signer::Algorithm,
        domain::usage::Tally,
    };

    fn fetched(hosts: &[(u8, Timestamp)]) -> BTreeMap<IpAddr, KeyFetch> {
        let fetch = |at: &Timestamp| KeyFetch {
            at: *at,
            newest: "k".parse().unwrap(),
            agent: None,
            count: 1,
        };
        hosts
            .iter()
            .map(|(host, at)| ([10, 0, 4, *host].into(), fetch(at)))
            .collect()
    }

    fn with_next_key() -> (World, std::sync::Arc<SigningKey>) {
        let mut world = World::new();
        world.advance(Span::days(30));
        let next = world
            .run(GenerateKey {
                algorithm: Algorithm::Es256,
                when: When::Scheduled,
            })
            .unwrap();
        let next = world.registry.find_key(&next).unwrap().clone();
        world.advance(Span::days(2));
        (world, next)
    }

    #[test]
    fn switching_is_safe_when_everybody_has_seen_the_next_key() {
        let (world, next) = with_next_key();
        let since = next.published.plus(Span::hours(1));
        let of = |fetches: &[(u8, Timestamp)]| Readiness::of(&next, &fetched(fetches), world.now);

        assert_eq!(
            of(&[(1, since), (2, world.now)]).in_words(world.now),
            "Safe to switch: all 2 addresses that fetched the key set in 7 days have fetched it \
             since the next key was published."
        );
        assert!(of(&[(1, since)]).is_ready());
        let long_gone = world.now.minus(Span::days(8));
        assert!(of(&[(1, since), (2, long_gone)]).is_ready());
        assert_eq!(of(&[(2, long_gone)]), Readiness::Unknown);
    }

    #[test]
    fn a_fetch_in_the_second_of_publication_may_have_missed_the_key() {
        let (world, next) = with_next_key();
        let at = |at| Readiness::of(&next, &fetched(&[(40, at)]), world.now);

        assert!(!at(next.published).is_ready());
        assert!(at(next.published.plus(Span(1))).is_ready());
    }

    #[test]
    fn who_has_not_seen_the_next_key_is_named() {
        let (world, next) = with_next_key();
        let before = world.now.minus(Span::days(3));
        let longer = world.now.minus(Span::days(4));
        let of = |fetches: &[(u8, Timestamp)]| Readiness::of(&next, &fetched(fetches), world.now);

        let one = of(&[(40, before), (2, world.now)]);
        let two = of(&[(40, before), (41, longer), (2, world.now)]);

        assert_eq!(
            one.in_words(world.now),
            "10.0.4.40 last fetched it 3 days ago and would refuse new tokens."
        );
        assert_eq!(
            two.in_words(world.now),
            "10.0.4.40 and 10.0.4.41 last fetched it at least 3 days ago and would refuse new \
             tokens."
        );
    }

    #[test]
    fn a_key_goes_through_four_places() {
        let (mut world, next) = with_next_key();
        let first = world.registry.keys().find(|key| key.id != next.id);
        let first = first.unwrap().clone();
        let of = |key: &SigningKey, world: &World| Station::of(key, &world.registry, world.now);

        let waiting = of(&next, &world);
        assert_eq!(
            (waiting.place, waiting.since, waiting.until),
            (Place::Next, next.published, Some(next.active_from))
        );
        assert_eq!(of(&first, &world).place, Place::Signing);
        assert_eq!(of(&first, &world).until, Some(next.active_from));

        world.advance(Span::days(5));
        let checking = of(&first, &world);
        assert_eq!(
            (checking.place, checking.since),
            (Place::CheckingOnly, next.active_from)
        );
        assert_eq!(of(&next, &world).place, Place::Signing);
        world.advance(Span::hours(2));
        assert_eq!(of(&first, &world).place, Place::Gone);
    }

    #[test]
    fn taking_a_key_out_kills_the_tokens_that_it_signed() {
        let (mut world, next) = with_next_key();
        let first = world.registry.keys().find(|key| key.id != next.id);
        let first = first.unwrap().clone();
        let client = world.register("c").client.id.clone();
        let mut tally = Tally::default();
        for hours in [0, 0, 1, 5] {
            let at = world.now.minus(Span::hours(hours));
            issue(&mut tally, client.as_str(), "AAAAAAAA", seen(at, 1));
        }
        let overview = Overview::of(&tally, world.now);
        let dying = |key: &SigningKey| live_tokens(key, &world.registry, &overview, world.now);

        assert_eq!(dying(&first), 3);
        assert_eq!(dying(&next), 0);
        world.now = next.active_from.plus(Span::minutes(61));
        let stop = next.active_from;
        for at in [stop.minus(Span::minutes(5)), stop.plus(Span::minutes(60))] {
            issue(&mut tally, client.as_str(), "AAAAAAAA", seen(at, 1));
        }
        let overview = Overview::of(&tally, world.now);
        let dying = |key: &SigningKey| live_tokens(key, &world.registry, &overview, world.now);
        assert_eq!((dying(&first), dying(&next)), (0, 1));
    }
}
