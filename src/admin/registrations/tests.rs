//! Clients that register themselves: within a template, once for each use, and no further.

mod managed;

use super::*;
use crate::{
    admin::{
        clients::{DisableClient, EditClient},
        grants::SetGrant,
        tests::{World, api, fields, person, program, refusal, registration_token, scopes},
    },
    crypto::random::Entropy,
    domain::{
        actor::Actor,
        client::Binding,
        credential::Method,
        permission::{ADMIN_API, Role},
        secret::Life,
    },
};

const KEY: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"one","use":"sig",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

fn copy(token: &PlainToken, token_use: TokenUse) -> PlainToken {
    PlainToken::read(token_use, token.reveal()).unwrap()
}

fn read(text: &str) -> ClientMetadata {
    ClientMetadata::read(text.as_bytes(), Purpose::New).unwrap()
}

/// Registers a client with `token`, which says `text` of itself.
fn register(world: &mut World, token: &PlainToken, text: &str) -> Result<Outcome, Refusal> {
    let command = RegisterItself {
        token: copy(token, TokenUse::Register),
        metadata: read(text),
    };
    let actor = Actor::registration_token(token.id().clone());
    world.run_as(actor, command)
}

fn replace(world: &mut World, made: &Outcome, text: &str) -> Result<Outcome, Refusal> {
    let client = made.client.id.clone();
    let id = client.as_str();
    let text = format!("{{\"client_id\":\"{id}\",{text}}}");
    let metadata = ClientMetadata::read(text.as_bytes(), Purpose::Replacement(&client));
    let command = ReplaceItself {
        client: client.clone(),
        access: copy(&made.access, TokenUse::Manage),
        metadata: metadata.unwrap(),
    };
    world.run_as(Actor::registered(client.clone()), command)
}

fn world_with_token(limit: u32) -> (World, PlainToken) {
    let mut world = World::new();
    let made = world.run(registration_token(limit)).unwrap();
    (world, made.token)
}

#[test]
fn a_client_gets_what_it_asks_for_within_the_template() {
    let (mut world, token) = world_with_token(1);

    let made = register(
        &mut world,
        &token,
        r#"{"client_name":"runner","scope":"read"}"#,
    )
    .unwrap();

    assert_eq!(world.audited(), ["client.create", "registration_token.use"]);
    let entries = &world.last.as_ref().unwrap().audit;
    assert_eq!(
        entries[0].actor,
        format!("registration_token:{}", token.id())
    );
    let client = world.client(&made.client.id);
    assert_eq!(client.name.as_str(), "ci: runner");
    assert_eq!(client.owner.as_str(), "Build team");
    assert_eq!(client.grants, [(api("urn:shop"), scopes("read"))].into());
    assert_eq!(made.secret.unwrap().id(), &client.secrets[0].id);
    assert_eq!(client.registration.as_ref().unwrap().token, *token.id());
    let kept = world.registry.find_registration_token(token.id()).unwrap();
    assert_eq!((kept.used, kept.last_used), (1, Some(world.now)));
}

/// DCR-01
#[test]
fn a_token_registers_as_many_clients_as_it_may_in_its_time() {
    let (mut world, token) = world_with_token(2);
    let gone = Refusal::NotFound(Object::RegistrationToken(token.id().clone()));

    assert!(register(&mut world, &token, "{}").is_ok());
    assert!(register(&mut world, &token, "{}").is_ok());
    assert_eq!(refusal(register(&mut world, &token, "{}")), gone);

    let late = world.run(registration_token(1)).unwrap().token;
    world.advance(Span::days(1));
    assert!(register(&mut world, &late, "{}").is_err());

    let revoked = world.run(registration_token(1)).unwrap().token;
    let revoke = RevokeRegistrationToken {
        token: revoked.id().clone(),
    };
    world.run(revoke.clone()).unwrap();
    assert!(register(&mut world, &revoked, "{}").is_err());
    assert!(matches!(
        refusal(world.run(revoke)),
        Refusal::Conflict(what) if what == "this token is revoked already"
    ));
    let other = PlainToken::generate(TokenUse::Register, &Entropy::seeded(9));
    assert!(register(&mut world, &other, "{}").is_err());
}

/// DCR-07
#[test]
fn what_the_template_does_not_allow_is_refused_by_name() {
    let (mut world, token) = world_with_token(1);
    let long = "x".repeat(126);
    for (text, field) in [
        (r#"{"scope":"read write"}"#, "scope"),
        (r#"{"scope":"nothing"}"#, "scope"),
        (
            r#"{"token_endpoint_auth_method":"tls_client_auth","tls_client_auth_san_dns":"a.test"}"#,
            "token_endpoint_auth_method",
        ),
        (&format!(r#"{{"client_name":"{long}"}}"#), "client_name"),
        (
            r#"{"token_endpoint_auth_method":"private_key_jwt"}"#,
            "jwks",
        ),
        (
            r#"{"dpop_bound_access_tokens":true,"tls_client_certificate_bound_access_tokens":true}"#,
            "dpop_bound_access_tokens",
        ),
    ] {
        assert_eq!(
            fields(register(&mut world, &token, text)),
            [field],
            "{text}"
        );
    }
    assert_eq!(world.registry.client_count(), 0);
}

#[test]
fn a_template_may_ask_for_bound_tokens_and_give_secrets_an_end() {
    let mut world = World::new();
    let mut command = registration_token(9);
    command.template.binding = Binding::Dpop;
    command.template.secret_lifetime = Some(Span::days(9));
    let token = world.run(command).unwrap().token;

    let made = register(&mut world, &token, "{}").unwrap();
    let loose = register(&mut world, &token, r#"{"dpop_bound_access_tokens":false}"#);
    let other = r#"{"tls_client_certificate_bound_access_tokens":true}"#;

    assert_eq!(made.client.rules.binding, Binding::Dpop);
    assert_eq!(
        made.client.secrets[0].expires,
        Some(world.now.plus(Span::days(9)))
    );
    assert_eq!(fields(loose), ["dpop_bound_access_tokens"]);
    let other = fields(register(&mut world, &token, other));
    assert_eq!(other, ["dpop_bound_access_tokens"]);
}

fn wrong(text: &str) -> MetadataError {
    ClientMetadata::read(text.as_bytes(), Purpose::New).unwrap_err()
}

/// DCR-02, DCR-08
#[test]
fn what_is_no_object_or_comes_from_somebody_else_is_refused() {
    for text in [
        "",
        "null",
        "[]",
        "\"a\"",
        "{",
        r#"{"scope":"a","scope":"a"}"#,
        "{} {}",
    ] {
        assert_eq!(wrong(text), MetadataError::Malformed, "{text}");
    }
    let invalid = ClientMetadata::read(b"{\"client_name\":\"\xff\"}", Purpose::New);
    assert_eq!(invalid.unwrap_err(), MetadataError::Malformed);
    assert_eq!(
        wrong(r#"{"software_statement":"a.b.c"}"#),
        MetadataError::SoftwareStatement
    );
}

/// DCR-04, DCR-05, DCR-09
#[test]
fn what_is_no_client_metadata_is_refused() {
    let both = format!(r#"{{"jwks":{KEY},"jwks_uri":"https://a.test/jwks"}}"#);
    for (text, field) in [
        (r#"{"grant_types":"client_credentials"}"#, "grant_types"),
        (
            r#"{"grant_types":["client_credentials",null]}"#,
            "grant_types",
        ),
        (r#"{"grant_types":["authorization_code"]}"#, "grant_types"),
        (r#"{"grant_types":[]}"#, "grant_types"),
        (r#"{"response_types":["code"]}"#, "response_types"),
        (r#"{"redirect_uris":"https://a.test"}"#, "redirect_uris"),
        (
            r#"{"token_endpoint_auth_method":"none"}"#,
            "token_endpoint_auth_method",
        ),
        (
            r#"{"token_endpoint_auth_method":7}"#,
            "token_endpoint_auth_method",
        ),
        (r#"{"client_name":["a"]}"#, "client_name"),
        (r#"{"client_name":"a\u0000"}"#, "client_name"),
        (r#"{"scope":"a  b"}"#, "scope"),
        (r#"{"contacts":["a",7]}"#, "contacts"),
        (
            r#"{"dpop_bound_access_tokens":"yes"}"#,
            "dpop_bound_access_tokens",
        ),
        (r#"{"jwks":{"keys":[]}}"#, "jwks"),
        (r#"{"jwks":{"keys":[7]}}"#, "jwks"),
        (r#"{"jwks":{"keys":[{"kty":"oct","k":"AAAA"}]}}"#, "jwks"),
        (
            r#"{"jwks":{"keys":[{"kty":"OKP","crv":"Ed25519","x":"a","d":"b"}]}}"#,
            "jwks",
        ),
        (&both, "jwks"),
        (r#"{"jwks_uri":"http://a.test/jwks"}"#, "jwks_uri"),
        (r#"{"client_uri":"javascript:alert(1)"}"#, "client_uri"),
        (r#"{"logo_uri":"http://a.test/logo.png"}"#, "logo_uri"),
        (r#"{"tos_uri":"https://u@a.test/"}"#, "tos_uri"),
        (r#"{"policy_uri":"https://a.test/#f"}"#, "policy_uri"),
    ] {
        let MetadataError::Invalid(errors) = wrong(text) else {
            panic!("{text}");
        };
        let named: Vec<&str> = errors.iter().map(|(field, _)| field).collect();
        assert_eq!(named, [field], "{text}");
    }
}

/// DCR-04, DCR-06
#[test]
fn what_is_not_understood_or_not_the_clients_to_say_is_ignored() {
    let (mut world, token) = world_with_token(1);
    let text = r#"{"client_id":"mine","client_secret":"mine","client_id_issued_at":1,
        "registration_access_token":"mine","colour":{"a":[1,2]},"client_name":null,
        "redirect_uris":["https://a.test/back"]}"#;

    let made = register(&mut world, &token, text).unwrap();

    assert_eq!(made.client.name.as_str(), "ci:");
    assert_ne!(made.client.id.as_str(), "mine");
    assert_ne!(made.secret.unwrap().reveal(), "mine");
    assert_ne!(made.access.reveal(), "mine");
}

#[test]
fn nobody_hands_out_more_than_they_may_nor_this_server() {
    let mut world = World::new();
    let mut command = registration_token(1);
    let admin = (ADMIN_API.parse().unwrap(), scopes("clients:read"));
    command.template.grants.insert(admin.0, admin.1);
    let unknown = (api("urn:none"), scopes("read"));
    command.template.grants.insert(unknown.0, unknown.1);
    command.template.methods = [Method::Federated].into();

    let wrong = fields(world.run(command));

    assert_eq!(
        wrong,
        ["grants.urn:jeton:admin", "grants.urn:none", "methods"]
    );
    let settings_alone = program("settings:write");
    assert!(world.run_as(settings_alone, registration_token(1)).is_err());
    let whole = program("settings:write clients:write secrets:write grants:write");
    assert!(world.run_as(whole, registration_token(1)).is_ok());
    for (role, may) in [
        (Role::Viewer, false),
        (Role::Operator, false),
        (Role::Admin, true),
        (Role::Owner, true),
    ] {
        let done = world.run_as(person(role), registration_token(1));
        assert_eq!(done.is_ok(), may, "{role}");
    }
}

#[test]
fn a_token_is_forgotten_a_month_after_its_end_and_its_clients_stay() {
    let (mut world, token) = world_with_token(1);
    let made = register(&mut world, &token, "{}").unwrap();

    world.advance(Span::days(29));
    assert!(!has_forgettable(&world.registry, world.now));
    world.advance(Span::days(1));
    assert!(has_forgettable(&world.registry, world.now));
    assert_eq!(world.run(ForgetRegistrationTokens).unwrap(), 1);

    assert!(world.registry.find_registration_token(token.id()).is_none());
    assert!(replace(&mut world, &made, r#""scope":"read""#).is_ok());
}
