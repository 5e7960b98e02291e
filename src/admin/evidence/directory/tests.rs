//! That what is kept is what a look at all clients would find.

use std::cmp::Reverse;

use proptest::prelude::*;

use super::*;
use crate::{
    admin::{
        evidence::{
            attention::attention,
            tests::{issue, seen},
        },
        tests::{NOW, World, register},
    },
    crypto::mac::MacKey,
    domain::{arbitrary, time::Timestamp, usage::Tally},
};

const ALL: [By; 7] = [
    By::Name,
    By::Attention,
    By::Owner,
    By::Access,
    By::End,
    By::Last,
    By::Week,
];

/// What was seen of some clients.
fn tally() -> Tally {
    let mut tally = Tally::default();
    for (hours, client, secret) in [(1, "a", "AAAAAAAA"), (30, "~", "BBBBBBBB")] {
        let at = NOW.minus(Span::hours(hours));
        issue(&mut tally, client, secret, seen(at, 7));
    }
    tally
}

fn lookout<'a>(overview: &'a Overview, registry: &Registry, tally: &'a Tally) -> Lookout<'a> {
    Lookout {
        now: NOW,
        watching_since: Timestamp(0),
        latest: Box::new(|secret| tally.last.get(secret).map(|last| (last.at, last.count))),
        overview,
        oldest_secret: registry.policy().longest_secret_lifetime,
    }
}

/// The clients in order, in the plain way.
fn plainly(
    registry: &Registry,
    lookout: &Lookout<'_>,
    (by, is_turned): (By, bool),
) -> Vec<ClientId> {
    let mut clients: Vec<_> = registry.clients().collect();
    clients.sort_by_key(|client| Place::of(client.name.as_str()));
    let worst = attention(registry.clients(), lookout);
    let attention = |client: &&Arc<Client>| {
        let place = worst.iter().position(|row| row.client == client.id);
        place.unwrap_or(usize::MAX)
    };
    let last = |client: &&Arc<Client>| {
        let secrets = client.secrets.iter();
        let latest = secrets.filter_map(|secret| (lookout.latest)(&secret.id));
        Reverse(latest.map(|(at, _)| at).max())
    };
    let week = |client: &&Arc<Client>| {
        let summary = lookout.overview.client(&client.id);
        Reverse(summary.map_or(0, |it| it.days.iter().sum::<u64>()))
    };
    let apis = |client: &&Arc<Client>| {
        let names = client.grants.keys().map(|id| {
            let api = registry.find_api(id);
            api.map_or_else(|| id.to_string(), |api| api.name.to_string())
        });
        let mut places: Vec<Place> = names.map(|name| Place::of(&name)).collect();
        places.sort();
        (places.is_empty(), places)
    };
    match by {
        By::Name => {}
        By::Attention => clients.sort_by_key(attention),
        By::Owner => clients.sort_by_key(|client| {
            let owner = client.owner.as_str();
            (owner.is_empty(), Place::of(owner))
        }),
        By::Access => clients.sort_by_key(apis),
        By::End => clients.sort_by_key(|client| End::of(client, lookout.now)),
        By::Last => clients.sort_by_key(last),
        By::Week => clients.sort_by_key(week),
    }
    if is_turned {
        clients.reverse();
    }
    clients.iter().map(|client| client.id.clone()).collect()
}

fn listed(directory: &Directory, order: (By, bool), part: (usize, usize)) -> Vec<ClientId> {
    let all = directory.matching("");
    let shown = directory.sorted(&all, order, part).into_iter();
    shown.map(|entry| entry.client.id.clone()).collect()
}

/// Everything that is kept of each client.
fn kept(directory: &Directory) -> Vec<(ClientId, Standing, &str, usize, usize)> {
    let entries = directory.entries.iter();
    entries
        .map(|it| {
            (
                it.client.id.clone(),
                it.standing,
                &*it.text,
                directory.owners.rank_of(it.owner),
                directory.access.rank_of(it.access),
            )
        })
        .collect()
}

proptest! {
    #[test]
    fn it_follows_every_change_and_each_page_is_a_part_of_the_whole(
        commits in proptest::collection::vec(arbitrary::changes(), 1..6),
        first in 0_usize..6,
        most in 0_usize..6,
    ) {
        let tally = tally();
        let overview = Arc::new(Overview::of(&tally, NOW));
        let mut registry = Arc::new(Registry::empty(MacKey::new(&[7; 32])));
        let begin = |registry: &Arc<Registry>| {
            let lookout = lookout(&overview, registry, &tally);
            Directory::new(registry, Arc::clone(&overview), &lookout)
        };
        let mut directory = begin(&registry);
        for changes in commits {
            registry = Arc::new(registry.apply(&arbitrary::commit(&registry, 1, changes)));
            let lookout = lookout(&overview, &registry, &tally);
            directory.follow(Arc::clone(&registry), &lookout);
            let anew = begin(&registry);
            let ranks = |it: &Directory, by| listed(it, (by, false), (0, 9));
            for by in ALL {
                prop_assert_eq!(ranks(&directory, by), ranks(&anew, by));
                for is_turned in [false, true] {
                    let expected = plainly(&registry, &lookout, (by, is_turned));
                    let expected = expected.into_iter().skip(first).take(most);
                    let found = listed(&directory, (by, is_turned), (first, most));
                    prop_assert_eq!(found, expected.collect::<Vec<_>>(), "{:?}", by);
                }
            }
            let same = |it: &(ClientId, Standing, &str, usize, usize)| (it.0.clone(), it.1, it.2.to_owned());
            let (found, expected) = (kept(&directory), kept(&anew));
            let found: Vec<_> = found.iter().map(same).collect();
            let expected: Vec<_> = expected.iter().map(same).collect();
            prop_assert_eq!(found, expected);
        }
    }
}

#[test]
fn many_new_names_at_once_find_their_places() {
    let mut world = World::new();
    let overview = Arc::new(Overview::of(&Tally::default(), NOW));
    let tally = Tally::default();
    let registry = Arc::new(world.registry.clone());
    let first = lookout(&overview, &registry, &tally);
    let mut directory = Directory::new(&registry, Arc::clone(&overview), &first);
    for n in 0..=MOST_MOVES {
        world.run(register(&format!("till {n}"), &[])).unwrap();
    }

    let registry = Arc::new(world.registry.clone());
    directory.follow(
        Arc::clone(&registry),
        &lookout(&overview, &registry, &tally),
    );

    let names = directory.clients().map(|it| it.name.to_string());
    let expected = (0..=MOST_MOVES).map(|n| format!("till {n}"));
    assert!(names.eq(expected));
}

#[test]
fn a_search_finds_names_owners_scopes_apis_secrets_and_addresses() {
    let mut world = World::new();
    let shop = world
        .run(register("Till Nine", &[("urn:shop", "read write")]))
        .unwrap()
        .client;
    let other = world.run(register("Mailer", &[])).unwrap().client;
    let mut tally = Tally::default();
    let secret = shop.secrets[0].id.clone();
    issue(&mut tally, other.id.as_str(), "ZZZZZZZZ", seen(NOW, 7));
    let overview = Arc::new(Overview::of(&tally, NOW));
    let registry = Arc::new(world.registry.clone());
    let seen_from = lookout(&overview, &registry, &tally);
    let directory = Directory::new(&registry, Arc::clone(&overview), &seen_from);
    let found = |text: &str| -> Vec<&str> {
        let places = directory.matching(text).into_iter();
        places
            .map(|at| directory.at(at).client.name.as_str())
            .collect()
    };

    assert_eq!(found(""), ["Mailer", "Till Nine"]);
    assert_eq!(found("NINE till"), ["Till Nine"]);
    assert_eq!(found("till mailer"), [""; 0]);
    assert_eq!(found("write"), ["Till Nine"]);
    assert_eq!(found("urn:shop"), ["Till Nine"]);
    assert_eq!(found(secret.as_str()), ["Till Nine"]);
    assert_eq!(found(&secret.as_str()[..5].to_lowercase()), ["Till Nine"]);
    assert_eq!(found("10.0.0.7"), ["Mailer"]);
    assert_eq!(found("10.0."), ["Mailer"]);
    assert_eq!(found("10.0.0.8"), [""; 0]);
    assert_eq!(directory.nearest("mialer").as_deref(), Some("Mailer"));
    assert_eq!(directory.nearest("nime").as_deref(), Some("Till Nine"));
    assert_eq!(directory.nearest("teller"), None);
    let named = |text, api| directory.named(text, api).count();
    assert_eq!(named("", shop.grants.keys().next()), 1);
    assert_eq!((named("", None), named(" MAIL", None)), (2, 1));
}
