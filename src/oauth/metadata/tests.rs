use serde_json::{Value, json};

use super::*;
use crate::{
    crypto::{
        jwk::thumbprint,
        signer::{Algorithm, Signer},
    },
    domain::{api::Api, key::SigningKey, time::Span},
    oauth::fixtures::{NOW, SALES, World, api},
};

fn read(document: &Document) -> Value {
    serde_json::from_slice(&document.body).unwrap()
}

fn issuer(text: &str) -> Issuer {
    text.parse().unwrap()
}

/// A place where nobody is asked for a certificate.
fn bare(issuer: &Issuer) -> Addresses<'_> {
    Addresses {
        profile: Profile::default(),
        issuer,
        mutual: None,
        registration: false,
    }
}

/// MD-05, MD-06, MD-07, MD-08, MD-09, SC-06
#[test]
fn the_metadata_say_what_there_is_and_nothing_else() {
    let mut world = World::new();
    world.put_api(api(SALES, "write read"));
    world.put_api(api("urn:stock", "read count"));
    world.put_api(Api::admin(NOW));

    let document =
        authorization_server(&world.registry, bare(&issuer("https://as.test:8443/t/one")));

    assert_eq!(
        read(&document),
        json!({
            "issuer": "https://as.test:8443/t/one",
            "token_endpoint": "https://as.test:8443/t/one/oauth2/token",
            "jwks_uri": "https://as.test:8443/t/one/oauth2/jwks",
            "scopes_supported": ["count", "read", "write"],
            "response_types_supported": ["none"],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"],
            "introspection_endpoint": "https://as.test:8443/t/one/oauth2/introspect",
            "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
            "introspection_endpoint_auth_signing_alg_values_supported": ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"],
            "introspection_signing_alg_values_supported": ["ES256", "RS256", "PS256", "EdDSA", "HS256"],
            "revocation_endpoint": "https://as.test:8443/t/one/oauth2/revoke",
            "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
            "revocation_endpoint_auth_signing_alg_values_supported": ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"],
            "dpop_signing_alg_values_supported": ["ES256", "ES384", "ES512", "EdDSA", "Ed25519", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"],
            "protected_resources": ["https://sales.example/"],
        })
    );
}

/// MD-01: byte for byte, a slash at the end included.
#[test]
fn the_issuer_is_told_as_configured() {
    let world = World::new();
    for text in [
        "https://as.test",
        "https://as.test/",
        "http://127.0.0.1:8080",
    ] {
        let told = read(&authorization_server(&world.registry, bare(&issuer(text))));
        assert_eq!(told["issuer"], text);
        assert_eq!(
            told["token_endpoint"],
            format!("{}/oauth2/token", text.trim_end_matches('/'))
        );
    }
}

/// MD-05: no list is empty.
#[test]
fn without_scopes_none_are_told() {
    let world = World::new();
    let told = read(&authorization_server(&world.registry, bare(&world.issuer)));
    assert_eq!(told.get("scopes_supported"), None);
    let lists = told
        .as_object()
        .unwrap()
        .values()
        .filter_map(Value::as_array);
    assert!(lists.clone().count() > 0);
    assert!(lists.clone().all(|list| !list.is_empty()));
}

/// MD-20
#[test]
fn the_openid_document_is_the_same_and_what_its_readers_insist_on() {
    let (world, _) = World::with_report_service();
    let mut plain = read(&authorization_server(&world.registry, bare(&world.issuer)));
    plain["authorization_endpoint"] = json!("https://as.test/oauth2/authorize");
    plain["subject_types_supported"] = json!(["public"]);
    plain["id_token_signing_alg_values_supported"] = json!(["ES256", "RS256", "PS256", "EdDSA"]);

    assert_eq!(
        read(&openid_provider(&world.registry, bare(&world.issuer))),
        plain
    );
}

/// PRM-01
#[test]
fn an_api_is_told_of_as_its_tokens_are_bound() {
    let mut world = World::new();
    world.put_api(api(SALES, "read"));
    let issuer = issuer("https://as.test");
    for (profile, mutual, told) in [
        (Profile::Standard, None, (json!(null), json!(null))),
        (Profile::Standard, Some(&issuer), (json!(true), json!(null))),
        (Profile::Fapi2, None, (json!(null), json!(true))),
        // To a certificate, or to a key.
        (Profile::Fapi2, Some(&issuer), (json!(true), json!(null))),
    ] {
        let addresses = Addresses {
            mutual,
            profile,
            ..bare(&issuer)
        };
        let document = protected_resource(&world.registry, addresses, &SALES.parse().unwrap());
        let found = read(&document.unwrap());
        let certificates = found["tls_client_certificate_bound_access_tokens"].clone();
        let keys = found["dpop_bound_access_tokens_required"].clone();
        assert_eq!((certificates, keys), told, "{found}");
    }
}

/// MD-04
#[test]
fn the_tag_changes_with_the_document_and_only_then() {
    let (mut world, _) = World::with_report_service();
    let tag = |world: &World| authorization_server(&world.registry, bare(&world.issuer)).etag;
    let before = tag(&world);
    assert!(before.starts_with('"') && before.ends_with('"') && before.len() == 24);
    assert_eq!(tag(&world), before);
    world.add_key(Algorithm::EdDsa);
    assert_eq!(tag(&world), before);
    world.put_api(api("urn:new", "new"));
    assert_ne!(tag(&world), before);
}

/// JK-01, JK-02, JK-05, AT-11
#[test]
fn the_key_set_holds_public_members_only() {
    let mut world = World::new();
    for algorithm in [Algorithm::EdDsa, Algorithm::Rs256, Algorithm::Ps256] {
        world.add_key(algorithm);
    }

    let set = read(&key_set(&world.registry, (Profile::Standard, NOW)).document);

    let keys = set["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 4);
    for key in keys {
        let allowed: &[&str] = match key["kty"].as_str().unwrap() {
            "EC" => &["kty", "crv", "x", "y", "kid", "use", "alg"],
            "OKP" => &["kty", "crv", "x", "kid", "use", "alg"],
            "RSA" => &["kty", "n", "e", "kid", "use", "alg"],
            other => panic!("{other}"),
        };
        let members = key.as_object().unwrap();
        assert!(
            members.keys().all(|name| allowed.contains(&name.as_str())),
            "{key}"
        );
        assert_eq!(members.len(), allowed.len());
        assert_eq!(key["use"], "sig");
        assert_eq!(key["kid"], thumbprint(key).unwrap());
        if key["kty"] == "EC" {
            assert_eq!(key["x"].as_str().unwrap().len(), 43);
            assert_eq!(key["y"].as_str().unwrap().len(), 43);
        }
    }
}

/// JK-03
#[test]
fn a_key_is_published_ahead_of_use_and_until_its_last_token_is_gone() {
    let (mut world, _) = World::with_report_service();
    let old = world.registry.keys().next().unwrap().id.clone();
    let later = NOW.plus(Span::days(7));
    let made = Signer::generate(Algorithm::Es256, &world.entropy);
    let next = SigningKey::new(made, NOW.plus(Span::minutes(1)), later);
    let new = next.id.clone();
    world.put_key(next);
    let ids = |now: Timestamp| {
        let set = read(&key_set(&world.registry, (Profile::Standard, now)).document);
        let keys = set["keys"].as_array().unwrap().clone();
        let id = |key: &Value| key["kid"].as_str().unwrap().parse::<KeyId>().unwrap();
        keys.iter().map(id).collect::<Vec<_>>()
    };

    assert_eq!(
        key_set(&world.registry, (Profile::Standard, NOW))
            .newest
            .as_ref(),
        Some(&new)
    );
    assert_eq!(ids(NOW).len(), 2, "published before it signs");
    let gone = later.plus(Span::hours(1)).plus(Span::hours(1));
    assert!(ids(gone.minus(Span(1))).contains(&old));
    assert_eq!(ids(gone), [new]);
}

/// JK-01: a shared key is nobody else's business.
#[test]
fn a_shared_key_is_not_published() {
    use std::sync::Arc;

    use crate::domain::api::Signing;
    let mut world = World::new();
    let (signer, key) = Signer::generate(Algorithm::Hs256, &world.entropy);
    let mut shared = api(SALES, "read");
    shared.signing = Signing::Shared {
        signer: Arc::new(signer),
        key: Arc::new(key),
    };
    let before = key_set(&world.registry, (Profile::Standard, NOW));
    world.put_api(shared);

    assert_eq!(key_set(&world.registry, (Profile::Standard, NOW)), before);
}

#[test]
fn without_keys_the_set_is_empty() {
    use crate::crypto::mac::MacKey;
    let set = key_set(
        &Registry::empty(MacKey::new(&[1; 32])),
        (Profile::Standard, NOW),
    );
    assert_eq!(set.document.body, b"{\"keys\":[]}");
    assert_eq!(set.newest, None);
}

/// CM-10, MD-08
#[test]
fn certificates_are_spoken_of_only_where_they_can_be_shown() {
    let world = World::new();
    let mutual = issuer("https://as.test:9443");
    let told = |mutual| {
        let addresses = Addresses {
            profile: Profile::default(),
            issuer: &world.issuer,
            mutual,
            registration: false,
        };
        read(&authorization_server(&world.registry, addresses))
    };
    let (without, apart, here) = (told(None), told(Some(&mutual)), told(Some(&world.issuer)));

    assert_eq!(
        without.get("tls_client_certificate_bound_access_tokens"),
        None
    );
    assert_eq!(without.get("mtls_endpoint_aliases"), None);
    assert_eq!(apart["tls_client_certificate_bound_access_tokens"], true);
    assert_eq!(
        apart["mtls_endpoint_aliases"],
        json!({
            "token_endpoint": "https://as.test:9443/oauth2/token",
            "introspection_endpoint": "https://as.test:9443/oauth2/introspect",
            "revocation_endpoint": "https://as.test:9443/oauth2/revoke",
        })
    );
    assert_eq!(here["tls_client_certificate_bound_access_tokens"], true);
    assert_eq!(here.get("mtls_endpoint_aliases"), None);
    for endpoint in ["token", "introspection", "revocation"] {
        let name = format!("{endpoint}_endpoint_auth_methods_supported");
        let methods = |told: &Value| told[&name].as_array().unwrap().clone();
        for method in ["tls_client_auth", "self_signed_tls_client_auth"] {
            assert!(!methods(&without).contains(&json!(method)), "{method}");
            assert!(methods(&apart).contains(&json!(method)), "{method}");
            assert!(methods(&here).contains(&json!(method)), "{method}");
        }
    }
}
