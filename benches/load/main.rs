//! Overload and attack, by figures: what the server promises while more comes than it can answer, or what means it ill.
//!
//! The server is a process of its own, reached over loopback. Load comes at a steady rate (`drive`), counted from when
//! each request was due. Everything is bounded in count and time and stops by itself. What made it and what is loaded
//! share the machine: figures compare two states of one server, or two servers, under the same load. One table says
//! what came of it; the benchmark fails when a figure is missed.
//!
//! ```text
//! cargo bench --profile measure --bench load
//! cargo bench --profile measure --bench load -- capacity overload=60 memory=600
//! ```
//!
//! `NAME=SECONDS` is how long a part takes that can take longer.
#![expect(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and fails when it cannot go on"
)]

mod capacity;
#[path = "../endpoint/child.rs"]
#[expect(dead_code, reason = "another benchmark needs more of it")]
mod child;
mod drive;
mod figures;
mod guesses;
#[path = "../endpoint/headers.rs"]
mod headers;
mod house;
mod http2;
mod latency;
#[path = "../endpoint/load.rs"]
#[expect(dead_code, reason = "another benchmark needs more of it")]
mod load;
mod memory;
mod overload;
#[path = "../../tests/it/harness/process.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod process;
#[path = "../endpoint/reference.rs"]
mod reference;
mod silent;
#[path = "../../tests/it/harness/socket.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod socket;
mod tls;

use std::env;
use std::process::ExitCode;

use figures::Figures;

/// What tokens are for.
const API: &str = "https://sales.example.com";

type Part = fn(&mut Bench);

/// What is measured, by the words that choose it.
const PARTS: [(&str, Part); 8] = [
    ("capacity", capacity::measure),
    ("latency", latency::measure),
    ("overload", overload::measure),
    ("silent", silent::measure),
    ("guesses", guesses::measure),
    ("h2", http2::measure),
    ("memory", memory::measure),
    ("tls", tls::measure),
];

/// What the parts have in common.
struct Bench {
    figures: Figures,
    /// Requests a second that one server answers in time, once that is known.
    capacity: Option<f64>,
}

fn main() -> ExitCode {
    if env::args().any(|argument| argument == reference::ROLE) {
        reference::serve();
        return ExitCode::SUCCESS;
    }
    let all = !PARTS.iter().any(|(name, _)| is_wanted(name));
    let mut bench = Bench {
        figures: Figures::default(),
        capacity: None,
    };
    for (name, part) in PARTS.into_iter().filter(|(name, _)| all || is_wanted(name)) {
        println!("{name}");
        bench.figures.begin(name);
        part(&mut bench);
    }
    bench.figures.print()
}

fn is_wanted(name: &str) -> bool {
    env::args().any(|argument| argument.split('=').next() == Some(name))
}

/// How long a part takes, if it was said.
fn seconds(name: &str) -> Option<u64> {
    env::args().find_map(|argument| {
        let (part, seconds) = argument.split_once('=')?;
        (part == name).then(|| seconds.parse().unwrap())
    })
}

/// The middle one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
