//! Promises about usage: it adds up in any order, stays apart by client, and is forgotten in time.

use std::{net::IpAddr, sync::Arc};

use proptest::{collection, prelude::*};

use super::on_every_store;
use crate::{
    crypto::mac::SecretDigest,
    domain::{
        arbitrary,
        audit::Action,
        change::{Change, Effect},
        client::{Client, ClientStatus},
        id::{ClientId, Revision},
        secret::{Proof, Secret, SecretState},
        time::{Day, Timestamp},
        usage::{Asked, MOST_ADDRESSES, Observation, Outcome, Seen, Tally},
    },
    store::{Store, UsageOf},
};

const DAY: i64 = 86_400;

async fn usage_of_one_client_is_only_that_clients(store: &dyn Store) {
    let mine = tally([
        issued("mine", "AAAAAAAA", 10, [10, 0, 0, 1].into()),
        exercised("mine", 11),
    ]);
    let other = tally([
        issued("min", "BBBBBBBB", 20, [10, 0, 0, 2].into()),
        issued("mine2", "CCCCCCCC", 30, [10, 0, 0, 2].into()),
        refused(None, 40, [10, 0, 0, 9].into()),
        fetched(50),
    ]);
    store.add_usage(mine.clone()).await.unwrap();
    store.add_usage(other.clone()).await.unwrap();
    let mut everything = mine.clone();
    everything.merge(other);

    let of = UsageOf::Client("mine".parse().unwrap());
    assert_eq!(store.usage(of).await.unwrap(), mine);
    let of = UsageOf::Client("nobody".parse().unwrap());
    assert_eq!(store.usage(of).await.unwrap(), Tally::default());
    assert_eq!(store.usage(UsageOf::Everyone).await.unwrap(), everything);
    let fetches = store.usage(UsageOf::KeyFetches).await.unwrap();
    assert_eq!(fetches.fetches, everything.fetches);
    assert!(fetches.days.is_empty() && fetches.addresses.is_empty());
    let last: Vec<_> = everything.last.into_iter().collect();
    assert_eq!(store.last_uses().await.unwrap(), last);
}

async fn an_overview_reads_no_more_than_it_needs(store: &dyn Store) {
    let whole = tally([
        issued("c", "AAAAAAAA", 90 * DAY, [10, 0, 0, 1].into()),
        issued("c", "AAAAAAAA", 99 * DAY, [10, 0, 0, 1].into()),
        exercised("c", 99 * DAY),
        refused(None, 98 * DAY, [10, 0, 0, 2].into()),
        fetched(99 * DAY),
    ]);
    store.add_usage(whole.clone()).await.unwrap();

    let since = store.usage(UsageOf::Since(Day(98))).await.unwrap();
    let scopes = store.usage(UsageOf::Scopes).await.unwrap();

    let mut expected = whole.clone();
    expected.scopes.clear();
    expected.exercised.clear();
    expected.days.retain(|(_, day), _| *day >= Day(98));
    assert_eq!(expected.days.len(), 2);
    assert_eq!(since, expected);
    assert_eq!(scopes.scopes, whole.scopes);
    assert_eq!(scopes.exercised, whole.exercised);
    assert!(scopes.days.is_empty() && scopes.addresses.is_empty() && scopes.last.is_empty());
}

async fn what_is_old_is_forgotten_and_nothing_else(store: &dyn Store) {
    let now = Timestamp(200 * DAY);
    let at = |days: i64| now.0 - days * DAY;
    let old = tally([
        issued("c", "AAAAAAAA", at(91), [10, 0, 0, 1].into()),
        refused(Some("c"), at(92), [10, 0, 0, 2].into()),
        exercised("c", at(91)),
        fetched(at(8)),
    ]);
    let young = tally([
        issued("c", "BBBBBBBB", at(90), [10, 0, 0, 3].into()),
        refused(Some("c"), at(1), [10, 0, 0, 4].into()),
    ]);
    store.add_usage(old).await.unwrap();
    store.add_usage(young.clone()).await.unwrap();

    store.prune(now).await.unwrap();

    assert_eq!(store.usage(UsageOf::Everyone).await.unwrap(), young);
}

async fn the_last_use_of_a_secret_is_known_for_as_long_as_the_secret(store: &dyn Store) {
    let base = store.load().await.unwrap();
    let put = arbitrary::commit(&base, 1, vec![client_with_secret("c", "AAAAAAAA")]);
    let registry = base.apply(&put);
    store.commit(Arc::new(put)).await.unwrap();
    let address = [10, 0, 0, 1].into();
    let kept = tally([issued("c", "AAAAAAAA", 10, address)]);
    store.add_usage(kept.clone()).await.unwrap();
    store
        .add_usage(tally([issued("c", "BBBBBBBB", 10, address)]))
        .await
        .unwrap();

    store.prune(Timestamp(400 * DAY)).await.unwrap();

    let kept: Vec<_> = kept.last.into_iter().collect();
    assert_eq!(store.last_uses().await.unwrap(), kept);
    let remove = Change {
        action: Action::ClientRemove,
        effect: Effect::Client("c".parse().unwrap(), None),
    };
    let remove = arbitrary::commit(&registry, 2, vec![remove]);
    store.commit(Arc::new(remove)).await.unwrap();
    store.prune(Timestamp(400 * DAY)).await.unwrap();
    assert_eq!(store.last_uses().await.unwrap(), []);
}

async fn of_very_many_addresses_those_that_tell_most_are_kept(store: &dyn Store) {
    let address = |n: u32| IpAddr::from((0x0a00_0000 + n).to_be_bytes());
    let most = u32::try_from(MOST_ADDRESSES).unwrap();
    for n in 0..most {
        store
            .add_usage(tally([issued("c", "AAAAAAAA", i64::from(n), address(n))]))
            .await
            .unwrap();
    }
    let client: ClientId = "c".parse().unwrap();
    let flood = (0..1000).map(|n| Observation::Refused {
        client: Some(client.clone()),
        secret: Some("AAAAAAAA".parse().unwrap()),
        outcome: Outcome::InvalidScope,
        hint: None,
        seen: seen(90_000, address(10_000 + n)),
    });
    store.add_usage(tally(flood)).await.unwrap();
    store
        .add_usage(tally([issued("c", "AAAAAAAA", 95_000, address(5000))]))
        .await
        .unwrap();

    let kept = store.usage(UsageOf::Client(client)).await.unwrap();

    let mut expected: Vec<IpAddr> = (1..most).map(address).collect();
    expected.push(address(5000));
    let found: Vec<IpAddr> = kept
        .addresses
        .into_keys()
        .map(|(_, address)| address)
        .collect();
    assert_eq!(found, expected);
}

async fn nothing_seen_is_nothing_written(store: &dyn Store) {
    store.add_usage(Tally::default()).await.unwrap();

    assert_eq!(
        store.usage(UsageOf::Everyone).await.unwrap(),
        Tally::default()
    );
}

on_every_store![
    usage_of_one_client_is_only_that_clients,
    an_overview_reads_no_more_than_it_needs,
    what_is_old_is_forgotten_and_nothing_else,
    the_last_use_of_a_secret_is_known_for_as_long_as_the_secret,
    of_very_many_addresses_those_that_tell_most_are_kept,
    nothing_seen_is_nothing_written,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn usage_adds_up_as_if_it_had_been_seen_in_one_go(
        flushes in collection::vec(collection::vec(arbitrary::observation(3), 0..20), 1..6)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let store = super::in_memory();
        let mut whole = Tally::default();
        for flush in flushes {
            let flush = tally(flush);
            whole.merge(flush.clone());
            runtime.block_on(store.add_usage(flush)).unwrap();
        }
        prop_assert_eq!(runtime.block_on(store.usage(UsageOf::Everyone)).unwrap(), whole.clone());
        let last: Vec<_> = whole.last.into_iter().collect();
        prop_assert_eq!(runtime.block_on(store.last_uses()).unwrap(), last);
    }
}

fn tally(observations: impl IntoIterator<Item = Observation>) -> Tally {
    let mut tally = Tally::default();
    for observation in observations {
        tally.add(observation);
    }
    tally
}

fn seen(at: i64, address: IpAddr) -> Seen {
    Seen {
        at: Timestamp(at),
        address,
        agent: Some("curl/8.7".into()),
        request: None,
    }
}

fn issued(client: &str, secret: &str, at: i64, address: IpAddr) -> Observation {
    Observation::Issued {
        client: client.parse().unwrap(),
        secret: secret.parse().unwrap(),
        api: "urn:x:y".parse().unwrap(),
        scopes: "read write".parse().unwrap(),
        asked: Asked::ByName,
        seen: seen(at, address),
    }
}

fn refused(client: Option<&str>, at: i64, address: IpAddr) -> Observation {
    Observation::Refused {
        client: client.map(|id| id.parse().unwrap()),
        secret: None,
        outcome: Outcome::WrongSecret,
        hint: None,
        seen: seen(at, address),
    }
}

fn exercised(client: &str, at: i64) -> Observation {
    Observation::Exercised {
        client: client.parse().unwrap(),
        api: "urn:x:y".parse().unwrap(),
        scopes: "read".parse().unwrap(),
        at: Timestamp(at),
    }
}

fn fetched(at: i64) -> Observation {
    Observation::KeysFetched {
        newest: "key".parse().unwrap(),
        seen: seen(at, [10, 0, 0, 7].into()),
    }
}

fn client_with_secret(id: &str, secret: &str) -> Change {
    let secret = Secret {
        id: secret.parse().unwrap(),
        proof: Proof::Mac(SecretDigest::new([7; 32])),
        created: Timestamp(1),
        created_by: "local:0".into(),
        expires: None,
        note: "".parse().unwrap(),
        leaked: None,
        state: SecretState::Active,
    };
    let client = Client {
        id: id.parse().unwrap(),
        name: "Client".parse().unwrap(),
        description: "".parse().unwrap(),
        owner: "".parse().unwrap(),
        status: ClientStatus::Active,
        created: Timestamp(1),
        token_lifetime: None,
        grants: [].into(),
        default_scopes: "".parse().unwrap(),
        secrets: vec![secret],
        introspects: std::collections::BTreeSet::default(),
        tokens_void_until: None,
        rules: crate::domain::shared::Shared::default(),
        marks: crate::domain::shared::Shared::default(),
        registration: None,
        revision: Revision::default(),
    };
    Change {
        action: Action::ClientCreate,
        effect: Effect::Client(client.id.clone(), Some(client.into())),
    }
}
