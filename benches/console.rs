//! What a page of the console costs: 500 clients with 90 days of usage.
//!
//! `cargo bench --bench console`. Every page in a table; then reading everything, reading what an
//! overview needs, making the overview, and the rows that need attention.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]
#![expect(clippy::print_stdout, reason = "a benchmark says what it found")]

#[path = "console/browser.rs"]
mod browser;
#[path = "console/pages.rs"]
mod pages;

use std::{collections::BTreeMap, hint::black_box, sync::Arc};

use criterion::Criterion;
use jeton::{
    admin::{
        apis::DefineApi,
        clients::RegisterClient,
        evidence::{
            attention::{Lookout, attention},
            overview::{DAYS, Overview},
            scopes::Asking,
        },
        init::InitServer,
        secrets::NewSecret,
    },
    app::{
        App,
        assemble::{OVERVIEW_MAX_AGE, Settings, Surroundings, assemble},
    },
    crypto::{install_provider, random::Entropy, signer::Algorithm},
    domain::{
        actor::Actor,
        api::ApiScope,
        name::Description,
        scope::{Scope, ScopeSet},
        time::{Lifetime, ManualClock, Span, Timestamp},
        usage::{Asked, Observation, Outcome, Seen, Tally},
    },
    store::{Store, UsageOf, redb::RedbStore},
};
use tokio::runtime::Runtime;

const NOW: Timestamp = Timestamp(1_800_000_000);
const CLIENTS: usize = 500;
const USAGE_DAYS: u64 = 90;
const API: &str = "https://sales.example/";
const SCOPES: &str = "read:analytics read:orders write:orders";

fn main() {
    install_provider();
    let runtime = Runtime::new().unwrap();
    let store = Arc::new(RedbStore::in_memory(&Entropy::seeded(1)));
    let (always, shared) = runtime.block_on(async {
        let always = server(&store, Span(0)).await;
        fill(&always, store.as_ref()).await;
        (always, server(&store, OVERVIEW_MAX_AGE).await)
    });
    let wrong = pages::weigh(&runtime, &shared);
    assert_eq!(wrong, 0, "pages are slow or large: see the table");
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    reads(&mut criterion, &runtime, store.as_ref());
    thoughts(&mut criterion, &runtime, &always);
    for (name, app) in [("overview/made", &always), ("overview/shared", &shared)] {
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(app.overview()).unwrap());
        });
    }
    criterion.final_summary();
}

fn reads(criterion: &mut Criterion, runtime: &Runtime, store: &dyn Store) {
    for (name, of) in [
        ("read/everything", UsageOf::Everyone),
        ("read/recent", UsageOf::Since(NOW.day().minus(DAYS - 1))),
        ("read/scopes", UsageOf::Scopes),
    ] {
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(store.usage(of.clone())).unwrap());
        });
    }
}

fn thoughts(criterion: &mut Criterion, runtime: &Runtime, app: &App) {
    let recent = UsageOf::Since(NOW.day().minus(DAYS - 1));
    let tally = runtime.block_on(app.usage(recent)).unwrap();
    let scopes = runtime.block_on(app.usage(UsageOf::Scopes)).unwrap();
    let asking = Asking::all_of(&scopes, NOW);
    criterion.bench_function("think/overview", |bencher| {
        bencher.iter(|| Overview::of(black_box(&tally), NOW));
    });
    criterion.bench_function("think/asking", |bencher| {
        bencher.iter(|| Asking::all_of(black_box(&scopes), NOW));
    });
    let overview = Overview::of(&tally, NOW).with_asking(asking);
    let registry = app.registry_arc();
    let lookout = Lookout {
        now: NOW,
        watching_since: NOW,
        ..app.lookout(&overview)
    };
    criterion.bench_function("think/attention", |bencher| {
        bencher.iter(|| attention(registry.clients(), black_box(&lookout)));
    });
}

async fn server(store: &Arc<RedbStore>, overview_max_age: Span) -> App {
    let settings = Settings {
        issuer: "https://as.example".parse().unwrap(),
        console_url: None,
        usage_flush: Span(5),
        mutual: None,
        profile: jeton::domain::profile::Profile::default(),
        overview_max_age,
        registration: false,
        backups: None,
        audit_checkpoints: None,
        audit_tokens: jeton::domain::issued_token::TokenRecords::Off,
        master_key_file: None,
    };
    let surroundings = Surroundings {
        store: Arc::<RedbStore>::clone(store),
        clock: Arc::new(ManualClock::at(NOW)),
        entropy: Entropy::seeded(2),
        fetcher: Arc::new(jeton::web::outbound::Fetcher::new(
            jeton::web::outbound::Outbound::default(),
        )),
    };
    assemble(settings, surroundings).await.unwrap()
}

async fn fill(app: &App, store: &dyn Store) {
    let owner = || Actor::local(0);
    let scopes: ScopeSet = SCOPES.parse().unwrap();
    app.execute(owner(), InitServer).await.unwrap();
    let api = DefineApi {
        identifier: API.parse().unwrap(),
        name: "Sales".parse().unwrap(),
        description: Description::default(),
        algorithm: Algorithm::Es256,
        token_lifetime: Lifetime::DEFAULT,
        rules: jeton::domain::api::ApiRules::default(),
        scopes: scopes
            .iter()
            .map(|scope: &Scope| (scope.clone(), ApiScope::default()))
            .collect(),
    };
    app.execute(owner(), api).await.unwrap();
    for n in 0..CLIENTS {
        let client = RegisterClient {
            id: Some(format!("client-{n}").parse().unwrap()),
            name: format!("Client {n}").parse().unwrap(),
            description: Description::default(),
            owner: "Team".parse().unwrap(),
            token_lifetime: None,
            grants: BTreeMap::from([(API.parse().unwrap(), scopes.clone())]),
            default_scopes: ScopeSet::default(),
            introspects: std::collections::BTreeSet::default(),
            rules: jeton::domain::client::ClientRules::default(),
            secret: NewSecret::default(),
        };
        let registered = app.execute(owner(), client).await.unwrap();
        let secret = registered.secret.id();
        store
            .add_usage(usage_of(&registered.client.id, secret))
            .await
            .unwrap();
    }
}

/// 24 tokens a day from four addresses, and a refusal now and then.
fn usage_of(client: &jeton::domain::id::ClientId, secret: &jeton::domain::id::SecretId) -> Tally {
    let mut tally = Tally::default();
    for hour in 0..USAGE_DAYS * 24 {
        let seen = Seen {
            at: NOW.minus(Span::hours(hour)),
            address: [10, 0, 0, u8::try_from(hour % 4).unwrap()].into(),
            agent: Some("curl/8".into()),
            request: None,
        };
        if hour % 50 == 0 {
            tally.add(Observation::Refused {
                client: Some(client.clone()),
                secret: None,
                outcome: Outcome::WrongSecret,
                hint: None,
                seen: seen.clone(),
            });
        }
        tally.add(Observation::Issued {
            client: client.clone(),
            secret: secret.clone(),
            api: API.parse().unwrap(),
            scopes: SCOPES.parse().unwrap(),
            asked: Asked::ByName,
            seen,
        });
    }
    tally
}
