//! Tests of the list of pages.

use std::{collections::BTreeSet, fs, path::Path};

/// Who may ask what of the console, as the tests of roles read it.
const ROLES: &str = include_str!("../../../tests/fixtures/console/routes.txt");

/// Every route that there is, as `GET /keys`: read from where routes are written down.
fn routes() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
    let mut found = BTreeSet::new();
    read(&root.join("console.rs"), &mut found);
    read(&root.join("console"), &mut found);
    found
}

fn read(path: &Path, found: &mut BTreeSet<String>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            read(&entry.unwrap().path(), found);
        }
        return;
    }
    let source = fs::read_to_string(path).unwrap();
    for route in source.split(".route(").skip(1) {
        let mut quoted = route.splitn(3, '"');
        let (before, address) = (quoted.next().unwrap(), quoted.next().unwrap_or_default());
        if !before.trim().is_empty() || !address.starts_with('/') {
            continue;
        }
        let handlers = quoted.next().unwrap_or_default();
        for method in ["get", "post"] {
            if within_call(handlers).contains(&format!("{method}(")) {
                found.insert(format!("{} {address}", method.to_uppercase()));
            }
        }
    }
}

/// What stands before the bracket that ends the call.
fn within_call(text: &str) -> &str {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' if depth == 0 => return &text[..at],
            ')' => depth -= 1,
            _ => {}
        }
    }
    text
}

/// Console 48.
#[test]
fn it_is_written_down_of_every_route_who_may_use_it() {
    let lines = ROLES.lines().filter(|line| !line.starts_with('#'));
    let written: BTreeSet<String> = lines
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            line.split_whitespace()
                .take(2)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    let found = routes();

    let missing: Vec<_> = found.difference(&written).collect();
    let stale: Vec<_> = written.difference(&found).collect();

    assert!(
        found.len() > 30,
        "the list of routes was not understood: {found:?}"
    );
    assert!(
        missing.is_empty() && stale.is_empty(),
        "tests/fixtures/console/routes.txt lacks {missing:#?} and has {stale:#?}, which there are not"
    );
}
