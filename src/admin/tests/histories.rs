//! What holds after any history of commands.

use super::*;

/// What a random caller may try, by number.
#[derive(Clone, Debug)]
struct Try {
    what: u8,
    which: usize,
    whom: usize,
    wait: u16,
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let one =
        (0..34_u8, 0..4_usize, 0..4_usize, 0..200_u16).prop_map(|(what, which, whom, wait)| Try {
            what,
            which,
            whom,
            wait,
        });
    prop::collection::vec(one, 1..60)
}

const APIS: [&str; 4] = ["urn:shop", "urn:b", "urn:c", "urn:jeton:admin"];
const SCOPES: [&str; 4] = ["read", "write", "read write", "clients:read"];
const ROLES: [Role; 4] = Role::ALL;

/// Carries one of them out, whatever comes of it.
#[expect(clippy::too_many_lines, reason = "a table")]
fn attempt(world: &mut World, one: &Try) {
    let pick = |count: usize, n: usize| (count > 0).then(|| n % count);
    let clients: Vec<ClientId> = world.registry.clients().map(|c| c.id.clone()).collect();
    let client = pick(clients.len(), one.which).map(|n| clients[n].clone());
    let client = client.unwrap_or_else(|| "nobody".parse().unwrap());
    let secrets: Vec<SecretId> = match world.registry.find_client(&client) {
        Some(client) => client
            .secrets
            .iter()
            .map(|secret| secret.id.clone())
            .collect(),
        None => Vec::new(),
    };
    let secret = pick(secrets.len(), one.whom).map(|n| secrets[n].clone());
    let people: Vec<OperatorId> = world.registry.operators().map(|o| o.id.clone()).collect();
    let someone = pick(people.len(), one.whom).map(|n| people[n].clone());
    let someone = someone.unwrap_or_else(|| "op_aaaaaaaaaaaaaaaa".parse().unwrap());
    let keys: Vec<_> = world.registry.keys().map(|key| key.id.clone()).collect();
    let key = keys[one.which % keys.len()].clone();
    let at = api(APIS[one.whom]);
    let some = scopes(SCOPES[one.which]);
    let scope: Scope = ["read", "write", "list", "new"][one.which].parse().unwrap();
    world.advance(Span::hours(one.wait.into()));
    match one.what {
        0..=2 => {
            let grants: &[(&str, &str)] = &[(APIS[one.whom], SCOPES[one.which])];
            let new = RegisterClient {
                default_scopes: scopes(SCOPES[usize::from(one.wait) % 4]),
                ..register("c", grants)
            };
            world.run(new).ok();
        }
        3 => drop(world.run(DisableClient { client })),
        4 => drop(world.run(EnableClient { client })),
        5 => drop(world.run(RemoveClient { client })),
        6 => {
            let edit = EditClient {
                default_scopes: Some(some),
                ..EditClient::of(client)
            };
            world.run(edit).ok();
        }
        7..=9 => drop(world.run(rotate(&client))),
        10 => drop(world.run(RetireSecret { client, secret })),
        11 => drop(world.run(UndoRetire { client, secret })),
        12 => drop(world.run(RevokeSecret { client, secret })),
        13 => drop(world.run(CancelRotation { client })),
        14 => drop(world.run(ExtendRotation::by_a_day(client))),
        15 => drop(world.run(ForgetSecrets { client })),
        16 => {
            let Some(old) = secret else { return };
            let uses = LatestUses {
                old: Some(world.now),
                new: Some(world.now),
            };
            world.run(SettleRotation { client, old, uses }).ok();
        }
        17 => drop(world.run(SetGrant {
            client,
            api: at,
            scopes: some,
            details: None,
        })),
        18 => drop(world.run(RemoveGrant { client, api: at })),
        19 => drop(world.run(define(APIS[one.whom], "read write"))),
        20 => drop(world.run(RemoveApi { api: at })),
        21 => drop(world.run(AddScope {
            api: at,
            scope,
            detail: ApiScope::default(),
        })),
        22 => drop(world.run(RemoveScope { api: at, scope })),
        23 => {
            let offer = Some(crate::domain::api::Offer::Deprecated);
            world
                .run(EditScope {
                    offer,
                    ..EditScope::of(at, scope)
                })
                .ok();
        }
        24 => {
            let when = [When::Now, When::Soon, When::Scheduled][one.which % 3];
            world
                .run(GenerateKey {
                    algorithm: Algorithm::Es256,
                    when,
                })
                .ok();
        }
        25 => drop(world.run(ActivateKey {
            key,
            when: When::Now,
        })),
        26 => drop(world.run(RetireKey { key })),
        27 => drop(world.run(RevokeKey { key })),
        28 => drop(world.run(KeepKeySchedule)),
        29 => {
            let email = format!("{}@example.com", one.which);
            world
                .run(AddOperator {
                    email: email.parse().unwrap(),
                    name: "X".parse().unwrap(),
                    role: ROLES[one.whom],
                    password: None,
                })
                .ok();
        }
        30 => {
            let role = Some(ROLES[one.which]);
            world
                .run(EditOperator {
                    role,
                    ..EditOperator::of(someone)
                })
                .ok();
        }
        31 => drop(world.run(DisableOperator { operator: someone })),
        32 => drop(world.run(EnableOperator { operator: someone })),
        _ => drop(world.run(RemoveOperator { operator: someone })),
    }
}

fn check_invariants(world: &World) {
    let registry = &world.registry;
    for client in registry.clients() {
        let live = client.live_secrets(world.now).count();
        assert!(live <= 2, "{live} live secrets");
        for (identifier, granted) in &client.grants {
            let api = registry
                .find_api(identifier)
                .expect("a grant is of a known API");
            assert!(!granted.is_empty());
            assert!(api.understands(granted), "{granted} on {identifier}");
        }
        let all = crate::admin::clients::granted_anywhere(&client.grants);
        assert!(
            client.default_scopes.is_subset_of(&all),
            "{}",
            client.default_scopes
        );
        for secret in &client.secrets {
            let found = registry.find_client_by_secret(&secret.id);
            assert_eq!(found.map(|found| &found.id), Some(&client.id));
        }
    }
    assert!(registry.find_api(&admin_api()).is_some());
    assert!(
        registry.active_key(Algorithm::Es256, world.now).is_some(),
        "tokens can be signed at any time"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_tried_the_rules_hold(tries in tries()) {
        let mut world = World::new();
        let mut had_owner = false;
        let mut removed: BTreeSet<ClientId> = BTreeSet::new();
        for one in &tries {
            let before: Vec<ClientId> = world.registry.clients().map(|c| c.id.clone()).collect();
            attempt(&mut world, one);
            check_invariants(&world);
            let owners = world.registry.operators()
                .filter(|one| one.role == Role::Owner && one.is_active())
                .count();
            assert!(owners > 0 || !had_owner, "the last owner is gone");
            had_owner |= owners > 0;
            for id in before {
                if world.registry.find_client(&id).is_none() {
                    removed.insert(id);
                }
            }
            for id in &removed {
                assert!(world.registry.find_client(id).is_none(), "{id} was recycled");
            }
        }
    }
}
