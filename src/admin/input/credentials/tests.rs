use serde_json::json;

use super::*;

fn parse(input: Value) -> Result<NewCredential, FieldErrors> {
    let input: CredentialInput = serde_json::from_value(input).unwrap();
    let mut errors = FieldErrors::default();
    let parsed = input.parse("credential.", &mut errors);
    errors.finish()?;
    Ok(parsed.unwrap())
}

fn complaint(input: Value) -> String {
    let errors = parse(input).unwrap_err();
    let (field, message) = errors.iter().next().unwrap();
    format!("{field}: {message}")
}

fn jwk() -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
}

#[test]
fn a_key_comes_as_a_jwk_a_set_of_one_or_the_text_of_either() {
    let set = json!({ "keys": [jwk()] });
    for key in [
        jwk(),
        set.clone(),
        json!(jwk().to_string()),
        json!(set.to_string()),
    ] {
        assert!(parse(json!({ "key": key })).is_ok(), "{key}");
    }
    let two = json!({ "keys": [jwk(), jwk()] });
    assert!(complaint(json!({ "key": two })).starts_with("credential.key: give one key"));
    let nothing = json!({ "keys": [] });
    assert!(complaint(json!({ "key": nothing })).contains("1 to 20"));
}

#[test]
fn a_private_key_is_refused_with_advice() {
    let mut private = jwk();
    private["d"] = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A".into();
    let pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
    for key in [private, json!(pem)] {
        assert!(complaint(json!({ "key": key })).contains("this is a private key"));
    }
}

/// CM-04
#[test]
fn keys_are_for_assertions_unless_they_are_said_to_be_for_certificates() {
    let uri = "https://svc.test/jwks";
    for (method, of_key, of_set) in [
        (None, "key", "key_set"),
        (Some("private_key_jwt"), "key", "key_set"),
        (
            Some("self_signed_tls_client_auth"),
            "certificate_key",
            "certificate_key_set",
        ),
    ] {
        let kind = |input| parse(input).unwrap().proof.kind();
        assert_eq!(kind(json!({ "key": jwk(), "auth_method": method })), of_key);
        assert_eq!(
            kind(json!({ "jwks_uri": uri, "auth_method": method })),
            of_set
        );
    }
    let other = json!({ "key": jwk(), "auth_method": "tls_client_auth" });
    assert!(complaint(other).starts_with("credential.auth_method: keys are for"));
    let name = "tls_client_auth_san_dns";
    let without_keys = json!({ name: "svc.test", "auth_method": "private_key_jwt" });
    assert!(complaint(without_keys).starts_with("credential.auth_method: keys are for"));
}

#[test]
fn one_credential_is_given_and_not_two() {
    let both = json!({ "key": jwk(), "jwks_uri": "https://svc.test/jwks" });
    assert!(complaint(both).starts_with("credential: give exactly one"));
    assert!(complaint(json!({})).starts_with("credential: give exactly one"));
}

/// CJ-15
#[test]
fn keys_are_fetched_over_https_alone() {
    assert!(parse(json!({ "jwks_uri": "https://svc.test/jwks" })).is_ok());
    for address in [
        "http://svc.test",
        "https://u:p@svc.test",
        "ftp://x",
        "svc",
        "",
        "https://x/#y",
    ] {
        let refused = complaint(json!({ "jwks_uri": address }));
        assert!(refused.starts_with("credential.jwks_uri: "), "{refused}");
    }
}

/// CF-04, CF-06
#[test]
fn a_trust_names_whom_it_lets_in() {
    let trust = |change: Value| {
        let mut trust = json!({
            "issuer": "https://token.actions.githubusercontent.com",
            "subject": "repo:acme/shop:*", "audience": "https://as.test",
        });
        for (name, value) in change.as_object().unwrap() {
            trust[name] = value.clone();
        }
        json!({ "federation": trust })
    };
    assert!(parse(trust(json!({}))).is_ok());
    assert!(parse(trust(json!({ "jwks": { "keys": [jwk(), jwk()] } }))).is_ok());
    for (change, field) in [
        (json!({ "subject": "*" }), "subject"),
        (json!({ "subject": "" }), "subject"),
        (json!({ "issuer": "" }), "issuer"),
        (json!({ "issuer": "kubernetes/serviceaccount" }), "issuer"),
        (
            json!({ "audience": "https://kubernetes.default.svc.cluster.local" }),
            "audience",
        ),
        (json!({ "max_age": "25h" }), "max_age"),
        (json!({ "jwks": "{", }), "jwks"),
        (json!({ "claims": { "": "x" } }), "claims"),
    ] {
        let refused = complaint(trust(change));
        assert!(
            refused.starts_with(&format!("credential.federation.{field}: ")),
            "{refused}"
        );
    }
}
