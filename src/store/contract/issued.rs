//! Promises about the records of issued tokens: in order, without a gap, for 90 days.

use super::on_every_store;
use crate::{
    domain::{
        issued_token::{IssuedPage, IssuedToken},
        time::{Span, Timestamp},
    },
    store::Store,
};

const NOW: Timestamp = Timestamp(1_800_000_000);

fn issued(token: &str, at: Timestamp) -> IssuedToken {
    IssuedToken {
        at,
        token: token.to_owned(),
        client: "report-service".parse().unwrap(),
        secret: "AAAAAAAA".parse().unwrap(),
        api: "urn:shop".parse().unwrap(),
        scope: "read".to_owned(),
        subject: None,
        expires: at.plus(Span::hours(1)),
        address: [192, 0, 2, 1].into(),
        request_id: Some("r1".to_owned()),
    }
}

fn newest(limit: usize) -> IssuedPage {
    IssuedPage {
        limit,
        ..IssuedPage::default()
    }
}

async fn numbers(store: &dyn Store, page: IssuedPage) -> Vec<u64> {
    let found = store.issued(page).await.unwrap();
    found.iter().map(|it| it.seq).collect()
}

async fn what_was_issued_is_on_record_newest_first(store: &dyn Store) {
    assert!(store.issued(newest(10)).await.unwrap().is_empty());
    assert_eq!(store.verify_issued().await.unwrap(), 0);
    let (one, two) = (issued("one", NOW), issued("two", NOW));
    let three = IssuedToken {
        subject: Some("caller".parse().unwrap()),
        address: "2001:db8::1".parse().unwrap(),
        request_id: None,
        ..issued("three", NOW)
    };

    store
        .keep_issued(vec![one.clone(), two.clone()])
        .await
        .unwrap();
    store.keep_issued(vec![three.clone()]).await.unwrap();

    let found = store.issued(newest(10)).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|it| (it.seq, it.issued)).collect();
    assert_eq!(found, [(3, three), (2, two), (1, one)]);
    assert_eq!(store.verify_issued().await.unwrap(), 3);
}

async fn a_token_on_record_is_found_by_what_is_known_of_it(store: &dyn Store) {
    let of_other = IssuedToken {
        client: "other".parse().unwrap(),
        api: "urn:orders".parse().unwrap(),
        ..issued("two", NOW.plus(Span(10)))
    };
    let on_behalf = IssuedToken {
        subject: Some("other".parse().unwrap()),
        ..issued("three", NOW.plus(Span(20)))
    };
    let all = vec![issued("one", NOW), of_other, on_behalf];
    store.keep_issued(all).await.unwrap();
    let by = |set: fn(&mut IssuedPage)| {
        let mut page = newest(10);
        set(&mut page);
        page
    };

    let cases: [(IssuedPage, &[u64]); 7] = [
        (by(|it| it.token = Some("one".to_owned())), &[1]),
        (by(|it| it.client = "other".parse().ok()), &[3, 2]),
        (by(|it| it.api = "urn:shop".parse().ok()), &[3, 1]),
        (by(|it| it.since = Some(NOW.plus(Span(10)))), &[3, 2]),
        (by(|it| it.until = Some(NOW.plus(Span(10)))), &[2, 1]),
        (by(|it| it.before = Some(3)), &[2, 1]),
        (by(|it| it.limit = 1), &[3]),
    ];
    for (page, expected) in cases {
        assert_eq!(numbers(store, page.clone()).await, expected, "{page:?}");
    }
}

async fn records_of_tokens_are_kept_for_90_days_and_the_rest_stays_whole(store: &dyn Store) {
    let days = [0, 50, 100, 101];
    let all = days.map(|day| issued(&day.to_string(), NOW.plus(Span::days(day))));
    store.keep_issued(all.to_vec()).await.unwrap();

    store.prune(NOW.plus(Span::days(145))).await.unwrap();

    assert_eq!(numbers(store, newest(10)).await, [4, 3]);
    assert_eq!(store.verify_issued().await.unwrap(), 2);
    store.prune(NOW.plus(Span::days(300))).await.unwrap();
    assert_eq!(store.verify_issued().await.unwrap(), 0);
    store
        .keep_issued(vec![issued("next", NOW.plus(Span::days(300)))])
        .await
        .unwrap();
    assert_eq!(numbers(store, newest(10)).await, [5]);
    assert_eq!(store.verify_issued().await.unwrap(), 1);
}

on_every_store![
    what_was_issued_is_on_record_newest_first,
    a_token_on_record_is_found_by_what_is_known_of_it,
    records_of_tokens_are_kept_for_90_days_and_the_rest_stays_whole,
];
