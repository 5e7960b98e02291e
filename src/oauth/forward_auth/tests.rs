//! What lets a request through, and what does not.

use super::*;
use crate::oauth::{
    self,
    access_token::Anew,
    dpop::Nowhere,
    fixtures::{NOW, SALES, World, body},
};

/// A world, and a token for its API.
fn world() -> (World, String) {
    let (world, secret) = World::with_report_service();
    let form = format!(
        "grant_type=client_credentials&scope=read%3Aanalytics&client_id=report-service&client_secret={secret}"
    );
    let issued = oauth::token(&world.registry, &body(&form), &world.context()).unwrap();
    (world, issued.access_token)
}

fn rule(scopes: &str) -> Rule {
    Rule {
        audience: SALES.parse().unwrap(),
        scopes: scopes.parse().unwrap(),
        lets_preflight_through: false,
    }
}

fn question(authorization: &str) -> Question<'_> {
    Question {
        authorization: Header::One(authorization.as_bytes()),
        has_other_credentials: false,
        dpop: Header::Absent,
        certificate: None,
        method: None,
        address: None,
    }
}

fn ask(world: &World, rule: &Rule, question: &Question<'_>) -> Result<Passed, Denied> {
    let grounds = Grounds {
        profile: Profile::default(),
        registry: &world.registry,
        issuer: &world.issuer,
        now: NOW,
        verified: &Anew,
        is_revoked: &|_| false,
        proofs: &Nowhere,
    };
    decide(rule, question, &grounds)
}

/// RS-01, RS-17
#[test]
fn a_token_with_every_needed_scope_lets_a_request_through() {
    let (world, token) = world();

    for scheme in ["Bearer", "bearer", "bEaReR", "Bearer  "] {
        let passed = ask(
            &world,
            &rule("read:analytics"),
            &question(&format!("{scheme} {token}")),
        );
        let Ok(Passed::Token(allowed)) = passed else {
            panic!("{scheme}: {passed:?}");
        };
        assert_eq!(allowed.client.as_str(), "report-service");
        assert_eq!(allowed.scopes.as_str(), "read:analytics");
        assert_eq!(allowed.needed.as_str(), "read:analytics");
    }
    let bearer = format!("Bearer {token}");
    assert!(ask(&world, &rule(""), &question(&bearer)).is_ok());
    for more in ["read", "read:analytics write:analytics", "READ:analytics"] {
        let denied = ask(&world, &rule(more), &question(&bearer));
        assert_eq!(denied, Err(Denied::Scope), "{more}");
    }
}

/// RS-01, FA-08
#[test]
fn credentials_that_are_not_one_token_let_nobody_through() {
    let (world, token) = world();
    let rule = rule("");

    for (text, denied) in [
        (String::new(), Denied::NoToken),
        ("Basic YTpi".to_owned(), Denied::NoToken),
        ("Bearer".to_owned(), Denied::Malformed),
        ("Bearer ".to_owned(), Denied::Malformed),
        (format!("Bearer {token} {token}"), Denied::Malformed),
        (format!("Bearer {token},{token}"), Denied::Malformed),
        (format!("Bearer {token}\u{e9}"), Denied::Malformed),
    ] {
        assert_eq!(ask(&world, &rule, &question(&text)), Err(denied), "{text}");
    }
    let good = format!("Bearer {token}");
    let twice = Question {
        authorization: Header::Several,
        ..question(&good)
    };
    let elsewhere = Question {
        has_other_credentials: true,
        ..question(&good)
    };
    for question in [twice, elsewhere] {
        assert_eq!(ask(&world, &rule, &question), Err(Denied::Malformed));
    }
}

/// RS-05, RS-08, RS-10
#[test]
fn a_token_that_does_not_count_lets_nobody_through() {
    let (mut world, token) = world();
    let bearer = format!("Bearer {token}");
    let mut other = rule("");
    other.audience = "https://other.example/".parse().unwrap();
    world.put_api(oauth::fixtures::api("https://other.example/", "read"));

    let denied = |world: &World, rule: &Rule, text: &str| ask(world, rule, &question(text)).err();
    assert_eq!(
        denied(&world, &other, &bearer),
        Some(Denied::Token(TokenError::Audience))
    );
    assert_eq!(
        denied(&world, &rule(""), &format!("DPoP {token}")),
        Some(Denied::Unbound)
    );
    assert!(matches!(
        denied(&world, &rule(""), &bearer[..bearer.len() - 3]),
        Some(Denied::Token(TokenError::Signature(_)))
    ));
    let mut disabled = world.client("report-service");
    disabled.status = crate::domain::client::ClientStatus::Disabled(NOW);
    world.replace_client(disabled);
    assert_eq!(denied(&world, &rule(""), &bearer), Some(Denied::Gone));
}

#[test]
fn a_revoked_token_lets_nobody_through() {
    let (world, token) = world();
    let grounds = Grounds {
        profile: Profile::default(),
        registry: &world.registry,
        issuer: &world.issuer,
        now: NOW,
        verified: &Anew,
        is_revoked: &|_| true,
        proofs: &Nowhere,
    };
    let bearer = format!("Bearer {token}");

    let denied = decide(&rule(""), &question(&bearer), &grounds);

    assert_eq!(denied, Err(Denied::Gone));
}

/// RS-12, RS-13
#[test]
fn a_token_bound_to_a_certificate_needs_that_certificate() {
    let (world, token) = world();
    let expected = Expected {
        issuer: &world.issuer,
        now: NOW,
        verified: &Anew,
    };
    let token = verify(&world.registry, (&token, &rule("").audience), &expected).unwrap();
    let mut token = VerifiedToken::clone(&token);
    token.confirmation = Some(Confirmation::X5t("thumb".to_owned()));
    let check = |scheme, certificate| {
        let question = Question {
            certificate,
            ..question("")
        };
        let grounds = Grounds {
            profile: Profile::default(),
            registry: &world.registry,
            issuer: &world.issuer,
            now: NOW,
            verified: &Anew,
            is_revoked: &|_| false,
            proofs: &Nowhere,
        };
        check_binding(&token, (scheme, ""), &question, &grounds)
    };

    assert_eq!(check(Scheme::Bearer, Some("thumb")), Ok(()));
    for (scheme, certificate) in [
        (Scheme::Bearer, None),
        (Scheme::Bearer, Some("other")),
        (Scheme::Dpop, Some("thumb")),
    ] {
        assert_eq!(check(scheme, certificate), Err(Denied::Unbound));
    }
}

/// FA-06
#[test]
fn a_preflight_passes_where_the_rule_says_so() {
    let (world, _) = world();
    let mut rule = rule("read:analytics");
    let preflight = Question {
        authorization: Header::Absent,
        method: Some("OPTIONS"),
        ..question("")
    };

    assert_eq!(ask(&world, &rule, &preflight), Err(Denied::NoToken));
    rule.lets_preflight_through = true;
    assert_eq!(ask(&world, &rule, &preflight), Ok(Passed::Preflight));
    for other in [
        Question {
            method: Some("GET"),
            ..preflight
        },
        Question {
            method: None,
            ..preflight
        },
        Question {
            has_other_credentials: true,
            ..preflight
        },
    ] {
        assert!(ask(&world, &rule, &other).is_err());
    }
}

/// FA-05: the admin API is this server's own, whoever asks.
#[test]
fn nobody_gets_through_to_an_api_that_there_is_not() {
    let (world, token) = world();
    let bearer = format!("Bearer {token}");
    for audience in ["https://nowhere.example/", "urn:jeton:admin"] {
        let mut rule = rule("");
        rule.audience = audience.parse().unwrap();
        let denied = ask(&world, &rule, &question(&bearer));
        assert_eq!(denied, Err(Denied::Rule(RuleError::UnknownApi)));
    }
}

/// RS-03, RS-04, PRM-02
#[test]
fn a_challenge_says_what_was_wrong_and_what_is_needed() {
    let (world, _) = world();
    let rule = rule("read:analytics write:analytics");
    let challenge = |denied| {
        Challenge::of(
            denied,
            (Some(&rule), None),
            (&world.issuer, Profile::default()),
        )
    };
    let common = "Bearer realm=\"https://sales.example/\", \
        resource_metadata=\"https://as.test/.well-known/oauth-protected-resource?resource=https%3A%2F%2Fsales.example%2F\"";

    let bare = challenge(Denied::NoToken);
    assert_eq!(bare.status, 401);
    assert!(
        bare.text.as_deref().unwrap().starts_with(common),
        "{bare:?}"
    );
    assert!(!bare.text.unwrap().contains("error"));
    for (denied, status, code) in [
        (Denied::Malformed, 401, "invalid_request"),
        (Denied::Gone, 401, "invalid_token"),
        (Denied::Token(TokenError::Expired), 401, "invalid_token"),
        (Denied::Unbound, 401, "invalid_token"),
        (Denied::Scope, 403, "insufficient_scope"),
    ] {
        let challenge = challenge(denied);
        let text = challenge.text.unwrap();
        assert_eq!(challenge.status, status);
        assert!(text.starts_with(common), "{text}");
        assert!(text.contains(&format!(", error=\"{code}\", ")), "{text}");
        let scope = ", scope=\"read:analytics write:analytics\"";
        assert_eq!(text.ends_with(scope), denied == Denied::Scope, "{text}");
    }
    let in_scheme = |denied, scheme| {
        let about = (Some(&rule), Some(scheme));
        let challenge = Challenge::of(denied, about, (&world.issuer, Profile::default()));
        let text = challenge.text.unwrap();
        let (scheme, _) = text.split_once(' ').unwrap();
        (scheme.to_owned(), challenge.needs_nonce)
    };
    let nonce = Denied::Proof(ProofError::Nonce);
    for (denied, sent, asked, needs_nonce) in [
        (Denied::Gone, Scheme::Dpop, "DPoP", false),
        (Denied::Gone, Scheme::Bearer, "Bearer", false),
        (nonce, Scheme::Bearer, "DPoP", true),
        (Denied::Proof(ProofError::Time), Scheme::Dpop, "DPoP", false),
    ] {
        assert_eq!(in_scheme(denied, sent), (asked.to_owned(), needs_nonce));
    }
    assert_eq!(scheme_of(&question("DPoP a")), Some(Scheme::Dpop));
    assert_eq!(scheme_of(&question("bearer a")), Some(Scheme::Bearer));
    assert_eq!(scheme_of(&question("Basic a")), None);
    let wrong = challenge(Denied::Rule(RuleError::Repeated));
    assert_eq!((wrong.status, wrong.text), (403, None));
    let unread = Challenge::of(
        Denied::Rule(RuleError::NoAudience),
        (None, None),
        (&world.issuer, Profile::default()),
    );
    assert_eq!(unread.status, 403);
}
