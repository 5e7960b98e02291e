//! Whether the time that a refusal takes tells an unknown client from a wrong secret.
//!
//! `cargo bench --bench timing`. Inside the process, where no network hides anything: requests of each kind in turn, in an
//! order left to chance. Fails when the medians of the bare decisions are a microsecond apart, or when the whole answers
//! are told apart by a |t| (Welch's) of 4.5 and more.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]
#![expect(clippy::print_stdout, reason = "a benchmark says what it found")]

mod answers;
#[path = "../world.rs"]
mod world;

use std::{hint::black_box, time::Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use jeton::{
    crypto::{install_provider, mac::MacKey, random::Entropy, signer::Algorithm},
    domain::{id::Revision, issuer::Issuer, registry::Registry, secret::PlainSecret},
    oauth::{self, Request, credentials::Header},
};

use world::{api, client, context, signing};

const FORM: &[u8] = b"grant_type=client_credentials";

/// How many clients there are.
const CLIENTS: usize = 1_000;

/// How many decisions are timed.
const SAMPLES: usize = 300_000;

/// How far the medians may be apart, in nanoseconds.
const MOST_APART: f64 = 1_000.0;

/// From which t on two kinds are told apart.
const MOST_T: f64 = 4.5;

/// What is wrong with a request.
const KINDS: [&str; 3] = [
    "a client that is unknown",
    "a secret that is nobody's",
    "another client's secret",
];

/// How long each of each kind took, in nanoseconds.
type Times = [Vec<f64>; 3];

fn main() {
    install_provider();
    let chance = Entropy::seeded(3);
    println!("decisions");
    let decisions = Compared::of(decisions(&World::new(), &chance));
    println!("answers");
    let answers = Compared::of(answers::times(&chance));
    assert!(
        decisions.apart < MOST_APART,
        "medians of decisions are {MOST_APART} ns apart or more"
    );
    assert!(answers.t < MOST_T, "a t of answers is {MOST_T} or more");
}

/// What tells two kinds apart at most.
struct Compared {
    /// How far medians are apart, in nanoseconds.
    apart: f64,
    t: f64,
}

impl Compared {
    /// Without the slowest twentieth of each: those that the system interrupted.
    fn of(mut times: Times) -> Self {
        for (kind, times) in KINDS.iter().zip(&mut times) {
            times.sort_unstable_by(f64::total_cmp);
            times.truncate(times.len() / 20 * 19);
            println!("{kind}: median {:.0} ns of {}", median(times), times.len());
        }
        let mut most = Self { apart: 0.0, t: 0.0 };
        for (one, other) in [(0, 1), (0, 2), (1, 2)] {
            let apart = (median(&times[one]) - median(&times[other])).abs();
            let t = welch(&times[one], &times[other]).abs();
            println!(
                "{} and {}: medians {apart:.0} ns apart, t {t:.1}",
                KINDS[one], KINDS[other]
            );
            most.apart = most.apart.max(apart);
            most.t = most.t.max(t);
        }
        most
    }
}

/// How long it takes to decide, and nothing else.
fn decisions(world: &World, chance: &Entropy) -> Times {
    let mut times = KINDS.map(|_| Vec::with_capacity(SAMPLES));
    for number in 0..SAMPLES {
        let [first, ..] = chance.bytes::<8>();
        let kind = usize::from(first) % KINDS.len();
        let header = &world.headers[kind][number % CLIENTS];
        let begun = Instant::now();
        let request = Request::new(Header::One(black_box(header.as_bytes())), FORM);
        let context = context(&world.issuer, &world.entropy);
        let refused = oauth::token(&world.registry, &request, &context).is_err();
        let took = begun.elapsed();
        assert!(refused, "{}", KINDS[kind]);
        times[kind].push(took.as_secs_f64() * 1e9);
    }
    times
}

/// Clients, and what is sent in their names: for each kind as many headers as there are clients, all of one length.
struct World {
    registry: Registry,
    issuer: Issuer,
    entropy: Entropy,
    headers: [Vec<String>; 3],
}

impl World {
    fn new() -> Self {
        let entropy = Entropy::seeded(1);
        let pepper = MacKey::new(&entropy.bytes());
        let (signing, key) = signing(Algorithm::Es256, &entropy);
        let secrets: Vec<_> = (0..CLIENTS)
            .map(|_| PlainSecret::generate(&entropy))
            .collect();
        let nobodys = (0..CLIENTS).map(|_| PlainSecret::generate(&entropy));
        let nobodys: Vec<_> = nobodys.collect();
        let clients = secrets.iter().enumerate();
        let clients = clients.map(|(n, secret)| client(&format!("client-{n:04}"), secret, &pepper));
        let clients: Vec<_> = clients.collect();
        let records = [api(signing)].into_iter().chain(key).chain(clients);
        let registry = Registry::from_records(pepper, Revision(1), records, []);
        let header = |id: &str, n: usize, secret: &PlainSecret| {
            let login = format!("{id}-{n:04}:{}", secret.reveal());
            format!("Basic {}", STANDARD.encode(login))
        };
        let others = |n: usize| &secrets[(n + 1) % CLIENTS];
        let all = 0..CLIENTS;
        Self {
            headers: [
                all.clone()
                    .map(|n| header("nobody", n, &nobodys[n]))
                    .collect(),
                all.clone()
                    .map(|n| header("client", n, &nobodys[n]))
                    .collect(),
                all.map(|n| header("client", n, others(n))).collect(),
            ],
            registry,
            issuer: "https://auth.example.com".parse().unwrap(),
            entropy,
        }
    }
}

fn median(sorted: &[f64]) -> f64 {
    sorted[sorted.len() / 2]
}

/// Welch's t of two samples: how far their means are apart, in standard errors.
fn welch(one: &[f64], other: &[f64]) -> f64 {
    let ((mean, error), (other_mean, other_error)) = (mean(one), mean(other));
    (mean - other_mean) / (error + other_error).sqrt()
}

/// The mean, and the square of its standard error.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
fn mean(sample: &[f64]) -> (f64, f64) {
    let count = sample.len() as f64;
    let mean = sample.iter().sum::<f64>() / count;
    let squares = sample.iter().map(|it| (it - mean).powi(2)).sum::<f64>();
    (mean, squares / (count - 1.0) / count)
}
