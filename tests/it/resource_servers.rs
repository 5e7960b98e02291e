//! Servers in front of an API with the configurations of `deploy/resource-servers`: they check tokens by themselves, by the
//! public keys, or ask Jeton about each one.

mod apache;

use jeton::domain::time::{Clock, SystemClock};
use serde_json::json;

use self::apache::{MOD_AUTH_OPENIDC, MOD_OAUTH2};
use crate::{
    harness::{
        certificates::{Authority, Pair, Wanted, text},
        dpop::{Key, ath},
    },
    proxies::kit::{Behind, ENVOY, Proxy, get, values},
};

const API: &str = "https://api.example.com";

/// Envoy, that asks nobody.
const ENVOY_ALONE: Proxy = Proxy {
    more: &[],
    file: "resource-servers/envoy.yaml",
    ..ENVOY
};

fn mod_oauth2() -> Behind {
    Behind::start(MOD_OAUTH2)
}

/// It fetches nothing but by https.
fn mod_auth_openidc() -> Behind {
    let authority = Authority::new();
    let pair = authority.issue(Wanted::server("jeton"));
    let (certificate, key) = (text(&pair.certificate), text(&pair.key));
    let settings = ["--tls-cert", certificate, "--tls-key", key];
    Behind::start_with(MOD_AUTH_OPENIDC, authority, &settings)
}

/// Where the sites take tokens, by the port in the configuration.
fn url(behind: &Behind, port: u16, path: &str) -> String {
    format!("http://{}{path}", behind.door(port))
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

/// A token of the same client for another API, which has the same scope.
fn foreign(behind: &Behind) -> String {
    let other = "https://other.example.com";
    let scope = ["--name", "Other", "--scope", "read:orders"];
    behind.jeton(&[&["api", "create", other], &scope[..]].concat());
    behind.jeton(&["grant", "set", &behind.client, other, "read:orders"]);
    let token = behind.token(&format!("read:orders&resource={other}"));
    behind.jeton(&["grant", "remove", &behind.client, other]);
    token
}

/// Two tokens, with the claims of the second in the place of those of the first.
fn forged(token: &str, claims: &str) -> String {
    let part = |token: &str, index| token.split('.').nth(index).unwrap().to_owned();
    [part(token, 0), part(claims, 1), part(token, 2)].join(".")
}

/// The API learns of the client from the token, whatever the client writes.
#[track_caller]
fn lets_through_and_says_who_it_is(behind: &Behind, url: &str, token: &str) {
    let passed = get(
        &format!("{url}?x=y"),
        &[
            &bearer(token),
            "X-Client-Id: admin",
            "x-client-id: root",
            "X-Subject: admin",
            "X-Scope: everything",
            "X-Audience: https://other.example",
        ],
    );
    assert_eq!(passed.status, 200, "{passed:?}");
    let seen = passed.body();
    assert!(seen.lines().next().unwrap().contains("?x=y "), "{seen}");
    for (name, value) in [
        ("x-client-id", behind.client.as_str()),
        ("x-subject", behind.client.as_str()),
        ("x-scope", "read:orders"),
        ("x-audience", API),
    ] {
        assert_eq!(values(seen, name), [value], "{seen}");
    }
}

/// RS-02, RS-04, RS-10, RS-17
#[track_caller]
fn takes_only_what_is_for_this_api_and_enough(behind: &Behind, url: &str) {
    let good = behind.token("read:orders");
    let both = behind.token("write:orders+read:orders");
    let lacking = behind.token("write:orders");
    let query = get(&format!("{url}?access_token={good}"), &[]);

    lets_through_and_says_who_it_is(behind, url, &good);
    let more = get(url, &[&bearer(&both)]);
    assert_eq!(more.status, 200, "{more:?}");

    let less = get(url, &[&bearer(&lacking)]);
    assert_eq!(less.status, 403, "{less:?}");
    let challenge = less.header("www-authenticate");
    assert!(challenge.contains("insufficient_scope"), "{less:?}");
    assert!(challenge.contains("scope=\"read:orders\""), "{less:?}");
    assert_eq!(query.status, 401, "{query:?}");
    let bare = get(url, &[]);
    assert_eq!(bare.status, 401, "{bare:?}");
    assert!(bare.header("www-authenticate").starts_with("Bearer"));
    for (what, token) in [
        ("garbage", "garbage".to_owned()),
        ("for another API", foreign(behind)),
        ("claims of another", forged(&lacking, &both)),
        ("bound to a key", behind.bound_token(&Key::new())),
    ] {
        let refused = get(url, &[&bearer(&token)]);
        assert_eq!(refused.status, 401, "{what}: {refused:?}");
        let challenge = refused.header("www-authenticate");
        assert!(challenge.contains("invalid_token"), "{what}: {refused:?}");
    }
}

/// RS-05: the keys of the other algorithms are fetched when a token first names one.
#[track_caller]
fn takes_every_algorithm_that_it_knows(behind: &Behind, url: &str) {
    for algorithm in ["ES256", "RS256", "PS256"] {
        behind.jeton(&["api", "edit", API, "--alg", algorithm]);
        let passed = get(url, &[&bearer(&behind.token("read:orders"))]);
        assert_eq!(passed.status, 200, "{algorithm}: {passed:?}");
    }
}

/// RV-07
#[track_caller]
fn takes_opaque_tokens_until_they_are_revoked(behind: &Behind, url: &str) {
    let readable = behind.token("read:orders");
    behind.jeton(&["api", "edit", API, "--token-format", "opaque"]);
    let opaque = behind.token("read:orders");
    assert!(!opaque.contains('.'), "{opaque}");

    for token in [&readable, &opaque] {
        let passed = get(url, &[&bearer(token)]);
        assert_eq!(passed.status, 200, "{passed:?}");
        let client = values(passed.body(), "x-client-id");
        assert_eq!(client, [behind.client.as_str()]);
    }
    behind.jeton(&["client", "revoke-tokens", &behind.client]);
    for token in [&readable, &opaque] {
        let refused = get(url, &[&bearer(token)]);
        assert_eq!(refused.status, 401, "{refused:?}");
    }
}

#[test]
fn mod_oauth2_takes_tokens_by_the_public_keys() {
    let behind = mod_oauth2();
    let url = url(&behind, 8000, "/orders/7");

    takes_only_what_is_for_this_api_and_enough(&behind, &url);
    takes_every_algorithm_that_it_knows(&behind, &url);
}

#[test]
fn mod_oauth2_takes_tokens_by_introspection() {
    let behind = mod_oauth2();
    let url = url(&behind, 8000, "/introspected/7");

    takes_only_what_is_for_this_api_and_enough(&behind, &url);
    takes_opaque_tokens_until_they_are_revoked(&behind, &url);
}

#[test]
fn mod_auth_openidc_takes_tokens_by_the_public_keys() {
    let behind = mod_auth_openidc();
    let url = url(&behind, 8000, "/orders/7");

    takes_only_what_is_for_this_api_and_enough(&behind, &url);
    takes_every_algorithm_that_it_knows(&behind, &url);
}

#[test]
fn mod_auth_openidc_takes_tokens_by_introspection() {
    let behind = mod_auth_openidc();
    let url = url(&behind, 8001, "/orders/7");

    takes_only_what_is_for_this_api_and_enough(&behind, &url);
    takes_opaque_tokens_until_they_are_revoked(&behind, &url);
}

/// RS-02, RS-04, RS-10, RS-17
#[test]
fn envoy_takes_tokens_by_the_public_keys() {
    let behind = Behind::start(ENVOY_ALONE);
    let url = url(&behind, 8000, "/orders/7");
    let good = behind.token("read:orders");
    let both = behind.token("write:orders+read:orders");
    let lacking = behind.token("write:orders");

    lets_through_and_says_who_it_is(&behind, &url, &good);
    assert_eq!(get(&url, &[&bearer(&both)]).status, 200);
    let query = format!("{url}?access_token={good}");
    assert_eq!(get(&query, &[]).status, 401);
    for (what, token, status) in [
        ("garbage", "garbage".to_owned(), 401),
        ("claims of another", forged(&lacking, &both), 401),
        ("for another API", foreign(&behind), 403),
        ("without the scope", lacking, 403),
        ("bound to a key", behind.bound_token(&Key::new()), 403),
    ] {
        let refused = get(&url, &[&bearer(&token)]);
        assert_eq!(refused.status, status, "{what}: {refused:?}");
    }
}

/// RS-09, RS-10, but for `ath`, which this version does not read.
#[test]
fn mod_oauth2_takes_a_token_that_is_bound_to_a_key_with_proofs_of_it() {
    let behind = mod_oauth2();
    let key = Key::new();
    let token = behind.bound_token(&key);
    let url = url(&behind, 8000, "/proven/7");
    let authorization = format!("Authorization: DPoP {token}");
    let proof = |key: &Key, method: &str, url: &str| {
        let claims = json!({ "ath": ath(&token) });
        let proof = key.proof((method, url), SystemClock.now(), &claims);
        format!("DPoP: {proof}")
    };
    let good = proof(&key, "GET", &url);
    let ask = |headers: &[&str]| get(&url, headers);

    let passed = ask(&[&authorization, &good]);
    assert_eq!(passed.status, 200, "{passed:?}");
    let client = values(passed.body(), "x-client-id");
    assert_eq!(client, [behind.client.as_str()]);
    let bare = ask(&[&authorization]);
    assert_eq!(bare.status, 401, "{bare:?}");
    assert!(bare.header("www-authenticate").starts_with("DPoP"));
    for (what, proof) in [
        ("once more", good),
        ("another key", proof(&Key::new(), "GET", &url)),
        ("another method", proof(&key, "POST", &url)),
        ("another address", proof(&key, "GET", &format!("{url}8"))),
    ] {
        let refused = ask(&[&authorization, &proof]);
        assert_eq!(refused.status, 401, "{what}: {refused:?}");
    }
    let fresh = proof(&key, "GET", &url);
    let downgraded = ask(&[&bearer(&token), &fresh]);
    assert_eq!(downgraded.status, 401, "{downgraded:?}");
    let unbound = format!("Authorization: DPoP {}", behind.token("read:orders"));
    let refused = ask(&[&unbound, &proof(&key, "GET", &url)]);
    assert_eq!(refused.status, 401, "{refused:?}");
}

/// RS-12
#[test]
fn mod_oauth2_takes_a_token_that_is_bound_to_a_certificate_from_who_shows_it() {
    let settings = ["--client-certificate-from", "client-cert"];
    let behind = Behind::start_with(MOD_OAUTH2, Authority::new(), &settings);
    let [own, other] =
        ["own", "other"].map(|name| behind.authority.self_signed(Wanted::client(name)));
    let bound = bearer(&behind.certificate_bound_token("client-cert", &own));
    let ask = |shown: Option<&Pair>, authorization: &str| {
        behind.get_shown("/orders/7", shown, &[authorization])
    };

    let passed = ask(Some(&own), &bound);
    assert_eq!(passed.status, 200, "{passed:?}");
    assert_eq!(values(passed.body(), "x-client-id"), ["own"]);
    assert_eq!(ask(Some(&other), &bound).status, 401);
    assert_eq!(ask(None, &bound).status, 401);
    let unbound = bearer(&behind.token("read:orders"));
    assert_eq!(ask(Some(&own), &unbound).status, 401);
    let elsewhere = format!("http://{}/orders/7", behind.door(8000));
    assert_eq!(get(&elsewhere, &[&bound]).status, 401);
}
