//! How long requests take at half of what the server can do: beside a server that only signs, and while operators work.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use serde_json::json;

use crate::child::ReferenceProcess;
use crate::drive::{Plan, Target, drive};
use crate::house::House;
use crate::socket::{AdminRequest, AdminSocket};
use crate::{Bench, median, reference};

const ROUNDS: usize = 5;

/// Seconds of each round.
const ROUND: u64 = 4;

/// Changes a second.
const CHANGES: u32 = 10;

pub(crate) fn measure(bench: &mut Bench) {
    let house = House::open(&["--usage-flush-interval", "1s"]);
    let rate = bench.capacity(&house) / 2.0;
    beside_the_reference(bench, &house, rate);
    while_operators_work(bench, &house, rate);
}

fn beside_the_reference(bench: &mut Bench, house: &House, rate: f64) {
    let words = [
        reference::ROLE,
        "good",
        &house.secret,
        house.server.issuer(),
    ];
    let reference = ReferenceProcess::start(&words);
    let own = house.good();
    let other = Target {
        address: reference.address(),
        requests: own.requests.clone(),
    };
    let (mut ratios, mut times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let plan = Plan::steady(rate, ROUND);
        let (theirs, ours) = (drive(&other, &plan), drive(&own, &plan));
        println!("  only signing: {theirs}\n  Jeton:        {ours}");
        ratios.push(ours.p99() / theirs.p99());
        times.push(ours.p99());
    }
    let figures = &mut bench.figures;
    figures.say(
        "milliseconds of 99 % at half of capacity",
        format!("{:.1}", median(times)),
    );
    figures.at_most(
        "99 % at half of capacity, of a server's that only signs",
        median(ratios),
        2.0,
    );
}

fn while_operators_work(bench: &mut Bench, house: &House, rate: f64) {
    let target = house.good();
    let (mut ratios, mut changes, mut backups) = (Vec::new(), 0, 0);
    let mut worked = Duration::ZERO;
    let mut failed = 0;
    for _ in 0..ROUNDS {
        let plan = Plan::steady(rate, ROUND);
        let alone = drive(&target, &plan);
        let done = AtomicBool::new(false);
        let (counts, since) = ((AtomicUsize::new(0), AtomicUsize::new(0)), Instant::now());
        let beside = thread::scope(|scope| {
            scope.spawn(|| change(house, &done, &counts.0));
            scope.spawn(|| back_up(house, &done, &counts.1));
            let outcome = drive(&target, &plan);
            done.store(true, Ordering::Relaxed);
            worked += since.elapsed();
            outcome
        });
        println!("  alone:        {alone}\n  disturbed:    {beside}");
        changes += counts.0.into_inner();
        backups += counts.1.into_inner();
        failed += alone.failed() + beside.failed();
        ratios.push(beside.p99() / alone.p99());
    }
    let made = f64::from(u32::try_from(changes).unwrap()) / worked.as_secs_f64();
    let figures = &mut bench.figures;
    figures.at_least("changes a second meanwhile", made, f64::from(CHANGES) * 0.8);
    figures.at_least(
        "backups meanwhile",
        f64::from(u32::try_from(backups).unwrap()),
        5.0,
    );
    figures.none("requests that failed at half of capacity", failed);
    figures.at_most(
        "99 % under changes, backups and flushes, of that without",
        median(ratios),
        2.0,
    );
}

/// Edits a client ten times a second.
fn change(house: &House, done: &AtomicBool, count: &AtomicUsize) {
    let admin = AdminSocket::of(&house.server.data());
    let begun = Instant::now();
    for number in 0_u32.. {
        thread::sleep(
            (begun + Duration::from_secs(1) / CHANGES * number)
                .saturating_duration_since(Instant::now()),
        );
        if done.load(Ordering::Relaxed) {
            return;
        }
        let request = AdminRequest {
            method: "PATCH",
            path: "/clients/victim",
            idempotency_key: None,
            body: Some(json!({"description": format!("change {number} of {begun:?}")})),
        };
        let answer = admin.send(&request).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Makes one backup after the other, with a pause.
fn back_up(house: &House, done: &AtomicBool, count: &AtomicUsize) {
    while !done.load(Ordering::Relaxed) {
        let file = house.server.home().join("backup.redb");
        // There is none before the first.
        let _ = fs::remove_file(&file);
        house.server.jeton(&["backup", file.to_str().unwrap()]);
        count.fetch_add(1, Ordering::Relaxed);
        thread::sleep(Duration::from_secs(1));
    }
}
