//! How many requests a second one server answers so that 99 of 100 take no longer than 20 ms from when they were due.

use crate::drive::{Plan, Target, drive};
use crate::house::House;
use crate::{Bench, load};

/// Milliseconds that 99 of 100 may take.
const IN_TIME: f64 = 20.0;

/// Seconds of each try.
const TRY: u64 = 3;

/// How often the range is halved.
const HALVINGS: usize = 5;

/// Measures it, and says what it is.
pub(crate) fn measure(bench: &mut Bench) {
    let house = House::open(&[]);
    let capacity = bench.capacity(&house);
    let share = capacity / closed(&house.good(), house.server.pid());
    bench.figures.say(
        "tokens a second with 99 % within 20 ms",
        format!("{capacity:.0}"),
    );
    bench.figures.say(
        "share of what 32 clients get that ask without a pause",
        format!("{share:.2}"),
    );
}

impl Bench {
    /// What a server like this one can do, measured once.
    pub(crate) fn capacity(&mut self, house: &House) -> f64 {
        *self.capacity.get_or_insert_with(|| find(house))
    }
}

fn find(house: &House) -> f64 {
    let target = house.good();
    let most = closed(&target, house.server.pid());
    println!("  {most:.0} a second for 32 clients that ask without a pause");
    let (mut kept, mut missed) = (most * 0.1, most * 1.1);
    for _ in 0..HALVINGS {
        let rate = f64::midpoint(kept, missed);
        let outcome = drive(&target, &Plan::steady(rate, TRY));
        let is_kept = outcome.failed() == 0 && outcome.p99() <= IN_TIME;
        println!("  {rate:.0} a second: {outcome}");
        if is_kept {
            kept = rate;
        } else {
            missed = rate;
        }
    }
    kept
}

/// Answers a second on as many connections as can be, each asking when it was answered.
fn closed(target: &Target, pid: u32) -> f64 {
    let target = load::Target {
        address: target.address,
        pid,
        requests: target.requests.clone(),
        expected: b"\"access_token\":\"",
    };
    load::round(&target, std::time::Duration::from_secs(1));
    load::round(&target, std::time::Duration::from_secs(TRY)).per_second()
}
