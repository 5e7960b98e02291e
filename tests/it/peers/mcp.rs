//! The Model Context Protocol's client for machines, which knows of the API alone: the rest it finds by metadata.

use rcgen::KeyPair;

use super::{
    Credentials, World,
    kit::{Ask, Auth, Client, Program},
    world::{SALES_ANALYTICS, assert_refused, claims, granted},
};

pub(crate) const MCP: Client = Client {
    program: Program::Python("client_mcp"),
    methods: &[Auth::Basic, Auth::Body],
};

/// PRM-01, MD-03, MD-20
#[test]
fn mcp_finds_its_way_from_the_api_to_a_token() {
    let world = World::new();

    world.serves(&MCP);
    let wrong = Ask {
        secret: "wrong",
        ..world.ask(Auth::Basic)
    };
    assert_refused(&MCP.ask(&wrong), "invalid_client", 401, "mcp");
}

/// RI-04
#[test]
fn mcp_gets_a_token_for_the_api_that_it_was_sent_away_from() {
    let world = World::new();
    let reporting = "https://reporting.test";
    world.create_api(reporting, "ES256");
    let auditor = world.create_client("Auditor", &[SALES_ANALYTICS, reporting]);

    let answer = MCP.ask(&Ask {
        resource: reporting,
        ..world.ask_as(&auditor, Auth::Basic)
    });

    assert_eq!(claims(granted(&answer, "mcp"))["aud"], reporting);
}

/// CJ-05, CJ-14
#[test]
fn mcp_signs_with_a_key() {
    let world = World::new();
    let key = KeyPair::generate().unwrap();
    let file = world.server.home().join("mcp.pub.pem");
    std::fs::write(&file, key.public_key_pem()).unwrap();
    let grant = format!("{SALES_ANALYTICS}=read:analytics");
    let words = ["client", "create", "MCP", "--grant", &grant, "--jwks"];
    let made = world
        .server
        .jeton(&[&words[..], &[file.to_str().unwrap()]].concat());
    let client = Credentials {
        id: made["client_id"].as_str().unwrap().to_owned(),
        secret: key.serialize_pem(),
    };

    world.assert_token(&MCP.ask(&world.ask_as(&client, Auth::Key)), "mcp");
}
