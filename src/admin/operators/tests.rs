//! Operators, and who may touch whom.

use super::*;
use crate::{
    admin::tests::{World, password, person, program, refusal},
    domain::permission::Role,
};

fn epoch(world: &World, id: &OperatorId) -> u32 {
    world.registry.find_operator(id).unwrap().epoch
}

#[test]
fn a_password_is_long_and_not_a_common_one() {
    let parse = |text: &str| NewPassword::parse(text.to_owned().into()).map(|_| ());
    assert_eq!(parse("short"), Err(PasswordError::Short));
    assert_eq!(
        parse("élevé-là"),
        Err(PasswordError::Short),
        "characters, not bytes"
    );
    let of_length = |bytes: usize| "long words ".repeat(30)[..bytes].to_owned();
    assert_eq!(parse(&of_length(257)), Err(PasswordError::Long));
    assert_eq!(parse(&of_length(256)), Ok(()));
    for common in [
        "password1234",
        "Passw0rd2024!",
        "aaaaaaaaaaaaaaaa",
        "123456789012",
        "qwertyuiop123",
        "P@ssword!!!!",
        "changemechangeme",
        "$uperSecret2024",
        "............",
    ] {
        assert_eq!(parse(common), Err(PasswordError::Common), "{common}");
    }
    for good in [
        "vier müde Igel im Laub",
        "dm3-oxQ9-ttk4-B",
        "correct horse in a field",
    ] {
        assert_eq!(parse(good), Ok(()), "{good}");
    }
}

#[test]
fn an_operator_signs_in_with_the_password_set_for_them() {
    let mut world = World::new();
    let id = world.operator("ana@example.com", Role::Viewer);

    world
        .run(SetPassword {
            operator: id.clone(),
            password: password(),
        })
        .unwrap();

    let hash = world
        .registry
        .find_operator(&id)
        .unwrap()
        .password
        .clone()
        .unwrap();
    assert!(hash.verify("vier müde Igel im Laub"));
    assert_eq!(world.audited(), ["operator.password"]);
    assert!(!format!("{:?}", world.last).contains("Igel"));
}

#[test]
fn an_address_belongs_to_one_operator() {
    let mut world = World::new();
    world.operator("ana@example.com", Role::Viewer);
    let bob = world.operator("bob@example.com", Role::Viewer);
    let email: Email = "ANA@example.com".parse().unwrap();

    let add = AddOperator {
        email: email.clone(),
        name: "A".parse().unwrap(),
        role: Role::Viewer,
        password: None,
    };
    assert!(matches!(refusal(world.run(add)), Refusal::Conflict(_)));
    let edit = EditOperator {
        email: Some(email),
        ..EditOperator::of(bob)
    };
    assert!(matches!(refusal(world.run(edit)), Refusal::Conflict(_)));
}

#[test]
fn sessions_end_with_a_new_role_a_new_password_and_a_suspension() {
    let mut world = World::new();
    let id = world.operator("ana@example.com", Role::Viewer);
    let start = epoch(&world, &id);

    let name = Some("Ana".parse().unwrap());
    world
        .run(EditOperator {
            name,
            ..EditOperator::of(id.clone())
        })
        .unwrap();
    assert_eq!(epoch(&world, &id), start, "a new name ends nothing");
    let role = Some(Role::Operator);
    world
        .run(EditOperator {
            role,
            ..EditOperator::of(id.clone())
        })
        .unwrap();
    assert_eq!(epoch(&world, &id), start + 1);
    world
        .run(SetPassword {
            operator: id.clone(),
            password: password(),
        })
        .unwrap();
    assert_eq!(epoch(&world, &id), start + 2);
    world
        .run(DisableOperator {
            operator: id.clone(),
        })
        .unwrap();
    assert_eq!(epoch(&world, &id), start + 3);
    world
        .run(EnableOperator {
            operator: id.clone(),
        })
        .unwrap();
    assert_eq!(epoch(&world, &id), start + 4);
    world
        .run(sessions::EndSessions {
            operator: id.clone(),
        })
        .unwrap();
    assert_eq!(epoch(&world, &id), start + 5);
}

#[test]
fn the_last_active_owner_stays() {
    let mut world = World::new();
    let ana = world.operator("ana@example.com", Role::Owner);
    let bob = world.operator("bob@example.com", Role::Owner);
    world
        .run(DisableOperator {
            operator: bob.clone(),
        })
        .unwrap();

    let demote = EditOperator {
        role: Some(Role::Admin),
        ..EditOperator::of(ana.clone())
    };
    for refused in [
        refusal(world.run(DisableOperator {
            operator: ana.clone(),
        })),
        refusal(world.run(RemoveOperator {
            operator: ana.clone(),
        })),
        refusal(world.run(demote)),
    ] {
        assert!(
            refused.to_string().contains("last active owner"),
            "{refused}"
        );
    }
    world.run(EnableOperator { operator: bob }).unwrap();
    assert!(world.run(RemoveOperator { operator: ana }).is_ok());
}

#[test]
fn nobody_but_an_owner_touches_owners() {
    let mut world = World::new();
    let ana = world.operator("ana@example.com", Role::Owner);
    world.operator("bob@example.com", Role::Owner);
    let forbidden = Refusal::Forbidden(Permission::Own);
    let admin = person(Role::Admin);

    let add = AddOperator {
        email: "eve@example.com".parse().unwrap(),
        name: "Eve".parse().unwrap(),
        role: Role::Owner,
        password: None,
    };
    assert_eq!(refusal(world.run_as(admin.clone(), add)), forbidden);
    assert_eq!(
        refusal(world.run_as(admin.clone(), EditOperator::of(ana.clone()))),
        forbidden
    );
    let set = SetPassword {
        operator: ana.clone(),
        password: password(),
    };
    assert_eq!(refusal(world.run_as(admin.clone(), set)), forbidden);
    let disable = DisableOperator {
        operator: ana.clone(),
    };
    assert_eq!(refusal(world.run_as(admin.clone(), disable)), forbidden);
    let enable = EnableOperator {
        operator: ana.clone(),
    };
    assert_eq!(refusal(world.run_as(admin.clone(), enable)), forbidden);
    let remove = RemoveOperator { operator: ana };
    assert_eq!(refusal(world.run_as(admin.clone(), remove)), forbidden);

    let viewer = world.operator("vic@example.com", Role::Viewer);
    let raise = EditOperator {
        role: Some(Role::Owner),
        ..EditOperator::of(viewer)
    };
    assert_eq!(refusal(world.run_as(admin, raise)), forbidden);
}

#[test]
fn a_program_makes_nobody_who_may_do_more_than_itself() {
    let mut world = World::new();
    let add = |role| AddOperator {
        email: "eve@example.com".parse().unwrap(),
        name: "Eve".parse().unwrap(),
        role,
        password: Some(password()),
    };
    let reads = "clients:read apis:read keys:read operators:read audit:read usage:read";
    let actor = program(&format!("{reads} operators:write"));

    let refused = refusal(world.run_as(actor.clone(), add(Role::Operator)));
    assert_eq!(refused, Refusal::Forbidden(Permission::Own));
    let made = world.run_as(actor, add(Role::Viewer)).unwrap();
    let hash = world
        .registry
        .find_operator(&made)
        .unwrap()
        .password
        .clone();
    assert!(hash.unwrap().verify("vier müde Igel im Laub"));
}
