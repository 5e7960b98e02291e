//! What a client proves itself with, on the command line: the next one is of the kind of the last, or what was said.

use std::fs;

use rcgen::KeyPair;

use crate::cli::kit::Home;

/// The kinds of what works for a client, the oldest first.
#[track_caller]
fn kinds(home: &Home, id: &str) -> Vec<String> {
    let list = home.jeton(&["secret", "list", id, "--json"]);
    let list = list.assert(0).json();
    let mut all: Vec<_> = list["data"].as_array().unwrap().iter().collect();
    all.sort_by_key(|it| it["created_at"].as_str());
    let words = all.iter().map(|it| it["kind"].as_str().unwrap().to_owned());
    words.collect()
}

/// A data directory with a client that has a key.
fn with_key() -> Home {
    let home = Home::with_data();
    for name in ["one.pem", "two.pem"] {
        let key = KeyPair::generate().unwrap();
        fs::write(home.path(name), key.public_key_pem()).unwrap();
    }
    let client = ["client", "create", "A", "--id", "a", "--jwks", "one.pem"];
    home.jeton(&client).assert(0);
    home
}

#[test]
fn who_signs_with_a_secret_goes_on_signing_unless_told_otherwise() {
    for (flags, then) in [
        (&[][..], "shared"),
        (&["--auth-method", "client_secret"], "generated"),
    ] {
        let home = Home::with_data();
        let signing = ["--auth-method", "client_secret_jwt"];
        let client = ["client", "create", "A", "--id", "a"];
        home.jeton(&[&client[..], &signing].concat()).assert(0);

        let rotate = ["secret", "rotate", "a", "--secret-file", "new"];
        home.jeton(&[&rotate, flags].concat()).assert(0);

        let mut kinds = kinds(&home, "a");
        kinds.sort_unstable();
        let mut wanted = ["shared", then];
        wanted.sort_unstable();
        assert_eq!(kinds, wanted);
    }
}

#[test]
fn a_client_with_a_key_gets_a_secret_only_if_that_is_said() {
    let home = with_key();

    for words in [
        &["secret", "rotate", "a"][..],
        &["secret", "rotate", "a", "--secret-file", "new"],
        &["handover", "offer", "a"],
    ] {
        let refused = home.jeton(words);
        refused.assert_one_line(1, "--auth-method client_secret");
    }
    assert!(!home.path("new").exists());
    assert_eq!(kinds(&home, "a"), ["key"]);
    let offer = ["handover", "offer", "a", "--auth-method", "client_secret"];
    home.jeton(&offer).assert(0);
    let rotate = ["secret", "rotate", "a", "--auth-method", "client_secret"];
    home.jeton(&rotate).assert(0);

    assert_eq!(kinds(&home, "a").len(), 2);
}

#[test]
fn a_client_with_a_key_moves_to_its_next_key() {
    let home = with_key();

    let rotate = ["secret", "rotate", "a", "--jwks", "two.pem"];
    home.jeton(&rotate).assert(0);

    assert_eq!(kinds(&home, "a"), ["key", "key"]);
}

/// CJ-19
#[test]
fn a_link_to_a_secret_that_signs_is_refused_where_a_key_goes_on_working() {
    let home = with_key();
    let offer = [
        "handover",
        "offer",
        "a",
        "--auth-method",
        "client_secret_jwt",
    ];

    home.jeton(&offer).assert_one_line(1, "side by side");
    let at_once = [&offer[..], &["--overlap", "0"]].concat();
    home.jeton(&at_once).assert(0);
}
