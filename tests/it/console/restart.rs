//! A restart in the middle of a rotation.

use std::fs;

use crate::harness::{
    browser::PASSWORD,
    curl::curl,
    process::ServerProcess,
    tab::{Tab, element},
};

const CREDENTIALS: &str = "/clients/mover/credentials";

/// An operator, ben@example.com, and a client, `mover`; its secret.
pub(crate) fn populate(server: &ServerProcess) -> String {
    let password = server.home().join("password");
    fs::write(&password, PASSWORD).unwrap();
    let (path, email) = (password.to_str().unwrap(), "ben@example.com");
    let add = [
        "operator",
        "add",
        email,
        "--role",
        "operator",
        "--password-file",
        path,
    ];
    server.jeton(&add);
    let api = [
        "api", "create", "urn:shop", "--name", "Shop", "--scope", "read",
    ];
    server.jeton(&api);
    let create = [
        "client",
        "create",
        "Mover",
        "--id",
        "mover",
        "--grant",
        "urn:shop=read",
    ];
    let secret = server.jeton(&create)["client_secret"].clone();
    secret.as_str().unwrap().to_owned()
}

fn status(server: &ServerProcess, secret: &str) -> u16 {
    let endpoint = format!("{}/oauth2/token", server.issuer());
    let login = format!("mover:{secret}");
    let grant = "grant_type=client_credentials";
    curl(&["--user", &login, "--data", grant, &endpoint]).status
}

/// What the credentials page says of the rotation: when the old secret stops, and the verdict.
#[track_caller]
fn said(tab: &mut Tab<'_>) -> (String, Vec<String>) {
    let page = tab.see(CREDENTIALS, &[]);
    assert!(page.contains("Rotation in progress"), "{page}");
    let (_, stops) = page.split_once("Old secret stops ").unwrap();
    let (stops, _) = stops.split_once(" (").unwrap();
    let numbers = page.split("<dt>Tokens</dt><dd>").skip(1);
    let numbers = numbers.filter_map(|rest| rest.split(' ').next());
    (stops.to_owned(), numbers.map(str::to_owned).collect())
}

/// Console 42.
#[test]
fn a_rotation_goes_on_after_a_restart_and_the_secret_is_shown_no_more() {
    let mut server = ServerProcess::start();
    let old = populate(&server);
    let jar = server.home().join("ben.jar");
    let form = [("email", "ben@example.com"), ("password", PASSWORD)];
    let mut tab = Tab::of(&server, "ben.jar");
    tab.see("/sign-in", &form);
    let rotate = [("overlap", "24h"), ("if_used", "hold")];
    let page = tab.reveal(&format!("{CREDENTIALS}/rotate"), &rotate);
    let new = element(&page, "secret");
    for secret in [&old, &old, &new] {
        assert_eq!(status(&server, secret), 200);
    }
    let before = said(&mut tab);

    server.restart();

    assert!(jar.exists());
    let mut tab = Tab::of(&server, "ben.jar");
    assert_eq!(said(&mut tab), before, "state, deadline and counters");
    assert_eq!(
        before.1,
        ["1", "2"],
        "tokens of the new secret and of the old one"
    );
    assert_eq!((status(&server, &old), status(&server, &new)), (200, 200));
    let window = format!("/clients/mover/reveal/{}", &new[4..12]);
    let closed = tab.see(&window, &[]);
    assert!(closed.contains("can’t be shown again"), "{closed}");
    assert!(!closed.contains(&new));
}
