//! What is shown, and what never is.

use std::net::IpAddr;

use super::*;
use crate::{
    admin::{
        apis::DefineApi,
        keys::{GenerateKey, When},
        secrets::{NewSecret, RetireSecret, RotateSecret},
        tests::{World, api, define, register, rotate, scopes},
    },
    crypto::signer::Algorithm,
    domain::{
        client::Client,
        id::{ClientId, SecretId},
        time::Span,
        usage::{Asked, Observation, Outcome, Seen},
    },
};

fn seen(world: &World, host: u8) -> Seen {
    Seen {
        at: world.now,
        address: IpAddr::from([10, 0, 0, host]),
        agent: Some("curl/8".into()),
        request: None,
    }
}

fn issue(tally: &mut Tally, world: &World, client: &ClientId, secret: &SecretId) {
    tally.add(Observation::Issued {
        client: client.clone(),
        secret: secret.clone(),
        api: api("urn:shop"),
        scopes: scopes("read"),
        asked: Asked::ByName,
        seen: seen(world, 1),
    });
}

fn look<T>(world: &World, tally: &Tally, show: impl Fn(&Sight<'_>) -> T) -> T {
    let latest = |id: &SecretId| tally.last.get(id).map(|last| (last.at, last.count));
    show(&Sight {
        now: world.now,
        watching_since: world.now.minus(Span::days(80)),
        latest: &latest,
        usage: Some(tally),
    })
}

fn advice(world: &World, tally: &Tally, client: &ClientId) -> Vec<String> {
    let client = world.client(client);
    let view = look(world, tally, |sight| SecretsView::of(client, sight));
    view.data.into_iter().map(|secret| secret.advice).collect()
}

#[test]
fn a_secret_is_shown_with_its_latest_use_and_a_sentence() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    let secret = world.client(&client).secrets[0].id.clone();
    let mut tally = Tally::default();
    assert_eq!(advice(&world, &tally, &client), ["Never used."]);

    issue(&mut tally, &world, &client, &secret);
    world.advance(Span::minutes(4));

    let view = look(&world, &tally, |sight| {
        ClientView::of(world.client(&client), sight)
    });
    let used = view.secrets[0].last_used.as_ref().unwrap();
    assert_eq!(used.address.as_deref(), Some("10.0.0.1"));
    assert_eq!(
        (used.user_agent.as_deref(), used.count),
        (Some("curl/8"), 1)
    );
    assert_eq!(view.last_used_at, Some(used.at.clone()));
    assert_eq!(
        view.secrets[0].advice,
        "Last used 4 minutes ago from 10.0.0.1."
    );
}

#[test]
fn a_rotation_is_shown_with_its_verdict() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    let old = world.client(&client).secrets[0].id.clone();
    let mut tally = Tally::default();
    issue(&mut tally, &world, &client, &old);
    let new = world.run(rotate(&client)).unwrap().secret.id().clone();
    let rotation = |world: &World, tally: &Tally| {
        let client: &Client = world.client(&client);
        look(world, tally, |sight| RotationView::of(client, sight)).unwrap()
    };

    let first = rotation(&world, &tally);
    assert_eq!(
        (first.old, first.new),
        (old.to_string(), Some(new.to_string()))
    );
    assert_eq!(
        (first.verdict.word.as_str(), first.verdict.safe),
        ("new_unused", false)
    );

    issue(&mut tally, &world, &client, &new);
    let both = rotation(&world, &tally);
    assert_eq!(both.verdict.word, "in_use");
    assert_eq!(both.verdict.addresses, ["10.0.0.1"]);

    world.advance(Span::minutes(1));
    issue(&mut tally, &world, &client, &new);
    let moved = rotation(&world, &tally);
    assert_eq!(
        (moved.verdict.word.as_str(), moved.verdict.safe),
        ("safe", true)
    );
    assert_eq!(advice(&world, &tally, &client)[0], moved.verdict.sentence);
}

#[test]
fn without_detail_no_verdict_is_given() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    world.run(rotate(&client)).unwrap();
    let sight = Sight {
        now: world.now,
        watching_since: world.now,
        latest: &|_| None,
        usage: None,
    };

    let view = SecretsView::of(world.client(&client), &sight);

    assert!(view.rotation.is_none());
    assert!(
        view.data[0].advice.contains("its own page"),
        "{}",
        view.data[0].advice
    );
}

#[test]
fn a_dead_secret_says_who_still_sends_it() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    let old = world.client(&client).secrets[0].id.clone();
    world.run(rotate(&client)).unwrap();
    world
        .run(RetireSecret {
            client: client.clone(),
            secret: None,
        })
        .unwrap();
    world.advance(Span::hours(2));
    let mut tally = Tally::default();
    tally.add(Observation::Refused {
        client: Some(client.clone()),
        secret: Some(old.clone()),
        outcome: Outcome::RetiredSecret,
        hint: None,
        seen: seen(&world, 7),
    });
    world.advance(Span::minutes(3));

    let view = look(&world, &tally, |sight| {
        let client = world.client(&client);
        SecretDetailView::of(client, client.find_secret(&old).unwrap(), sight)
    });

    assert_eq!(view.secret.status, "retired");
    assert!(view.secret.undo_until.is_some());
    assert!(
        view.secret
            .advice
            .ends_with("Still sent by 1 address, last 3 minutes ago by 10.0.0.7.")
    );
    assert_eq!((view.addresses[0].refused, view.addresses[0].count), (1, 0));
    assert_eq!(view.addresses[0].first_at, None);
    world.advance(Span::days(2));
    assert!(advice(&world, &tally, &client)[0].starts_with("Retired for good."));
}

#[test]
fn a_secret_that_expires_soon_says_so() {
    let mut world = World::new();
    let client = world.run(register("c", &[])).unwrap().client.id.clone();
    let new = NewSecret {
        expires_in: Some(Span::days(9)),
        ..NewSecret::default()
    };
    world
        .run(RotateSecret {
            new,
            ..rotate(&client)
        })
        .unwrap();

    let advice = advice(&world, &Tally::default(), &client);

    assert_eq!(
        advice[1],
        "Never used. It expires in 9 days; rotate it before."
    );
}

#[test]
fn usage_tells_what_was_asked_for_and_what_was_not() {
    let mut world = World::new();
    let client = world.register("c").client.id.clone();
    let secret = world.client(&client).secrets[0].id.clone();
    let mut tally = Tally::default();
    issue(&mut tally, &world, &client, &secret);
    world.advance(Span::days(40));
    tally.add(Observation::Refused {
        client: Some(client.clone()),
        secret: None,
        outcome: Outcome::WrongSecret,
        hint: None,
        seen: seen(&world, 9),
    });
    tally.add(Observation::Refused {
        client: None,
        secret: None,
        outcome: Outcome::UnknownClient,
        hint: None,
        seen: seen(&world, 8),
    });

    let view = ClientUsageView::of(world.client(&client), &tally, world.now);

    assert_eq!(view.days.len(), 2);
    assert!(view.days[0].date > view.days[1].date, "latest first");
    assert_eq!(view.days[0].hours[0].refused["wrong_secret"], 1);
    assert_eq!(view.days[1].secret_id, Some(secret.to_string()));
    assert_eq!(view.days[1].hours[0].issued, 1);
    let read = &view.scopes[0];
    assert_eq!(
        (read.scope.as_str(), read.named_30d),
        ("read", 0),
        "more than 30 days ago"
    );
    assert_eq!(read.last_asked_on.as_ref(), Some(&view.days[1].date));
    assert_eq!(view.unused.len(), 1);
    assert_eq!(view.unused[0].scope, "write");
    assert_eq!(view.refused[0].address, "10.0.0.9");
    let all = UsageView::of(&tally);
    assert_eq!(all.days[0].hours[0].refused.len(), 2);
    assert_eq!(all.unknown.len(), 1);
    assert_eq!(all.unknown[0].address, "10.0.0.8");
}

#[test]
fn keys_are_shown_with_their_schedule_and_their_public_half_only() {
    let mut world = World::new();
    let next = GenerateKey {
        algorithm: Algorithm::Es256,
        when: When::Soon,
    };
    let next = world.run(next).unwrap();
    let view = |id| {
        KeyView::of(
            world.registry.find_key(id).unwrap(),
            &world.registry,
            world.now,
        )
    };
    let active = world
        .registry
        .active_key(Algorithm::Es256, world.now)
        .unwrap();

    let (now, then) = (view(&active.id), view(&next));

    assert_eq!((now.age.as_str(), then.age.as_str()), ("active", "pending"));
    assert_eq!(now.stops_signing_at.as_ref(), Some(&then.active_from));
    assert!(now.leaves_jwks_at > now.stops_signing_at);
    assert!(then.public_jwk.unwrap().get("d").is_none());
}

#[test]
fn apis_count_their_clients_and_hide_their_key() {
    let mut world = World::new();
    let hs256 = DefineApi {
        algorithm: Algorithm::Hs256,
        ..define("urn:hs", "a")
    };
    let Ok(made) = world.run(hs256) else { panic!() };
    world.run(register("c", &[("urn:hs", "a")])).unwrap();

    let view = ApiView::of(&made.api, &world.registry);

    assert_eq!((view.clients, view.built_in), (1, false));
    assert!(view.shared_key_id.is_some());
    let text = serde_json::to_string(&view).unwrap();
    assert!(!text.contains(made.shared_key.unwrap().reveal()));
}

#[test]
fn no_view_of_a_client_holds_a_secret() {
    let mut world = World::new();
    let made = world.register("c");
    let value = "canary in a coal mine";
    let new = NewSecret {
        value: Some(value.to_owned().into()),
        ..NewSecret::default()
    };
    world
        .run(RotateSecret {
            new,
            ..rotate(&made.client.id)
        })
        .unwrap();

    let client = world.client(&made.client.id);
    let text = look(&world, &Tally::default(), |sight| {
        let view = ClientView::of(client, sight);
        let secrets = SecretsView::of(client, sight);
        serde_json::to_string(&(view, secrets)).unwrap()
    });

    assert!(!text.contains("canary"));
    assert!(!text.contains(made.secret.reveal()));
    assert!(!text.contains("argon2"));
}
