//! The record of what clients did: how large it becomes, what a flush costs, and whether the file shrinks again.

use std::{collections::BTreeMap, fs, path::Path};

use jeton::{
    domain::{
        id::{ClientId, SecretId},
        time::{Span, Timestamp},
        usage::{Asked, Observation, Seen, Tally},
    },
    store::{Store, redb::RedbStore},
};
use tokio::runtime::Runtime;

use crate::{
    Figures, cpu_time, fill, median,
    world::{API, NOW},
};

/// A fifth of the clients that the limits are for: the file of all would take minutes to fill.
const CLIENTS: usize = 2_000;
const OF_ALL: usize = 5;

/// For how long each of them asked for a token every hour.
const DAYS: u32 = 90;

/// How large the file may be with all of them, in MB.
const LARGEST: f64 = 1000.0;

/// What share of the file may be left of it when all of that is old, in percent.
const LEFT: f64 = 10.0;

/// How often usage is written down, in seconds, and what share of one core that may take, in percent.
const FLUSH_EVERY: usize = 5;
const MOST_CPU: f64 = 2.0;

pub(crate) fn measure(figures: &mut Figures) {
    let runtime = Runtime::new().unwrap();
    let directory = tempfile::tempdir().unwrap();
    runtime.block_on(async {
        let store = fill::store(directory.path(), CLIENTS).await;
        let secrets = secrets(&store, CLIENTS).await;
        for ago in (0..DAYS).rev() {
            store.add_usage(day(&secrets, ago)).await.unwrap();
        }
        flush(figures, &store, &secrets).await;
        let full = megabytes(directory.path());
        let what = format!("file after {DAYS} days, with {} clients", CLIENTS * OF_ALL);
        figures.at_most(LARGEST, &what, (full * OF_ALL as f64, "MB"));
        let later = NOW.plus(Span::days(u64::from(DAYS) + 1));
        store.prune(later).await.unwrap();
        let (_, left) = store.compact().unwrap();
        let what = "what is left of it when that is old, and it was compacted";
        figures.at_most(LEFT, what, (left as f64 / full / 1e4, "%"));
    });
}

/// The clients' secrets, and whose they are.
pub(crate) async fn secrets(store: &RedbStore, most: usize) -> BTreeMap<ClientId, SecretId> {
    let registry = store.load().await.unwrap();
    let clients = registry.clients().take(most);
    clients
        .map(|client| (client.id.clone(), client.secrets[0].id.clone()))
        .collect()
}

/// What all of them did on one day: a token every hour.
pub(crate) fn day(secrets: &BTreeMap<ClientId, SecretId>, ago: u32) -> Tally {
    let mut tally = Tally::default();
    for hour in 0..24 {
        let at = NOW.minus(Span::hours(u64::from(ago) * 24 + hour));
        for (client, secret) in secrets {
            tally.add(issued(client, secret, at));
        }
    }
    tally
}

/// Flushes as a server would that gives each of them a token every hour.
async fn flush(figures: &mut Figures, store: &RedbStore, secrets: &BTreeMap<ClientId, SecretId>) {
    let each = CLIENTS * OF_ALL * FLUSH_EVERY / 3600 + 1;
    let all: Vec<_> = secrets.iter().collect();
    let mut shares = Vec::new();
    for number in 0..100 {
        let mut tally = Tally::default();
        for place in 0..each {
            let (client, secret) = all[(number * each + place).wrapping_mul(7919) % all.len()];
            tally.add(issued(client, secret, NOW));
        }
        let begun = cpu_time();
        store.add_usage(tally).await.unwrap();
        let took = cpu_time().saturating_sub(begun);
        shares.push(took.as_secs_f64() / FLUSH_EVERY as f64 * 100.0);
    }
    let what = format!("flush of {each} tokens every {FLUSH_EVERY} s, of one core");
    figures.at_most(MOST_CPU, &what, (median(shares), "%"));
}

fn issued(client: &ClientId, secret: &SecretId, at: Timestamp) -> Observation {
    Observation::Issued {
        client: client.clone(),
        secret: secret.clone(),
        api: API.parse().unwrap(),
        scopes: "read:analytics".parse().unwrap(),
        asked: Asked::ByName,
        seen: Seen {
            at,
            address: [10, 0, 0, 7].into(),
            agent: Some("curl/8".into()),
            request: None,
        },
    }
}

fn megabytes(directory: &Path) -> f64 {
    let file = fs::metadata(directory.join("jeton.redb")).unwrap();
    file.len() as f64 / 1e6
}
