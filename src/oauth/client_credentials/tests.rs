use proptest::prelude::*;

use super::*;
use crate::{
    domain::{
        api::{ApiStatus, Offer as Open},
        time::{Lifetime, Timestamp},
    },
    oauth::fixtures::{NOW, SALES, World, api, client, set},
};

const STOCK: &str = "https://stock.example";
const LEDGER: &str = "urn:example:ledger";

/// Three APIs, and a client with grants on two of them.
fn world() -> World {
    let mut world = World::new();
    world.put_api(api(SALES, "read write sales"));
    world.put_api(api(STOCK, "read count"));
    world.put_api(api(LEDGER, "read"));
    world.replace_client(client(
        "c",
        &[(SALES, "read sales write"), (STOCK, "count read")],
    ));
    world
}

/// What client `c` gets: the API and the scopes.
fn ask(world: &World, body: &str) -> Result<(String, String), Reason> {
    let body = format!("grant_type=client_credentials&{body}");
    let params = Params::parse(body.as_bytes()).unwrap();
    let client = world.registry.find_client_by_text("c").unwrap();
    let grant = grant(&world.registry, client, &params)?;
    Ok((grant.api.identifier.to_string(), grant.scopes.to_string()))
}

fn got(api: &str, scopes: &str) -> (String, String) {
    (api.to_owned(), scopes.to_owned())
}

fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

fn id(text: &str) -> ApiIdentifier {
    text.parse().unwrap()
}

/// T-07
#[test]
fn the_only_grant_type_is_client_credentials() {
    let world = world();
    let client = world.registry.find_client_by_text("c").unwrap();
    for other in [
        "password",
        "authorization_code",
        "refresh_token",
        "foo",
        "Client_Credentials",
        "client_credentials+",
        "%20client_credentials",
        "client_credentials%E2%80%8B",
    ] {
        let body = format!("grant_type={other}");
        let params = Params::parse(body.as_bytes()).unwrap();
        let refused = grant(&world.registry, client, &params).unwrap_err();
        assert_eq!(refused, Reason::UnsupportedGrantType, "{other}");
    }
}

/// RI-04, SC-03
#[test]
fn a_named_api_gives_the_scopes_asked_for() {
    let world = world();
    for name in ["resource", "audience"] {
        let body = format!("{name}=https%3A%2F%2Fsales.example%2F&scope=write+read+read");
        assert_eq!(ask(&world, &body), Ok(got(SALES, "read write")));
    }
    assert_eq!(
        ask(
            &world,
            &format!("resource={STOCK}&audience={STOCK}&resource={STOCK}&scope=read")
        ),
        Ok(got(STOCK, "read"))
    );
}

/// RI-02, RI-07, T-12
#[test]
fn two_apis_are_one_too_many() {
    let world = world();
    for body in [
        format!("resource={SALES}&resource={STOCK}"),
        format!("resource={SALES}&audience={STOCK}"),
        format!("resource={SALES}&resource=nonsense"),
        format!("resource={SALES}&resource={SALES}&audience={LEDGER}"),
    ] {
        assert_eq!(ask(&world, &body), Err(Reason::TargetsDiffer), "{body}");
    }
}

/// RI-01
#[test]
fn an_api_is_named_by_an_absolute_uri_without_fragment() {
    for bad in [
        "invalid",
        "/x",
        "https://x/%23f",
        "https://",
        "https:///x",
        "%20",
        "sales",
    ] {
        let refused = ask(&world(), &format!("resource={bad}"));
        assert_eq!(refused, Err(Reason::TargetMalformed), "{bad}");
    }
}

/// RI-03, RI-05
#[test]
fn unknown_ungranted_and_disabled_apis_answer_alike() {
    let mut world = world();
    let mut disabled = api(STOCK, "read count");
    disabled.status = ApiStatus::Disabled(Timestamp(1));
    world.put_api(disabled);
    let refused = |resource: &str| ask(&world, &format!("resource={resource}")).unwrap_err();

    let unknown = refused("https://other.example/");
    assert_eq!(unknown, Reason::TargetUnknown(id("https://other.example/")));
    let nearly = refused("https://sales.example");
    assert_eq!(nearly, Reason::TargetUnknown(id("https://sales.example")));
    let ungranted = refused(LEDGER);
    assert_eq!(ungranted, Reason::TargetNotGranted(id(LEDGER)));
    let disabled = refused(STOCK);
    assert_eq!(disabled, Reason::TargetDisabled(id(STOCK)));
    for reason in [nearly, ungranted, disabled] {
        assert_eq!(reason.code(), unknown.code());
        assert_eq!(reason.description(), unknown.description());
    }
}

/// RI-04: exactly one granted API has every scope asked for.
#[test]
fn without_a_name_the_api_is_found_by_its_scopes() {
    let world = world();
    assert_eq!(ask(&world, "scope=sales"), Ok(got(SALES, "sales")));
    assert_eq!(
        ask(&world, "scope=read+write"),
        Ok(got(SALES, "read write"))
    );
    assert_eq!(
        ask(&world, "scope=count&resource="),
        Ok(got(STOCK, "count"))
    );
    assert_eq!(ask(&world, "scope=read"), Err(Reason::TargetAmbiguous));
}

/// SC-06
#[test]
fn scopes_of_two_apis_are_not_mixed() {
    assert_eq!(ask(&world(), "scope=sales+count"), Err(Reason::ScopesApart));
    assert_eq!(Reason::ScopesApart.code().as_str(), "invalid_scope");
}

/// SC-05, SC-07, SC-09, RI-06
#[test]
fn one_scope_that_cannot_be_had_refuses_all() {
    let mut world = world();
    let mut narrowed = api(SALES, "read sales");
    narrowed.scopes.remove("write");
    world.put_api(narrowed);
    world.put_api(api(LEDGER, "read secret"));
    for (body, missing) in [
        ("scope=sales+unknown", "unknown"),
        ("scope=secret", "secret"),
        ("scope=sales+write", "write"),
        ("scope=*", "*"),
        ("scope=READ", "READ"),
        ("scope=sal", "sal"),
        ("resource=https://stock.example&scope=count+sales", "sales"),
    ] {
        let refused = ask(&world, body).unwrap_err();
        assert_eq!(refused, Reason::ScopeNotGranted(scope(missing)), "{body}");
        assert_eq!(refused.description(), Reason::ScopesApart.description());
    }
}

/// SC-01, SC-02, SC-08
#[test]
fn a_malformed_scope_is_invalid_whether_an_api_is_named_or_not() {
    let world = world();
    let many = vec!["read"; 101].join("+");
    let long = "x".repeat(10_000);
    for bad in [
        "%22read%22",
        "re%5Cad",
        "read%09sales",
        "read%0Asales",
        "%C3%A9",
        "+read",
        "read+",
        "read++sales",
        "+",
        &many,
        &long,
        "read%00",
    ] {
        for api in ["", "&resource=https://sales.example/"] {
            let refused = ask(&world, &format!("scope={bad}{api}"));
            assert_eq!(refused, Err(Reason::ScopeMalformed), "{bad}{api}");
        }
    }
}

/// SC-04
#[test]
fn without_scopes_the_default_ones_are_given() {
    let mut world = world();
    let mut client = world.client("c");
    client.default_scopes = set("count");
    world.replace_client(client.clone());
    assert_eq!(ask(&world, "scope="), Ok(got(STOCK, "count")));
    assert_eq!(
        ask(&world, &format!("resource={STOCK}")),
        Ok(got(STOCK, "count"))
    );
    let elsewhere = ask(&world, &format!("resource={SALES}"));
    assert_eq!(elsewhere, Ok(got(SALES, "read sales write")));

    client.default_scopes = set("read");
    world.replace_client(client.clone());
    assert_eq!(ask(&world, ""), Err(Reason::TargetAmbiguous));
    assert_eq!(
        ask(&world, &format!("audience={SALES}")),
        Ok(got(SALES, "read"))
    );

    client.default_scopes = ScopeSet::default();
    world.replace_client(client);
    assert_eq!(ask(&world, ""), Err(Reason::TargetAmbiguous));
}

/// SC-04, SC-10
#[test]
fn the_only_granted_api_needs_no_name_and_no_grant_gives_no_token() {
    let mut world = world();
    world.replace_client(client("c", &[(STOCK, "count read")]));
    assert_eq!(ask(&world, ""), Ok(got(STOCK, "count read")));

    world.replace_client(client("c", &[]));
    assert_eq!(ask(&world, ""), Err(Reason::NothingGranted));
    let scoped = ask(&world, "scope=read");
    assert_eq!(scoped, Err(Reason::ScopeNotGranted(scope("read"))));
    assert_eq!(
        ask(&world, &format!("resource={STOCK}")),
        Err(Reason::TargetNotGranted(id(STOCK)))
    );
}

/// RI-06, SC-07
#[test]
fn what_an_api_no_longer_understands_is_left_out_of_the_default() {
    let mut world = world();
    world.put_api(api(STOCK, "read"));
    assert_eq!(
        ask(&world, &format!("resource={STOCK}")),
        Ok(got(STOCK, "read"))
    );
    world.put_api(api(STOCK, "other"));
    let nothing = ask(&world, &format!("resource={STOCK}"));
    assert_eq!(nothing, Err(Reason::NothingGranted));
}

#[test]
fn a_disabled_api_is_not_found_by_its_scopes() {
    let mut world = world();
    let mut disabled = api(STOCK, "read count");
    disabled.status = ApiStatus::Disabled(NOW);
    world.put_api(disabled);
    assert_eq!(ask(&world, "scope=read"), Ok(got(SALES, "read")));
    assert_eq!(ask(&world, ""), Ok(got(SALES, "read sales write")));
    let gone = ask(&world, "scope=count");
    assert_eq!(gone, Err(Reason::ScopeNotGranted(scope("count"))));
}

#[test]
fn a_deprecated_scope_stays_with_who_has_it() {
    let mut world = world();
    let mut old = api(SALES, "read write sales");
    old.scopes.get_mut("sales").unwrap().offer = Open::Deprecated;
    world.put_api(old);
    assert_eq!(ask(&world, "scope=sales"), Ok(got(SALES, "sales")));
}

/// T-28
#[test]
fn the_shorter_lifetime_counts() {
    let mut world = world();
    let lifetime = |seconds: u32| Lifetime::try_from(seconds).unwrap();
    let granted = |world: &World| {
        let params = Params::parse(b"grant_type=client_credentials&scope=sales").unwrap();
        let client = world.registry.find_client_by_text("c").unwrap();
        let grant = grant(&world.registry, client, &params).unwrap();
        assert_eq!(grant.asked, Asked::ByName);
        grant.lifetime
    };
    assert_eq!(granted(&world), Lifetime::DEFAULT.span());
    let mut client = world.client("c");
    for (own, counts) in [(60, 60), (86_400, 3600)] {
        client.token_lifetime = Some(lifetime(own));
        world.replace_client(client.clone());
        assert_eq!(granted(&world), lifetime(counts).span());
    }
}

proptest! {
    /// What is granted is what was asked for, and never more than what was assigned.
    #[test]
    fn nobody_gets_more_than_was_assigned(
        asked in proptest::collection::vec("read|write|sales|count|other", 0..5),
        named in proptest::option::of(prop_oneof![Just(SALES), Just(STOCK), Just(LEDGER)]),
        defaults in proptest::collection::vec("read|sales|count", 0..3),
    ) {
        let mut world = world();
        let mut client = world.client("c");
        client.default_scopes = defaults.iter().map(|name| scope(name)).collect();
        world.replace_client(client.clone());
        let target = named.map(|name| format!("&resource={name}")).unwrap_or_default();
        let answer = ask(&world, &format!("scope={}{target}", asked.join("+")));
        if let Ok((api, scopes)) = answer {
            let assigned = &client.grants[api.as_str()];
            prop_assert!(set(&scopes).is_subset_of(assigned));
            prop_assert!(!scopes.is_empty());
            prop_assert!(named.is_none_or(|name| name == api));
            if !asked.is_empty() {
                prop_assert_eq!(set(&scopes), set(&asked.join(" ")));
            }
        }
    }
}
