//! What a client may say of itself once it is registered.

use super::*;

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
