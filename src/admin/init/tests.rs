//! First start, and the next.

use super::*;
use crate::{
    admin::tests::World,
    domain::{api::ApiScope, key::Age},
};

#[test]
fn a_new_server_can_sign_at_once_and_be_managed() {
    let mut world = World::bare();

    assert_eq!(world.run(InitServer), Ok(Init::First));

    let api = world.registry.find_api(&admin_api()).unwrap();
    let key = world
        .registry
        .active_key(api.signing.algorithm(), world.now)
        .unwrap();
    assert!(matches!(
        world.registry.age(key, world.now),
        Age::Active { .. }
    ));
    assert_eq!(
        world.audited(),
        ["server.init", "api.create", "key.generate"]
    );
}

#[test]
fn a_second_start_changes_nothing() {
    let mut world = World::bare();
    world.run(InitServer).unwrap();

    assert_eq!(world.run(InitServer), Ok(Init::Before));

    assert_eq!(world.last, None);
}

#[test]
fn an_older_servers_admin_api_gets_the_scopes_of_this_one() {
    let mut world = World::bare();
    let mut old = Api::admin(world.now);
    old.scopes.clear();
    old.scopes
        .insert("clients:read".parse().unwrap(), ApiScope::default());
    let mut draft = Draft::new(
        world.actor.clone(),
        world.now,
        crate::crypto::random::Entropy::seeded(2),
    );
    draft.put_api(Action::ApiCreate, old);
    world.registry = world
        .registry
        .apply(&draft.into_commit(&world.registry).unwrap());

    assert_eq!(world.run(InitServer), Ok(Init::Before));

    let now = world.registry.find_api(&admin_api()).unwrap();
    assert_eq!(now.scopes, Api::admin(world.now).scopes);
}
