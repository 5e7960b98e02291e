//! A server with many clients: what it costs to start it, to hold them, to decide for them, to change one of them,
//! to list them, and to keep the record of what they did. Fails when a figure is over its limit.
//!
//! ```text
//! cargo bench --profile measure --bench scale
//! cargo bench --profile measure --bench scale -- start pages
//! ```
//!
//! Clients are written as the server itself writes them, but thousands in one transaction. `--profile measure` leaves
//! out the optimisation over the whole program that the released one has, which takes a quarter of an hour.
#![expect(
    clippy::cast_precision_loss,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and fails when it cannot go on"
)]

#[path = "../console/browser.rs"]
mod browser;
mod change;
mod decide;
mod fill;
mod pages;
#[path = "../../tests/it/harness/process.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod process;
mod start;
mod usage;
#[path = "../world.rs"]
mod world;

use std::{env, process::ExitCode, time::Duration};

use jeton::crypto::install_provider;
use rustix::time::{ClockId, clock_gettime};

type Measure = fn(&mut Figures);

/// What is measured, by the words that choose it.
const CONTESTS: [(&str, Measure); 5] = [
    ("decide", decide::measure),
    ("start", start::measure),
    ("change", change::measure),
    ("pages", pages::measure),
    ("usage", usage::measure),
];

fn main() -> ExitCode {
    install_provider();
    let is_named = |name: &str| env::args().any(|argument| argument == name);
    let all = !CONTESTS.iter().any(|(name, _)| is_named(name));
    let mut figures = Figures::default();
    for (name, measure) in CONTESTS {
        if all || is_named(name) {
            println!("{name}");
            measure(&mut figures);
        }
    }
    println!("{} figures are over their limits", figures.missed);
    ExitCode::from(u8::from(figures.missed > 0))
}

/// What was found, and how much of it is not as it should be.
#[derive(Default)]
struct Figures {
    missed: usize,
}

impl Figures {
    /// Prints a figure that must not be above `most`.
    fn at_most(&mut self, most: f64, what: &str, (value, unit): (f64, &str)) {
        self.judge(
            value <= most,
            what,
            &format!("{value:.2} {unit}, at most {most:.2} {unit}"),
        );
    }

    /// Prints a figure that must not be below `least`.
    fn at_least(&mut self, least: f64, what: &str, value: f64) {
        self.judge(
            value >= least,
            what,
            &format!("{value:.3}, at least {least}"),
        );
    }

    fn judge(&mut self, holds: bool, what: &str, words: &str) {
        let verdict = if holds { "" } else { "  MISSED" };
        println!("  {what:<64} {words}{verdict}");
        self.missed += usize::from(!holds);
    }
}

/// The value that half of them are not above.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What all threads of this process have had of the processors so far.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.try_into().unwrap(),
        time.tv_nsec.try_into().unwrap(),
    )
}
