//! Which tokens are believed.

use std::sync::OnceLock;

use super::*;

fn check(world: &World, token: &str, now: i64) -> Result<VerifiedToken, TokenError> {
    let expected = Expected {
        issuer: &world.issuer,
        now: Timestamp(now),
        verified: &Anew,
    };
    let said = verify(&world.registry, (token, &SALES.parse().unwrap()), &expected);
    said.map(|said| VerifiedToken::clone(&said))
}

#[test]
fn our_own_token_says_again_what_was_granted() {
    let (world, secret) = World::with_report_service();
    let issued = issue(&world, "report-service", &secret).unwrap();

    let verified = check(&world, &issued.access_token, NOW.0).unwrap();

    assert_eq!(verified.client, issued.client);
    assert_eq!(verified.scopes, issued.scopes);
    assert_eq!(verified.id, issued.token_id);
    assert_eq!(verified.issued, NOW);
    assert_eq!(verified.expires, NOW.plus(Lifetime::DEFAULT.span()));
}

#[test]
fn a_token_is_believed_from_its_issue_to_its_expiry() {
    let (world, secret) = World::with_report_service();
    let token = issue(&world, "report-service", &secret)
        .unwrap()
        .access_token;

    assert_eq!(check(&world, &token, NOW.0 - 61), Err(TokenError::NotYet));
    assert!(check(&world, &token, NOW.0 - 60).is_ok());
    assert!(check(&world, &token, NOW.0 + 3599).is_ok());
    assert_eq!(
        check(&world, &token, NOW.0 + 3600),
        Err(TokenError::Expired)
    );
}

/// AT-10
#[test]
fn a_token_for_another_place_is_not_believed() {
    let (mut world, secret) = World::with_report_service();
    let token = issue(&world, "report-service", &secret)
        .unwrap()
        .access_token;
    let verified = |issuer: &str, audience: &str, token: &str| {
        let expected = Expected {
            issuer: &issuer.parse().unwrap(),
            now: NOW,
            verified: &Anew,
        };
        let audience = audience.parse().unwrap();
        verify(&world.registry, (token, &audience), &expected).map(|_| ())
    };

    assert_eq!(verified("https://as.test", SALES, &token), Ok(()));
    assert_eq!(
        verified("https://as.test/", SALES, &token),
        Err(TokenError::Issuer)
    );
    assert_eq!(
        verified("https://as.test", "https://sales.example", &token),
        Err(TokenError::Audience)
    );
    for garbage in ["", "a.b.c", "not a token", &token[1..]] {
        let refused = verified("https://as.test", SALES, garbage);
        assert_eq!(refused, Err(TokenError::Key), "{garbage}");
    }
    let mut forged = token.clone();
    forged.replace_range(token.len() - 4.., "AAAA");
    for forged in [forged, format!("{token}.")] {
        assert!(matches!(
            verified("https://as.test", SALES, &forged),
            Err(TokenError::Signature(_))
        ));
    }
    world.registry = World::new().registry;
    assert!(
        check(&world, &token, NOW.0).is_ok(),
        "the same seed makes the same key"
    );
}

/// The one token that was verified first, whatever is asked for.
#[derive(Default)]
struct First(OnceLock<Arc<VerifiedToken>>);

impl VerifiedTokens for First {
    fn get_or(&self, _: &str, verify: Verify<'_>) -> Result<Arc<VerifiedToken>, TokenError> {
        if let Some(first) = self.0.get() {
            return Ok(Arc::clone(first));
        }
        let said = verify().map(Arc::new)?;
        Ok(Arc::clone(self.0.get_or_init(|| said)))
    }
}

#[test]
fn a_token_that_was_found_signed_before_is_judged_anew() {
    let (mut world, secret) = World::with_report_service();
    let token = issue(&world, "report-service", &secret);
    let token = token.unwrap().access_token;
    let first = First::default();
    let ask = |world: &World, issuer: &str, now: i64| {
        let expected = Expected {
            issuer: &issuer.parse().unwrap(),
            now: Timestamp(now),
            verified: &first,
        };
        believe(&world.registry, &token, &expected).map(|said| said.client.to_string())
    };
    let ours = "https://as.test";
    let whose = Ok("report-service".to_owned());
    assert_eq!(ask(&world, ours, NOW.0), whose);

    for (issuer, now, error) in [
        ("https://other.test", NOW.0, TokenError::Issuer),
        (ours, NOW.0 + 3600, TokenError::Expired),
        (ours, NOW.0 - 61, TokenError::NotYet),
    ] {
        assert_eq!(ask(&world, issuer, now), Err(error));
    }
    let key = SigningKey::clone(world.registry.keys().next().unwrap());
    let gone = SigningKey {
        material: Material::Revoked { at: NOW },
        ..key.clone()
    };
    world.put_key(gone);
    assert_eq!(ask(&world, ours, NOW.0), Err(TokenError::Key));
    world.put_key(key);
    assert_eq!(ask(&world, ours, NOW.0), whose);
}

/// RS-08, RS-13
#[test]
#[expect(clippy::too_many_lines, reason = "a list is as long as it is")]
fn a_token_whose_claims_are_odd_is_not_believed() {
    let (world, _) = World::with_report_service();
    let key = world.registry.keys().next().unwrap();
    let sign = |claims: &Value| {
        let claims = claims.to_string();
        key.signer()
            .unwrap()
            .sign(Typ::AccessToken, claims.as_bytes())
            .unwrap()
    };
    let good = json!({
        "iss": "https://as.test", "sub": "c", "client_id": "c", "aud": SALES, "scope": "read",
        "iat": NOW.0, "exp": NOW.0 + 60, "jti": "x",
    });
    assert!(check(&world, &sign(&good), NOW.0).is_ok());
    for (member, value, error) in [
        ("sub", json!("d"), TokenError::Claims),
        ("aud", json!([SALES]), TokenError::Claims),
        ("aud", json!([SALES, "urn:other"]), TokenError::Claims),
        ("aud", json!([SALES, 7]), TokenError::Claims),
        ("aud", json!([]), TokenError::Claims),
        ("aud", json!(7), TokenError::Claims),
        ("aud", json!(true), TokenError::Claims),
        ("aud", json!({ "x": SALES }), TokenError::Claims),
        ("aud", Value::Null, TokenError::Claims),
        ("aud", json!(""), TokenError::Audience),
        ("aud", json!("urn:other"), TokenError::Audience),
        ("cnf", json!({ "jwk": {} }), TokenError::Claims),
        ("cnf", json!({ "kid": "x" }), TokenError::Claims),
        ("cnf", json!({ "x5t": "x" }), TokenError::Claims),
        (
            "cnf",
            json!({ "jkt": "x", "x5t#S256": "y" }),
            TokenError::Claims,
        ),
        (
            "cnf",
            json!({ "jkt": "x", "other": "y" }),
            TokenError::Claims,
        ),
        ("cnf", json!({ "jkt": 7 }), TokenError::Claims),
        ("cnf", json!({}), TokenError::Claims),
        ("cnf", json!("x"), TokenError::Claims),
        ("scope", json!(["read"]), TokenError::Claims),
        ("scope", json!("a  b"), TokenError::Claims),
        ("exp", json!("soon"), TokenError::Claims),
        ("exp", json!(1e300), TokenError::Claims),
        ("iat", json!(NOW.0 + 61), TokenError::NotYet),
        ("jti", Value::Null, TokenError::Claims),
    ] {
        let mut claims = good.clone();
        claims[member] = value;
        assert_eq!(check(&world, &sign(&claims), NOW.0), Err(error), "{claims}");
    }
    let mut silent = good.clone();
    silent.as_object_mut().unwrap().remove("aud");
    assert_eq!(
        check(&world, &sign(&silent), NOW.0),
        Err(TokenError::Claims)
    );
    let mut bound = good;
    bound["cnf"] = json!({ "jkt": "x" });
    let found = check(&world, &sign(&bound), NOW.0).unwrap().confirmation;
    assert_eq!(found, Some(Confirmation::Jkt("x".to_owned())));
}

/// RS-06: of the same key, with the same claims.
#[test]
fn a_jwt_that_is_made_for_something_else_is_no_access_token() {
    let (world, _) = World::with_report_service();
    let key = world.registry.keys().next().unwrap();
    let signer = key.signer().unwrap();
    let claims = json!({
        "iss": "https://as.test", "sub": "c", "client_id": "c", "aud": SALES, "scope": "read",
        "iat": NOW.0, "exp": NOW.0 + 60, "jti": "x",
    });
    let sign = |typ: Value| {
        let mut header = json!({ "alg": signer.algorithm().as_str(), "kid": signer.key_id() });
        if !typ.is_null() {
            header["typ"] = typ;
        }
        signer.sign_any(&header.to_string(), &claims.to_string())
    };
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        assert!(check(&world, &sign(json!(typ)), NOW.0).is_ok(), "{typ}");
    }
    for typ in [
        json!(null),
        json!(7),
        json!(""),
        json!("JWT"),
        json!("JOSE"),
        json!("token-introspection+jwt"),
        json!("client-authentication+jwt"),
        json!("dpop+jwt"),
        json!("oauth-client-attestation+jwt"),
        json!("at+jwt2"),
        json!("xat+jwt"),
    ] {
        let refused = check(&world, &sign(typ.clone()), NOW.0);
        assert!(
            matches!(refused, Err(TokenError::Signature(_))),
            "{typ}: {refused:?}"
        );
    }
}

#[test]
fn a_revoked_key_signs_for_nobody() {
    use crate::domain::{change::Effect, id::Revision, key::Material};
    let (mut world, secret) = World::with_report_service();
    let token = issue(&world, "report-service", &secret)
        .unwrap()
        .access_token;
    let key = SigningKey {
        material: Material::Revoked { at: NOW },
        ..SigningKey::clone(world.registry.keys().next().unwrap())
    };
    let pepper = world.registry.pepper().clone();
    let records = [Effect::Key(key.id.clone(), Some(Arc::new(key)))];
    world.registry = Registry::from_records(pepper, Revision(1), records, []);

    assert_eq!(check(&world, &token, NOW.0), Err(TokenError::Key));
}

/// AT-10, AT-11: who has the key that an API shares makes tokens for that one at most.
#[test]
fn a_shared_key_is_believed_for_its_own_api_alone() {
    let mut world = World::new();
    let mut keys = Vec::new();
    for (identifier, seed) in [(SALES, 21), ("urn:other", 22)] {
        let (signer, key) = Signer::generate(Algorithm::Hs256, &Entropy::seeded(seed));
        let (signer, key) = (Arc::new(signer), Arc::new(key));
        keys.push(Arc::clone(&signer));
        let mut api = api(identifier, "read");
        api.signing = Signing::Shared { signer, key };
        world.put_api(api);
    }
    let secret = world.put_client(client("svc", &[(SALES, "read")]));
    let issued = issue(&world, "svc", &secret).unwrap();
    let (_, claims) = header_and_claims(&issued);
    let signed_by = |signer: &Signer| {
        let token = signer.sign(Typ::AccessToken, claims.to_string().as_bytes());
        check(&world, &token.unwrap(), NOW.0).map(|said| said.audience.to_string())
    };

    assert_eq!(signed_by(&keys[0]).as_deref(), Ok(SALES));
    assert_eq!(signed_by(&keys[1]), Err(TokenError::Audience));
    let (stranger, _) = Signer::generate(Algorithm::Hs256, &Entropy::seeded(23));
    assert_eq!(signed_by(&stranger), Err(TokenError::Key));
}

/// A header of another form than ours, as another holder of the key might write it, changes nothing.
#[test]
fn a_key_that_is_no_longer_published_signs_for_nobody_whatever_header_it_writes() {
    let (mut world, secret) = World::with_report_service();
    let issued = issue(&world, "report-service", &secret).unwrap();
    let (mut header, mut claims) = header_and_claims(&issued);
    let later = NOW.0 + 30 * 86_400;
    claims["exp"] = json!(later + 60);
    let key = world.registry.keys().next().unwrap();
    let signer = Arc::clone(key.signer().unwrap());
    let ours = signer.sign(Typ::AccessToken, claims.to_string().as_bytes());
    header["more"] = json!("x");
    let tokens = [
        ours.unwrap(),
        signer.sign_any(&header.to_string(), &claims.to_string()),
    ];
    for token in &tokens {
        assert!(check(&world, token, later).is_ok());
    }

    let next = Signer::generate(Algorithm::Es256, &world.entropy);
    world.put_key(SigningKey::new(next, NOW, NOW.plus(Span(1))));

    for token in &tokens {
        assert!(check(&world, token, NOW.0 + 1).is_ok(), "it is retiring");
        assert_eq!(check(&world, token, later), Err(TokenError::Key));
    }
}
