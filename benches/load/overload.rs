//! Ten times as much as the server can do, for a while: what it still does, and whether it is well afterwards.
//!
//! What cannot be sent, since all connections wait for an answer, is not sent, as it would be with real clients; the
//! table says how much that was. What loads the server takes its share of the processors, which the server then lacks.

use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use crate::drive::{Outcome, Plan, drive};
use crate::figures::Figures;
use crate::house::House;
use crate::{Bench, seconds};

/// How many clients ask as fast as they can.
const CONNECTIONS: usize = 2000;

/// What the client within its quota asks a second.
const MODEST: f64 = 20.0;

/// Seconds after which everything must be as before.
const RECOVERED: f64 = 5.0;

pub(crate) fn measure(bench: &mut Bench) {
    let house = House::open(&[]);
    let limit = [
        "--quota",
        "3000/minute",
        "--burst",
        "100",
        "--quota-mode",
        "enforce",
    ];
    house
        .server
        .jeton(&[&["client", "limit", "modest"][..], &limit].concat());
    let capacity = bench.capacity(&house);
    let calm = Plan::steady(capacity / 4.0, 3);
    let before = drive(&house.good(), &calm);
    let plan = Plan {
        rate: capacity * 10.0,
        time: Duration::from_secs(seconds("overload").unwrap_or(15)),
        connections: CONNECTIONS,
        from: (1..=20)
            .map(|host| Ipv4Addr::new(127, 5, 0, host))
            .collect(),
        patience: Duration::from_secs(5),
        ..Plan::steady(0.0, 0)
    };
    let watch = house.watch();
    let (flood, modest) = beside(&house, &plan);
    let ended = Instant::now();
    println!("  the flood: {flood}\n  a modest client: {modest}");
    let recovered = recovery(&house, &calm, &before, ended);
    report(&mut bench.figures, capacity, &flood, &modest);
    let figures = &mut bench.figures;
    let most = u32::try_from(watch.most() / 1_048_576).unwrap();
    figures.at_most("most memory meanwhile, in MiB", f64::from(most), 512.0);
    figures.at_most(
        "seconds until 99 % are as before, twice at most",
        recovered,
        RECOVERED,
    );
}

/// The flood, and a client within its quota at the same time.
fn beside(house: &House, plan: &Plan) -> (Outcome, Outcome) {
    thread::scope(|scope| {
        let modest = scope.spawn(|| {
            let plan = Plan {
                connections: 16,
                time: plan.time,
                from: vec![Ipv4Addr::new(127, 6, 0, 1)],
                ..Plan::steady(MODEST, 0)
            };
            drive(&house.modest(), &plan)
        });
        (drive(&house.good(), plan), modest.join().unwrap())
    })
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
fn report(figures: &mut Figures, capacity: f64, flood: &Outcome, modest: &Outcome) {
    let a_second = |count: usize| count as f64 / flood.took.as_secs_f64() / capacity;
    let share = modest.good() as f64 / modest.all() as f64;
    figures.say(
        "offered, as a multiple of capacity",
        format!("{:.1}", a_second(flood.all())),
    );
    figures.say(
        "sent, as a multiple of capacity",
        format!("{:.1}", a_second(flood.all() - flood.unsent)),
    );
    figures.at_least(
        "good answers under ten times capacity, of capacity",
        a_second(flood.good()),
        0.8,
    );
    figures.none("5xx but 503", flood.broken + modest.broken);
    figures.none("429 or 503 without Retry-After", flood.rude + modest.rude);
    figures.none("other refusals", flood.other + modest.other);
    figures.at_least(
        "share of a modest client's requests that succeed",
        share,
        0.99,
    );
    figures.say(
        "milliseconds of 99 % of its answers",
        format!("{:.0}", modest.p99()),
    );
}

/// How many seconds after the end everything is as before; endless if it takes far too long.
fn recovery(house: &House, calm: &Plan, before: &Outcome, ended: Instant) -> f64 {
    let look = Plan {
        time: Duration::from_secs(1),
        ..calm.clone()
    };
    while ended.elapsed().as_secs_f64() < RECOVERED * 2.0 {
        let since = ended.elapsed().as_secs_f64();
        let now = drive(&house.good(), &look);
        println!("  {since:.1} s after: {now}");
        if now.failed() == 0 && now.p99() <= (before.p99() * 2.0).max(20.0) {
            return since;
        }
    }
    f64::INFINITY
}
