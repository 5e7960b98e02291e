//! What falls due, and what the server does about it.

use super::*;
use crate::{
    admin::{
        secrets::{
            NewSecret, RotateSecret,
            tests::{lives, old},
        },
        tests::{World, rotate},
    },
    domain::{
        rotation::Overlap,
        secret::{IfUsed, Life},
        time::Span,
    },
};

fn settle(world: &mut World, client: &ClientId, uses: LatestUses) -> Option<Due> {
    let old = old(world, client);
    world
        .run(SettleRotation {
            client: client.clone(),
            old,
            uses,
        })
        .unwrap()
}

#[test]
fn the_deadline_retires_a_quiet_secret_and_holds_a_used_one() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    world.run(rotate(&client)).unwrap();
    let both = |world: &World| LatestUses {
        old: Some(world.now),
        new: Some(world.now),
    };

    let uses = both(&world);
    assert_eq!(settle(&mut world, &client, uses), None, "not due yet");
    assert_eq!(world.last, None);
    assert_eq!(due_rotations(&world.registry, world.now).count(), 0);
    for _ in 0..rotation::MOST_HOLDS {
        world.advance(Span::hours(24));
        assert_eq!(due_rotations(&world.registry, world.now).count(), 1);
        let uses = both(&world);
        assert_eq!(settle(&mut world, &client, uses), Some(Due::Hold));
        assert_eq!(world.audited(), ["secret.hold"]);
    }
    world.advance(Span::hours(24));
    let uses = both(&world);
    assert_eq!(settle(&mut world, &client, uses), Some(Due::Retire));
    assert_eq!(lives(&world, &client), [Life::Retired, Life::Active]);
}

#[test]
fn the_deadline_never_stops_the_old_secret_while_it_is_all_there_is() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    let new = NewSecret {
        expires_in: Some(Span::hours(2)),
        ..NewSecret::default()
    };
    let hasty = RotateSecret {
        new,
        if_used: IfUsed::Stop,
        ..rotate(&client)
    };
    world.run(hasty).unwrap();
    let used_once = LatestUses {
        old: None,
        new: Some(world.now.plus(Span::hours(1))),
    };

    world.advance(Span::hours(24));

    assert_eq!(settle(&mut world, &client, used_once), Some(Due::Wait));
    assert_eq!(lives(&world, &client), [Life::Retiring, Life::Expired]);
}

#[test]
fn uses_of_another_secret_settle_nothing() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    let new = world.run(rotate(&client)).unwrap().secret.id().clone();
    world.advance(Span::days(2));

    let stale = SettleRotation {
        client,
        old: new,
        uses: LatestUses::default(),
    };

    assert_eq!(world.run(stale), Ok(None));
}

#[test]
fn dead_secrets_are_forgotten_after_a_month() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    world
        .run(RotateSecret {
            overlap: Overlap::None,
            ..rotate(&client)
        })
        .unwrap();
    let forget = || ForgetSecrets {
        client: client.clone(),
    };

    world.advance(Span::days(29));
    assert_eq!(world.run(forget()), Ok(0));
    assert_eq!(forgetful_clients(&world.registry, world.now).count(), 0);
    world.advance(Span::days(1));
    assert_eq!(forgetful_clients(&world.registry, world.now).count(), 1);
    assert_eq!(world.run(forget()), Ok(1));
    assert_eq!(lives(&world, &client), [Life::Active]);
}
