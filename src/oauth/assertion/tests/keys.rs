//! Which of several keys an assertion is tried on: of those kept here, and of those published elsewhere.

use super::*;

/// CJ-14
#[test]
fn of_keys_that_are_called_alike_the_one_that_fits_is_found() {
    let keys: Vec<_> = [
        Algorithm::Ps256,
        Algorithm::Es256,
        Algorithm::EdDsa,
        Algorithm::Es256,
    ]
    .into_iter()
    .zip(1..)
    .map(|(algorithm, seed)| Signer::generate(algorithm, &Entropy::seeded(seed)).0)
    .collect();
    let published: Vec<_> = keys.iter().map(|key| called(key, Some("same"))).collect();
    for (key, meant) in keys.iter().zip(&published) {
        let text = sign(key, json!({ "kid": "same" }), &claims());
        let parsed = Parsed::of(&text).unwrap();
        assert_eq!(parsed.find_signer(published.iter()), Some(meant));
        let other = sign(key, json!({ "kid": "other" }), &claims());
        let parsed = Parsed::of(&other).unwrap();
        assert_eq!(parsed.find_signer(published.iter()), None);
    }
}

/// CJ-14
#[test]
fn no_more_than_ten_keys_are_tried() {
    let signer = |seed| Signer::generate(Algorithm::Es256, &Entropy::seeded(seed)).0;
    let ours = signer(1);
    let text = sign(&ours, json!({ "kid": null }), &claims());
    let parsed = Parsed::of(&text).unwrap();
    let others = |n: u64| (0..n).map(|seed| called(&signer(100 + seed), None));
    for (before, is_found) in [(0, true), (9, true), (10, false), (30, false)] {
        let mut keys: Vec<_> = others(before).collect();
        keys.push(called(&ours, None));
        assert_eq!(
            parsed.find_signer(keys.iter()).is_some(),
            is_found,
            "{before}"
        );
    }
    // Keys that cannot be meant do not count.
    let rsa = Signer::generate(Algorithm::Ps256, &Entropy::seeded(2)).0;
    let mut keys = vec![called(&rsa, None); 30];
    keys.push(called(&ours, None));
    assert!(parsed.find_signer(keys.iter()).is_some());
}

/// The public half under another name, or under none.
fn called(signer: &Signer, name: Option<&str>) -> PublicKey {
    let mut jwk = signer.public_jwk().unwrap().clone();
    jwk["kid"] = json!(name);
    jwk.as_object_mut().unwrap().retain(|_, it| !it.is_null());
    PublicKey::from_jwk(&jwk).unwrap()
}

/// CJ-14
#[test]
fn an_assertion_that_names_no_key_is_tried_on_those_that_could_be_meant() {
    let signed = Signed::with(Algorithm::Es256);
    let unnamed = sign(&signed.signer, json!({ "kid": null }), &claims());
    assert!(signed.present(&unnamed).is_ok());
    let by_thumbprint = signed.world.client("svc").secrets[0].clone();
    let Proof::Key(key) = &by_thumbprint.proof else {
        panic!()
    };
    let named = sign(
        &signed.signer,
        json!({ "kid": key.thumbprint() }),
        &claims(),
    );
    assert!(signed.present(&named).is_ok());
}

#[test]
fn a_retired_key_is_recognised_and_refused() {
    let mut signed = Signed::with(Algorithm::Es256);
    let mut client = signed.world.client("svc");
    client.secrets[0].state = SecretState::Retired { at: NOW };
    signed.world.replace_client(client);
    let refused = signed.claiming(|_| {}).unwrap_err();
    assert!(matches!(refused, Reason::DeadSecret(..)), "{refused}");
}

/// CJ-19
#[test]
fn a_secret_signs_only_where_it_is_kept_for_signing() {
    let mut world = World::new();
    let text = "a secret of at least thirty-two characters";
    let kept = SharedSecret::new(text.to_owned().into());
    let mut able = client("svc", &[]);
    able.secrets.push(world.credential(Proof::Shared(kept)));
    world.replace_client(able);
    let plain = world.put_client(client("other", &[]));
    let signed = Signed {
        world,
        signer: shared(text),
    };
    assert!(signed.claiming(|_| {}).is_ok());
    let guessed = shared("another secret of at least thirty-two characters");
    let guessed = sign(&guessed, json!({"typ": "JWT"}), &claims());
    assert_eq!(refusal(signed.present(&guessed)), AssertionError::Key);
    let other = Signed {
        signer: shared(&plain),
        ..signed
    };
    let refused = other.claiming(|it| {
        it["iss"] = "other".into();
        it["sub"] = "other".into();
    });
    assert_eq!(refusal(refused), AssertionError::Key);
}

/// CJ-15
#[test]
fn keys_elsewhere_are_asked_for_once_and_then_left_alone_for_a_while() {
    let mut world = World::new();
    let (key, _) = Signer::generate(Algorithm::Es256, &Entropy::seeded(9));
    let mut able = client("svc", &[]);
    able.secrets
        .push(world.credential(Proof::KeySet(PUBLISHED.to_owned())));
    world.replace_client(able);
    let signed = Signed { world, signer: key };
    let text = sign(&signed.signer, json!({}), &claims());
    let present = |keys| signed.present_where(&text, keys).map(drop);
    let key = PublicKey::from_jwk(signed.signer.public_jwk().unwrap()).unwrap();
    let wanted = Err(Reason::NeedsKeys(KeySource::Set(PUBLISHED.to_owned())));

    assert_eq!(present(None), wanted);
    assert_eq!(present(Some(set(vec![key], NOW.minus(Span(7200))))), Ok(()));
    assert_eq!(present(Some(set(Vec::new(), NOW.minus(COOL_DOWN)))), wanted);
    let lately = set(Vec::new(), NOW.minus(Span(59)));
    assert_eq!(present(Some(lately)), Err(AssertionError::Key.into()));
}

/// CJ-15
#[test]
fn a_key_that_is_dead_here_is_asked_for_where_keys_are_published() {
    let mut signed = Signed::with(Algorithm::Es256);
    let mut client = signed.world.client("svc");
    client.secrets[0].state = SecretState::Revoked { at: NOW };
    let published = signed.world.credential(Proof::KeySet(PUBLISHED.to_owned()));
    client.secrets.push(published);
    signed.world.replace_client(client);
    let text = sign(&signed.signer, json!({}), &claims());
    let key = PublicKey::from_jwk(signed.signer.public_jwk().unwrap()).unwrap();

    let unasked = signed.present(&text).unwrap_err();
    let wanted = Reason::NeedsKeys(KeySource::Set(PUBLISHED.to_owned()));
    assert_eq!(unasked, wanted);
    let found = signed.present_where(&text, Some(set(vec![key], NOW)));
    assert!(found.is_ok(), "{found:?}");
    let dead = signed.present_where(&text, Some(set(Vec::new(), NOW)));
    let dead = dead.unwrap_err();
    assert!(matches!(dead, Reason::DeadSecret(..)), "{dead}");
}

/// A key set of a dead credential is not fetched: whoever controls that address now is nobody's client any more.
#[test]
fn keys_elsewhere_are_not_asked_for_on_behalf_of_a_dead_credential() {
    let mut world = World::new();
    let (key, _) = Signer::generate(Algorithm::Es256, &Entropy::seeded(9));
    let mut dead = client("svc", &[]);
    let mut credential = world.credential(Proof::KeySet(PUBLISHED.to_owned()));
    credential.state = SecretState::Revoked { at: NOW };
    dead.secrets.push(credential);
    world.replace_client(dead);
    let signed = Signed { world, signer: key };

    assert_eq!(refusal(signed.claiming(|_| {})), AssertionError::Key);
}
