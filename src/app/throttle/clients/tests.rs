use std::collections::BTreeSet;

use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000);

fn claim(client: &str, address: [u8; 4]) -> Claim<'_> {
    Claim {
        client: Some(client),
        address: address.into(),
    }
}

fn fail_freely(throttle: &ClientThrottle, claim: Claim<'_>) {
    for _ in 0..FREE {
        throttle.fail(claim, NOW).unwrap();
    }
}

#[test]
fn after_what_is_free_each_wait_is_twice_the_one_before() {
    let throttle = ClientThrottle::default();
    let guesser = claim("c", [192, 0, 2, 1]);
    fail_freely(&throttle, guesser);

    let mut now = NOW;
    let mut waits = Vec::new();
    for _ in 0..12 {
        let held_back = throttle.fail(guesser, now).unwrap_err();
        assert_eq!(throttle.wait(guesser, now), Some(held_back.wait));
        assert!(held_back.is_first);
        assert!(!throttle.fail(guesser, now).unwrap_err().is_first);
        waits.push(held_back.wait.seconds());
        now = now.plus(held_back.wait);
        throttle.fail(guesser, now).unwrap();
    }

    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
}

#[test]
fn a_client_waits_in_the_network_of_the_guesser_and_in_no_other() {
    let throttle = ClientThrottle::default();
    fail_freely(&throttle, claim("c", [192, 0, 2, 1]));

    assert!(throttle.wait(claim("c", [192, 0, 2, 200]), NOW).is_some());
    assert_eq!(throttle.wait(claim("c", [192, 0, 3, 1]), NOW), None);
    assert_eq!(throttle.wait(claim("d", [192, 0, 2, 1]), NOW), None);
}

#[test]
fn an_address_that_fails_in_many_names_waits_for_the_rest_of_its_window() {
    let throttle = ClientThrottle::default();
    let names: Vec<String> = (0..FREE_OF_ADDRESS).map(|n| format!("c{n}")).collect();
    for name in &names {
        throttle.fail(claim(name, [192, 0, 2, 1]), NOW).unwrap();
    }
    let later = NOW.plus(Span(60));

    let held_back = throttle.fail(claim("new", [192, 0, 2, 1]), later);

    assert_eq!(held_back.unwrap_err().wait, Span(540));
    throttle.fail(claim("new", [192, 0, 2, 2]), later).unwrap();
    let found = throttle.held_back(later).unwrap();
    assert_eq!((found.count, found.since), (1, later));
    assert_eq!(throttle.held_back(later.plus(BURST)), None);
}

#[test]
fn who_proves_itself_begins_anew_and_what_is_old_is_forgotten() {
    let throttle = ClientThrottle::default();
    let client = claim("c", [192, 0, 2, 1]);
    assert!(!throttle.has_failures());
    fail_freely(&throttle, client);
    assert!(throttle.has_failures());

    throttle.succeed(client);

    assert_eq!(throttle.wait(client, NOW), None);
    assert!(!throttle.has_failures());
    throttle.fail(client, NOW).unwrap();
    throttle.forget_old(NOW.plus(Span::minutes(59)));
    assert!(throttle.has_failures());
    throttle.forget_old(NOW.plus(Span::hours(1)));
    assert!(!throttle.has_failures());
}

#[test]
fn who_did_not_fail_takes_no_lock_however_many_others_do() {
    let throttle = ClientThrottle::default();
    let (good, bad) = (claim("good", [192, 0, 2, 1]), claim("bad", [192, 0, 2, 1]));
    let is_marked = |claim| throttle.is_marked(throttle.key(claim));
    throttle.fail(bad, NOW).unwrap();
    assert!(is_marked(bad));

    let names: Vec<String> = (0..200).map(|n| format!("n{n}")).collect();
    let marked = names.iter().map(|name| claim(name, [192, 0, 2, 1]));
    let marked = marked.filter(|claim| is_marked(*claim)).count();
    assert!(
        marked <= 2,
        "{marked} of 200 are taken for the one that failed"
    );
    throttle.succeed(bad);

    assert!(!is_marked(bad) && !is_marked(good));
    throttle.fail(bad, NOW).unwrap();
    throttle.forget_old(NOW.plus(Span::hours(1)));
    assert!(!is_marked(bad));
}

#[test]
fn whoever_is_remembered_is_marked_and_hardly_anybody_else() {
    let throttle = ClientThrottle::default();
    let marks = || {
        let marks = throttle.marks.iter();
        let marks = marks.map(|word| word.load(Ordering::Relaxed).count_ones() as usize);
        marks.sum::<usize>()
    };
    let mut forgetful = 0;
    for n in 0..2 * u32::try_from(SHARDS * MOST).unwrap() {
        let name = format!("c{n}");
        let [a, b, c, d] = (0x0a00_0000 + n).to_be_bytes();
        let before = throttle.remembered.load(Ordering::Relaxed);
        throttle.fail(claim(&name, [a, b, c, d]), NOW).unwrap();
        let remembered = throttle.remembered.load(Ordering::Relaxed);
        if remembered < before {
            forgetful += 1;
        }
        // Two may have one mark; nobody has two.
        assert!(forgetful == 0 || remembered > before || marks() <= remembered);
    }
    assert!(forgetful > SHARDS, "{forgetful}");

    for shard in &throttle.shards {
        let shard = shard.lock().unwrap();
        assert!(shard.by_client.names().all(|key| throttle.is_marked(*key)));
    }
    let names: Vec<String> = (0..1000).map(|n| format!("good-{n}")).collect();
    let marked = names.iter().map(|name| claim(name, [192, 0, 2, 1]));
    let marked = marked.filter(|claim| throttle.is_marked(throttle.key(*claim)));
    assert!((1..=400).contains(&marked.count()));
}

#[test]
fn memory_is_bounded_whatever_names_are_sent() {
    let throttle = ClientThrottle::default();
    let guesser = claim("c", [192, 0, 2, 1]);
    fail_freely(&throttle, guesser);

    for n in 0..3 * u32::try_from(SHARDS * MOST).unwrap() {
        let name = format!("c{n}");
        let [a, b, c, d] = (0x0a00_0000 + n).to_be_bytes();
        throttle.fail(claim(&name, [a, b, c, d]), NOW).unwrap();
    }

    assert!(throttle.remembered.load(Ordering::Relaxed) <= SHARDS * MOST);
    assert!(throttle.wait(guesser, NOW).is_some(), "it missed most");
}

#[test]
fn that_an_address_has_to_wait_is_told_once_for_each_window() {
    let throttle = ClientThrottle::default();
    let names: Vec<String> = (0..FREE_OF_ADDRESS).map(|n| format!("c{n}")).collect();
    for name in &names {
        throttle.fail(claim(name, [192, 0, 2, 1]), NOW).unwrap();
    }
    let fail = |name: &str| throttle.fail(claim(name, [192, 0, 2, 1]), NOW).unwrap_err();

    assert!(fail("new").is_first);
    assert!(!fail("new").is_first);
    assert!(!fail("newer").is_first);
}

#[test]
fn refusals_are_counted_together_until_they_end() {
    let throttle = ClientThrottle::default();
    let guesser = claim("c", [192, 0, 2, 1]);
    fail_freely(&throttle, guesser);
    assert_eq!(throttle.held_back(NOW), None);

    throttle.fail(guesser, NOW).unwrap_err();
    throttle.fail(guesser, NOW).unwrap_err();

    let burst = throttle.held_back(NOW.plus(BURST).minus(Span(1))).unwrap();
    assert_eq!((burst.since, burst.last, burst.count), (NOW, NOW, 2));
    assert_eq!(throttle.held_back(NOW.plus(BURST)), None);
    let later = NOW.plus(BURST);
    let again = claim("e", [192, 0, 3, 1]);
    for _ in 0..FREE {
        throttle.fail(again, later).unwrap();
    }
    throttle.fail(again, later).unwrap_err();
    let burst = throttle.held_back(later).unwrap();
    assert_eq!((burst.since, burst.count), (later, 1), "another one");
}

#[test]
fn the_names_of_one_network_and_the_networks_of_one_name_are_spread_over_all_parts() {
    let throttle = ClientThrottle::default();
    let names: Vec<String> = (0..2000).map(|n| format!("c{n}")).collect();
    let of_network = names.iter().map(|name| claim(name, [192, 0, 2, 1]));
    let networks = (0..2000_u32).map(|n| (n << 8).to_be_bytes());
    let of_name = networks.map(|address| claim("c", address));
    for claims in [of_network.collect::<Vec<_>>(), of_name.collect()] {
        let keys = claims.into_iter().map(|claim| throttle.key(claim));
        let spots: BTreeSet<usize> = keys.map(ClientThrottle::spot).collect();
        let parts: BTreeSet<usize> = spots.iter().map(|spot| spot / WORDS).collect();
        assert_eq!(parts.len(), SHARDS);
        assert!(spots.len() > SHARDS * WORDS / 2, "{}", spots.len());
    }
}
