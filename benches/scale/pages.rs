//! Pages of lists, of the console and of the admin API, among many clients.

use std::time::Instant;

use jeton::{
    admin::clients::{DisableClient, EnableClient},
    app::App,
    domain::actor::Actor,
    store::{Store, redb::RedbStore},
};
use tokio::runtime::Runtime;

use crate::{Figures, browser::Browser, fill, median, usage};

const CLIENTS: usize = 100_000;

/// How many of them got a token in each hour of the last days.
const BUSY: usize = 10_000;
const DAYS: u32 = 8;

/// What a page may take, in milliseconds.
const MOST: f64 = 20.0;

/// How often each page is asked for: some of the times right after a change.
const TIMES: usize = 15;
const CHANGES: usize = 5;

/// Every page with a list of clients, or made from one.
const PATHS: [&str; 26] = [
    "/console",
    "/console/clients",
    "/console/clients?page=1000",
    "/console/clients?sort=name",
    "/console/clients?sort=-name&page=700",
    "/console/clients?sort=owner",
    "/console/clients?sort=access",
    "/console/clients?sort=secret",
    "/console/clients?sort=used",
    "/console/clients?sort=week",
    "/console/clients?q=service-4242",
    "/console/clients?q=analytics+team&sort=used&page=3",
    "/console/clients?q=10.0.0.1",
    "/console/clients?q=no+such+client",
    "/console/clients?q=servise-77",
    "/console/clients?status=attention",
    "/console/clients?status=unused&sort=-owner",
    "/console/apis",
    "/console/apis/https%3A%2F%2Fsales.example%2F",
    "/console/apis/https%3A%2F%2Fsales.example%2F/clients",
    "/console/apis/https%3A%2F%2Fsales.example%2F/scopes/read%3Aorders",
    "/console/audit",
    "/console/fragments/attention",
    "/admin/v1/clients?limit=200",
    "/admin/v1/clients?q=no+such+client&status=active",
    "/admin/v1/attention",
];

pub(crate) fn measure(figures: &mut Figures) {
    let runtime = Runtime::new().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (app, browser) = runtime.block_on(async {
        let store = fill::store(directory.path(), CLIENTS).await;
        record(&store).await;
        let app = fill::server(store).await;
        let browser = Browser::signed_in(&app).await;
        (app, browser)
    });
    for path in PATHS {
        let mut taken = Vec::new();
        let mut after_change = Vec::new();
        for n in 0..TIMES {
            if n >= TIMES - CHANGES {
                runtime.block_on(change(&app, n));
            }
            let begun = Instant::now();
            let (reply, _) = runtime.block_on(browser.ask("GET", path, None));
            let took = begun.elapsed().as_secs_f64() * 1e3;
            assert_eq!(reply.status(), 200, "{path}");
            if n >= TIMES - CHANGES {
                after_change.push(took);
            } else {
                taken.push(took);
            }
        }
        figures.at_most(MOST, path, (median(taken), "ms"));
        figures.at_most(MOST, "  right after a change", (median(after_change), "ms"));
    }
}

/// What the busy ones did lately.
async fn record(store: &RedbStore) {
    for ago in 0..DAYS {
        let secrets = usage::secrets(store, BUSY).await;
        store.add_usage(usage::day(&secrets, ago)).await.unwrap();
    }
}

async fn change(app: &App, n: usize) {
    let client: jeton::domain::id::ClientId = fill::id(n * 313 % CLIENTS).parse().unwrap();
    let disable = DisableClient {
        client: client.clone(),
    };
    app.execute(Actor::local(0), disable).await.unwrap();
    app.execute(Actor::local(0), EnableClient { client })
        .await
        .unwrap();
}
