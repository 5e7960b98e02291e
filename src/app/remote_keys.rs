//! Keys that others publish: fetched in the background and when an assertion names one that is not here.
//!
//! Nothing is asked that an operator did not register, or is about to and tries. One request at a time goes to each place, at most
//! one a minute whoever asks for it, and what was fetched goes on being used for a day if a place fails.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use rpds::HashTrieMapSync;
use serde_json::Value;
use tokio::{sync::Mutex as Turn, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{App, published::Published};
use crate::{
    domain::{
        credential::{FederationKeys, PublicKey},
        registry::Registry,
        secret::Proof,
        time::{Span, Timestamp},
    },
    oauth::assertion::{COOL_DOWN, FetchedKeys, KeySource},
};

/// How often keys are fetched anew.
const REFRESHED_EVERY: Span = Span::minutes(5);

/// How long keys are used whose place does not answer any more.
const STALE_FOR: Span = Span::hours(24);

/// How often is looked what has to be fetched.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// How many places are asked at once.
const AT_ONCE: usize = 8;

/// How many keys of one set are looked at.
const MOST_KEYS: usize = 100;

type Cache = HashTrieMapSync<KeySource, Arc<FetchedKeys>>;

/// What asks other places for their keys: the network's business, handed in.
#[async_trait]
pub trait FetchKeys: Send + Sync + 'static {
    /// The JWK set of a place.
    ///
    /// # Errors
    /// Why there is none, in words for operators.
    async fn keys(&self, source: &KeySource) -> Result<Value, String>;
}

/// Keys that others publish, as they were last fetched.
#[derive(Clone)]
pub(super) struct RemoteKeys {
    cache: Published<Cache>,
    flights: Arc<Mutex<BTreeMap<KeySource, Arc<Turn<()>>>>>,
    changing: Arc<Mutex<()>>,
    fetcher: Arc<dyn FetchKeys>,
}

impl RemoteKeys {
    /// None yet.
    pub(super) fn new(fetcher: Arc<dyn FetchKeys>) -> Self {
        Self {
            cache: Published::new(Arc::new(Cache::new_sync())),
            flights: Arc::default(),
            changing: Arc::default(),
            fetcher,
        }
    }

    /// What was last fetched from there. Takes no lock.
    pub(super) fn current(&self, source: &KeySource) -> Option<Arc<FetchedKeys>> {
        self.cache.current().get(source).cloned()
    }

    /// Fetches the keys of one place, unless that was tried within the last minute.
    pub(super) async fn refresh(&self, source: &KeySource, now: Timestamp) {
        let flight = {
            let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(flights.entry(source.clone()).or_default())
        };
        let _turn = flight.lock().await;
        let before = self.current(source);
        if before
            .as_ref()
            .is_some_and(|it| now < it.asked.plus(COOL_DOWN))
        {
            return;
        }
        let fetched = self.fetcher.keys(source).await;
        let after = match fetched {
            Ok(set) => FetchedKeys {
                keys: usable(&set),
                asked: now,
                fetched: Some(now),
                problem: None,
            },
            Err(problem) => {
                tracing::warn!(
                    error = %problem,
                    "cannot fetch the keys of {source}: {problem}"
                );
                let before = before.as_deref().cloned().unwrap_or_default();
                let is_fresh = before.fetched.is_some_and(|at| now < at.plus(STALE_FOR));
                FetchedKeys {
                    keys: if is_fresh { before.keys } else { Vec::new() },
                    asked: now,
                    fetched: before.fetched,
                    problem: Some(problem),
                }
            }
        };
        self.change(|cache| cache.insert(source.clone(), Arc::new(after)));
    }

    fn change(&self, change: impl FnOnce(&Cache) -> Cache) {
        let _turn = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let next = change(&self.cache.current());
        self.cache.publish(Arc::new(next));
    }

    /// Forgets the places that nobody uses any more; those that have to be asked.
    fn look(&self, registry: &Registry, now: Timestamp) -> Vec<KeySource> {
        let used = sources(registry, now);
        let known = self.cache.current_arc();
        let over: Vec<_> = known.keys().filter(|it| !used.contains(*it)).collect();
        if !over.is_empty() {
            let without =
                |cache: &Cache| over.iter().fold(cache.clone(), |it, key| it.remove(*key));
            self.change(without);
            let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
            flights.retain(|source, _| used.contains(source));
        }
        let is_due = |source: &KeySource| {
            known
                .get(source)
                .is_none_or(|it| now >= it.asked.plus(REFRESHED_EVERY))
        };
        used.into_iter().filter(is_due).collect()
    }
}

/// A network where nobody answers.
#[cfg(test)]
pub(super) struct Nowhere;

#[cfg(test)]
#[async_trait]
impl FetchKeys for Nowhere {
    async fn keys(&self, _: &KeySource) -> Result<Value, String> {
        Err("nobody answers".to_owned())
    }
}

/// Fetches what has to be fetched until told to stop.
pub(super) async fn run(app: App, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let due = app.0.remote_keys.look(&app.registry(), app.now());
        for some in due.chunks(AT_ONCE) {
            let mut flights = JoinSet::new();
            for source in some {
                let (app, source) = (app.clone(), source.clone());
                flights.spawn(async move { app.fetch_keys(&source).await });
            }
            tokio::select! {
                () = stop.cancelled() => return,
                _ = flights.join_all() => {}
            }
        }
    }
}

/// Every place that live credentials name.
fn sources(registry: &Registry, now: Timestamp) -> BTreeSet<KeySource> {
    let clients = registry.clients();
    let secrets = clients.flat_map(|client| client.live_secrets(now));
    let sources = secrets.filter_map(|secret| match &secret.proof {
        Proof::KeySet(uri) | Proof::CertificateKeySet(uri) => Some(KeySource::Set(uri.clone())),
        Proof::Federated(trust) => match &trust.keys {
            FederationKeys::Discovered => Some(KeySource::Issuer(trust.issuer.clone())),
            FederationKeys::At(uri) => Some(KeySource::Set(uri.clone())),
            FederationKeys::Given(_) => None,
        },
        Proof::Mac(_)
        | Proof::Password(_)
        | Proof::Shared(_)
        | Proof::Key(_)
        | Proof::Certificate(_)
        | Proof::CertificateKey(_)
        | Proof::Subject(_) => None,
    });
    sources.collect()
}

/// The keys of a JWK set that signatures can be checked with here; the others are none of our business.
fn usable(set: &Value) -> Vec<PublicKey> {
    let keys = set["keys"].as_array().into_iter().flatten();
    let keys = keys.take(MOST_KEYS);
    keys.filter_map(|jwk| PublicKey::from_jwk(jwk).ok())
        .collect()
}
