//! Libraries that sign instead of sending a secret.

use rcgen::KeyPair;

use super::{
    AUTHLIB, Credentials, OAUTH4WEBAPI, OPENID_CLIENT, REQUESTS_OAUTH2CLIENT, World,
    kit::{Auth, Client},
    world::SALES_ANALYTICS,
};

/// Each library, and whether it names the issuer as the audience, not the token endpoint.
pub(crate) const SIGNERS: [(Client, bool); 4] = [
    (OPENID_CLIENT, true),
    (OAUTH4WEBAPI, true),
    (AUTHLIB, false),
    (REQUESTS_OAUTH2CLIENT, false),
];

/// A client of the Sales Analytics API that these words give its credential.
fn client(world: &World, words: &[&str]) -> Credentials {
    let grant = format!("{SALES_ANALYTICS}=read:analytics");
    let mut all = vec!["client", "create", "Signer", "--grant", &grant];
    all.extend(words);
    let created = world.server.jeton(&all);
    let text = |member: &str| created[member].as_str().unwrap_or_default().to_owned();
    Credentials {
        id: text("client_id"),
        secret: text("client_secret"),
    }
}

/// All libraries get tokens as this client; those that name the token endpoint, only once they may.
#[track_caller]
fn assert_served(world: &World, client: &Credentials, auth: Auth) {
    let ask = world.ask_as(client, auth);
    for (library, _) in SIGNERS.iter().filter(|(_, names_issuer)| *names_issuer) {
        let who = format!("{} with {auth:?}", library.program);
        world.assert_token(&library.ask(&ask), &who);
    }
    for (library, _) in SIGNERS.iter().filter(|(_, names_issuer)| !names_issuer) {
        let who = library.program.to_string();
        super::assert_refused(&library.ask(&ask), "invalid_client", 401, &who);
    }
    let lenient = [
        "client",
        "edit",
        &client.id,
        "--legacy-assertion-audience",
        "true",
    ];
    world.server.jeton(&lenient);
    for (library, _) in SIGNERS {
        let who = format!("{} with {auth:?}, leniently", library.program);
        world.assert_token(&library.ask(&ask), &who);
    }
}

/// CJ-03, CJ-05, CJ-14
#[test]
fn libraries_sign_with_a_key_that_was_registered_as_pem() {
    let world = World::new();
    let key = KeyPair::generate().unwrap();
    let file = world.server.home().join("signer.pub.pem");
    std::fs::write(&file, key.public_key_pem()).unwrap();
    let mut client = client(&world, &["--jwks", file.to_str().unwrap()]);
    client.secret = key.serialize_pem();

    assert_served(&world, &client, Auth::Key);
}

/// CJ-19
#[test]
fn libraries_sign_with_a_secret_that_was_made_for_it() {
    let world = World::new();
    let client = client(&world, &["--auth-method", "client_secret_jwt"]);

    assert_served(&world, &client, Auth::Jwt);
}
