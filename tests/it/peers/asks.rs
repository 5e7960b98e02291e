//! Libraries at the endpoints about tokens, and with tokens that are bound to a key of theirs.

use serde_json::{Value, json};

use super::{
    Credentials, World,
    kit::{Ask, Auth, Program},
    world::SALES_ANALYTICS,
};

/// What introspects and revokes.
pub(crate) const PROGRAMS: [Program; 4] = [
    Program::Node("asks_openid_client"),
    Program::Node("asks_oauth4webapi"),
    Program::Python("asks_requests_oauth2client"),
    Program::Python("asks_authlib"),
];

/// Those that get their tokens bound to a key.
pub(crate) const PROVERS: [Program; 3] = [PROGRAMS[0], PROGRAMS[1], PROGRAMS[2]];

/// Those that ask for signed answers too, and check the signature.
const SIGNED: [Program; 2] = [PROGRAMS[0], PROGRAMS[1]];

/// Resource servers that take tokens that are bound to a key.
const TAKERS: Program = Program::Node("takes_dpop");

/// What exchanges tokens.
pub(crate) const EXCHANGERS: [Program; 3] = [
    Program::Node("exchanges_openid_client"),
    Program::Python("exchanges_requests_oauth2client"),
    Program::Python("exchanges_google_auth"),
];

/// A client that may introspect the tokens it gets itself.
fn curious(world: &World) -> Credentials {
    let grant = format!("{SALES_ANALYTICS}=read:analytics");
    let created = world.server.jeton(&[
        "client",
        "create",
        "Curious",
        "--grant",
        &grant,
        "--introspects",
        SALES_ANALYTICS,
    ]);
    let text = |member: &str| created[member].as_str().unwrap().to_owned();
    Credentials {
        id: text("client_id"),
        secret: text("client_secret"),
    }
}

/// What a program told of its token.
#[track_caller]
fn told(world: &World, client: &Credentials, program: Program, url: Option<&str>) -> Value {
    let ask = world.ask_as(client, Auth::Basic);
    program.tell(&ask, url)
}

/// IN-13, RV-02, RV-07
#[test]
fn libraries_introspect_and_revoke_tokens() {
    let world = World::new();
    let client = curious(&world);

    for program in PROGRAMS {
        let told = told(&world, &client, program, None);

        assert_eq!(told["before"]["active"], true, "{program}: {told}");
        assert_eq!(told["before"]["client_id"], client.id, "{program}");
        assert_eq!(told["after"], json!({ "active": false }), "{program}");
    }
}

/// IJ-01
#[test]
fn libraries_believe_the_signature_of_an_answer_about_a_token() {
    let world = World::new();
    let client = curious(&world);

    for program in SIGNED {
        let told = told(&world, &client, program, None);

        assert_eq!(told["signed"]["active"], true, "{program}: {told}");
        assert_eq!(told["signed"], told["before"], "{program}");
    }
}

/// DP-10
#[test]
fn libraries_of_resource_servers_take_a_bound_token_with_proofs_of_its_key_alone() {
    let world = World::new();
    let client = curious(&world);
    let edit = ["client", "edit", &client.id, "--token-binding", "dpop"];
    world.server.jeton(&edit);

    let ask = Ask {
        resource: SALES_ANALYTICS,
        ..world.ask_as(&client, Auth::Basic)
    };

    let told = TAKERS.tell(&ask, None);

    for taker in ["oauth4webapi", "express_oauth2_jwt_bearer"] {
        assert_eq!(
            told[taker],
            json!({ "proven": 200, "another_request": 401, "bare": 401 }),
            "{taker}"
        );
    }
}

/// TX-02, TX-04
#[test]
fn libraries_exchange_tokens() {
    let world = World::new();
    let client = curious(&world);
    let edit = ["client", "edit", &client.id, "--token-exchange", "on"];
    world.server.jeton(&edit);

    for program in EXCHANGERS {
        let told = told(&world, &client, program, None);

        let kind = "urn:ietf:params:oauth:token-type:access_token";
        assert_eq!(told["issued_token_type"], kind, "{program}: {told}");
        assert_eq!(told["is_new"], true, "{program}");
        assert_eq!(told["introspected"]["active"], true, "{program}");
        assert_eq!(told["introspected"]["sub"], client.id, "{program}");
    }
}

/// DP-01, DP-10, DP-13: the server was just started, so it asks for nonces.
#[test]
fn libraries_get_tokens_that_are_bound_to_their_keys() {
    let world = World::new();
    let client = curious(&world);
    let edit = ["client", "edit", &client.id, "--token-binding", "dpop"];
    world.server.jeton(&edit);
    // Any address that takes a request: what a proxy checks is tested with the proxies.
    let url = format!("{}/health/live", world.server.issuer());

    for program in PROVERS {
        let told = told(&world, &client, program, Some(&url));

        let token_type = told["token_type"].as_str().unwrap();
        assert!(token_type.eq_ignore_ascii_case("DPoP"), "{program}: {told}");
        assert_eq!(told["before"]["token_type"], "DPoP", "{program}");
        assert_eq!(
            told["before"]["cnf"]["jkt"].as_str().unwrap().len(),
            43,
            "{program}"
        );
    }
}
