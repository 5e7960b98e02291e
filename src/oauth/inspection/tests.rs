use super::*;
use crate::oauth::{
    fixtures::{NOW, SALES, World, body},
    token,
};

fn issued(world: &World, secret: &str) -> String {
    let form = format!(
        "grant_type=client_credentials&client_id=report-service&client_secret={secret}&scope=read:analytics"
    );
    let issued = token(&world.registry, &body(&form), &world.context());
    issued.unwrap().access_token
}

#[test]
fn a_token_that_an_api_takes_has_nothing_against_it() {
    let (world, secret) = World::with_report_service();
    let token = issued(&world, &secret);
    let inspection = Inspection::of(&world.registry, &token, NOW).unwrap();
    let api = world.registry.find_api(&SALES.parse().unwrap()).unwrap();
    let wanted = |scope| Wanted {
        issuer: &world.issuer,
        api,
        scope: Some(scope),
        now: NOW,
    };

    assert!(inspection.signature.is_good());
    assert_eq!(inspection.objections(&wanted("read:analytics")), [""; 0]);
    assert_eq!(
        inspection.objections(&wanted("write:analytics")),
        ["It lacks the scope write:analytics."]
    );
    let late = NOW.plus(crate::domain::time::Span::hours(2));
    let expired = Inspection::of(&world.registry, &token, late).unwrap();
    assert_eq!(expired.validity.word(), "expired");
}

#[test]
fn what_was_taken_away_since_is_told() {
    let (mut world, secret) = World::with_report_service();
    let token = issued(&world, &secret);
    let inspection = Inspection::of(&world.registry, &token, NOW).unwrap();
    assert_eq!(inspection.changes_since(&world.registry), [""; 0]);

    let mut client = world.client("report-service");
    client.grants.clear();
    world.replace_client(client);

    assert_eq!(
        inspection.changes_since(&world.registry),
        ["Its client no longer has: read:analytics."]
    );
}

#[test]
fn a_secret_is_looked_up_only_if_its_checksum_fits() {
    let (world, secret) = World::with_report_service();
    let found = |text: &str| FoundSecret::of(&world.registry, text);

    assert!(
        matches!(found(&secret), Some(FoundSecret::Known(client, _)) if client.id.as_str() == "report-service")
    );
    assert!(matches!(
        found(&secret[..secret.len() - 1]),
        Some(FoundSecret::Mistyped)
    ));
    assert!(found("eyJ.e.y").is_none());
}

#[test]
fn what_is_pasted_along_is_left_out() {
    for pasted in [
        "a.b.c",
        " 'a.b.c' ",
        "Bearer a.b.c",
        "-H \"Authorization: bearer a.\n  b.c\"",
    ] {
        assert_eq!(trimmed(pasted).as_str(), "a.b.c", "{pasted}");
    }
}
