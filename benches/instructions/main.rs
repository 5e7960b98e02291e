//! What `benches/instructions/run` counts the instructions of: each function in [`counted`] once, several times over.
//!
//! Everything that is random comes from a seed, and nothing is signed with ECDSA, whose work differs from signature to
//! signature: so two runs count the same.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

mod counted;
#[path = "../world.rs"]
mod world;

use std::{hint::black_box, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use jeton::{
    crypto::{install_provider, mac::MacKey, random::Entropy, signer::Algorithm},
    domain::{
        actor::Actor,
        audit::Action,
        change::{Change, Commit, Effect},
        client::Client,
        id::Revision,
        issuer::Issuer,
        registry::Registry,
        secret::PlainSecret,
    },
    oauth::{self, Context, Request, credentials::Header},
};

use world::{API, NOW, context};

/// How often each is done: among so many clients.
const TIMES: usize = 500;

fn main() {
    install_provider();
    let few = World::new(1_000);
    let many = World::new(100_000);
    let token = oauth::token(&few.registry, &few.request(0), &few.context()).unwrap();
    let form = format!("token={}", token.access_token);
    let asks = Request::new(Header::One(few.resource_server.as_bytes()), form.as_bytes());
    for n in 0..TIMES {
        counted::form();
        counted::decision_among_1_000(&few, n);
        counted::decision_among_100_000(&many, n);
        counted::token(&few, n);
        counted::introspection(&few, &asks);
        counted::change_among_1_000(&few, n);
        counted::change_among_100_000(&many, n);
    }
}

/// An API whose tokens are signed with HMAC, its clients, and what they send.
struct World {
    registry: Registry,
    issuer: Issuer,
    entropy: Entropy,
    clients: Vec<Arc<Client>>,
    headers: Vec<String>,
    /// The header of the one that may introspect.
    resource_server: String,
}

impl World {
    fn new(clients: usize) -> Self {
        let entropy = Entropy::seeded(7);
        let pepper = MacKey::new(&[7; 32]);
        let (signing, _) = world::signing(Algorithm::Hs256, &entropy);
        let secret = PlainSecret::generate(&entropy);
        let Effect::Client(_, Some(model)) = world::client("model", &secret, &pepper) else {
            unreachable!("a client is a client")
        };
        let registered = (0..clients).map(|n| {
            let mut client = Client::clone(&model);
            client.id = format!("service-{n}").parse().unwrap();
            client.secrets[0].id = secret_id(n).parse().unwrap();
            Arc::new(client)
        });
        let registered: Vec<_> = registered.collect();
        let mut asks = Client::clone(&model);
        asks.introspects.insert(API.parse().unwrap());
        let records = registered.iter().cloned().chain([Arc::new(asks)]);
        let records = records.map(|client| Effect::Client(client.id.clone(), Some(client)));
        let records = [world::api(signing)].into_iter().chain(records);
        let registry = Registry::from_records(pepper, Revision(1), records, []);
        let login = |id: &str| {
            let login = format!("{id}:{}", secret.reveal());
            format!("Basic {}", STANDARD.encode(login))
        };
        // Neighbours in the registry are not neighbours in time.
        let chosen = (0..TIMES).map(|n| &registered[n * 7919 % clients]);
        let chosen: Vec<_> = chosen.cloned().collect();
        Self {
            registry,
            issuer: "https://auth.example.com".parse().unwrap(),
            headers: chosen.iter().map(|it| login(it.id.as_str())).collect(),
            resource_server: login("model"),
            clients: chosen,
            entropy,
        }
    }

    /// One token decision, without the signature.
    fn decide(&self, n: usize) {
        let decision = oauth::decide(&self.registry, black_box(&self.request(n)), &self.context());
        assert!(decision.is_ok(), "the client gets its token");
    }

    /// One operator's change: decided, and remembered; not written down.
    fn change(&self, n: usize) {
        let mut client = Client::clone(&self.clients[n]);
        client.description = "Changed".parse().unwrap();
        let change = Change {
            action: Action::ClientEdit,
            effect: Effect::Client(client.id.clone(), Some(Arc::new(client))),
        };
        let commit = Commit::new(&self.registry, NOW, &Actor::local(0), vec![change]);
        black_box(self.registry.apply(&commit));
    }

    fn request(&self, n: usize) -> Request<'_> {
        Request::new(Header::One(self.headers[n].as_bytes()), counted::FORM)
    }

    fn context(&self) -> Context<'_> {
        context(&self.issuer, &self.entropy)
    }
}

/// Eight characters of base32 that say `n`.
fn secret_id(n: usize) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digits = (0..8).map(|place| alphabet[(n >> (5 * place)) & 31]);
    digits.map(char::from).collect()
}
