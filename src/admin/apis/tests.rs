//! APIs, and the keys that some of them share.

use super::*;
use crate::{
    admin::{
        grants::RemoveGrant,
        tests::{World, api, define, fields, refusal},
    },
    crypto::text::from_base64url,
    domain::permission::ADMIN_API,
};

#[test]
fn a_new_algorithm_comes_with_a_key_that_signs_at_once() {
    let mut world = World::new();
    let keys_before = world.registry.keys().count();

    world.run(define("urn:same", "a")).unwrap();
    assert_eq!(world.registry.keys().count(), keys_before, "ES256 has one");
    assert_eq!(world.audited(), ["api.create"]);

    let new = DefineApi {
        algorithm: Algorithm::EdDsa,
        ..define("urn:new", "a")
    };
    let made = world.run(new).unwrap();
    assert!(world.registry.signer_for(&made.api, world.now).is_some());
    assert_eq!(world.audited(), ["api.create", "key.generate"]);
}

#[test]
fn a_shared_key_is_shown_once_and_signs() {
    let mut world = World::new();

    let made = world
        .run(DefineApi {
            algorithm: Algorithm::Hs256,
            ..define("urn:hs", "a")
        })
        .unwrap();

    let shown = made.shared_key.unwrap();
    let private = PrivateKey::from_bytes(from_base64url(shown.reveal()).unwrap());
    let signer = Signer::from_private(Algorithm::Hs256, &private).unwrap();
    let kept = world.registry.signer_for(&made.api, world.now).unwrap();
    assert_eq!(**kept, signer);
    assert!(!format!("{:?}", world.last).contains(shown.reveal()));
}

#[test]
fn rekeying_replaces_a_shared_key_and_only_that() {
    let mut world = World::new();
    world
        .run(DefineApi {
            algorithm: Algorithm::Hs256,
            ..define("urn:hs", "a")
        })
        .unwrap();
    let before = world
        .registry
        .find_api(&api("urn:hs"))
        .unwrap()
        .signing
        .clone();

    let after = world.run(RekeyApi { api: api("urn:hs") }).unwrap();
    assert_ne!(after.api.signing, before);
    assert!(after.shared_key.is_some());

    let refused = refusal(world.run(RekeyApi {
        api: api("urn:shop"),
    }));
    assert!(matches!(refused, Refusal::Conflict(_)), "{refused}");
}

#[test]
fn an_identifier_is_defined_once_and_not_in_our_own_namespace() {
    let mut world = World::new();

    let twice = refusal(world.run(define("urn:shop", "a")));
    assert!(matches!(twice, Refusal::Conflict(_)), "{twice}");
    for ours in ["urn:jeton:mine", "URN:Jeton:mine"] {
        assert_eq!(fields(world.run(define(ours, "a"))), ["identifier"]);
    }
}

#[test]
fn the_longest_lifetime_is_remembered() {
    let mut world = World::new();
    let set = |text: &str| EditApi {
        token_lifetime: Some(text.parse().unwrap()),
        ..EditApi::of(api("urn:shop"))
    };

    world.run(set("4h")).unwrap();
    let edited = world.run(set("5m")).unwrap().api;

    assert_eq!(edited.token_lifetime.seconds(), 300);
    assert_eq!(edited.longest_lifetime.seconds(), 4 * 3600);
}

#[test]
fn changing_the_algorithm_brings_a_key_or_takes_the_shared_one() {
    let mut world = World::new();
    let to = |algorithm| EditApi {
        algorithm: Some(algorithm),
        ..EditApi::of(api("urn:shop"))
    };

    let shared = world.run(to(Algorithm::Hs256)).unwrap();
    assert!(shared.shared_key.is_some());
    let again = world.run(to(Algorithm::Hs256)).unwrap();
    assert!(
        again.shared_key.is_none(),
        "the same algorithm keeps the key"
    );
    let published = world.run(to(Algorithm::EdDsa)).unwrap();
    assert!(published.shared_key.is_none());
    assert!(
        world
            .registry
            .signer_for(&published.api, world.now)
            .is_some()
    );
}

#[test]
fn an_api_is_removed_once_nobody_has_it() {
    let mut world = World::new();
    let client = world.register("billing").client.id.clone();

    let refused = refusal(world.run(RemoveApi {
        api: api("urn:shop"),
    }));
    assert!(refused.to_string().contains(client.as_str()), "{refused}");

    world
        .run(RemoveGrant {
            client,
            api: api("urn:shop"),
        })
        .unwrap();
    world
        .run(RemoveApi {
            api: api("urn:shop"),
        })
        .unwrap();
    assert!(world.registry.find_api(&api("urn:shop")).is_none());
}

#[test]
fn a_refusal_names_ten_holders_and_counts_the_rest() {
    let ids: Vec<ClientId> = (0..12).map(|n| format!("c{n}").parse().unwrap()).collect();
    assert_eq!(name_some([].into_iter()), None);
    assert_eq!(name_some(ids[..2].iter()).unwrap(), "c0, c1");
    assert!(name_some(ids.iter()).unwrap().ends_with("c9 and 2 more"));
}

#[test]
fn the_built_in_api_stays_as_it_is() {
    let mut world = World::new();
    for refused in [
        refusal(world.run(EditApi::of(api(ADMIN_API)))),
        refusal(world.run(DisableApi {
            api: api(ADMIN_API),
        })),
        refusal(world.run(EnableApi {
            api: api(ADMIN_API),
        })),
        refusal(world.run(RekeyApi {
            api: api(ADMIN_API),
        })),
        refusal(world.run(RemoveApi {
            api: api(ADMIN_API),
        })),
    ] {
        assert!(matches!(refused, Refusal::Conflict(_)), "{refused}");
    }
}

#[test]
fn a_disabled_api_can_be_enabled_again() {
    let mut world = World::new();
    world
        .run(DisableApi {
            api: api("urn:shop"),
        })
        .unwrap();
    assert!(
        !world
            .registry
            .find_api(&api("urn:shop"))
            .unwrap()
            .is_active()
    );
    world
        .run(EnableApi {
            api: api("urn:shop"),
        })
        .unwrap();
    assert!(
        world
            .registry
            .find_api(&api("urn:shop"))
            .unwrap()
            .is_active()
    );
}
