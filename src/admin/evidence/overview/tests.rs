//! What the pages of lists are made of.

use super::*;
use crate::{
    admin::evidence::tests::{NOW, hours_ago, issue, refuse, seen},
    domain::{time::Span, usage::Observation},
};

#[test]
fn a_client_is_summed_up_by_days_and_hours() {
    let mut tally = Tally::default();
    for ago in [0, 1, 23, 24, 24 * 6, 24 * 7, 24 * 8] {
        issue(&mut tally, "c", "AAAAAAAA", seen(hours_ago(ago), 1));
    }

    let overview = Overview::of(&tally, NOW);

    let summary = overview.client(&"c".parse().unwrap()).unwrap();
    assert_eq!(summary.days, [1, 0, 0, 0, 0, 2, 2]);
    assert_eq!(summary.issued(), 3);
    assert_eq!(
        (summary.hours[0], summary.hours[22], summary.hours[23]),
        (1, 1, 1)
    );
    assert_eq!(overview.last_day.issued(), 3);
    assert_eq!(overview.week_before.issued(), 1);
    let secret = &summary.secrets["AAAAAAAA"];
    assert_eq!(secret.count(), 7);
}

#[test]
fn the_latest_refusal_is_named_with_its_reason() {
    let mut tally = Tally::default();
    refuse(
        &mut tally,
        "c",
        Outcome::InvalidScope,
        seen(hours_ago(30), 1),
    );
    let client = "c".parse().unwrap();
    let of = |tally: &Tally| {
        let overview = Overview::of(tally, NOW);
        let summary = overview.client(&client).unwrap();
        (
            summary.last_refusal.unwrap(),
            summary.refused,
            summary.refused_lately,
        )
    };
    assert_eq!(of(&tally).1, 0);

    let at = NOW.minus(Span::minutes(50));
    refuse(&mut tally, "c", Outcome::WrongSecret, seen(at, 7));

    let (last, refused, lately) = of(&tally);
    assert_eq!((last.at, last.outcome), (at, Some(Outcome::WrongSecret)));
    assert_eq!(last.address, IpAddr::from([10, 0, 0, 7]));
    assert_eq!((refused, lately), (1, 1));
}

#[test]
fn an_address_tells_which_clients_speak_from_it() {
    let mut tally = Tally::default();
    issue(&mut tally, "c", "AAAAAAAA", seen(hours_ago(1), 31));
    issue(&mut tally, "d", "BBBBBBBB", seen(hours_ago(1), 32));
    refuse(
        &mut tally,
        "e",
        Outcome::WrongSecret,
        seen(hours_ago(1), 31),
    );
    tally.add(Observation::Refused {
        client: None,
        secret: None,
        outcome: Outcome::UnknownClient,
        hint: None,
        seen: seen(hours_ago(1), 31),
    });

    let overview = Overview::of(&tally, NOW);

    let clients: Vec<_> = overview
        .clients_at([10, 0, 0, 31].into())
        .map(ClientId::as_str)
        .collect();
    assert_eq!(clients, ["c", "e"]);
    assert_eq!(overview.refusals.total, 2);
}
