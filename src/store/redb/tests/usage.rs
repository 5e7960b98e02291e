//! What is kept of usage, and for how long.

use super::*;
use crate::{
    domain::{
        time::{Day, Span, Timestamp},
        usage::{HourOutcome, KeyFetch, Outcome, Subject},
    },
    store::records::first_of,
};

#[tokio::test]
async fn days_before_those_that_are_asked_for_are_left_out_though_one_record_holds_them() {
    let store = RedbStore::in_memory(&Entropy::seeded(1));
    let first = first_of(Day(20_000));
    let days = [first, Day(first.0 + 1), Day(first.0 + 7)];
    let mut tally = Tally::default();
    for day in days {
        let hour = HourOutcome {
            hour: 0,
            outcome: Outcome::Issued,
        };
        let nobody = Subject {
            client: None,
            secret: None,
        };
        tally.days.insert((nobody, day), [(hour, 5)].into());
    }
    store.add_usage(tally).await.unwrap();

    for (at, since) in days.into_iter().enumerate() {
        let found = store.usage(UsageOf::Since(since)).await.unwrap();
        let found: Vec<Day> = found.days.into_keys().map(|(_, day)| day).collect();
        assert_eq!(found, days[at..]);
    }
}

#[tokio::test]
async fn a_fetch_of_the_keys_is_kept_for_seven_days_to_the_second() {
    const NOW: Timestamp = Timestamp(1_800_000_000);
    let store = RedbStore::in_memory(&Entropy::seeded(1));
    let fetch = KeyFetch {
        at: NOW,
        newest: "k1".parse().unwrap(),
        agent: None,
        count: 1,
    };
    let fetches = [([192, 0, 2, 1].into(), fetch)].into();
    let tally = Tally {
        fetches,
        ..Tally::default()
    };
    store.add_usage(tally.clone()).await.unwrap();
    let end = NOW.plus(Span::days(7));
    for (now, kept) in [(end, tally), (end.plus(Span(1)), Tally::default())] {
        store.prune(now).await.unwrap();
        assert_eq!(store.usage(UsageOf::KeyFetches).await.unwrap(), kept);
    }
}
