//! What was put off, and when it comes back.

use super::*;

#[test]
fn what_was_put_off_comes_back_when_its_level_rises() {
    let mut scene = Scene::new();
    let client = scene.client("c", Some(Span::days(10)));
    scene.put_off(&client, (Rule::Expiring, Level::Warning), None);
    scene.assert_quiet();
    let hidden = scene.hidden();
    assert_eq!((hidden.len(), hidden[0].rule), (1, Rule::Expiring));
    assert!(hidden[0].reason.is_some());

    scene.guesses = Some((client, 20));
    assert_eq!(scene.only().0, Rule::Guessing);
    scene.world.advance(Span::days(7));

    let (rule, level, ..) = scene.only();
    assert_eq!((rule, level), (Rule::Expiring, Level::Danger));
    assert_eq!(scene.hidden(), []);
}

#[test]
fn what_was_postponed_comes_back_when_its_time_is_over() {
    let mut scene = Scene::new();
    let client = scene.client("c", None);
    scene.world.advance(Span::days(30));
    scene.put_off(&client, (Rule::Unused, Level::Notice), Some(Span::days(7)));

    scene.world.advance(Span(7 * 86_400 - 1));
    scene.assert_quiet();
    scene.world.advance(Span(1));

    assert_eq!(scene.only().0, Rule::Unused);
    assert_eq!(scene.hidden(), []);
}

#[test]
fn what_was_put_off_for_one_secret_hides_nothing_about_the_next() {
    let mut scene = Scene::new();
    let client = scene.client("c", Some(Span::days(10)));
    scene.put_off(&client, (Rule::Expiring, Level::Danger), None);
    scene.world.advance(Span::days(1));
    let mut rotate = rotate(&client);
    rotate.new.expires_in = Some(Span::days(30));
    scene.world.run(rotate).unwrap();
    assert_eq!(scene.hidden(), []);

    scene.world.advance(Span::days(20));
    let secret = scene.secret(&client);
    scene.issue(&client, &secret, 1);

    assert_eq!(scene.only().0, Rule::Expiring);
}

#[test]
fn a_client_that_was_used_since_is_spoken_of_when_it_falls_silent_again() {
    let mut scene = Scene::new();
    let client = scene.client("c", None);
    let secret = scene.secret(&client);
    scene.world.advance(Span::days(30));
    scene.put_off(&client, (Rule::Unused, Level::Notice), None);
    scene.world.advance(Span::days(300));
    scene.assert_quiet();

    scene.issue(&client, &secret, 1);
    scene.world.advance(Span::days(90));

    assert_eq!(scene.only().2, "No token for 90 days.");
}
