//! One operator's change among many clients: decided, on disk, visible.

use std::{
    fs::File,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use jeton::{
    admin::clients::{DisableClient, EnableClient},
    domain::actor::Actor,
};
use tokio::runtime::Runtime;

use crate::{Figures, cpu_time, fill};

const CLIENTS: usize = 100_000;

/// How often a client is disabled, and enabled again.
const TIMES: usize = 300;

/// What the slowest of a hundred changes may take, in milliseconds, and of how many syncs where the disk is slower.
const MOST: f64 = 10.0;
const SYNCS: f64 = 3.0;

/// How much of the processors a change may take, in milliseconds.
const MOST_CPU: f64 = 1.0;

pub(crate) fn measure(figures: &mut Figures) {
    let runtime = Runtime::new().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let app = runtime.block_on(async {
        let store = fill::store(directory.path(), CLIENTS).await;
        fill::server(store).await
    });
    let mut taken = Vec::new();
    let cpu = cpu_time();
    for n in 0..TIMES {
        let client: jeton::domain::id::ClientId = fill::id(n * 313 % CLIENTS).parse().unwrap();
        let disable = DisableClient {
            client: client.clone(),
        };
        let enable = EnableClient {
            client: client.clone(),
        };
        let begun = Instant::now();
        runtime
            .block_on(app.execute(Actor::local(0), disable))
            .unwrap();
        let seen = app.registry_arc();
        taken.push(begun.elapsed());
        assert!(
            !seen.find_client(&client).unwrap().is_active(),
            "visible at once"
        );
        let begun = Instant::now();
        runtime
            .block_on(app.execute(Actor::local(0), enable))
            .unwrap();
        taken.push(begun.elapsed());
    }
    let cpu = cpu_time().saturating_sub(cpu).as_secs_f64() * 1e3 / taken.len() as f64;
    figures.at_most(MOST_CPU, "processor time of a change", (cpu, "ms"));
    let syncs = (0..TIMES).map(|_| sync(directory.path())).collect();
    let sync = slowest(syncs);
    println!("  a bare write and sync of the same disk, likewise: {sync:.2} ms");
    let what = format!("a change among {CLIENTS} clients, the slowest of a hundred");
    figures.at_most(MOST.max(SYNCS * sync), &what, (slowest(taken), "ms"));
}

/// A write of one page, and its sync.
fn sync(directory: &Path) -> Duration {
    let begun = Instant::now();
    let mut file = File::create(directory.join("page")).unwrap();
    file.write_all(&[7; 4096]).unwrap();
    file.sync_data().unwrap();
    begun.elapsed()
}

/// What 99 of 100 are not above, in milliseconds.
fn slowest(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() * 99 / 100].as_secs_f64() * 1e3
}
