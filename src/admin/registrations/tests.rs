//! Clients that register themselves: within a template, once for each use, and no further.

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

/// DCM-02
#[test]
fn a_client_replaces_all_that_it_said_and_goes_on_with_its_scopes_if_it_names_none() {
    let (mut world, token) = world_with_token(1);
    let text = r#"{"client_name":"runner","scope":"read","client_uri":"https://a.test/"}"#;
    let made = register(&mut world, &token, text).unwrap();

    let after = replace(&mut world, &made, r#""client_name":"ci: other""#).unwrap();

    assert_eq!(world.audited(), ["registration.replace"]);
    let client = world.client(&made.client.id);
    assert_eq!(client.name.as_str(), "ci: other", "the prefix stands once");
    assert_eq!(client.grants, made.client.grants);
    assert!(client.registration.as_ref().unwrap().about.pages.is_empty());
    assert!(after.secret.is_none(), "what it has goes on");
    assert_eq!(client.live_secrets(world.now).count(), 1);
    assert_ne!(after.access.id(), made.access.id());
    assert!(world.registry.find_client_by_access(&made.access).is_none());
    let again = replace(&mut world, &made, r#""client_name":"x""#);
    assert!(matches!(refusal(again), Refusal::NotFound(_)));
}

/// DCM-02
#[test]
fn a_client_that_moves_to_a_key_has_no_secret_any_more() {
    let (mut world, token) = world_with_token(1);
    let made = register(&mut world, &token, "{}").unwrap();
    let key = format!(r#""token_endpoint_auth_method":"private_key_jwt","jwks":{KEY}"#);

    let moved = replace(&mut world, &made, &key).unwrap();
    let client = world.client(&made.client.id).clone();
    let stayed = replace(&mut world, &moved, &key).unwrap();

    let lives: Vec<Life> = client.secrets.iter().map(|it| it.life(world.now)).collect();
    assert_eq!(lives, [Life::Retired, Life::Active]);
    assert_eq!(client.methods(world.now), [Method::PrivateKeyJwt].into());
    assert_eq!(stayed.client.secrets, client.secrets);
    let back = replace(&mut world, &stayed, r#""scope":"read""#).unwrap();
    assert!(back.secret.is_some(), "the usual method again");
}

/// DCM-02
#[test]
fn a_secret_that_a_client_names_must_be_its_own() {
    let (mut world, token) = world_with_token(1);
    let made = register(&mut world, &token, "{}").unwrap();
    let secret = made.secret.as_ref().unwrap().reveal().to_owned();

    let wrong = replace(&mut world, &made, r#""client_secret":"another""#);
    assert_eq!(fields(wrong), ["client_secret"]);
    assert!(replace(&mut world, &made, &format!(r#""client_secret":"{secret}""#)).is_ok());
}

#[test]
fn a_client_whose_secret_ends_gets_the_next_one_in_time() {
    let mut world = World::new();
    let mut command = registration_token(1);
    command.template.secret_lifetime = Some(Span::days(9));
    let token = world.run(command).unwrap().token;
    let made = register(&mut world, &token, "{}").unwrap();

    world.advance(Span::days(5));
    let early = replace(&mut world, &made, r#""scope":"read""#).unwrap();
    world.advance(Span::days(2));
    let due = replace(&mut world, &early, r#""scope":"read""#).unwrap();

    assert!(early.secret.is_none());
    assert!(due.secret.is_some());
    assert_eq!(
        due.client.live_secrets(world.now).count(),
        2,
        "both work for a while"
    );
}

#[test]
fn the_next_secret_of_a_client_that_signs_with_it_signs_as_well() {
    let mut world = World::new();
    let mut command = registration_token(1);
    command.template.secret_lifetime = Some(Span::days(9));
    command.template.methods = [Method::ClientSecretJwt].into();
    let token = world.run(command).unwrap().token;
    let signs = r#""token_endpoint_auth_method":"client_secret_jwt""#;
    let made = register(&mut world, &token, &format!("{{{signs}}}")).unwrap();

    world.advance(Span::days(7));
    let due = replace(&mut world, &made, signs).unwrap();

    assert!(due.secret.is_some());
    let kinds = due.client.secrets.iter().map(|it| it.proof.kind());
    assert_eq!(kinds.collect::<Vec<_>>(), ["shared", "shared"]);
}

#[test]
fn what_operators_gave_or_asked_for_is_not_the_clients_to_change() {
    let (mut world, token) = world_with_token(1);
    let made = register(&mut world, &token, r#"{"scope":"read"}"#).unwrap();
    let client = made.client.id.clone();
    world
        .run(SetGrant {
            client: client.clone(),
            api: api("urn:shop"),
            scopes: scopes("read write"),
            details: None,
        })
        .unwrap();
    let mut edit = EditClient::of(client.clone());
    edit.binding = Some(Binding::Dpop);
    world.run(edit).unwrap();

    let kept = replace(&mut world, &made, r#""scope":"read write""#).unwrap();
    let less = replace(&mut world, &kept, r#""scope":"read""#).unwrap();
    let other = replace(&mut world, &less, r#""scope":"write""#).unwrap();

    let both = [(api("urn:shop"), scopes("read write"))].into();
    assert_eq!(kept.client.grants, both);
    assert_eq!(less.client.grants, both, "the operator's stays");
    assert_eq!(less.client.rules.binding, Binding::Dpop);
    let own = [(api("urn:shop"), scopes("write"))].into();
    assert_eq!(other.client.grants, own, "its own it gives up");
    let more = replace(&mut world, &other, r#""scope":"delete""#);
    assert_eq!(fields(more), ["scope"]);
}

/// DCM-03
#[test]
fn a_client_that_is_disabled_or_manages_the_server_is_left_to_operators() {
    let (mut world, token) = world_with_token(2);
    let off = register(&mut world, &token, "{}").unwrap();
    let mighty = register(&mut world, &token, "{}").unwrap();
    world
        .run(DisableClient {
            client: off.client.id.clone(),
        })
        .unwrap();
    world
        .run(SetGrant {
            client: mighty.client.id.clone(),
            api: ADMIN_API.parse().unwrap(),
            scopes: scopes("clients:read"),
            details: None,
        })
        .unwrap();

    for made in [&off, &mighty] {
        let replaced = replace(&mut world, made, r#""scope":"read""#);
        assert!(matches!(refusal(replaced), Refusal::Forbidden(_)));
        let remove = RemoveItself {
            client: made.client.id.clone(),
            access: copy(&made.access, TokenUse::Manage),
        };
        let actor = Actor::registered(made.client.id.clone());
        assert!(matches!(
            refusal(world.run_as(actor, remove)),
            Refusal::Forbidden(_)
        ));
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
