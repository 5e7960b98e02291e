//! What the server needs while it does what it does all day: whether it is little, and whether it grows.

use std::time::Duration;

use crate::house::House;
use crate::{Bench, load, seconds};

/// Into how many parts the time is divided.
const PARTS: u64 = 10;

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
pub(crate) fn measure(bench: &mut Bench) {
    let house = House::open(&[]);
    let all = seconds("memory").unwrap_or(60);
    let good = house.good();
    let target = load::Target {
        address: good.address,
        pid: house.server.pid(),
        requests: good.requests,
        expected: b"\"access_token\":\"",
    };
    let idle = house.memory();
    let mut after = Vec::new();
    for _ in 0..PARTS {
        let round = load::round(
            &target,
            Duration::from_secs(all) / u32::try_from(PARTS).unwrap(),
        );
        after.push(house.memory() as f64 / 1e6);
        println!(
            "  {:.0} a second, {:.2} MB",
            round.per_second(),
            after.last().unwrap()
        );
    }
    let figures = &mut bench.figures;
    figures.say("MB of memory before", format!("{:.1}", idle as f64 / 1e6));
    figures.at_most(
        &format!(
            "MB after {all} s of load on {} connections",
            load::CONNECTIONS
        ),
        *after.last().unwrap(),
        30.0,
    );
    figures.at_most(
        "MB that it grew after the first tenth",
        after.last().unwrap() - after[0],
        0.5,
    );
}
