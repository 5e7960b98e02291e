//! A flood of bad secrets from a thousand networks, half for clients that do not exist, half for one whose secret is
//! compared by a slow hash: whether good clients notice, and whether that one is still served where it is at home.
//!
//! It is compared with as many good requests from the same addresses.

use std::net::Ipv4Addr;
use std::thread;

use crate::Bench;
use crate::drive::{Outcome, Plan, Target, drive};
use crate::house::House;

/// How many networks guess.
const NETWORKS: u32 = 1000;

/// Guesses a second.
const RATE: f64 = 5000.0;

/// For how many seconds.
const TIME: u64 = 15;

/// What one comparison takes while it runs.
const HASH: f64 = 19_456.0 * 1024.0;

/// Who asks while the flood comes.
struct Seen {
    good: Outcome,
    victim: Outcome,
    flood: Outcome,
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
pub(crate) fn measure(bench: &mut Bench) {
    let mut house = House::open(&["--log-level", "warn"]);
    drive(&house.victim(), &Plan::steady(1.0, 1));
    let before = beside(&house, &house.good());
    // The victim has been here, but long enough ago that its secret is compared anew.
    house.server.restart();
    drive(&house.good(), &Plan::steady(500.0, 2));
    let (memory, watch) = (house.memory(), house.watch());
    let during = beside(&house, &guesses(&house));
    println!(
        "  beside good requests: {}\n  beside guesses:       {}",
        before.good, during.good
    );
    println!(
        "  the victim: {}\n  the guesses: {}",
        during.victim, during.flood
    );
    let hashes = watch.most().saturating_sub(memory) as f64 / HASH;
    let cores = thread::available_parallelism().unwrap().get();
    let figures = &mut bench.figures;
    figures.none("good requests that failed", during.good.failed());
    figures.at_most(
        "99 % of good requests, of that beside good ones",
        during.good.p99() / before.good.p99(),
        2.0,
    );
    figures.none(
        "guesses that were right, or broke something",
        during.flood.good() + during.flood.broken + during.flood.rude,
    );
    figures.at_least(
        "share of the victim's own requests that succeed",
        during.victim.good() as f64 / during.victim.all() as f64,
        0.99,
    );
    figures.say(
        "milliseconds of 99 % of them",
        format!("{:.0}", during.victim.p99()),
    );
    figures.at_most(
        "slow hashes at once, by the memory they take",
        hashes,
        cores as f64 + 1.0,
    );
}

fn beside(house: &House, flood: &Target) -> Seen {
    let plan = Plan {
        connections: NETWORKS as usize,
        from: (0..NETWORKS).map(network).collect(),
        ..Plan::steady(RATE, TIME)
    };
    let own = Plan {
        connections: 4,
        ..Plan::steady(20.0, TIME)
    };
    thread::scope(|scope| {
        let flooding = scope.spawn(|| drive(flood, &plan));
        let good = scope.spawn(|| drive(&house.good(), &Plan::steady(500.0, TIME)));
        let victim = drive(&house.victim(), &own);
        Seen {
            victim,
            good: good.join().unwrap(),
            flood: flooding.join().unwrap(),
        }
    })
}

/// An address in a network of its own.
fn network(number: u32) -> Ipv4Addr {
    let [_, _, high, low] = number.to_be_bytes();
    Ipv4Addr::new(127, 10 + high, low, 1)
}

/// No two alike.
fn guesses(house: &House) -> Target {
    let wrong: Vec<(String, String)> = (0..4000)
        .map(|number| {
            let name = if number % 2 == 0 {
                "victim".to_owned()
            } else {
                format!("nobody-{number}")
            };
            (name, format!("guess-{number}-at-a-secret-of-somebody-else"))
        })
        .collect();
    house.target(
        wrong
            .iter()
            .map(|(name, secret)| (name.as_str(), secret.as_str())),
    )
}
