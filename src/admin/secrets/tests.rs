//! Rotation as operators see it, and what its schedule does.

use super::*;
use crate::{
    admin::tests::{World, fields, person, program, refusal, register, rotate, with_key},
    domain::{
        permission::{ADMIN_API, Role},
        secret::{Life, public_id},
    },
};

pub(super) fn lives(world: &World, client: &ClientId) -> Vec<Life> {
    let secrets = &world.client(client).secrets;
    secrets
        .iter()
        .map(|secret| secret.life(world.now))
        .collect()
}

pub(super) fn old(world: &World, client: &ClientId) -> SecretId {
    world.client(client).secrets[0].id.clone()
}

#[test]
fn a_rotation_shows_the_new_secret_and_the_deadline_of_the_old() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();

    let rotated = world.run(rotate(&client)).unwrap();

    let (retiring, part) = rotated.retiring.unwrap();
    assert_eq!(retiring, old(&world, &client));
    assert_eq!(part.deadline, world.now.plus(Span::hours(24)));
    assert_eq!(
        public_id(rotated.secret.reveal()).as_ref(),
        Some(rotated.secret.id())
    );
    assert_eq!(lives(&world, &client), [Life::Retiring, Life::Active]);
    assert_eq!(world.audited(), ["secret.rotate"]);
}

#[test]
fn a_second_rotation_is_refused_before_any_secret_is_made() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    world.run(rotate(&client)).unwrap();

    let refused = refusal(world.run(rotate(&client)));

    assert!(refused.to_string().contains("under way"), "{refused}");
}

#[test]
fn stop_now_leaves_one_secret() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();

    let rotated = world
        .run(RotateSecret {
            overlap: Overlap::None,
            ..rotate(&client)
        })
        .unwrap();

    assert!(rotated.retiring.is_none());
    assert_eq!(lives(&world, &client), [Life::Retired, Life::Active]);
}

#[test]
fn a_client_without_a_live_secret_gets_one() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    world
        .run(RevokeSecret {
            client: client.clone(),
            secret: None,
        })
        .unwrap();

    let rotated = world.run(rotate(&client)).unwrap();

    assert!(rotated.retiring.is_none());
    assert_eq!(world.audited(), ["secret.create"]);
    assert_eq!(lives(&world, &client), [Life::Revoked, Life::Active]);
}

#[test]
fn a_secret_expires_when_it_was_told_to() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    let new = NewSecret {
        expires_in: Some(Span::days(2)),
        ..NewSecret::default()
    };
    world
        .run(RotateSecret {
            new,
            overlap: Overlap::None,
            ..rotate(&client)
        })
        .unwrap();

    world.advance(Span::days(2));

    assert_eq!(lives(&world, &client), [Life::Retired, Life::Expired]);
}

#[test]
fn retire_undo_cancel_extend_and_revoke_say_what_they_did() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    let first = old(&world, &client);
    let second = world.run(rotate(&client)).unwrap().secret.id().clone();

    let extended = world.run(ExtendRotation::by_a_day(client.clone())).unwrap();
    assert_eq!(extended, world.now.plus(Span::hours(48)));
    let retired = world
        .run(RetireSecret {
            client: client.clone(),
            secret: None,
        })
        .unwrap();
    assert_eq!(retired, first);
    let back = world
        .run(UndoRetire {
            client: client.clone(),
            secret: None,
        })
        .unwrap();
    assert_eq!(back, first);
    let cancelled = world
        .run(CancelRotation {
            client: client.clone(),
        })
        .unwrap();
    assert_eq!(cancelled, second);
    let revoked = world
        .run(RevokeSecret {
            client: client.clone(),
            secret: None,
        })
        .unwrap();
    assert_eq!(revoked, first);
    assert_eq!(lives(&world, &client), [Life::Revoked, Life::Cancelled]);
}

#[test]
fn a_secret_of_somebody_else_is_a_wrong_field() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    let secret: SecretId = "ZZZZZZZZ".parse().unwrap();
    let named = || Some(secret.clone());

    for refused in [
        fields(world.run(RetireSecret {
            client: client.clone(),
            secret: named(),
        })),
        fields(world.run(UndoRetire {
            client: client.clone(),
            secret: named(),
        })),
        fields(world.run(RevokeSecret {
            client: client.clone(),
            secret: named(),
        })),
        fields(world.run(EditNote {
            client: client.clone(),
            secret: secret.clone(),
            note: Note::default(),
        })),
    ] {
        assert_eq!(refused, ["secret_id"]);
    }
}

#[test]
fn only_an_owner_touches_the_secrets_of_a_client_that_manages_the_server() {
    let mut world = World::new();
    let admin = world
        .run(register("deployer", &[(ADMIN_API, "clients:read")]))
        .unwrap();
    let client = admin.client.id.clone();
    let forbidden = Refusal::Forbidden(Permission::Own);

    for actor in [
        person(Role::Operator),
        person(Role::Admin),
        program("secrets:write"),
    ] {
        let refused = refusal(world.run_as(actor.clone(), rotate(&client)));
        assert_eq!(refused, forbidden);
        let revoke = RevokeSecret {
            client: client.clone(),
            secret: None,
        };
        assert_eq!(refusal(world.run_as(actor.clone(), revoke)), forbidden);
        let retire = RetireSecret {
            client: client.clone(),
            secret: None,
        };
        assert_eq!(refusal(world.run_as(actor.clone(), retire)), forbidden);
        let undo = UndoRetire {
            client: client.clone(),
            secret: None,
        };
        assert_eq!(refusal(world.run_as(actor.clone(), undo)), forbidden);
        let cancel = CancelRotation {
            client: client.clone(),
        };
        assert_eq!(refusal(world.run_as(actor.clone(), cancel)), forbidden);
        let extend = ExtendRotation::by_a_day(client.clone());
        assert_eq!(refusal(world.run_as(actor, extend)), forbidden);
    }
    assert!(world.run_as(person(Role::Owner), rotate(&client)).is_ok());
}

#[test]
fn nothing_secret_reaches_the_audit_log() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    let value = "canary-secret-value-1234";
    let new = NewSecret {
        value: Some(value.to_owned().into()),
        ..NewSecret::default()
    };

    world
        .run(RotateSecret {
            new,
            ..rotate(&client)
        })
        .unwrap();

    assert!(!format!("{:?}", world.last).contains("canary"));
}

#[test]
fn a_new_secret_is_used_as_the_one_that_it_replaces() {
    for (first, asked, then) in [
        (Some(true), None, "shared"),
        (None, None, "generated"),
        (Some(true), Some(false), "generated"),
        (None, Some(true), "shared"),
    ] {
        let mut world = World::new();
        let mut client = register("c", &[]);
        client.secret.signs = first;
        let client = world.run(client).unwrap().client.id.clone();

        let mut command = rotate(&client);
        command.new.signs = asked;
        world.run(command).unwrap();

        let made = world.client(&client).secrets.last().unwrap().clone();
        assert_eq!(made.proof.kind(), then, "{first:?}, {asked:?}");
    }
}

#[test]
fn a_dead_secret_says_how_its_successor_is_used() {
    let mut world = World::new();
    let mut client = register("c", &[]);
    client.secret.signs = Some(true);
    let client = world.run(client).unwrap().client.id.clone();
    world
        .run(RevokeSecret {
            client: client.clone(),
            secret: None,
        })
        .unwrap();

    world.run(rotate(&client)).unwrap();

    let made = world.client(&client).secrets.last().unwrap().clone();
    assert_eq!(made.proof.kind(), "shared");
}

#[test]
fn a_client_with_a_key_gets_a_secret_only_if_that_is_said() {
    let mut world = World::new();
    let client = with_key(&mut world, "c");

    let refused = refusal(world.run(rotate(&client)));
    let mut command = rotate(&client);
    command.new.signs = Some(false);
    world.run(command).unwrap();

    let told = refused.to_string();
    assert!(told.starts_with("signs: "), "{told}");
    assert!(told.contains("private_key_jwt"), "{told}");
    assert_eq!(lives(&world, &client), [Life::Retiring, Life::Active]);
}
