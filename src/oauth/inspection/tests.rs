use serde_json::json;
use zeroize::Zeroizing;

use super::*;
use crate::{
    crypto::{random::Entropy, signer::Algorithm},
    domain::{
        key::SigningKey,
        secret::{PlainSecret, SharedSecret},
        time::Span,
    },
    oauth::{
        fixtures::{NOW, SALES, World, api, body, client},
        token,
    },
};

fn issued(world: &World, secret: &str) -> String {
    let form = format!(
        "grant_type=client_credentials&client_id=report-service&client_secret={secret}&scope=read:analytics"
    );
    let issued = token(&world.registry, &body(&form), &world.context());
    issued.unwrap().access_token
}

#[test]
fn a_token_that_an_api_takes_has_nothing_against_it() {
    let (world, secret) = World::with_report_service();
    let token = issued(&world, &secret);
    let inspection = Inspection::of(&world.registry, &token, NOW).unwrap();
    let api = world.registry.find_api(&SALES.parse().unwrap()).unwrap();
    let wanted = |scope| Wanted {
        issuer: &world.issuer,
        api,
        scope: Some(scope),
        now: NOW,
    };

    assert!(inspection.signature.is_good());
    assert_eq!(inspection.objections(&wanted("read:analytics")), [""; 0]);
    assert_eq!(
        inspection.objections(&wanted("write:analytics")),
        ["It lacks the scope write:analytics."]
    );
    let late = NOW.plus(Span::hours(2));
    let expired = Inspection::of(&world.registry, &token, late).unwrap();
    assert_eq!(expired.validity.word(), "expired");
}

#[test]
fn what_was_taken_away_since_is_told() {
    let (mut world, secret) = World::with_report_service();
    let token = issued(&world, &secret);
    let inspection = Inspection::of(&world.registry, &token, NOW).unwrap();
    assert_eq!(inspection.changes_since(&world.registry), [""; 0]);

    let mut client = world.client("report-service");
    client.grants.clear();
    world.replace_client(client);

    assert_eq!(
        inspection.changes_since(&world.registry),
        ["Its client no longer has: read:analytics."]
    );
}

#[test]
fn a_secret_is_looked_up_only_if_its_checksum_fits() {
    let (world, secret) = World::with_report_service();
    let found = |text: &str| FoundSecret::of(&world.registry, text);

    assert!(
        matches!(found(&secret), Some(FoundSecret::Known(client, _)) if client.id.as_str() == "report-service")
    );
    assert!(matches!(
        found(&secret[..secret.len() - 1]),
        Some(FoundSecret::Mistyped)
    ));
    assert!(found("eyJ.e.y").is_none());
    // The public id of one and the rest of another.
    let mut other = World::new();
    other.entropy = Entropy::seeded(9);
    let stranger = other.put_client(client("stranger", &[]));
    assert!(matches!(found(&stranger), Some(FoundSecret::Unknown)));
}

/// Whoever has a secret's public id, which logs show, has not the secret.
#[test]
fn a_text_with_the_id_of_a_secret_is_not_that_secret() {
    let (mut world, secret) = World::with_report_service();
    let mut client = world.client("report-service");
    let other = PlainSecret::generate(&Entropy::seeded(9));
    client.secrets[0].proof = Proof::of_generated(&other, world.registry.pepper());
    world.replace_client(client.clone());
    let found = |world: &World| FoundSecret::of(&world.registry, &secret);
    assert!(matches!(found(&world), Some(FoundSecret::Unknown)));

    for (kept, is_known) in [(secret.as_str(), true), (other.reveal(), false)] {
        let kept = Zeroizing::new(kept.to_owned());
        client.secrets[0].proof = Proof::Shared(SharedSecret::new(kept));
        world.replace_client(client.clone());
        let found = found(&world);
        let known = matches!(found, Some(FoundSecret::Known(..)));
        assert_eq!(known, is_known, "{found:?}");
    }
}

#[test]
fn a_token_names_one_audience_or_several() {
    let of = |aud: Value| Inspection {
        header: json!({}),
        claims: json!({ "aud": aud }),
        signature: Signature::Unsigned,
        validity: Validity::Endless,
    };
    assert!(of(json!(SALES)).is_for(SALES));
    assert!(of(json!(["urn:a", SALES])).is_for(SALES));
    for other in [json!("urn:a"), json!(["urn:a", "urn:b"]), json!(null)] {
        assert!(!of(other.clone()).is_for(SALES), "{other}");
    }
}

#[test]
fn the_clock_decides_from_the_very_second_on() {
    let of = |claims: Value| Validity::of(&claims, NOW).word();
    assert_eq!(of(json!({ "exp": NOW.0 })), "expired");
    assert_ne!(of(json!({ "exp": NOW.0 + 1 })), "expired");
    let from_now_on = of(json!({ "nbf": NOW.0, "exp": NOW.0 + 1 }));
    assert_eq!(from_now_on, of(json!({ "exp": NOW.0 + 1 })));
    assert_ne!(
        of(json!({ "nbf": NOW.0 + 1, "exp": NOW.0 + 9 })),
        from_now_on
    );
}

/// Only the API's own key is known to be good; that another's does not fit is no alteration.
#[test]
fn a_token_of_a_shared_key_is_told_by_whose_key_it_names() {
    let mut world = World::new();
    let (signer, key) = Signer::generate(Algorithm::Hs256, &Entropy::seeded(21));
    let (signer, key) = (Arc::new(signer), Arc::new(key));
    let mut api = api(SALES, "read");
    api.signing = Signing::Shared {
        signer: Arc::clone(&signer),
        key,
    };
    world.put_api(api);
    let claims = json!({ "aud": SALES }).to_string();
    let own = signer.sign(Typ::AccessToken, claims.as_bytes()).unwrap();
    let (stranger, _) = Signer::generate(Algorithm::Hs256, &Entropy::seeded(22));
    let others = stranger.sign(Typ::AccessToken, claims.as_bytes()).unwrap();
    let (input, _) = own.rsplit_once('.').unwrap();
    let (_, signature) = others.rsplit_once('.').unwrap();
    let altered = format!("{input}.{signature}");
    let signature = |token: &str| {
        let inspection = Inspection::of(&world.registry, token, NOW).unwrap();
        inspection.signature
    };

    assert!(matches!(signature(&own), Signature::Shared(_)));
    assert!(matches!(signature(&others), Signature::UnknownKey(_)));
    assert!(matches!(signature(&altered), Signature::Altered(_)));
    assert!(!signature(&altered).is_good());
}

#[test]
fn what_is_pasted_along_is_left_out() {
    for pasted in [
        "a.b.c",
        " 'a.b.c' ",
        "Bearer a.b.c",
        "-H \"Authorization: bearer a.\n  b.c\"",
    ] {
        assert_eq!(trimmed(pasted).as_str(), "a.b.c", "{pasted}");
    }
}

#[test]
fn all_that_speaks_against_a_token_is_said() {
    let (world, _) = World::with_report_service();
    let api = world.registry.find_api(&SALES.parse().unwrap()).unwrap();
    let wanted = Wanted {
        issuer: &world.issuer,
        api,
        scope: None,
        now: NOW,
    };
    let (stranger, _) = Signer::generate(Algorithm::EdDsa, &Entropy::seeded(9));
    let claims = json!({ "iss": "https://other.test", "aud": "urn:a", "exp": NOW.0 - 60 });
    let token = stranger.sign_any(
        &json!({ "alg": "EdDSA", "typ": "JWT", "kid": "k" }).to_string(),
        &claims.to_string(),
    );

    let inspection = Inspection::of(&world.registry, &token, NOW).unwrap();

    assert!(!inspection.signature.is_good());
    assert_eq!(
        inspection.objections(&wanted),
        [
            "The key that it names, k, is not known here.",
            "It is signed with EdDSA; tokens for this API are signed with ES256.",
            "Its type (typ) is not at+jwt, so it is no access token.",
            "It was issued by https://other.test; the API trusts https://as.test.",
            "It is for another API: its audience (aud) is not https://sales.example/.",
            "It expired 60 seconds ago.",
        ]
    );
}

#[test]
fn a_key_that_left_the_key_set_is_named() {
    let (mut world, secret) = World::with_report_service();
    let token = issued(&world, &secret);
    let next = Signer::generate(Algorithm::Es256, &world.entropy);
    world.put_key(SigningKey::new(next, NOW, NOW.plus(Span(1))));
    let later = NOW.plus(Span::days(30));
    let api = world.registry.find_api(&SALES.parse().unwrap()).unwrap();
    let wanted = Wanted {
        issuer: &world.issuer,
        api,
        scope: None,
        now: later,
    };

    let inspection = Inspection::of(&world.registry, &token, later).unwrap();

    let first = &inspection.objections(&wanted)[0];
    assert!(first.ends_with("is retired and not published."), "{first}");
}
