//! F5: what clients say of themselves (RFC 7591). Whatever is kept of it reads back the same, so that a client may
//! send what it was told (RFC 7592 §2.2); and no private member of a key is ever told.

#![no_main]

use std::cell::RefCell;

use jeton::{
    admin::registrations::{
        ClientMetadata, Outcome, Purpose, RegisterItself, ReplaceItself, Shown, information,
    },
    domain::{
        actor::Actor,
        client::Client,
        registration::{PlainToken, TokenUse},
    },
};
use jeton_fuzz::{
    json::{PRIVATE, has_member},
    world::{API, NOW, World},
};
use serde_json::{Value, json};

const ADDRESS: &str = "https://as.test/oauth2/register/one";

/// What only the server says (RFC 7592 §2.2), and the secret that it made.
const SERVERS: [&str; 5] = [
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
    "client_secret",
];

thread_local! {
    static SCENE: RefCell<(World, PlainToken)> = RefCell::new({
        let mut world = World::new();
        let token = world.registration_token(json!({
            "expires_in": "1d",
            "limit": 10_000,
            "grants": [{ "api": API, "scopes": ["read:orders", "write:orders"] }],
            "methods": [
                "client_secret", "client_secret_jwt", "private_key_jwt", "tls_client_auth",
                "self_signed_tls_client_auth",
            ],
        }));
        (world, token)
    });
}

jeton_fuzz::target!(|data| {
    SCENE.with_borrow_mut(|(world, token)| {
        // Nothing is left of a client for the next one.
        let before = world.registry.clone();
        register(world, token, data);
        world.registry = before;
    });
});

fn register(world: &mut World, token: &PlainToken, body: &[u8]) {
    let Ok(metadata) = ClientMetadata::read(body, Purpose::New) else {
        return;
    };
    let command = RegisterItself {
        token: PlainToken::read(TokenUse::Register, token.reveal()).expect("it is one"),
        metadata,
    };
    let actor = Actor::registration_token(token.id().clone());
    let Ok(made) = world.run_as(actor, command) else {
        return;
    };
    let told = tell(&made);
    let sent: Value = serde_json::from_slice(body).expect("metadata are JSON");
    assert!(!has_member(&told, &PRIVATE), "{told}");
    let name = told["client_name"].as_str().expect("it has a name");
    assert!(
        sent["client_name"]
            .as_str()
            .is_none_or(|it| it.trim() == name)
    );
    let client = made.client.clone();
    let again = replace(world, &client, &made, told.clone());
    assert_eq!(said(&told), said(&again));
}

/// The client sends what it was told.
fn replace(world: &mut World, client: &Client, made: &Outcome, mut told: Value) -> Value {
    let members = told.as_object_mut().expect("it was told an object");
    members.retain(|name, _| !SERVERS.contains(&name.as_str()));
    let body = told.to_string();
    let metadata = ClientMetadata::read(body.as_bytes(), Purpose::Replacement(&client.id));
    let command = ReplaceItself {
        client: client.id.clone(),
        access: PlainToken::read(TokenUse::Manage, made.access.reveal()).expect("it is one"),
        metadata: metadata.unwrap_or_else(|error| panic!("{error:?}: {body}")),
    };
    let again = world.run_as(Actor::registered(client.id.clone()), command);
    let again = again.unwrap_or_else(|refusal| panic!("{refusal:?}: {body}"));
    assert_eq!(again.client.secrets, client.secrets, "{body}");
    assert_eq!(again.client.grants, client.grants, "{body}");
    assert_eq!(again.client.name, client.name, "{body}");
    assert_eq!(again.client.rules, client.rules, "{body}");
    tell(&again)
}

fn tell(made: &Outcome) -> Value {
    let shown = Shown {
        secret: made.secret.as_ref(),
        access: &made.access,
        address: ADDRESS,
    };
    let text = information(&made.client, shown, NOW);
    serde_json::from_str(&text).expect("what is told is JSON")
}

/// What was told, but for what is new each time.
fn said(told: &Value) -> Value {
    let mut told = told.clone();
    let members = told.as_object_mut().expect("it was told an object");
    members
        .retain(|name, _| !["registration_access_token", "client_secret"].contains(&name.as_str()));
    told
}
