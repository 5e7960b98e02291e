//! Many clients, fast: through the store, in commits of thousands.

use std::{path::Path, sync::Arc};

use jeton::{
    app::{
        App,
        assemble::{OVERVIEW_MAX_AGE, Settings, Surroundings, assemble},
    },
    crypto::{random::Entropy, sealed::MasterKey, signer::Algorithm},
    domain::{
        actor::Actor,
        audit::Action,
        change::{Change, Commit, Effect},
        profile::Profile,
        registry::Registry,
        secret::PlainSecret,
        time::{ManualClock, Span},
    },
    store::{Store, redb::RedbStore},
    web::outbound::{Fetcher, Outbound},
};

use crate::world::{self, NOW};

/// How many clients one commit brings.
const BITE: usize = 10_000;

/// A store in a new file of `directory`, with an API and so many clients.
pub(crate) async fn store(directory: &Path, clients: usize) -> RedbStore {
    let entropy = Entropy::os();
    let master = MasterKey::generate(&entropy);
    let store = RedbStore::create(&directory.join("jeton.redb"), &master, &entropy).unwrap();
    fill(&store, clients).await;
    store
}

/// Adds an API and so many clients to what `store` holds.
pub(crate) async fn fill(store: &RedbStore, clients: usize) {
    let entropy = Entropy::os();
    let mut registry = store.load().await.unwrap();
    let (signing, key) = world::signing(Algorithm::Es256, &entropy);
    let api = change(Action::ApiCreate, world::api(signing));
    let key = key.map(|key| change(Action::KeyGenerate, key));
    registry = keep(store, registry, key.into_iter().chain([api]).collect()).await;
    for first in (0..clients).step_by(BITE) {
        let pepper = registry.pepper().clone();
        let bite = (first..clients.min(first + BITE)).map(|n| {
            let secret = PlainSecret::generate(&entropy);
            change(
                Action::ClientCreate,
                world::client(&id(n), &secret, &pepper),
            )
        });
        registry = keep(store, registry, bite.collect()).await;
    }
}

/// The id of the client with this number.
pub(crate) fn id(n: usize) -> String {
    format!("service-{n}")
}

fn change(action: Action, effect: Effect) -> Change {
    Change { action, effect }
}

async fn keep(store: &RedbStore, registry: Registry, changes: Vec<Change>) -> Registry {
    let commit = Arc::new(Commit::new(&registry, NOW, &Actor::local(0), changes));
    store.commit(Arc::clone(&commit)).await.unwrap();
    registry.apply(&commit)
}

/// A server on `store` that does nothing by itself.
pub(crate) async fn server(store: RedbStore) -> App {
    let settings = Settings {
        issuer: "https://as.example".parse().unwrap(),
        console_url: None,
        usage_flush: Span(5),
        mutual: None,
        profile: Profile::default(),
        overview_max_age: OVERVIEW_MAX_AGE,
        registration: false,
        backups: None,
        audit_checkpoints: None,
        audit_tokens: jeton::domain::issued_token::TokenRecords::Off,
        master_key_file: None,
    };
    let surroundings = Surroundings {
        store: Arc::new(store),
        clock: Arc::new(ManualClock::at(NOW)),
        entropy: Entropy::os(),
        fetcher: Arc::new(Fetcher::new(Outbound::default())),
    };
    assemble(settings, surroundings).await.unwrap()
}
