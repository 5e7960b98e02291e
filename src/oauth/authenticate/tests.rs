use std::borrow::Cow;

use super::*;
use crate::{
    crypto::{mac::MacKey, random::Entropy},
    domain::{
        client::ClientStatus,
        hint::Hint,
        id::SecretId,
        secret::{PlainSecret, SecretState},
        usage::Outcome,
    },
    oauth::{
        credentials::Header,
        fixtures::{NOW, World, client, escaped, kept},
        params::{Params, Presented},
    },
};

fn present(world: &World, id: &str, secret: &str) -> Result<SecretId, Refused> {
    present_with(world, (id, secret), &world.context())
}

fn present_with(
    world: &World,
    (id, secret): (&str, &str),
    context: &Context<'_>,
) -> Result<SecretId, Refused> {
    let credentials = Credentials::Body(Claim {
        id: id.into(),
        secret: Presented::new(secret.into()),
    });
    authenticate(&world.registry, &credentials, context).map(|who| who.secret.id.clone())
}

/// What comes of `Authorization: Basic` with this text, not encoded any further.
fn present_basic(world: &World, text: &str, context: &Context<'_>) -> Result<SecretId, Refused> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let header = format!("Basic {}", STANDARD.encode(text));
    let header = Header::One(header.as_bytes());
    let credentials = Credentials::read(header, &mut Params::default()).unwrap();
    authenticate(&world.registry, &credentials, context).map(|who| who.secret.id.clone())
}

/// A client with one secret in each of these states; the secrets' texts come back.
fn world_of(states: &[SecretState]) -> (World, Vec<PlainSecret>) {
    let mut world = World::new();
    let mut client = client("rot1", &[]);
    let plain: Vec<_> = states
        .iter()
        .map(|_| PlainSecret::generate(&world.entropy))
        .collect();
    for (plain, state) in plain.iter().zip(states) {
        client.secrets.push(world.secret(plain, state.clone()));
    }
    world.replace_client(client);
    (world, plain)
}

/// CS-09
#[test]
fn each_live_secret_authenticates_and_says_which_it_was() {
    let (world, plain) = world_of(&[SecretState::Active, SecretState::Active]);

    for secret in &plain {
        assert_eq!(
            present(&world, "rot1", secret.reveal()).as_ref(),
            Ok(secret.id())
        );
    }
}

/// T-43, CS-09, CA-07
#[test]
fn a_dead_secret_is_recognised_and_refused_like_any_wrong_one() {
    let at = NOW;
    for (state, life, outcome) in [
        (
            SecretState::Retired { at },
            Life::Retired,
            Outcome::RetiredSecret,
        ),
        (
            SecretState::Revoked { at },
            Life::Revoked,
            Outcome::RevokedSecret,
        ),
        (
            SecretState::Cancelled { at },
            Life::Cancelled,
            Outcome::RevokedSecret,
        ),
    ] {
        let (world, plain) = world_of(&[state, SecretState::Active]);

        let refused = present(&world, "rot1", plain[0].reveal()).unwrap_err();

        let id = plain[0].id().clone();
        assert_eq!(refused.reason, Reason::DeadSecret(id.clone(), life));
        assert_eq!(refused.reason.outcome(), outcome);
        assert_eq!(refused.secret, Some(id));
        assert_eq!(refused.to_json(), wrong(&world).to_json());
        assert!(present(&world, "rot1", plain[1].reveal()).is_ok());
    }
}

fn wrong(world: &World) -> Refused {
    let refused = present(world, "rot1", "nope").unwrap_err();
    assert_eq!(refused.reason, Reason::WrongSecret);
    assert_eq!(refused.client, Some("rot1".parse().unwrap()));
    refused
}

/// CS-09, T-43
#[test]
fn a_secret_expires_at_its_moment_and_not_before() {
    let (mut world, plain) = world_of(&[SecretState::Active]);
    let mut client = world.client("rot1");
    client.secrets[0].expires = Some(Timestamp(NOW.0 + 60));
    world.replace_client(client);
    let at = |now: i64| {
        let mut context = world.context();
        context.now = Timestamp(now);
        present_with(&world, ("rot1", plain[0].reveal()), &context)
    };

    assert!(at(NOW.0 + 59).is_ok());
    let refused = at(NOW.0 + 60).unwrap_err();
    assert_eq!(
        refused.reason,
        Reason::DeadSecret(plain[0].id().clone(), Life::Expired)
    );
    assert_eq!(refused.reason.outcome(), Outcome::ExpiredSecret);
}

/// CA-07, T-43
#[test]
fn a_disabled_client_is_refused_with_its_right_secret() {
    let (mut world, plain) = world_of(&[SecretState::Active]);
    let mut client = world.client("rot1");
    client.status = ClientStatus::Disabled(NOW);
    world.replace_client(client);

    let refused = present(&world, "rot1", plain[0].reveal()).unwrap_err();

    assert_eq!(refused.reason, Reason::ClientDisabled);
    assert_eq!(refused.secret.as_ref(), Some(plain[0].id()));
    assert_eq!(refused.to_json(), wrong(&world).to_json());
}

/// T-43, CA-01
#[test]
fn an_unknown_client_is_named_if_it_is_fit_for_a_log() {
    let (world, plain) = world_of(&[SecretState::Active]);
    let unknown = |id: &str| {
        let refused = present(&world, id, plain[0].reveal()).unwrap_err();
        assert_eq!(refused.client, None);
        assert_eq!(refused.to_json(), wrong(&world).to_json());
        refused.reason
    };

    let ghost = unknown("ghost");
    assert_eq!(ghost, Reason::UnknownClient(Some("ghost".parse().unwrap())));
    assert_eq!(ghost.to_string(), "no client is called ghost");
    for unfit in ["é", " x", &"x".repeat(300), plain[0].reveal(), "Rot1\u{7f}"] {
        assert_eq!(unknown(unfit), Reason::UnknownClient(None), "{unfit}");
    }
    assert_eq!(unknown("ROT1").code(), unknown("rot").code());
}

/// CS-07, CS-12, CS-02
#[test]
fn what_no_secret_can_be_is_not_even_hashed() {
    let (mut world, _) = world_of(&[]);
    let mut client = world.client("rot1");
    let pepper: MacKey = world.registry.pepper().clone();
    let long = "x".repeat(LONGEST + 1);
    let odd = ["", long.as_str(), "é", "a\0b"];
    for text in odd {
        let plain = PlainSecret::generate(&world.entropy);
        let digest = SecretDigest::new(pepper.digest(text.as_bytes()));
        client
            .secrets
            .push(kept(&plain, Proof::Mac(digest), SecretState::Active));
    }
    world.replace_client(client);

    for text in odd {
        let refused = present(&world, "rot1", text).unwrap_err();
        assert_eq!(refused.reason, Reason::WrongSecret, "{text:?}");
    }
}

fn chosen(text: &str, entropy: &Entropy) -> PlainSecret {
    PlainSecret::chosen(Zeroizing::new(text.to_owned()), entropy).unwrap()
}

fn world_with_chosen(text: &str, state: SecretState) -> (World, PlainSecret) {
    let mut world = World::new();
    let plain = chosen(text, &world.entropy);
    let proof = Proof::of_chosen(&plain, &world.entropy);
    let mut client = client("imported", &[]);
    client.secrets.push(kept(&plain, proof, state));
    world.replace_client(client);
    (world, plain)
}

/// Does what the endpoint does: checks what is asked for, remembers what was right, asks again.
fn settle(world: &World, text: &str) -> Result<SecretId, Refused> {
    let refused = present_basic(world, text, &world.context()).unwrap_err();
    let Reason::NeedsSlowCheck(checks) = refused.reason else {
        return Err(refused);
    };
    let right = checks
        .into_iter()
        .find(|check| check.hash.verify(&check.presented));
    let remembers = |id: &SecretId, presented: &str| {
        right
            .as_ref()
            .is_some_and(|check| check.secret == *id && check.presented.as_str() == presented)
    };
    let mut context = world.context();
    context.remembers = &remembers;
    context.slow_hashes = SlowHashes::Checked;
    present_basic(world, text, &context)
}

#[test]
fn a_chosen_secret_asks_for_a_slow_check_and_then_is_remembered() {
    let (world, plain) = world_with_chosen("correct horse", SecretState::Active);

    assert_eq!(
        settle(&world, "imported:correct+horse").as_ref(),
        Ok(plain.id())
    );
    let wrong = settle(&world, "imported:wrong").unwrap_err();
    assert_eq!(wrong.reason, Reason::WrongSecret);
    assert_eq!(wrong.client, Some("imported".parse().unwrap()));
}

/// CS-03
#[test]
fn a_chosen_secret_with_percent_or_plus_works_encoded_and_plain() {
    for secret in ["a+b", "100%", "50%25", "x%41+", " %&+:=/?"] {
        let (world, plain) = world_with_chosen(secret, SecretState::Active);
        let encoded = escaped(secret);

        let spelled = settle(&world, &format!("imported:{encoded}"));
        assert_eq!(spelled.as_ref(), Ok(plain.id()), "{secret}");
        let plainly = settle(&world, &format!("imported:{secret}"));
        assert_eq!(plainly.as_ref(), Ok(plain.id()), "{secret}");
        let refused = settle(&world, &format!("imported:{}", encoded.repeat(2)));
        assert_eq!(refused.unwrap_err().reason, Reason::WrongSecret);
    }
}

#[test]
fn a_dead_chosen_secret_is_recognised_too() {
    let (world, plain) = world_with_chosen("old one", SecretState::Retired { at: NOW });

    let refused = settle(&world, "imported:old+one").unwrap_err();

    let id = plain.id().clone();
    assert_eq!(refused.reason, Reason::DeadSecret(id, Life::Retired));
}

#[test]
fn slow_checks_are_few_and_the_live_come_first() {
    let (mut world, live) = world_with_chosen("live", SecretState::Active);
    let mut client = world.client("imported");
    let proof = client.secrets[0].proof.clone();
    for n in 0..6 {
        let dead = chosen(&format!("dead {n}"), &world.entropy);
        let state = SecretState::Retired { at: NOW };
        client.secrets.push(kept(&dead, proof.clone(), state));
    }
    let youngest = client.secrets.last().unwrap().id.clone();
    world.replace_client(client);

    let refused = present(&world, "imported", "nope").unwrap_err();

    let Reason::NeedsSlowCheck(checks) = &refused.reason else {
        panic!("{refused:?}");
    };
    let ids: Vec<_> = checks.iter().map(|check| check.secret.clone()).collect();
    assert_eq!(ids.len(), MOST_SLOW_CHECKS);
    assert_eq!(ids[..2], [live.id().clone(), youngest]);
    assert_eq!(
        format!("{:?}", checks[0]),
        format!("SlowCheck({})", live.id())
    );
}

#[test]
fn of_two_readings_the_one_that_says_more_is_told() {
    let (mut world, plain) = world_of(&[SecretState::Retired { at: NOW }]);
    let mut weird = world.client("rot1");
    weird.id = "a+b".parse().unwrap();
    world.replace_client(weird);
    let context = world.context();

    let refused = present_basic(&world, &format!("a+b:{}", plain[0].reveal()), &context);
    assert_eq!(
        refused.unwrap_err().reason,
        Reason::DeadSecret(plain[0].id().clone(), Life::Retired)
    );
    let refused = present_basic(&world, "a+b:wrong", &context).unwrap_err();
    assert_eq!(refused.reason, Reason::WrongSecret);
    let refused = present_basic(&world, "a+c:wrong", &context).unwrap_err();
    let first: Cow<'_, str> = "a c".into();
    assert_eq!(refused.reason, Reason::UnknownClient(first.parse().ok()));
}

/// CS-08: what is presented is compared with every secret, whichever it is. That one comparison takes
/// the same time whatever it finds is the digest's own promise.
#[test]
fn no_comparison_is_skipped_once_one_has_matched() {
    use std::sync::Mutex;
    let (mut world, first) = world_with_chosen("first", SecretState::Active);
    let mut client = world.client("imported");
    let proof = client.secrets[0].proof.clone();
    for text in ["second", "third"] {
        let other = chosen(text, &world.entropy);
        client
            .secrets
            .push(kept(&other, proof.clone(), SecretState::Active));
    }
    world.replace_client(client.clone());
    let compared = Mutex::new(Vec::new());
    let remembers = |id: &SecretId, _: &str| {
        compared.lock().unwrap().push(id.clone());
        id == first.id()
    };
    let mut context = world.context();
    context.remembers = &remembers;

    let found = present_with(&world, ("imported", "first"), &context);

    assert_eq!(found.as_ref(), Ok(first.id()));
    let all: Vec<_> = client
        .secrets
        .iter()
        .map(|secret| secret.id.clone())
        .collect();
    assert_eq!(*compared.lock().unwrap(), all);
}

/// Who chose a secret may have chosen any text: that it is not of this server's making is no hint.
#[test]
fn what_may_be_wrong_is_said_of_what_is_known_of_the_client() {
    let (mut world, secrets) = world_of(&[SecretState::Active]);
    let id = world.registry.clients().next().unwrap().id.clone();
    let stranger = PlainSecret::generate(&Entropy::seeded(77));
    let other = world.put_client(client("another", &[]));
    let hint = |world: &World, secret: &str| present(world, id.as_str(), secret).unwrap_err().hint;

    assert_eq!(hint(&world, "hunter2"), Some(Hint::Foreign));
    assert_eq!(hint(&world, stranger.reveal()), Some(Hint::Forgotten));
    assert_eq!(hint(&world, &other), Some(Hint::AnotherClients));
    let unknown = present(&world, "nobody", "hunter2").unwrap_err();
    assert_eq!(unknown.hint, Some(Hint::Foreign));

    let mut chosen = world.client(id.as_str());
    chosen.secrets[0].proof = Proof::of_generated(&stranger, world.registry.pepper());
    world.replace_client(chosen.clone());
    let own = secrets[0].reveal();
    assert_eq!(hint(&world, own), None, "it has the client's own public id");
    let hash = crate::crypto::password::PasswordHash::of("a chosen one", &world.entropy);
    let plain = PlainSecret::generate(&world.entropy);
    chosen
        .secrets
        .push(kept(&plain, Proof::Password(hash), SecretState::Active));
    world.replace_client(chosen);
    assert_eq!(hint(&world, "hunter2"), None);
}
