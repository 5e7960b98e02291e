//! Hand-overs: a secret is made for who has the link, once, in its time.

use super::*;
use crate::{
    admin::{
        clients::{DisableClient, RegisterWithoutSecret, RemoveClient},
        credentials::RotateToCredential,
        grants::SetGrant,
        tests::{World, api, fields, key, person, register, rotate as rotation, scopes, with_key},
    },
    domain::{actor::Actor, permission::Role, secret::Life},
};

fn offer(client: &ClientId) -> OfferHandover {
    OfferHandover {
        client: client.clone(),
        overlap: Overlap::For(Span::hours(24)),
        if_used: IfUsed::Hold,
        note: "vault of the team".parse().unwrap(),
        secret_lifetime: Some(Span::days(90)),
        signs: None,
    }
}

fn copy(token: &LinkToken) -> LinkToken {
    token.reveal().parse().unwrap_or_else(|_| unreachable!())
}

fn redeem(world: &mut World, token: &LinkToken) -> Result<Redeemed, Refusal> {
    let mut actor = Actor::system("hand-over");
    actor.address = Some([192, 0, 2, 7].into());
    let token = copy(token);
    world.run_as(actor, RedeemHandover { token })
}

#[track_caller]
fn conflict<T>(result: Result<T, Refusal>) -> String {
    match result {
        Err(Refusal::Conflict(message)) => message,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("this should have been refused"),
    }
}

#[test]
fn the_first_secret_of_a_client_is_made_when_the_link_is_followed() {
    let mut world = World::new();
    let new = register("c", &[("urn:shop", "read")]);
    let client = world.run(RegisterWithoutSecret(new)).unwrap().id.clone();
    assert!(world.client(&client).secrets.is_empty());

    let offered = world.run(offer(&client)).unwrap();
    assert_eq!(world.audited(), ["handover.offer"]);
    assert!(world.client(&client).secrets.is_empty(), "none waits");
    let redeemed = redeem(&mut world, &offered.token).unwrap();

    assert_eq!(redeemed.client, client);
    assert!(redeemed.rotated.retiring.is_none());
    assert_eq!(world.audited(), ["handover.redeem", "secret.create"]);
    let secret = &world.client(&client).secrets[0];
    assert_eq!(&secret.id, redeemed.rotated.secret.id());
    assert_eq!(secret.expires, Some(world.now.plus(Span::days(90))));
    assert_eq!(secret.note.as_str(), "vault of the team");
    let handover = world.registry.find_handover(&offered.id).unwrap();
    let used = HandoverState::Used {
        at: world.now,
        address: Some([192, 0, 2, 7].into()),
    };
    assert_eq!(handover.state, used);
}

#[test]
fn a_link_begins_a_rotation_and_works_once() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    let offered = world.run(offer(&client)).unwrap();

    let redeemed = redeem(&mut world, &offered.token).unwrap();
    let again = conflict(redeem(&mut world, &offered.token));

    assert!(redeemed.rotated.retiring.is_some());
    assert_eq!(world.client(&client).live_secrets(world.now).count(), 2);
    assert!(again.contains("was used at"), "{again}");
    let told = format!("{:?} {:?}", world.registry, world.last);
    assert!(!told.contains(offered.token.reveal()));
    assert!(!told.contains(redeemed.rotated.secret.reveal()));
}

#[test]
fn a_link_is_void_when_its_time_is_over_or_it_was_withdrawn() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    let offered = world.run(offer(&client)).unwrap();
    world.now = offered.expires;
    let late = conflict(redeem(&mut world, &offered.token));
    let second = world.run(offer(&client)).unwrap();
    let withdraw = WithdrawHandover {
        handover: second.id.clone(),
    };

    world.run(withdraw.clone()).unwrap();

    assert!(late.contains("worked until"), "{late}");
    let withdrawn = conflict(redeem(&mut world, &second.token));
    assert!(withdrawn.contains("was withdrawn at"), "{withdrawn}");
    let again = conflict(world.run(withdraw));
    assert!(again.contains("withdrawn already"), "{again}");
    let made_up = LinkToken::generate(&crate::crypto::random::Entropy::seeded(9));
    let unknown = conflict(redeem(&mut world, &made_up));
    assert_eq!(unknown, "there is no such link");
}

#[test]
fn a_link_gives_nothing_while_its_client_cannot_take_it() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    let offered = world.run(offer(&client)).unwrap();
    let twice = conflict(world.run(offer(&client)));
    assert!(twice.contains("on its way already"), "{twice}");

    world.run(rotation(&client)).unwrap();
    let rotating = conflict(redeem(&mut world, &offered.token));
    let disable = DisableClient {
        client: client.clone(),
    };
    world.run(disable).unwrap();
    let disabled = conflict(redeem(&mut world, &offered.token));
    world.run(RemoveClient { client }).unwrap();
    let removed = conflict(redeem(&mut world, &offered.token));

    assert!(rotating.contains("a rotation is under way"), "{rotating}");
    assert!(disabled.contains("is disabled"), "{disabled}");
    assert!(removed.contains("was removed"), "{removed}");
    let handover = world.registry.find_handover(&offered.id).unwrap();
    assert!(handover.is_open(world.now), "and it was not used up");
}

#[test]
fn only_an_owner_hands_over_the_secret_of_a_client_that_manages_the_server() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    let operator = person(Role::Operator);
    let offered = world.run_as(operator.clone(), offer(&client)).unwrap();
    let grant = SetGrant {
        client: client.clone(),
        api: api("urn:jeton:admin"),
        scopes: scopes("clients:read"),
        details: None,
    };
    world.run(grant).unwrap();

    let by_operator = conflict(redeem(&mut world, &offered.token));
    let withdraw = WithdrawHandover {
        handover: offered.id,
    };
    world.run(withdraw).unwrap();
    let offered = world.run_as(operator, offer(&client));
    assert!(matches!(offered, Err(Refusal::Forbidden(Permission::Own))));
    let by_owner = world.run_as(person(Role::Owner), offer(&client)).unwrap();

    assert!(by_operator.contains("ask an owner"), "{by_operator}");
    let redeemed = redeem(&mut world, &by_owner.token).unwrap();
    let secret = world
        .client(&client)
        .find_secret(redeemed.rotated.secret.id());
    assert_eq!(secret.unwrap().life(world.now), Life::Active);
}

#[test]
fn a_hand_over_is_forgotten_a_month_after_it_ended() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    let offered = world.run(offer(&client)).unwrap();
    world.now = offered.expires.plus(Span(30 * 86_400 - 1));
    assert_eq!(world.run(ForgetHandovers).unwrap(), 0);

    world.advance(Span(1));
    assert!(has_forgettable(&world.registry, world.now));
    let forgotten = world.run(ForgetHandovers).unwrap();

    assert_eq!(forgotten, 1);
    assert_eq!(world.audited(), ["handover.forget"]);
    assert!(world.registry.find_handover(&offered.id).is_none());
}

#[test]
fn a_link_gives_a_secret_of_the_kind_that_it_replaces() {
    let mut world = World::new();
    let mut client = register("signer", &[]);
    client.secret.signs = Some(true);
    let client = world.run(client).unwrap().client.id.clone();
    let offered = world.run(offer(&client)).unwrap();

    redeem(&mut world, &offered.token).unwrap();

    let proofs = world
        .client(&client)
        .secrets
        .iter()
        .map(|it| it.proof.kind());
    assert_eq!(proofs.collect::<Vec<_>>(), ["shared", "shared"]);
}

#[test]
fn a_client_with_a_key_gets_a_secret_by_a_link_only_if_that_is_said() {
    let mut world = World::new();
    let client = with_key(&mut world, "signer");

    let refused = fields(world.run(offer(&client)));
    let offered = world.run(OfferHandover {
        signs: Some(false),
        ..offer(&client)
    });
    redeem(&mut world, &offered.unwrap().token).unwrap();

    assert_eq!(refused, ["signs"]);
    let proofs = world
        .client(&client)
        .secrets
        .iter()
        .map(|it| it.proof.kind());
    assert_eq!(proofs.collect::<Vec<_>>(), ["key", "generated"]);
}

#[test]
fn a_link_gives_nothing_to_a_client_that_has_a_key_by_now() {
    let mut world = World::new();
    let client = world.register("mover").client.id.clone();
    let offered = world.run(offer(&client)).unwrap();
    let moved = RotateToCredential {
        client: client.clone(),
        credential: key(1),
        overlap: Overlap::None,
        if_used: IfUsed::Hold,
    };
    world.run(moved).unwrap();

    let message = conflict(redeem(&mut world, &offered.token));

    assert!(message.contains("without a secret by now"), "{message}");
}
