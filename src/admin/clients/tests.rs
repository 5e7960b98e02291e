//! Clients, from registration to removal.

use super::*;
use crate::{
    admin::tests::{World, api, fields, person, refusal, register, scopes},
    domain::{
        permission::{ADMIN_API, Role},
        secret::{Proof, public_id},
        time::Span,
    },
};

#[test]
fn a_new_client_gets_a_readable_id_and_one_secret() {
    let mut world = World::new();

    let made = world
        .run(register("Report Service", &[("urn:shop", "read")]))
        .unwrap();

    assert!(made.client.id.as_str().starts_with("report-service-"));
    assert_eq!(
        public_id(made.secret.reveal()).as_ref(),
        Some(&made.client.secrets[0].id)
    );
    assert_eq!(world.client(&made.client.id), &made.client);
    assert_eq!(&*made.client.secrets[0].created_by, "local:0");
    assert_eq!(world.audited(), ["client.create"]);
}

#[test]
fn a_chosen_secret_is_kept_as_a_slow_hash() {
    let mut world = World::new();
    let value = "brought along from elsewhere";
    let secret = NewSecret {
        value: Some(value.to_owned().into()),
        ..NewSecret::default()
    };

    let made = world
        .run(RegisterClient {
            secret,
            ..register("c", &[])
        })
        .unwrap();

    let Proof::Password(hash) = &made.client.secrets[0].proof else {
        panic!("a chosen secret needs a slow hash");
    };
    assert!(hash.verify(value));
    let odd = NewSecret {
        value: Some("line\n".to_owned().into()),
        ..NewSecret::default()
    };
    let refused = world.run(RegisterClient {
        secret: odd,
        ..register("c", &[])
    });
    assert_eq!(fields(refused), ["value"]);
}

/// CA-06
#[test]
fn a_chosen_id_stays_in_its_own_namespace() {
    let mut world = World::new();
    for bad in [
        "spiffe://x",
        "SPIFFE://x",
        "system:x",
        "op_x",
        "urn:jeton:x",
        "..",
        ".",
    ] {
        let id = Some(bad.parse().unwrap());
        let refused = world.run(RegisterClient {
            id,
            ..register("c", &[])
        });
        assert_eq!(fields(refused), ["client_id"], "{bad}");
    }
    let id = Some("billing".parse().unwrap());
    let made = world
        .run(RegisterClient {
            id,
            ..register("c", &[])
        })
        .unwrap();
    assert_eq!(made.client.id.as_str(), "billing");
}

#[test]
fn an_id_is_never_recycled() {
    let mut world = World::new();
    let billing: ClientId = "billing".parse().unwrap();
    let again = |id: &ClientId| RegisterClient {
        id: Some(id.clone()),
        ..register("c", &[])
    };
    world.run(again(&billing)).unwrap();

    let taken = refusal(world.run(again(&billing)));
    assert!(matches!(taken, Refusal::Conflict(_)), "{taken}");

    world
        .run(RemoveClient {
            client: billing.clone(),
        })
        .unwrap();
    let recycled = refusal(world.run(again(&billing)));
    assert!(matches!(recycled, Refusal::Conflict(_)), "{recycled}");
}

#[test]
fn every_wrong_grant_is_named() {
    let mut world = World::new();
    let grants = [("urn:nothing", "read"), ("urn:shop", "read fly")];
    let wrong = RegisterClient {
        default_scopes: scopes("list"),
        ..register("c", &grants)
    };

    assert_eq!(
        fields(world.run(wrong)),
        ["default_scopes", "grants.urn:nothing", "grants.urn:shop"]
    );
}

#[test]
fn registering_with_grants_needs_the_permission_to_grant() {
    let mut world = World::new();
    let actor = crate::admin::tests::program("clients:write");

    let without = world.run_as(actor.clone(), register("c", &[]));
    assert!(without.is_ok());
    let with = refusal(world.run_as(actor, register("c", &[("urn:shop", "read")])));
    assert_eq!(with, Refusal::Forbidden(Permission::WriteGrants));
}

#[test]
fn only_an_owner_makes_a_client_that_manages_the_server() {
    let mut world = World::new();
    let admin = || register("deployer", &[(ADMIN_API, "clients:read")]);

    let refused = refusal(world.run_as(person(Role::Admin), admin()));
    assert_eq!(refused, Refusal::Forbidden(Permission::Own));
    assert!(world.run_as(person(Role::Owner), admin()).is_ok());
}

#[test]
fn an_edit_changes_what_it_names_and_nothing_else() {
    let mut world = World::new();
    let before = world.register("c").client;
    let edit = EditClient {
        owner: Some("Ana".parse().unwrap()),
        token_lifetime: Some(Some("5m".parse().unwrap())),
        default_scopes: Some(scopes("read")),
        ..EditClient::of(before.id.clone())
    };

    world.run(edit).unwrap();

    let after = world.client(&before.id);
    assert_eq!(after.owner.as_str(), "Ana");
    assert_eq!(after.token_lifetime.unwrap().seconds(), 300);
    assert_eq!(after.name, before.name);
    assert!(after.revision > before.revision);
    let clear = EditClient {
        token_lifetime: Some(None),
        ..EditClient::of(before.id.clone())
    };
    world.run(clear).unwrap();
    assert_eq!(world.client(&before.id).token_lifetime, None);
}

#[test]
fn an_edit_that_changes_nothing_is_no_change() {
    let mut world = World::new();
    let before = world.register("c").client;

    world
        .run(EditClient {
            name: Some("c".parse().unwrap()),
            ..EditClient::of(before.id.clone())
        })
        .unwrap();

    assert_eq!(world.last, None);
}

#[test]
fn default_scopes_must_be_granted() {
    let mut world = World::new();
    let id = world.register("c").client.id.clone();

    let edit = EditClient {
        default_scopes: Some(scopes("list")),
        ..EditClient::of(id)
    };

    assert_eq!(fields(world.run(edit)), ["default_scopes"]);
}

#[test]
fn disabling_twice_keeps_the_first_moment() {
    let mut world = World::new();
    let id = world.register("c").client.id.clone();
    world.run(DisableClient { client: id.clone() }).unwrap();
    let since = world.client(&id).status;
    world.advance(Span::hours(1));

    world.run(DisableClient { client: id.clone() }).unwrap();
    assert_eq!(world.client(&id).status, since);

    world.run(EnableClient { client: id.clone() }).unwrap();
    assert!(world.client(&id).is_active());
}

/// RV-09
#[test]
fn what_a_client_had_before_it_was_disabled_stays_void() {
    let mut world = World::new();
    let id = world.register("c").client.id.clone();
    let (before, hour) = (world.now, Span::hours(1));
    world.advance(hour);
    world.run(DisableClient { client: id.clone() }).unwrap();
    world.advance(hour);

    world.run(EnableClient { client: id.clone() }).unwrap();

    let client = world.client(&id);
    assert!(client.has_voided(before) && client.has_voided(before.plus(hour)));
    assert!(!client.has_voided(world.now));
}

/// RV-09
#[test]
fn so_it_does_if_an_earlier_version_disabled_it() {
    let mut world = World::new();
    let id = world.register("c").client.id.clone();
    let since = world.now;
    let mut client = Client::clone(world.client(&id));
    client.status = ClientStatus::Disabled(since);
    world.put_client(client);
    world.advance(Span::hours(1));

    world.run(EnableClient { client: id.clone() }).unwrap();

    assert!(world.client(&id).has_voided(since));
    assert!(!world.client(&id).has_voided(world.now));
}

#[test]
fn what_is_not_there_cannot_be_changed() {
    let mut world = World::new();
    let nobody: ClientId = "nobody".parse().unwrap();

    for refused in [
        refusal(world.run(EditClient::of(nobody.clone()))),
        refusal(world.run(DisableClient {
            client: nobody.clone(),
        })),
        refusal(world.run(EnableClient {
            client: nobody.clone(),
        })),
        refusal(world.run(RemoveClient {
            client: nobody.clone(),
        })),
    ] {
        assert!(matches!(refused, Refusal::NotFound(_)), "{refused}");
    }
}

#[test]
fn a_client_that_manages_the_server_is_enabled_and_removed_by_owners_only() {
    let mut world = World::new();
    let admin = world
        .run(register("deployer", &[(ADMIN_API, "clients:read")]))
        .unwrap();
    let client = admin.client.id.clone();
    assert!(admin.client.grants.contains_key(&api(ADMIN_API)));

    let disable = DisableClient {
        client: client.clone(),
    };
    assert!(
        world.run_as(person(Role::Operator), disable).is_ok(),
        "stopping is always safe"
    );
    let enable = EnableClient {
        client: client.clone(),
    };
    let refused = refusal(world.run_as(person(Role::Admin), enable));
    assert_eq!(refused, Refusal::Forbidden(Permission::Own));
    let refused = refusal(world.run_as(
        person(Role::Admin),
        RemoveClient {
            client: client.clone(),
        },
    ));
    assert_eq!(refused, Refusal::Forbidden(Permission::Own));
    assert!(
        world
            .run_as(person(Role::Owner), RemoveClient { client })
            .is_ok()
    );
}
