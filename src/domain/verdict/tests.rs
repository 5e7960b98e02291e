use super::*;
use crate::domain::{
    secret::IfUsed,
    usage::{LastUse, Tally},
};

const NOW: Timestamp = Timestamp(1_800_000_000);

fn retiring() -> Retiring {
    Retiring {
        since: NOW.minus(Span::days(2)),
        deadline: NOW.plus(Span::days(2)),
        if_used: IfUsed::Hold,
        held: 0,
    }
}

/// Uses by host, in hours ago.
fn usage(uses: &[(u8, &[u64])]) -> SecretUsage {
    let mut usage = SecretUsage::default();
    let mut last = std::collections::BTreeMap::new();
    let id = "AAAAAAAA".parse().unwrap();
    for (host, hours) in uses {
        for ago in *hours {
            let at = NOW.minus(Span::hours(*ago));
            let address = IpAddr::from([10, 0, 0, *host]);
            let one = AddressUse {
                count: 1,
                first: at,
                last: at,
                ..AddressUse::default()
            };
            usage.addresses.entry(address).or_default().merge(&one);
            let latest = LastUse {
                at,
                address,
                agent: None,
                count: 1,
            };
            crate::domain::usage::merge_last(&mut last, &id, latest);
        }
    }
    usage.last = last.remove(&id);
    usage
}

fn judged(old: &[(u8, &[u64])], new: &[(u8, &[u64])], watching_hours: u64) -> Verdict {
    let (old, new) = (usage(old), usage(new));
    let watching_since = NOW.minus(Span::hours(watching_hours));
    judge(
        (Timestamp(0), &retiring()),
        &Evidence {
            old: &old,
            new: &new,
            watching_since,
        },
        NOW,
    )
}

fn host(n: u8) -> IpAddr {
    [10, 0, 0, n].into()
}

#[test]
fn nothing_is_safe_while_the_new_secret_is_unused() {
    assert_eq!(judged(&[(1, &[40, 30])], &[], 1000), Verdict::NewUnused);
}

#[test]
fn an_address_that_moved_no_longer_counts() {
    assert_eq!(
        judged(&[(1, &[9, 5, 3])], &[(1, &[2, 1])], 1000),
        Verdict::Safe {
            last: Some(NOW.minus(Span::hours(3)))
        }
    );
}

#[test]
fn an_address_that_used_the_old_one_again_counts() {
    let verdict = judged(&[(1, &[9, 5, 0])], &[(1, &[2, 1])], 1000);
    assert_eq!(
        verdict,
        Verdict::InUse {
            by: vec![host(1)],
            last: NOW
        }
    );
    assert_eq!(
        verdict.sentence(NOW),
        "Not safe to retire yet. 10.0.0.1 used the old secret 0 seconds ago."
    );
}

#[test]
fn silence_must_last_twice_the_address_own_rhythm() {
    let new: &[(u8, &[u64])] = &[(9, &[1])];
    let nearly = judged(&[(1, &[30, 21, 12])], new, 1000);
    assert_eq!(
        nearly,
        Verdict::Nearly {
            last: NOW.minus(Span::hours(12)),
            usual: Span::hours(9),
            wait_until: NOW.plus(Span::hours(6)),
        }
    );
    let safe = judged(&[(1, &[37, 28, 19])], new, 1000);
    assert_eq!(
        safe,
        Verdict::Safe {
            last: Some(NOW.minus(Span::hours(19)))
        }
    );
}

#[test]
fn an_address_that_used_both_in_one_second_has_not_moved() {
    let old = usage(&[(1, &[5])]);
    let at_once = usage(&[(1, &[5])]);
    let later = usage(&[(1, &[4])]);
    let address = host(1);
    assert!(!has_moved(address, &old.addresses[&address], &at_once));
    assert!(has_moved(address, &old.addresses[&address], &later));
    let mut none = later;
    none.addresses.get_mut(&address).unwrap().count = 0;
    assert!(!has_moved(address, &old.addresses[&address], &none));
}

#[test]
fn silence_is_long_enough_from_its_very_second_on() {
    let moved: &[(u8, &[u64])] = &[(1, &[2])];
    assert!(matches!(
        judged(&[(1, &[5])], moved, 1),
        Verdict::Safe { .. }
    ));
    let once = judged(&[(2, &[1])], moved, 1000);
    assert!(
        matches!(
            once,
            Verdict::CannotBeSure {
                doubt: Doubt::SingleUse,
                ..
            }
        ),
        "an hour of silence is no use within the hour: {once:?}"
    );
    assert!(matches!(
        judged(&[(2, &[27, 18])], moved, 1000),
        Verdict::Safe { .. }
    ));
}

#[test]
fn of_several_addresses_the_one_that_needs_longest_is_waited_for() {
    let new: &[(u8, &[u64])] = &[(9, &[1])];
    for old in [
        [(1, [29, 19]), (2, [34, 22])],
        [(2, [34, 22]), (1, [29, 19])],
        // Whatever the order of their addresses.
        [(2, [29, 19]), (1, [34, 22])],
    ] {
        let old: Vec<(u8, &[u64])> = old.iter().map(|(host, ago)| (*host, &ago[..])).collect();
        let Verdict::Nearly {
            usual, wait_until, ..
        } = judged(&old, new, 1000)
        else {
            panic!("it is waited");
        };
        // Twelve hours apart and 22 ago is one hour more than ten apart and 19 ago.
        assert_eq!(usual, Span::hours(12));
        assert_eq!(wait_until, NOW.plus(Span::hours(2)));
    }
    let alike = judged(&[(1, &[29, 19]), (2, &[35, 23])], new, 1000);
    assert!(
        matches!(alike, Verdict::Nearly { usual, .. } if usual == Span::hours(10)),
        "of two that need as long, the first stays: {alike:?}"
    );
}

#[test]
fn addresses_that_meet_in_one_second_do_not_follow_each_other() {
    let met: &[(u8, &[u64])] = &[(1, &[90, 80]), (2, &[80, 70]), (3, &[70, 60])];
    assert!(matches!(
        judged(met, &[(9, &[1])], 1000),
        Verdict::Safe { .. }
    ));
}

#[test]
fn a_single_use_leaves_doubt_and_is_named() {
    let verdict = judged(&[(1, &[500]), (2, &[400, 300, 250])], &[(2, &[1])], 1000);
    assert_eq!(
        verdict,
        Verdict::CannotBeSure {
            doubt: Doubt::SingleUse,
            addresses: vec![host(1)]
        }
    );
    assert!(verdict.sentence(NOW).contains("10.0.0.1"));
}

#[test]
fn silence_that_nobody_watched_proves_nothing() {
    let verdict = judged(&[(1, &[37, 28, 19])], &[(9, &[1])], 17);
    let since = NOW.minus(Span::hours(17));
    assert_eq!(
        verdict,
        Verdict::CannotBeSure {
            doubt: Doubt::NotWatching { since },
            addresses: vec![]
        }
    );
}

#[test]
fn a_secret_made_under_watch_needs_no_older_evidence() {
    let (old, new) = (usage(&[(1, &[2])]), usage(&[(1, &[1])]));
    let watching_since = NOW.minus(Span::minutes(30));
    let evidence = Evidence {
        old: &old,
        new: &new,
        watching_since,
    };
    let made_after = judge((watching_since.plus(Span(1)), &retiring()), &evidence, NOW);
    assert!(matches!(made_after, Verdict::Safe { .. }));
    let made_in_that_second = judge((watching_since, &retiring()), &evidence, NOW);
    assert!(matches!(made_in_that_second, Verdict::CannotBeSure { .. }));
}

#[test]
fn a_close_deadline_is_spoken_of_first() {
    let (old, new) = (usage(&[(1, &[0])]), usage(&[(2, &[1])]));
    let evidence = Evidence {
        old: &old,
        new: &new,
        watching_since: Timestamp(0),
    };
    let close = Retiring {
        deadline: NOW.plus(Span::hours(3)),
        ..retiring()
    };
    let verdict = judge((Timestamp(0), &close), &evidence, NOW);
    assert_eq!(
        verdict.sentence(NOW),
        "Stops in 3 hours and is still in use by 10.0.0.1."
    );
}

#[test]
fn addresses_that_come_and_go_leave_doubt_however_long_they_are_silent() {
    let old: &[(u8, &[u64])] = &[(1, &[73, 72]), (2, &[49, 48]), (3, &[25, 24])];
    let verdict = judged(old, &[(9, &[1])], 1000);
    let addresses = vec![host(1), host(2), host(3)];
    assert_eq!(
        verdict,
        Verdict::CannotBeSure {
            doubt: Doubt::Churn,
            addresses
        }
    );
    let side_by_side: &[(u8, &[u64])] = &[(1, &[60, 50, 40]), (2, &[58, 48]), (3, &[57, 44])];
    assert!(matches!(
        judged(side_by_side, &[(9, &[1])], 1000),
        Verdict::Safe { .. }
    ));
}

#[test]
fn too_many_addresses_cannot_be_told_apart() {
    let mut old = SecretUsage::default();
    for n in 0..u32::try_from(MOST_ADDRESSES).unwrap() {
        let at = NOW.minus(Span::days(10));
        let one = AddressUse {
            count: 2,
            first: at,
            last: at,
            ..AddressUse::default()
        };
        old.addresses
            .insert(std::net::Ipv4Addr::from(n).into(), one);
    }
    let new = usage(&[(2, &[1])]);
    let evidence = Evidence {
        old: &old,
        new: &new,
        watching_since: Timestamp(0),
    };
    let verdict = judge((Timestamp(0), &retiring()), &evidence, NOW);
    assert!(matches!(
        verdict,
        Verdict::CannotBeSure {
            doubt: Doubt::ManyAddresses,
            ..
        }
    ));
}

#[test]
fn a_tally_and_its_secret_agree() {
    assert_eq!(
        Tally::default().of_secret(&"AAAAAAAA".parse().unwrap()),
        SecretUsage::default()
    );
}
