use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::{
    crypto::{
        random::Entropy,
        signer::{Algorithm, Signer},
    },
    domain::{
        credential::PublicKey,
        secret::{PlainSecret, Proof, SecretState},
        time::Span,
    },
    oauth::{
        assertion::{Assertion, Kind},
        authenticate::authenticate,
        credentials::Credentials,
        fixtures::{NOW, World, client, kept},
        params::Presented,
    },
};

const GITHUB: &str = "https://token.actions.githubusercontent.com";

fn platform() -> Signer {
    Signer::generate(Algorithm::Es256, &Entropy::seeded(3)).0
}

fn trust(subject: &str, claims: &[(&str, &str)]) -> Federation {
    let key = PublicKey::from_jwk(platform().public_jwk().unwrap()).unwrap();
    let claims = claims
        .iter()
        .map(|(path, value)| ((*path).to_owned(), (*value).to_owned()));
    Federation {
        issuer: GITHUB.to_owned(),
        subject: subject.to_owned(),
        audience: "https://as.test".to_owned(),
        claims: claims.collect::<BTreeMap<_, _>>(),
        max_age: Span::minutes(10),
        algorithms: BTreeSet::new(),
        keys: FederationKeys::Given(vec![key]),
    }
}

fn world(trusts: &[(&str, Federation)]) -> World {
    let mut world = World::new();
    for (id, trust) in trusts {
        let mut client = client(id, &[]);
        let plain = PlainSecret::generate(&world.entropy);
        let proof = Proof::Federated(Arc::new(trust.clone()));
        client
            .secrets
            .push(kept(&plain, proof, SecretState::Active));
        world.replace_client(client);
    }
    world
}

fn claims(subject: &str) -> Value {
    json!({
        "iss": GITHUB, "sub": subject, "aud": "https://as.test", "iat": NOW.0 - 5, "exp": NOW.0 + 300,
        "repository_id": "74", "ref": "refs/heads/main", "fork": false,
    })
}

fn token(claims: &Value) -> String {
    let signer = platform();
    let header = json!({"alg": "ES256", "typ": "JWT", "kid": signer.key_id()});
    signer.sign_any(&header.to_string(), &claims.to_string())
}

fn present(world: &World, claims: &Value, client_id: Option<&str>) -> Result<String, Reason> {
    let text = token(claims);
    let credentials = Credentials::Assertion(Assertion {
        kind: Kind::Jwt,
        text: Presented::new(text.as_str().into()),
        client_id: client_id.map(Into::into),
    });
    let proven = authenticate(&world.registry, &credentials, &world.context());
    proven
        .map(|who| {
            assert_eq!(
                who.used, None,
                "platforms hand the same token out more than once"
            );
            who.client.id.to_string()
        })
        .map_err(|refused| refused.reason)
}

fn error(result: Result<String, Reason>) -> AssertionError {
    let reason = result.unwrap_err();
    let Reason::Assertion(error) = reason else {
        panic!("{reason}")
    };
    error
}

/// CF-01, CF-02, CF-03
#[test]
fn a_workload_proves_itself_with_its_platforms_token() {
    let world = world(&[("deploy", trust("repo:acme/shop:ref:refs/heads/main", &[]))]);
    let claims = claims("repo:acme/shop:ref:refs/heads/main");
    for named in [None, Some("deploy")] {
        assert_eq!(present(&world, &claims, named).unwrap(), "deploy");
    }
    assert!(matches!(
        error(present(&world, &claims, Some("nobody"))),
        AssertionError::Untrusted { .. }
    ));
    let mut foreign = claims.clone();
    foreign["iss"] = "https://issuer.test".into();
    assert_eq!(
        error(present(&world, &foreign, None)),
        AssertionError::Subject
    );
}

/// CF-06, CF-07
#[test]
fn nobody_elses_workload_is_taken_for_it() {
    let world = world(&[(
        "deploy",
        trust(
            "repo:acme/shop*:ref:refs/heads/main",
            &[("repository_id", "74")],
        ),
    )]);
    let ours = "repo:acme/shop:ref:refs/heads/main";
    assert!(present(&world, &claims(ours), None).is_ok());
    for subject in [
        "repo:evil/shop:ref:refs/heads/main",
        "repo:acme/shop:pull_request",
        "repo:acme/shop:ref:refs/heads/main-evil",
        "repo:acme/shop:environment:x:ref:refs/heads/main",
        "repo:acme/shop/x:ref:refs/heads/main",
        "REPO:acme/shop:ref:refs/heads/main",
        "xrepo:acme/shop:ref:refs/heads/main",
        "",
    ] {
        let refused = present(&world, &claims(subject), None);
        assert!(
            matches!(error(refused), AssertionError::Untrusted { .. }),
            "{subject}"
        );
    }
    for odd in [json!("75"), json!(null), json!({"74": 1}), json!("74 ")] {
        let mut other = claims(ours);
        other["repository_id"] = odd;
        assert!(present(&world, &other, None).is_err());
    }
}

/// CF-02
#[test]
fn who_fits_two_clients_must_say_which() {
    let world = world(&[
        ("one", trust("repo:acme/*:pull_request", &[])),
        ("two", trust("repo:*/shop:pull_request", &[])),
    ]);
    let claims = claims("repo:acme/shop:pull_request");
    assert_eq!(
        error(present(&world, &claims, None)),
        AssertionError::Ambiguous
    );
    assert_eq!(present(&world, &claims, Some("two")).unwrap(), "two");
}

/// CF-03, CF-04, CF-07
#[test]
fn audience_and_age_are_those_that_the_trust_names() {
    let world = world(&[("deploy", trust("job", &[]))]);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut claims = claims("job");
        change(&mut claims);
        present(&world, &claims, None)
    };
    assert!(with(&|it| it["aud"] = json!(["https://as.test"])).is_ok());
    for audience in [
        json!("https://github.com/acme"),
        json!(["https://as.test", "x"]),
    ] {
        let refused = error(with(&|it| it["aud"] = audience.clone()));
        assert!(
            matches!(
                refused,
                AssertionError::FederatedAudience | AssertionError::Audience
            ),
            "{refused}"
        );
    }
    assert_eq!(
        error(with(&|it| it["exp"] = json!(NOW.0))),
        AssertionError::Expired
    );
    assert_eq!(
        error(with(&|it| drop(it.as_object_mut().unwrap().remove("exp")))),
        AssertionError::Claim("exp")
    );
    assert!(with(&|it| it["iat"] = json!(NOW.0 - 600)).is_ok());
    assert_eq!(
        error(with(&|it| it["iat"] = json!(NOW.0 - 601))),
        AssertionError::Old
    );
    assert_eq!(
        error(with(&|it| it["iat"] = json!(NOW.0 + 61))),
        AssertionError::NotYet
    );
    let ageless = |it: &mut Value| {
        it.as_object_mut().unwrap().remove("iat");
        it["exp"] = json!(NOW.0 + 601);
    };
    assert_eq!(error(with(&ageless)), AssertionError::Old);
    let short = |it: &mut Value| {
        it.as_object_mut().unwrap().remove("iat");
        it["exp"] = json!(NOW.0 + 600);
    };
    assert!(with(&short).is_ok());
    let nobodys = |it: &mut Value| drop(it.as_object_mut().unwrap().remove("iss"));
    assert_eq!(error(with(&nobodys)), AssertionError::Claim("iss"));
}

/// CF-08, CF-09
#[test]
fn claims_are_found_however_their_names_are_spelled() {
    let claims = json!({
        "kubernetes.io": {"namespace": "shop", "serviceaccount": {"name": "api", "uid": "u-1"}},
        "https://acme.test/team": "red", "groups": ["a", "b"], "level": 3, "verified": true, "none": null,
    });
    let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
    let says = |path: &str, wanted: &str| claims.at(path).is_some_and(|found| is(found, wanted));
    assert!(says("kubernetes.io/namespace", "shop"));
    assert!(says("kubernetes.io/serviceaccount/name", "a*"));
    assert!(says("https://acme.test/team", "red"));
    assert!(says("groups", "b") && says("level", "3") && says("verified", "true"));
    assert!(!says("groups", "c") && !says("none", "") && !says("kubernetes.io", "*"));
    assert!(!says("kubernetes.io/serviceaccount", "*") && !says("missing", "*"));
}

/// CF-09
#[test]
fn a_star_crosses_no_separator() {
    for (pattern, text, expected) in [
        ("a", "a", true),
        ("a", "A", false),
        ("a", "ab", false),
        ("*", "abc", true),
        ("*", "", true),
        ("*", "a:b", false),
        ("*", "a/b", false),
        ("a*c", "abc", true),
        ("a*c", "ac", true),
        ("a*c", "abcd", false),
        ("a*b*c", "axbxbxc", true),
        ("repo:o/*", "repo:o/r-evil", true),
        ("repo:o/r*", "repo:o/r:x", false),
        ("*:b", "a:b", true),
        ("*:b", "a:a:b", false),
        ("a/*/c", "a/b/c", true),
        ("a/*/c", "a/b/d/c", false),
        ("*a", "aa", true),
        ("ab*ba", "aba", false),
        ("*é*", "xéx", true),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}

#[test]
fn a_dry_run_says_all_that_is_wrong_at_once() {
    let trust = trust("repo:acme/shop:*", &[("ref", "refs/heads/main")]);
    let FederationKeys::Given(keys) = &trust.keys else {
        panic!()
    };
    let say = |claims: &Value| objections((&token(claims), &trust), (Some(keys.as_slice()), NOW));
    assert_eq!(say(&claims("repo:acme/shop:pull_request")), [""; 0]);
    let wrong = json!({
        "iss": GITHUB, "sub": "repo:acme/till:pull_request", "aud": "https://github.com/acme",
        "ref": "refs/pull/1/merge", "iat": NOW.0, "exp": NOW.0 + 300,
    });
    assert_eq!(
        say(&wrong),
        [
            "Its subject (sub) is repo:acme/till:pull_request; the client trusts repo:acme/shop:*.",
            "ref is \"refs/pull/1/merge\"; the client trusts refs/heads/main.",
            "Its audience (aud) is \"https://github.com/acme\"; it must be https://as.test alone.",
        ]
    );
    let unsigned = objections(
        (&token(&claims("repo:acme/shop:x")), &trust),
        (Some(&[]), NOW),
    );
    assert_eq!(unsigned, ["None of the issuer's keys signed it."]);
    assert_eq!(objections(("x", &trust), (None, NOW)).len(), 1);
}
