//! How fresh an overview is.

use super::*;
use crate::{
    app::assemble::{Settings, Surroundings, assemble},
    crypto::random::Entropy,
    domain::{
        time::{Clock, ManualClock},
        usage::{Asked, Observation, Seen},
    },
    store::redb::RedbStore,
};

struct Server {
    app: App,
    clock: Arc<ManualClock>,
}

impl Server {
    /// A server whose overviews may be so old.
    async fn with_max_age(max_age: Span) -> Self {
        let entropy = Entropy::seeded(5);
        let clock = Arc::new(ManualClock::at(Timestamp(1_800_000_000)));
        let settings = Settings {
            issuer: "https://as.test".parse().unwrap(),
            console_url: None,
            usage_flush: Span(5),
            mutual: None,
            profile: crate::domain::profile::Profile::default(),
            overview_max_age: max_age,
            registration: false,
            backups: None,
            audit_checkpoints: None,
            audit_tokens: crate::domain::issued_token::TokenRecords::Off,
            master_key_file: None,
        };
        let surroundings = Surroundings {
            store: Arc::new(RedbStore::in_memory(&entropy)),
            clock: Arc::<ManualClock>::clone(&clock),
            entropy,
            fetcher: Arc::new(crate::app::remote_keys::Nowhere),
        };
        let app = assemble(settings, surroundings).await.unwrap();
        Self { app, clock }
    }

    fn issue(&self) {
        self.app.observe(Observation::Issued {
            client: "c".parse().unwrap(),
            secret: "AAAAAAAA".parse().unwrap(),
            api: "urn:shop".parse().unwrap(),
            scopes: "read".parse().unwrap(),
            asked: Asked::ByName,
            seen: Seen {
                at: self.clock.now(),
                address: [10, 0, 0, 1].into(),
                agent: None,
                request: None,
            },
        });
    }

    /// Of when the overview is that the next page shows, if there is one.
    fn shown(&self) -> Option<Timestamp> {
        let shown = self.app.0.overviews.shown.load_full();
        shown.map(|it| it.at)
    }

    /// How many tokens the overview knows of, by counters and by scopes.
    async fn known(&self) -> (u64, u64) {
        let overview = self.app.overview().await.unwrap();
        let summary = overview.client(&"c".parse().unwrap());
        summary.map_or((0, 0), |it| (it.issued(), it.asking.tokens))
    }
}

#[tokio::test]
async fn an_overview_that_may_not_age_is_always_fresh() {
    let server = Server::with_max_age(Span(0)).await;
    assert_eq!(server.known().await, (0, 0));

    server.issue();
    assert_eq!(server.known().await, (1, 1));
    server.issue();
    assert_eq!(server.known().await, (2, 2));
}

#[tokio::test]
async fn an_overview_is_shared_until_it_is_old_and_then_made_anew_behind_the_page() {
    let server = Server::with_max_age(Span(10)).await;
    let first = server.app.overview().await.unwrap();
    server.issue();

    server.clock.advance(Span(9));
    assert!(Arc::ptr_eq(&first, &server.app.overview().await.unwrap()));
    server.clock.advance(Span(1));
    assert!(Arc::ptr_eq(&first, &server.app.overview().await.unwrap()));

    server.app.tasks().wait().await;
    assert_eq!(server.known().await, (1, 0));
}

#[tokio::test]
async fn an_overview_that_nobody_looked_at_for_long_is_made_anew_before_it_is_shown() {
    let server = Server::with_max_age(Span(10)).await;
    assert_eq!(server.known().await, (0, 0));
    server.issue();

    server.clock.advance(Span(600));
    assert_eq!(server.known().await, (1, 1));
    server.clock.set(Timestamp(1_700_000_000));
    server.app.overview().await.unwrap();
    assert_eq!(
        server.app.overview().await.unwrap().at,
        Timestamp(1_700_000_000)
    );
}

#[tokio::test]
async fn an_overview_is_kept_ready_for_a_day_after_somebody_looked() {
    let server = Server::with_max_age(Span(10)).await;
    server.app.keep_overview_ready().await;
    assert!(server.shown().is_none(), "nobody looked yet");

    let looked = server.app.overview().await.unwrap();
    server.clock.advance(Span(9));
    server.app.keep_overview_ready().await;
    assert_eq!(server.shown(), Some(looked.at));
    server.clock.advance(Span(24 * 3600 - 10));
    server.app.keep_overview_ready().await;
    let last = server.clock.now();
    assert_eq!(server.shown(), Some(last));

    server.clock.advance(Span(60));
    server.app.keep_overview_ready().await;
    assert_eq!(server.shown(), Some(last));
}
