//! Who may be given what, by whom.

use super::*;
use crate::{
    admin::{
        clients::{EditClient, RegisterClient},
        scopes::EditScope,
        tests::{World, api, fields, person, program, refusal, register, scopes},
    },
    domain::permission::Role,
};

fn set(client: &ClientId, at: &str, some: &str) -> SetGrant {
    SetGrant {
        client: client.clone(),
        api: api(at),
        scopes: scopes(some),
        details: None,
    }
}

#[test]
fn a_grant_is_set_as_a_whole() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();

    world.run(set(&client, "urn:shop", "list read")).unwrap();

    assert_eq!(
        world.client(&client).grants[&api("urn:shop")],
        scopes("list read")
    );
    assert_eq!(world.audited(), ["grant.set"]);
}

#[test]
fn only_scopes_that_the_api_has_can_be_granted() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();

    assert_eq!(
        fields(world.run(set(&client, "urn:shop", "read fly"))),
        ["scopes"]
    );
    assert_eq!(fields(world.run(set(&client, "urn:shop", ""))), ["scopes"]);
    let unknown = refusal(world.run(set(&client, "urn:nothing", "read")));
    assert!(matches!(unknown, Refusal::NotFound(_)), "{unknown}");
}

#[test]
fn a_deprecated_scope_stays_with_who_has_it_and_goes_to_nobody_else() {
    let mut world = World::new();
    let has = world.register("has").client.id.clone();
    let other = world.run(register("other", &[])).unwrap().client.id.clone();
    let write = "write".parse().unwrap();
    let offer = Some(Offer::Deprecated);
    world
        .run(EditScope {
            offer,
            ..EditScope::of(api("urn:shop"), write)
        })
        .unwrap();

    assert!(world.run(set(&has, "urn:shop", "write list")).is_ok());
    assert_eq!(
        fields(world.run(set(&other, "urn:shop", "write"))),
        ["scopes"]
    );
    let new = register("new", &[("urn:shop", "write")]);
    assert_eq!(fields(world.run(new)), ["grants.urn:shop"]);
}

#[test]
fn a_default_scope_goes_with_its_last_grant() {
    let mut world = World::new();
    world.define("urn:other", "read");
    let grants = [("urn:shop", "read write"), ("urn:other", "read")];
    let default_scopes = scopes("read write");
    let made = world
        .run(RegisterClient {
            default_scopes,
            ..register("c", &grants)
        })
        .unwrap();
    let client = made.client.id.clone();

    world
        .run(RemoveGrant {
            client: client.clone(),
            api: api("urn:shop"),
        })
        .unwrap();
    assert_eq!(
        world.client(&client).default_scopes,
        scopes("read"),
        "the other API has it still"
    );

    world
        .run(RemoveGrant {
            client: client.clone(),
            api: api("urn:other"),
        })
        .unwrap();
    assert!(world.client(&client).default_scopes.is_empty());
}

#[test]
fn narrowing_a_grant_drops_default_scopes_too() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    let default_scopes = Some(scopes("read write"));
    world
        .run(EditClient {
            default_scopes,
            ..EditClient::of(client.clone())
        })
        .unwrap();

    world.run(set(&client, "urn:shop", "read")).unwrap();

    assert_eq!(world.client(&client).default_scopes, scopes("read"));
}

#[test]
fn only_an_owner_grants_the_admin_api_or_takes_it_away() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    let forbidden = Refusal::Forbidden(Permission::Own);
    let all = "grants:write clients:write clients:read";

    for actor in [person(Role::Operator), person(Role::Admin), program(all)] {
        let grant = set(&client, ADMIN_API, "clients:read");
        assert_eq!(refusal(world.run_as(actor, grant)), forbidden);
    }
    world
        .run_as(person(Role::Owner), set(&client, ADMIN_API, "clients:read"))
        .unwrap();
    let remove = RemoveGrant {
        client,
        api: api(ADMIN_API),
    };
    assert_eq!(
        refusal(world.run_as(person(Role::Admin), remove.clone())),
        forbidden
    );
    assert!(world.run_as(person(Role::Owner), remove).is_ok());
}

#[test]
fn a_grant_that_is_not_there_cannot_be_removed() {
    let mut world = World::new();
    let client = world.run(register("c", &[])).unwrap().client.id.clone();

    let refused = refusal(world.run(RemoveGrant {
        client,
        api: api("urn:shop"),
    }));

    assert!(matches!(refused, Refusal::Conflict(_)), "{refused}");
}
