//! The configurations of `deploy/proxies`, run by the proxies that they are for, in front of an API that knows
//! nothing of tokens.

pub(crate) mod kit;

use jeton::domain::time::{Clock, SystemClock};
use serde_json::json;

use self::kit::{Behind, CADDY, ENVOY, NGINX, Proxy, TRAEFIK};
use crate::harness::{
    certificates::{Authority, Pair, Wanted},
    dpop::{Key, ath},
};

/// FA-01, FA-02, FA-04
fn lets_through_whoever_has_the_token_and_says_who_it_is(proxy: Proxy) {
    let behind = Behind::start(proxy);
    let token = behind.token("read:orders");

    let passed = behind.get(
        "/orders/7?x=y",
        &[
            &format!("Authorization: Bearer {token}"),
            "X-Client-Id: admin",
            "x-client-id: root",
            "X-Subject: admin",
            "X-Scope: everything",
            "X-Audience: https://other.example",
        ],
    );

    assert_eq!(passed.status, 200, "{passed:?}");
    let seen = passed.body();
    assert!(seen.starts_with("GET /orders/7?x=y HTTP/1."), "{seen}");
    for (name, value) in [
        ("x-client-id", behind.client.as_str()),
        ("x-subject", behind.client.as_str()),
        ("x-scope", "read:orders"),
        ("x-audience", "https://api.example.com"),
    ] {
        assert_eq!(kit::values(seen, name), [value], "{seen}");
    }
}

/// FA-01, RS-02, RS-03, RS-04, RS-18, PRM-02
fn hands_on_why_a_request_may_not_go_on(proxy: Proxy) {
    let behind = Behind::start(proxy);
    let other = behind.token("write:orders");
    let good = behind.token("read:orders");

    let bare = behind.get("/orders", &[]);
    assert_eq!(bare.status, 401, "{bare:?}");
    let challenge = bare.header("www-authenticate");
    assert!(
        challenge.starts_with("Bearer realm=\"https://api.example.com\""),
        "{bare:?}"
    );
    assert!(!challenge.contains("error"), "{bare:?}");
    assert!(challenge.contains("resource_metadata=\""), "{bare:?}");
    let query = behind.get(&format!("/orders?access_token={good}"), &[]);
    assert_eq!(query.status, 401, "{query:?}");
    let garbage = behind.get("/orders", &["Authorization: Bearer garbage"]);
    assert_eq!(garbage.status, 401, "{garbage:?}");
    assert!(
        garbage
            .header("www-authenticate")
            .contains("error=\"invalid_token\"")
    );
    let lacking = behind.get("/orders", &[&format!("Authorization: Bearer {other}")]);
    assert_eq!(lacking.status, 403, "{lacking:?}");
    let challenge = lacking.header("www-authenticate");
    assert!(
        challenge.contains("error=\"insufficient_scope\""),
        "{lacking:?}"
    );
    assert!(challenge.ends_with("scope=\"read:orders\""), "{lacking:?}");

    behind.jeton(&["client", "revoke-tokens", &behind.client]);
    let revoked = behind.get("/orders", &[&format!("Authorization: Bearer {good}")]);
    assert_eq!(revoked.status, 401, "{revoked:?}");
    let log = behind.log();
    assert!(!log.contains(&good) && !log.contains(&other), "{log}");
}

/// FA-03, RS-09, RS-11
fn checks_proofs_against_the_request_that_was_really_made(proxy: Proxy) {
    let behind = Behind::start(proxy);
    let key = Key::new();
    let token = behind.bound_token(&key);
    let authorization = format!("Authorization: DPoP {token}");
    let url = |path: &str| format!("http://{}{path}", behind.address);
    let proof = |path: &str, nonce: Option<&str>| {
        let claims = json!({ "ath": ath(&token), "nonce": nonce });
        let proof = key.proof(("GET", &url(path)), SystemClock.now(), &claims);
        format!("DPoP: {proof}")
    };

    // The server was just started, so it asks for a nonce.
    let asked = behind.get("/orders/7", &[&authorization, &proof("/orders/7", None)]);
    assert_eq!(asked.status, 401, "{asked:?}");
    assert!(
        asked
            .header("www-authenticate")
            .contains("error=\"use_dpop_nonce\""),
        "{asked:?}"
    );
    let nonce = asked.header("dpop-nonce").to_owned();
    assert!(!nonce.is_empty(), "{asked:?}");
    let good = proof("/orders/7", Some(&nonce));
    let passed = behind.get("/orders/7?x=y", &[&authorization, &good]);
    assert_eq!(passed.status, 200, "{passed:?}");
    for (path, headers) in [
        ("/orders/7?x=y", vec![good.as_str()]),
        ("/orders/8", vec![&proof("/orders/7", Some(&nonce))]),
        (
            "/orders/8",
            vec![
                &proof("/orders/7", Some(&nonce)),
                "X-Forwarded-Uri: /orders/7",
                "X-Original-Uri: /orders/7",
            ],
        ),
        (
            "/orders/8",
            vec![
                &proof("/orders/7", Some(&nonce)),
                "X-Original-Uri: /orders/7",
            ],
        ),
    ] {
        let mut all = vec![authorization.as_str()];
        all.extend(headers);
        let refused = behind.get(path, &all);
        assert_eq!(refused.status, 401, "{path}: {refused:?}");
    }
    let bearer = format!("Authorization: Bearer {token}");
    let fresh = proof("/orders/7", Some(&nonce));
    let downgraded = behind.get("/orders/7", &[&bearer, &fresh]);
    assert_eq!(downgraded.status, 401, "{downgraded:?}");
}

/// FA-07, RS-12
fn passes_a_token_that_is_bound_to_a_certificate_from_who_shows_it(proxy: Proxy, header: &str) {
    let settings = ["--client-certificate-from", header];
    let behind = Behind::start_with(proxy, Authority::new(), &settings);
    let [own, other] =
        ["own", "other"].map(|name| behind.authority.self_signed(Wanted::client(name)));
    let token = behind.certificate_bound_token(header, &own);
    let bearer = format!("Authorization: Bearer {token}");
    let ask = |shown: Option<&Pair>, more: &[&str]| {
        let headers = [&[bearer.as_str()], more].concat();
        behind.get_shown("/orders/7", shown, &headers)
    };

    let passed = ask(Some(&own), &[]);
    assert_eq!(passed.status, 200, "{passed:?}");
    assert_eq!(kit::values(passed.body(), "x-client-id"), ["own"]);
    assert_eq!(ask(Some(&other), &[]).status, 401);
    assert_eq!(ask(None, &[]).status, 401);
    // What a caller writes there itself is not believed, over TLS or without.
    let claimed = own.in_header(header);
    assert_eq!(ask(Some(&other), &[&claimed]).status, 401);
    assert_eq!(ask(None, &[&claimed]).status, 401);
    let plain = behind.get("/orders/7", &[&bearer, &claimed]);
    assert_eq!(plain.status, 401, "{plain:?}");
}

macro_rules! every_proxy {
    ($($name:ident $proxy:ident $header:literal)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn lets_through_whoever_has_the_token_and_says_who_it_is() {
                super::lets_through_whoever_has_the_token_and_says_who_it_is($proxy);
            }

            #[test]
            fn hands_on_why_a_request_may_not_go_on() {
                super::hands_on_why_a_request_may_not_go_on($proxy);
            }

            #[test]
            fn checks_proofs_against_the_request_that_was_really_made() {
                super::checks_proofs_against_the_request_that_was_really_made($proxy);
            }

            #[test]
            fn passes_a_token_that_is_bound_to_a_certificate_from_who_shows_it() {
                super::passes_a_token_that_is_bound_to_a_certificate_from_who_shows_it($proxy, $header);
            }
        }
    )*};
}

every_proxy! {
    nginx NGINX "x-ssl-client-cert"
    caddy CADDY "client-cert"
    envoy ENVOY "x-forwarded-client-cert"
    traefik TRAEFIK "x-forwarded-tls-client-cert"
}

/// PRM-01
#[test]
fn the_apis_own_host_tells_what_the_api_expects() {
    for proxy in [NGINX, CADDY] {
        let behind = Behind::start(proxy);

        let told = behind.get("/.well-known/oauth-protected-resource", &[]);

        assert_eq!(told.status, 200, "{told:?}");
        assert_eq!(told.json()["resource"], "https://api.example.com");
        assert_eq!(
            told.json()["authorization_servers"],
            json!([behind.issuer()])
        );
    }
}
