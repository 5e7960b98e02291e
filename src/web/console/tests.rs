//! Tests of the list of pages.

use std::collections::BTreeSet;

/// Who may ask what of the console, as the tests of roles read it.
const ROLES: &str = include_str!("../../../tests/fixtures/console/routes.txt");

/// Every route that there is, as `GET /keys`.
fn routes() -> BTreeSet<String> {
    let printed = format!("{:?}", super::routes());
    let (endpoints, paths) = printed.split_once("paths: {").unwrap();
    let mut found = BTreeSet::new();
    for entry in paths.split("RouteId(").skip(1) {
        let (id, rest) = entry.split_once(')').unwrap();
        let path = rest.split('"').nth(1).unwrap();
        let endpoint = format!("RouteId({id}): MethodRouter(MethodRouter {{ ");
        let Some((_, endpoint)) = endpoints.split_once(&endpoint) else {
            continue;
        };
        for method in ["get", "post", "put", "patch", "delete"] {
            let (_, handler) = endpoint.split_once(&format!("{method}: ")).unwrap();
            if !handler.starts_with("None") {
                found.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    found
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
