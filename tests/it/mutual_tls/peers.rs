//! Libraries of clients with certificates.

use std::process::Command;

use serde_json::Value;

use super::kit::House;
use crate::{
    harness::certificates::{Pair, Wanted, text},
    peers::kit::Program,
};

pub(crate) const PEERS: [Program; 2] = [
    Program::Python("client_requests_oauth2client_mtls"),
    Program::Node("client_openid_client_mtls"),
];

#[track_caller]
fn ask(house: &House, peer: Program, id: &str, pair: &Pair) -> Value {
    let mut command: Command = peer.command();
    let ca = house.authority.file();
    command
        .env("ISSUER", house.server.issuer())
        .env("CLIENT_ID", id)
        .env("SCOPE", "read")
        .env("CA", text(&ca))
        .env("CERT", text(&pair.certificate))
        .env("KEY", text(&pair.key));
    let output = command.output().expect("tests/setup installs the peers");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{peer}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// CM-01, CM-10
#[test]
fn libraries_find_the_way_and_get_bound_tokens() {
    let house = House::start();
    let own = house.authority.self_signed(Wanted::client("own"));
    let other = house.authority.self_signed(Wanted::client("other"));
    house.create("own", &["--cert", text(&own.certificate)]);

    for peer in PEERS {
        let answer = ask(&house, peer, "own", &own);
        let claims = super::kit::claims(answer["access_token"].as_str().unwrap_or_default());
        assert_eq!(
            claims["cnf"]["x5t#S256"],
            super::kit::thumbprint(&own),
            "{peer}"
        );
        let answer = ask(&house, peer, "own", &other);
        assert_eq!(answer["error"], "invalid_client", "{peer}: {answer}");
    }
}
