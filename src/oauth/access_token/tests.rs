mod verified;

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::{
    crypto::{
        jws::decode_unverified,
        random::Entropy,
        signer::{Algorithm, Signer},
    },
    domain::{
        api::Signing,
        key::{Material, SigningKey},
        time::{Lifetime, Span, Timestamp},
    },
    oauth::{
        Issued,
        confirmation::Confirmation,
        fixtures::{NOW, SALES, World, api, body, client, escaped},
        token,
    },
};

fn issue(world: &World, id: &str, secret: &str) -> Result<Issued, Reason> {
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={secret}",
        escaped(id)
    );
    token(&world.registry, &body(&form), &world.context()).map_err(|refused| refused.reason)
}

fn header_and_claims(issued: &Issued) -> (Value, Value) {
    decode_unverified(&issued.access_token).unwrap()
}

/// AT-09
#[test]
fn how_large_a_token_will_be_is_told_before_it_is_made() {
    let (world, secret) = World::with_report_service();
    let issued = issue(&world, "report-service", &secret).unwrap();
    let (header, claims) = header_and_claims(&issued);

    let told = size_of(&header, &claims);

    assert_eq!(told, issued.access_token.len());
}

/// AT-01, AT-02, AT-03, AT-04, AT-06, AT-07, T-28
#[test]
fn a_token_is_what_rfc_9068_asks_for() {
    let (world, secret) = World::with_report_service();
    let issued = issue(&world, "report-service", &secret).unwrap();

    let (header, claims) = header_and_claims(&issued);

    let kid = world.registry.keys().next().unwrap().id.as_str();
    assert_eq!(
        header,
        json!({ "typ": "at+jwt", "alg": "ES256", "kid": kid })
    );
    assert_eq!(
        claims,
        json!({
            "iss": "https://as.test",
            "sub": "report-service",
            "client_id": "report-service",
            "aud": SALES,
            "scope": "read:analytics write:analytics",
            "iat": NOW.0,
            "exp": NOW.0 + 3600,
            "jti": issued.token_id,
        })
    );
    assert_eq!(issued.token_id.len(), 22, "128 bits in base64url");
}

/// AT-01, AT-11
#[test]
fn each_algorithm_signs_and_its_key_verifies() {
    let mut world = World::new();
    for (n, algorithm) in Algorithm::ALL.into_iter().enumerate() {
        let mut api = api(&format!("urn:api:{n}"), "read");
        if algorithm == Algorithm::Hs256 {
            let (signer, key) = Signer::generate(algorithm, &world.entropy);
            let (signer, key) = (Arc::new(signer), Arc::new(key));
            api.signing = Signing::Shared { signer, key };
        } else {
            if algorithm != Algorithm::Es256 {
                world.add_key(algorithm);
            }
            api.signing = Signing::Published(algorithm);
        }
        world.put_api(api.clone());
        let id = format!("c{n}");
        let secret = world.put_client(client(&id, &[(api.identifier.as_str(), "read")]));

        let issued = issue(&world, &id, &secret).unwrap();

        let (header, _) = header_and_claims(&issued);
        assert_eq!(header["alg"], algorithm.as_str());
        let signer = world.registry.signer_for(&api, NOW).unwrap();
        assert_eq!(header["kid"], signer.key_id());
        assert!(
            signer
                .verify(Typ::AccessToken, &issued.access_token)
                .is_ok()
        );
    }
}

/// AT-02: an id with everything that RFC 6749 Appendix A.1 allows stays what it is.
#[test]
fn odd_client_ids_are_escaped() {
    let mut world = World::new();
    world.put_api(api(SALES, "read"));
    for odd in [
        "a\"b\\c",
        "\\",
        "\"",
        "https://c.example/a b?x=1&y=%2B:z",
        "{\"sub\":1}",
    ] {
        let secret = world.put_client(client(odd, &[(SALES, "read")]));
        let (_, claims) = header_and_claims(&issue(&world, odd, &secret).unwrap());
        assert_eq!(claims["sub"], odd);
        assert_eq!(claims["client_id"], odd);
    }
}

/// AT-09
#[test]
fn a_token_that_no_proxy_lets_pass_is_not_issued() {
    let mut world = World::new();
    let scopes: Vec<_> = (0..100).map(|n| format!("{n:0>100}")).collect();
    let scopes = scopes.join(" ");
    world.put_api(api(SALES, &scopes));
    let secret = world.put_client(client("c", &[(SALES, &scopes)]));

    assert_eq!(issue(&world, "c", &secret), Err(Reason::TooManyScopes));
}

#[test]
fn without_a_key_nothing_is_signed() {
    let (mut world, secret) = World::with_report_service();
    let mut rs256 = api(SALES, "read:analytics write:analytics");
    rs256.signing = Signing::Published(Algorithm::Rs256);
    world.put_api(rs256);

    let refused = issue(&world, "report-service", &secret).unwrap_err();

    assert_eq!(refused, Reason::NoSigningKey(Algorithm::Rs256));
    assert_eq!(refused.code().status(), 503);
}

/// T-27
#[test]
fn no_two_tokens_are_the_same() {
    let (world, secret) = World::with_report_service();
    let one = issue(&world, "report-service", &secret).unwrap();
    let two = issue(&world, "report-service", &secret).unwrap();
    assert_ne!(one.token_id, two.token_id);
    assert_ne!(one.access_token, two.access_token);
}
