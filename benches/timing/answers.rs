//! The whole of the token endpoint's answer, in a server without a network: with what it counts, logs and waits for.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
    time::Instant,
};

use axum::http::{Request, request::Parts};
use jeton::{
    admin::{
        clients::Registered,
        init::InitServer,
        input::{ApiInput, ClientInput, Registration},
    },
    app::{
        App,
        assemble::{Settings, Surroundings, assemble},
    },
    crypto::random::Entropy,
    domain::{
        actor::Actor,
        issued_token::TokenRecords,
        profile::Profile,
        secret::PlainSecret,
        time::{Span, SystemClock},
    },
    store::redb::RedbStore,
    web::{
        layers::ClientAddress,
        oauth::token::answer,
        outbound::{Fetcher, Outbound},
    },
};
use serde_json::json;

use crate::{KINDS, Times};

/// How many refusals are timed: each takes two milliseconds or less.
const SAMPLES: usize = 100_000;

/// How many clients there are.
const CLIENTS: usize = 100;

/// How long the answers of each kind took.
pub(crate) fn times(chance: &Entropy) -> Times {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let app = open(chance).await;
        let secrets = register(&app).await;
        let forms = forms(&secrets, chance);
        let mut times = KINDS.map(|_| Vec::with_capacity(SAMPLES));
        for number in 0..SAMPLES {
            let [first, ..] = chance.bytes::<8>();
            let kind = usize::from(first) % KINDS.len();
            let form = forms[kind][number % CLIENTS].as_bytes();
            let parts = from_somewhere(chance);
            let begun = Instant::now();
            let answer = answer(&app, &parts, form).await;
            let took = begun.elapsed();
            assert_eq!(answer.status(), 401, "{}", KINDS[kind]);
            times[kind].push(took.as_secs_f64() * 1e9);
        }
        times
    })
}

async fn open(entropy: &Entropy) -> App {
    let settings = Settings {
        issuer: "https://auth.example.com".parse().unwrap(),
        console_url: None,
        mutual: None,
        profile: Profile::default(),
        usage_flush: Span(5),
        overview_max_age: Span(0),
        registration: false,
        backups: None,
        audit_checkpoints: None,
        audit_tokens: TokenRecords::Off,
        master_key_file: None,
    };
    let surroundings = Surroundings {
        store: Arc::new(RedbStore::in_memory(entropy)),
        clock: Arc::new(SystemClock),
        entropy: Entropy::os(),
        fetcher: Arc::new(Fetcher::new(Outbound::default())),
    };
    let app = assemble(settings, surroundings).await.unwrap();
    app.execute(Actor::local(0), InitServer).await.unwrap();
    app.start().await;
    app
}

/// Registers the clients; their secrets.
async fn register(app: &App) -> Vec<PlainSecret> {
    let api = json!({ "identifier": "urn:shop", "name": "Shop", "scopes": [{ "name": "read" }] });
    let api: ApiInput = serde_json::from_value(api).unwrap();
    let api = api.parse(app.registry().policy()).unwrap();
    app.execute(Actor::local(0), api).await.unwrap();
    let mut secrets = Vec::new();
    for number in 0..CLIENTS {
        let client = json!({
            "name": "A service", "client_id": format!("client-{number:04}"),
            "grants": [{ "api": "urn:shop", "scopes": ["read"] }],
        });
        let client: ClientInput = serde_json::from_value(client).unwrap();
        let Ok(Registration::Secret(client)) = client.read() else {
            unreachable!("nothing is said of its secret")
        };
        let Registered { secret, .. } = app.execute(Actor::local(0), client).await.unwrap();
        secrets.push(secret);
    }
    secrets
}

/// What is sent, for each kind as often as there are clients, all of one length.
fn forms(secrets: &[PlainSecret], entropy: &Entropy) -> [Vec<String>; 3] {
    let form = |id: &str, number: usize, secret: &str| {
        format!("grant_type=client_credentials&client_id={id}-{number:04}&client_secret={secret}")
    };
    let guesses = (0..CLIENTS).map(|_| PlainSecret::generate(entropy));
    let guesses: Vec<_> = guesses.collect();
    let each = |make: &dyn Fn(usize) -> String| (0..CLIENTS).map(make).collect();
    [
        each(&|n| form("nobody", n, guesses[n].reveal())),
        each(&|n| form("client", n, guesses[n].reveal())),
        each(&|n| form("client", n, secrets[(n + 1) % CLIENTS].reveal())),
    ]
}

/// A request's head, from another network each time: nobody is held back for failing too often.
fn from_somewhere(chance: &Entropy) -> Parts {
    let (mut parts, ()) = Request::new(()).into_parts();
    let address = Ipv6Addr::from(u128::from_be_bytes(chance.bytes()));
    parts.extensions.insert(ClientAddress(IpAddr::V6(address)));
    parts
}
