//! Signing keys by hand and by schedule.

use super::*;
use crate::{
    admin::{
        apis::DefineApi,
        tests::{World, define, fields, refusal},
    },
    domain::key::KEPT_AFTER,
};

fn age(world: &World, id: &KeyId) -> Age {
    world
        .registry
        .age(world.registry.find_key(id).unwrap(), world.now)
}

fn first(world: &World) -> KeyId {
    world
        .registry
        .active_key(Algorithm::Es256, world.now)
        .unwrap()
        .id
        .clone()
}

fn generate(when: When) -> GenerateKey {
    GenerateKey {
        algorithm: Algorithm::Es256,
        when,
    }
}

#[test]
fn a_key_is_published_before_it_signs() {
    for (when, notice) in [
        (When::Scheduled, Span::days(7)),
        (When::Soon, Span::minutes(10)),
    ] {
        let mut world = World::new();
        let old = first(&world);

        let new = world.run(generate(when)).unwrap();
        let active_from = world.now.plus(notice);
        assert_eq!(age(&world, &new), Age::Pending { active_from });
        assert_eq!(first(&world), old);

        world.advance(notice);
        assert_eq!(first(&world), new);
        assert!(matches!(age(&world, &old), Age::Retiring { .. }));
    }
}

#[test]
fn a_key_generated_for_now_signs_at_once() {
    let mut world = World::new();
    world.advance(Span::hours(1));
    let new = world.run(generate(When::Now)).unwrap();
    assert_eq!(first(&world), new);

    let newer = world.run(generate(When::Now)).unwrap();
    world.advance(Span(1));
    assert_eq!(first(&world), newer, "two in one second follow each other");
}

#[test]
fn one_key_waits_at_a_time() {
    let mut world = World::new();
    let waiting = world.run(generate(When::Scheduled)).unwrap();

    let refused = refusal(world.run(generate(When::Soon)));

    assert!(refused.to_string().contains(waiting.as_str()), "{refused}");
}

#[test]
fn shared_keys_are_not_generated_here() {
    let mut world = World::new();
    let key = GenerateKey {
        algorithm: Algorithm::Hs256,
        when: When::Now,
    };
    assert_eq!(fields(world.run(key)), ["algorithm"]);
}

#[test]
fn a_pending_key_can_be_brought_forward_but_not_before_verifiers_can_know_it() {
    let mut world = World::new();
    let key = world.run(generate(When::Scheduled)).unwrap();
    let soon = ActivateKey {
        key: key.clone(),
        when: When::Soon,
    };

    assert_eq!(
        world.run(soon.clone()),
        Ok(world.now.plus(Span::minutes(10)))
    );
    world.advance(Span::minutes(3));
    assert_eq!(
        world.run(soon),
        Ok(world.now.plus(Span::minutes(7))),
        "ten after publishing"
    );
    assert_eq!(
        world.run(ActivateKey {
            key: key.clone(),
            when: When::Now
        }),
        Ok(world.now)
    );
    assert_eq!(first(&world), key);
    let refused = refusal(world.run(ActivateKey {
        key,
        when: When::Now,
    }));
    assert!(matches!(refused, Refusal::Conflict(_)), "{refused}");
}

#[test]
fn a_key_is_withdrawn_before_it_signs_and_destroyed_after_its_last_token() {
    let mut world = World::new();
    let old = first(&world);
    let pending = world.run(generate(When::Soon)).unwrap();
    world
        .run(RetireKey {
            key: pending.clone(),
        })
        .unwrap();
    assert!(matches!(age(&world, &pending), Age::Revoked { .. }));

    let new = world.run(generate(When::Soon)).unwrap();
    assert!(matches!(
        refusal(world.run(RetireKey { key: old.clone() })),
        Refusal::Conflict(_)
    ));
    world.advance(Span::minutes(10));
    assert_eq!(first(&world), new);
    let retiring = refusal(world.run(RetireKey { key: old.clone() }));
    assert!(
        matches!(retiring, Refusal::Conflict(_)),
        "its tokens live on: {retiring}"
    );
    world.advance(world.registry.longest_lifetime());
    world.advance(KEPT_AFTER);
    world.run(RetireKey { key: old.clone() }).unwrap();
    assert!(world.registry.find_key(&old).unwrap().signer().is_none());
    assert!(matches!(
        refusal(world.run(RetireKey { key: old })),
        Refusal::Conflict(_)
    ));
}

#[test]
fn a_revoked_key_is_out_at_once_and_another_signs_in_the_same_commit() {
    let mut world = World::new();
    let old = first(&world);

    let new = world.run(RevokeKey { key: old.clone() }).unwrap().unwrap();

    assert_eq!(first(&world), new);
    assert!(
        world
            .registry
            .published_keys(world.now)
            .all(|(key, _)| key.id != old)
    );
    assert_eq!(world.audited(), ["key.revoke", "key.generate"]);
    assert!(matches!(
        refusal(world.run(RevokeKey { key: old })),
        Refusal::Conflict(_)
    ));
}

#[test]
fn the_published_successor_of_a_revoked_key_takes_over() {
    let mut world = World::new();
    let old = first(&world);
    let waiting = world.run(generate(When::Scheduled)).unwrap();

    assert_eq!(world.run(RevokeKey { key: old }), Ok(Some(waiting.clone())));

    assert_eq!(first(&world), waiting);
}

#[test]
fn revoking_a_key_that_does_not_sign_needs_no_other() {
    let mut world = World::new();
    let waiting = world.run(generate(When::Scheduled)).unwrap();
    assert_eq!(world.run(RevokeKey { key: waiting }), Ok(None));
    assert_eq!(world.audited(), ["key.revoke"]);
}

#[test]
fn the_schedule_runs_for_years_without_a_gap() {
    let mut world = World::new();
    let hs256 = DefineApi {
        algorithm: Algorithm::Hs256,
        ..define("urn:hs", "a")
    };
    world.run(hs256).unwrap_or_else(|error| panic!("{error}"));
    let mut signed = vec![first(&world)];
    assert_eq!(due_keys(&world.registry, world.now), []);
    for _ in 0..(2 * 365) {
        world.advance(Span::days(1));
        world.run(KeepKeySchedule).unwrap();
        assert_eq!(due_keys(&world.registry, world.now), [], "once is enough");
        let signs = first(&world);
        if signs != *signed.last().unwrap() {
            let key = world.registry.find_key(&signs).unwrap();
            assert!(key.active_from.since(key.published) >= PUBLISHED_AHEAD);
            signed.push(signs);
        }
    }
    assert_eq!(signed.len(), 9, "one for each 90 days of two years");
    let whole = world
        .registry
        .keys()
        .filter(|key| key.signer().is_some())
        .count();
    assert!(whole <= 2, "{whole} keys still have a private half");
}

#[test]
fn a_server_that_slept_for_a_year_publishes_before_it_switches() {
    let mut world = World::new();
    let old = first(&world);
    world.advance(Span::days(365));

    world.run(KeepKeySchedule).unwrap();

    assert_eq!(first(&world), old);
    world.advance(PUBLISHED_AHEAD);
    assert_ne!(first(&world), old);
}

#[test]
fn an_algorithm_that_lost_its_keys_gets_one_at_once() {
    let mut world = World::new();
    let eddsa = DefineApi {
        algorithm: Algorithm::EdDsa,
        ..define("urn:ed", "a")
    };
    world.run(eddsa).unwrap_or_else(|error| panic!("{error}"));
    let key = world
        .registry
        .active_key(Algorithm::EdDsa, world.now)
        .unwrap()
        .id
        .clone();
    let mut draft = Draft::new(
        world.actor.clone(),
        world.now,
        crate::crypto::random::Entropy::seeded(9),
    );
    draft.remove_key(Action::KeyRevoke, &key);
    world.registry = world
        .registry
        .apply(&draft.into_commit(&world.registry).unwrap());

    assert_eq!(
        due_keys(&world.registry, world.now),
        [KeyDue::Generate(Algorithm::EdDsa, world.now)]
    );
    world.run(KeepKeySchedule).unwrap();
    assert!(
        world
            .registry
            .active_key(Algorithm::EdDsa, world.now)
            .is_some()
    );
}
