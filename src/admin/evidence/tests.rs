//! What the record says, and what it does not.

use std::net::IpAddr;

use super::*;
use crate::domain::{
    id::ApiIdentifier,
    time::{Span, Timestamp},
    usage::{Asked, Observation, Outcome, Seen, Tally},
};

/// A Friday, 08:00 UTC.
pub(super) const NOW: Timestamp = Timestamp(1_800_000_000);

pub(super) fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

pub(super) fn seen(at: Timestamp, host: u8) -> Seen {
    Seen {
        at,
        address: host_address(host),
        agent: Some("curl/8".into()),
        request: None,
    }
}

fn host_address(host: u8) -> IpAddr {
    [10, 0, 0, host].into()
}

pub(super) fn issue(tally: &mut Tally, client: &str, secret: &str, seen: Seen) {
    tally.add(Observation::Issued {
        client: id(client),
        secret: id(secret),
        api: id::<ApiIdentifier>("urn:shop"),
        scopes: id("read"),
        asked: Asked::ByName,
        seen,
    });
}

pub(super) fn refuse(tally: &mut Tally, client: &str, outcome: Outcome, seen: Seen) {
    tally.add(Observation::Refused {
        client: Some(id(client)),
        secret: None,
        outcome,
        hint: None,
        seen,
    });
}

pub(super) fn hours_ago(hours: u64) -> Timestamp {
    NOW.minus(Span::hours(hours))
}

#[test]
fn a_day_is_shown_by_hours_without_a_gap() {
    let mut tally = Tally::default();
    for (ago, times) in [(0, 2), (3, 5), (23, 1), (24, 9), (24 * 7, 4)] {
        for _ in 0..times {
            issue(&mut tally, "c", "AAAAAAAA", seen(hours_ago(ago), 1));
        }
    }
    refuse(&mut tally, "c", Outcome::WrongSecret, seen(hours_ago(3), 1));

    let day = Series::last_day(&tally, Whose::Everybody, NOW);
    let before = Series::week_before(&tally, Whose::Everybody, NOW);

    let issued: Vec<u64> = day.points.iter().map(|point| point.issued).collect();
    assert_eq!(issued.len(), 24);
    assert_eq!((issued[0], issued[20], issued[23]), (1, 5, 2));
    assert_eq!((day.issued(), day.refused()), (8, 1));
    assert_eq!(day.points[20].start, hours_ago(3));
    assert_eq!(before.points[23].start, hours_ago(24 * 7));
    assert_eq!((before.points[23].issued, before.issued()), (4, 4));
}

#[test]
fn a_chart_has_a_sentence_for_those_who_do_not_see_it() {
    let mut tally = Tally::default();
    assert_eq!(
        Series::last_day(&tally, Whose::Everybody, NOW).issued_in_words(),
        "None issued in 24 hours."
    );

    for ago in 0..48 {
        for _ in 0..if ago == 16 { 44 } else { 12 } {
            issue(&mut tally, "c", "AAAAAAAA", seen(hours_ago(ago), 1));
        }
    }

    let day = Series::last_day(&tally, Whose::Everybody, NOW);
    assert_eq!(
        day.issued_in_words(),
        "Between 12 and 44 an hour, highest at 16:00 UTC."
    );
    assert_eq!(day.refused_in_words(), "None refused in 24 hours.");
    let week = Series::last_days(7, &tally, Whose::Everybody, NOW);
    assert_eq!(week.points.len(), 7);
    assert_eq!(
        week.issued_in_words(),
        "Between 0 and 320 a day, highest on 14 Jan."
    );
}

#[test]
fn the_old_and_the_new_secret_are_told_apart() {
    let mut tally = Tally::default();
    issue(&mut tally, "c", "AAAAAAAA", seen(hours_ago(5), 1));
    issue(&mut tally, "c", "BBBBBBBB", seen(hours_ago(1), 1));
    let (old, new) = (id("AAAAAAAA"), id("BBBBBBBB"));

    let since = |secret, from| Series::since(from, &tally, Whose::Secret(secret), NOW);

    assert_eq!(since(&old, hours_ago(6)).points.len(), 7);
    assert_eq!(since(&old, hours_ago(6)).points[1].issued, 1);
    assert_eq!(since(&new, hours_ago(6)).points[5].issued, 1);
    let long = since(&new, NOW.minus(Span::days(8)));
    assert_eq!((long.step, long.points.len()), (Step::Day, 9));
    assert_eq!(long.points[8].issued, 1);
}

#[test]
fn refusals_are_grouped_by_reason_and_by_address() {
    let mut tally = Tally::default();
    for _ in 0..37 {
        refuse(&mut tally, "c", Outcome::WrongSecret, seen(hours_ago(2), 7));
    }
    refuse(
        &mut tally,
        "c",
        Outcome::InvalidScope,
        seen(hours_ago(1), 7),
    );
    refuse(
        &mut tally,
        "c",
        Outcome::WrongSecret,
        seen(hours_ago(30), 8),
    );
    refuse(&mut tally, "d", Outcome::WrongSecret, seen(hours_ago(1), 9));

    let client = id("c");
    let refusals = Refusals::of(&tally, Whose::Client(&client), NOW);

    assert_eq!(refusals.in_words(), "38 from one address: 10.0.0.7.");
    let outcomes = refusals.outcomes.iter();
    let outcomes: Vec<_> = outcomes
        .map(|group| (group.words(), group.code(), group.count))
        .collect();
    assert_eq!(
        outcomes,
        [
            ("Wrong secret", "invalid_client", 37),
            ("Scope not granted", "invalid_scope", 1)
        ]
    );
    assert_eq!(refusals.addresses[0].last, hours_ago(1));
    let all = Refusals::of(&tally, Whose::Everybody, NOW);
    assert_eq!(
        all.in_words(),
        "39 from 2 addresses: 10.0.0.7 and 10.0.0.9."
    );
}

/// A habit of one address that asked every `gap` for five days.
fn habit(gap: Span) -> Habit {
    let mut tally = Tally::default();
    let mut at = NOW.minus(Span::days(5));
    while at < NOW {
        issue(&mut tally, "c", "AAAAAAAA", seen(at, 1));
        at = at.plus(gap);
    }
    let uses = Series::last_day(&tally, Whose::Everybody, NOW).issued();
    Habit::from_usages(&[tally.of_secret(&id("AAAAAAAA"))], uses, NOW)
}

#[test]
fn an_old_secret_is_kept_for_twice_the_longest_silence() {
    for (gap, choice, reason) in [
        (
            Span::minutes(10),
            Choice::Hour,
            "The client normally asks at least every 10 minutes, and 1 hour is at least twice \
             that.",
        ),
        (
            Span::hours(9),
            Choice::Day,
            "The client normally asks at least every 9 hours, and 24 hours is at least twice that.",
        ),
        (
            Span::hours(26),
            Choice::Week,
            "The client normally asks at least every 26 hours, and 7 days is at least twice that.",
        ),
        (
            Span::hours(90),
            Choice::Other(Span::days(8)),
            "The client normally asks at least every 4 days, and 8 days is at least twice that.",
        ),
    ] {
        let recommended = habit(gap).recommend(Span::hours(24), NOW);
        assert_eq!(recommended.choice, choice, "{gap}");
        assert_eq!(recommended.reason, reason);
    }
    assert_eq!(
        habit(Span::hours(9)).in_words(NOW),
        "Used 3 times in the last 24 hours, from 1 address. It normally asks at least every 9 \
         hours."
    );
}

#[test]
fn a_rhythm_that_is_not_known_is_not_made_up() {
    let never = Habit::default();
    assert_eq!(never.in_words(NOW), "Not used yet.");
    assert_eq!(never.recommend(Span::hours(24), NOW).choice, Choice::Hour);

    let of = |ago: &[u64]| {
        let mut tally = Tally::default();
        for minutes in ago {
            let at = NOW.minus(Span::minutes(*minutes));
            issue(&mut tally, "c", "AAAAAAAA", seen(at, 1));
        }
        Habit::from_usages(&[tally.of_secret(&id("AAAAAAAA"))], 0, NOW)
    };
    let once = of(&[600]).recommend(Span::hours(24), NOW);
    assert_eq!(once.choice, Choice::Day);
    assert_eq!(
        once.reason,
        "No address has come back yet, so the client's rhythm is not known. The settings say 24 \
         hours."
    );
    let other = of(&[600]).recommend(Span::days(2), NOW);
    assert_eq!(other.choice, Choice::Other(Span::days(2)));
    let none = of(&[600]).recommend(Span(0), NOW);
    assert_eq!(none.choice, Choice::Week, "nobody is stopped by default");
    let new = of(&[12, 11, 10]).recommend(Span::hours(24), NOW);
    assert_eq!(new.choice, Choice::Day);
    assert_eq!(
        new.reason,
        "The client has been asking for 10 minutes only, so its rhythm is not known well."
    );
}

#[test]
fn a_silence_longer_than_can_be_kept_is_said_so() {
    let mut usage = habit(Span::hours(9));
    usage.gap = Some(Span::days(40));

    let recommended = usage.recommend(Span::hours(24), NOW);

    assert_eq!(recommended.choice, Choice::Other(Span::days(30)));
    assert_eq!(
        recommended.reason,
        "The client's longest silence was 40 days; an old secret is kept for at most 30 days."
    );
}
