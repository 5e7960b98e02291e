//! Scopes, from the first to the last.

use super::*;
use crate::{
    admin::{
        grants::SetGrant,
        tests::{World, api, fields, refusal, scopes},
    },
    domain::permission::ADMIN_API,
};

fn add(at: &str, scope: &str) -> AddScope {
    AddScope {
        api: api(at),
        scope: scope.parse().unwrap(),
        detail: ApiScope::default(),
    }
}

#[test]
fn a_scope_is_added_once() {
    let mut world = World::new();

    world.run(add("urn:shop", "export")).unwrap();

    let shop = world.registry.find_api(&api("urn:shop")).unwrap();
    assert!(shop.understands(&scopes("export")));
    let twice = refusal(world.run(add("urn:shop", "export")));
    assert!(matches!(twice, Refusal::Conflict(_)), "{twice}");
}

#[test]
fn a_scope_is_removed_once_nobody_has_it() {
    let mut world = World::new();
    let client = world.register("billing").client.id.clone();
    let remove = || RemoveScope {
        api: api("urn:shop"),
        scope: "write".parse().unwrap(),
    };

    let refused = refusal(world.run(remove()));
    assert!(refused.to_string().contains(client.as_str()), "{refused}");

    world
        .run(SetGrant {
            client,
            api: api("urn:shop"),
            scopes: scopes("read"),
            details: None,
        })
        .unwrap();
    world.run(remove()).unwrap();
    assert_eq!(fields(world.run(remove())), ["scope"]);
}

#[test]
fn what_is_said_of_a_scope_can_be_changed() {
    let mut world = World::new();
    let edit = EditScope {
        description: Some("Read orders".parse().unwrap()),
        sensitivity: Some(Sensitivity::Sensitive),
        offer: Some(Offer::Deprecated),
        ..EditScope::of(api("urn:shop"), "read".parse().unwrap())
    };

    world.run(edit).unwrap();

    let shop = world.registry.find_api(&api("urn:shop")).unwrap();
    let detail = &shop.scopes[&"read".parse::<Scope>().unwrap()];
    assert_eq!(detail.description.as_str(), "Read orders");
    assert_eq!(detail.offer, Offer::Deprecated);
    assert_eq!(world.audited(), ["scope.edit"]);
    let unknown = EditScope::of(api("urn:shop"), "fly".parse().unwrap());
    assert_eq!(fields(world.run(unknown)), ["scope"]);
}

#[test]
fn the_built_in_scopes_stay_as_they_are() {
    let mut world = World::new();
    let refused = refusal(world.run(add(ADMIN_API, "everything")));
    assert!(matches!(refused, Refusal::Conflict(_)), "{refused}");
}
