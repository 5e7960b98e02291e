//! The token decision without HTTP: parse, authenticate, grant, sign.
//!
//! `cargo bench --bench token`. With and without the signature, with one client and with many.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

mod world;

use std::{hint::black_box, iter::Cycle, slice::Iter};

use base64::{Engine, engine::general_purpose::STANDARD};
use criterion::{Criterion, Throughput};
use jeton::{
    crypto::{install_provider, mac::MacKey, random::Entropy, signer::Algorithm},
    domain::{id::Revision, issuer::Issuer, registry::Registry, secret::PlainSecret},
    oauth::{self, Context, Request, credentials::Header},
};

use world::{API, NOW, api, client, context, signing};

const FORM: &str = "grant_type=client_credentials&scope=read%3Aanalytics\
    &resource=https%3A%2F%2Fsales.example%2F";

fn main() {
    install_provider();
    let mut criterion = Criterion::default().configure_from_args();
    for clients in [1, 1_000, 100_000] {
        decide(&mut criterion, &World::new(Algorithm::Es256, clients));
    }
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256] {
        sign(&mut criterion, &World::new(algorithm, 1_000), algorithm);
    }
    refuse(&mut criterion, &World::new(Algorithm::Es256, 1_000));
    criterion.final_summary();
}

/// Everything but the signature, each request another client's.
fn decide(criterion: &mut Criterion, world: &World) {
    let mut group = criterion.benchmark_group("decide");
    group.throughput(Throughput::Elements(1));
    let mut headers = world.headers();
    group.bench_function(
        format!("basic/{} clients", world.headers.len()),
        |bencher| {
            bencher.iter(|| {
                let request = with_basic(headers.next().unwrap());
                let decision =
                    oauth::decide(&world.registry, black_box(&request), &world.context());
                assert!(decision.is_ok());
            });
        },
    );
    let mut bodies = world.bodies();
    group.bench_function(format!("body/{} clients", world.headers.len()), |bencher| {
        bencher.iter(|| {
            let request = Request::new(Header::Absent, bodies.next().unwrap().as_bytes());
            let decision = oauth::decide(&world.registry, black_box(&request), &world.context());
            assert!(decision.is_ok());
        });
    });
}

/// The whole of it, with the body of the answer.
fn sign(criterion: &mut Criterion, world: &World, algorithm: Algorithm) {
    let mut group = criterion.benchmark_group("token");
    group.throughput(Throughput::Elements(1));
    let mut headers = world.headers();
    group.bench_function(algorithm.as_str(), |bencher| {
        bencher.iter(|| {
            let request = with_basic(headers.next().unwrap());
            let issued = oauth::token(&world.registry, black_box(&request), &world.context());
            black_box(issued.unwrap().to_json())
        });
    });
    let api = world.registry.find_api(&API.parse().unwrap()).unwrap();
    let signer = world.registry.signer_for(api, NOW).unwrap();
    let claims = [b'x'; 260];
    group.bench_function(format!("{algorithm}/signature alone"), |bencher| {
        bencher.iter(|| signer.sign(jeton::crypto::signer::Typ::AccessToken, black_box(&claims)));
    });
}

/// A wrong secret, and a client that does not exist.
fn refuse(criterion: &mut Criterion, world: &World) {
    let mut group = criterion.benchmark_group("refuse");
    for (name, text) in [
        ("wrong secret", "client-0:wrong"),
        ("unknown client", "nobody:wrong"),
    ] {
        let header = basic(text);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let request = with_basic(black_box(&header));
                assert!(oauth::token(&world.registry, &request, &world.context()).is_err());
            });
        });
    }
}

fn with_basic(header: &str) -> Request<'_> {
    Request::new(Header::One(header.as_bytes()), FORM.as_bytes())
}

fn basic(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

/// An API, its clients, and how each of them asks.
struct World {
    registry: Registry,
    issuer: Issuer,
    entropy: Entropy,
    headers: Vec<String>,
    bodies: Vec<String>,
}

impl World {
    fn new(algorithm: Algorithm, clients: usize) -> Self {
        let entropy = Entropy::os();
        let pepper = MacKey::new(&entropy.bytes());
        let (signing, key) = signing(algorithm, &entropy);
        let mut records = vec![api(signing)];
        records.extend(key);
        let (mut headers, mut bodies) = (Vec::new(), Vec::new());
        for n in 0..clients {
            let secret = PlainSecret::generate(&entropy);
            // Neighbours in the tree are not neighbours in time.
            let id = format!("client-{}", n.wrapping_mul(7919) % clients);
            headers.push(basic(&format!("{id}:{}", secret.reveal())));
            bodies.push(format!(
                "{FORM}&client_id={id}&client_secret={}",
                secret.reveal()
            ));
            records.push(client(&id, &secret, &pepper));
        }
        Self {
            registry: Registry::from_records(pepper, Revision(1), records, []),
            issuer: "https://auth.example.com".parse().unwrap(),
            entropy,
            headers,
            bodies,
        }
    }

    fn headers(&self) -> Cycle<Iter<'_, String>> {
        self.headers.iter().cycle()
    }

    fn bodies(&self) -> Cycle<Iter<'_, String>> {
        self.bodies.iter().cycle()
    }

    fn context(&self) -> Context<'_> {
        context(&self.issuer, &self.entropy)
    }
}
