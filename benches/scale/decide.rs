//! The token decision among few clients and among many: the same number of requests, each from its own text. Without the
//! signature it is so short that what is not in the processor's caches shows: that is told, and a whole token is judged.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use jeton::{
    crypto::{mac::MacKey, random::Entropy, signer::Algorithm},
    domain::{id::Revision, issuer::Issuer, registry::Registry, secret::PlainSecret},
    oauth::{self, Context, Request, credentials::Header},
};

use crate::{
    Figures, fill, median,
    world::{self, context},
};

const FORM: &[u8] = b"grant_type=client_credentials&scope=read%3Aanalytics\
    &resource=https%3A%2F%2Fsales.example%2F";

/// How many different requests there are, however many clients there are.
const REQUESTS: usize = 10_000;

/// How often all are compared.
const ROUNDS: usize = 15;

pub(crate) fn measure(figures: &mut Figures) {
    let worlds = [100, 100_000, 1_000_000].map(World::new);
    for signed in [false, true] {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push(
                worlds
                    .each_ref()
                    .map(|world| world.round(signed).as_secs_f64()),
            );
        }
        let what = if signed { "token" } else { "decision" };
        for (at, least) in [(1, 0.95), (2, 0.9)] {
            let each = median(
                rounds
                    .iter()
                    .map(|it| it[at] / REQUESTS as f64 * 1e6)
                    .collect(),
            );
            let reached = median(rounds.iter().map(|it| it[0] / it[at]).collect());
            let name = format!(
                "{what} with {} clients, {each:.2} µs: rate",
                worlds[at].clients
            );
            if signed {
                figures.at_least(least, &name, reached);
            } else {
                println!("  {name:<64} {reached:.3}");
            }
        }
    }
}

/// An API, its clients, and the requests of some of them.
struct World {
    clients: usize,
    registry: Registry,
    issuer: Issuer,
    entropy: Entropy,
    headers: Vec<String>,
}

impl World {
    fn new(clients: usize) -> Self {
        let entropy = Entropy::os();
        let pepper = MacKey::new(&entropy.bytes());
        let (signing, key) = world::signing(Algorithm::Es256, &entropy);
        let mut secrets = Vec::new();
        let mut records: Vec<_> = [world::api(signing)].into_iter().chain(key).collect();
        for n in 0..clients {
            let secret = PlainSecret::generate(&entropy);
            records.push(world::client(&fill::id(n), &secret, &pepper));
            secrets.push(secret);
        }
        let registry = Registry::from_records(pepper, Revision(1), records, []);
        // Neighbours in the registry are not neighbours in time.
        let headers = (0..REQUESTS).map(|request| {
            let n = request.wrapping_mul(982_451_653) % clients;
            let login = format!("{}:{}", fill::id(n), secrets[n].reveal());
            format!("Basic {}", STANDARD.encode(login))
        });
        Self {
            headers: headers.collect(),
            clients,
            registry,
            issuer: "https://auth.example.com".parse().unwrap(),
            entropy,
        }
    }

    /// How long all requests take.
    fn round(&self, signed: bool) -> Duration {
        let begun = Instant::now();
        for header in &self.headers {
            let request = Request::new(Header::One(header.as_bytes()), FORM);
            let context = self.context();
            if signed {
                let issued = oauth::token(&self.registry, black_box(&request), &context);
                black_box(issued.unwrap().to_json());
            } else {
                let decision = oauth::decide(&self.registry, black_box(&request), &context);
                assert!(decision.is_ok());
            }
        }
        begun.elapsed()
    }

    fn context(&self) -> Context<'_> {
        context(&self.issuer, &self.entropy)
    }
}
