//! A clock that jumps: no token while it is behind, nothing is lost while it is ahead.

use std::{
    io,
    sync::{Arc, Mutex},
};

use jeton::{
    config::MasterKeySource,
    crypto::random::Entropy,
    domain::{
        permission::Role,
        time::{Span, Timestamp},
    },
    oauth::reason::ErrorCode,
    store::{Store, master_key, redb::RedbStore},
};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{
    caller::{Client, Request},
    reply::Reply,
    server::{START, TestServer},
};

async fn report_service(server: &TestServer) -> Client<'_> {
    server.api("urn:shop", "read").await;
    server.client("svc").await.granted("urn:shop", "read").await
}

async fn introspect(client: &Client<'_>, token: &str) -> Reply {
    let request = Request::new(client.server(), "POST", "/oauth2/introspect");
    let request = request.header("authorization", &client.basic());
    request.form(&format!("token={token}")).send().await
}

async fn jumps(server: &TestServer) -> Vec<Value> {
    let page = server.owner().read("/audit?action=server.clock_jump").await;
    let jumps = page["data"].as_array().unwrap().iter();
    jumps
        .map(|record| record["changes"][0]["after"].clone())
        .collect()
}

/// K1
#[tokio::test]
async fn no_token_is_issued_while_the_clock_is_behind_and_it_recovers_by_itself() {
    let server = TestServer::with_registration().await;
    server.advance(Span::days(2)).await;
    let service = report_service(&server).await;
    let token = service.request_token("read").await.assert_issued();
    server.app.keep_clock().await;
    for back in [Span(61), Span::hours(1), Span::days(1)] {
        server.rewind(back);
        server.app.keep_clock().await;

        let reply = service.request_token("read").await;
        reply.assert_refused(ErrorCode::TemporarilyUnavailable);
        assert_eq!(reply.status, 503);
        let description = reply.json()["error_description"].clone();
        assert_eq!(
            description,
            "the clock of the server is behind; ask again when it is right"
        );
        assert_eq!(introspect(&service, &token.text).await.status, 503);
        let asked = server.request("GET", "/forward-auth?audience=urn%3Ashop");
        let asked = asked.header("authorization", &format!("Bearer {}", token.text));
        assert_eq!(asked.send().await.status, 503);
        let registered = server.request("POST", "/oauth2/register");
        let registered = registered.header("content-type", "application/json");
        assert_eq!(registered.body("{}").send().await.status, 503);
        let ready = server.get("/health/ready").await;
        assert_eq!(ready.status, 503);
        assert_eq!(ready.json()["status"], "unable");
        let status = server.owner().read("/server").await;
        assert_eq!(status["ready"], "unable");
        let attention = server.owner().read("/attention").await;
        assert_eq!(
            attention["server"][0]["rule"], "clock_behind",
            "{attention}"
        );

        server.leap(back);
        server.app.keep_clock().await;
        service.request_token("read").await.assert_issued();
    }
    assert_eq!(
        jumps(&server).await,
        ["+86400", "-86400", "+3600", "-3600", "+61", "-61"]
    );
}

#[tokio::test]
async fn a_clock_that_is_a_little_behind_is_as_good_as_any() {
    let server = TestServer::start().await;
    server.advance(Span::days(2)).await;
    let service = report_service(&server).await;
    server.app.keep_clock().await;

    server.rewind(Span(59));
    server.app.keep_clock().await;

    service.request_token("read").await.assert_issued();
}

/// K1
#[tokio::test]
async fn a_clock_that_is_ahead_for_a_while_retires_and_deletes_nothing() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;
    server.app.keep_schedule().await;
    let before = server.app.registry_arc();
    for ahead in [Span::hours(1), Span::days(3650)] {
        server.leap(ahead);
        server.app.keep_clock().await;
        server.app.keep_schedule().await;
        server.advance(Span::minutes(9)).await;
        server.app.keep_clock().await;
        server.app.keep_schedule().await;

        server.rewind(ahead);
        server.app.keep_clock().await;
        server.app.keep_schedule().await;

        service.request_token("read").await.assert_issued();
        let kept = server.app.registry_arc();
        assert!(kept.keys().eq(before.keys()), "no key was touched");
        assert!(kept.clients().eq(before.clients()), "no client was touched");
    }
}

#[tokio::test]
async fn a_clock_that_stays_ahead_is_believed_after_ten_minutes() {
    let server = TestServer::start().await;
    let before = server.app.registry_arc();
    server.leap(Span::days(100));
    server.app.keep_schedule().await;
    assert!(server.app.registry().keys().eq(before.keys()));

    server.advance(Span::minutes(10)).await;

    assert!(
        !server.app.registry().keys().eq(before.keys()),
        "the next key is due"
    );
}

/// K1
#[tokio::test]
async fn the_time_is_remembered_across_restarts_and_can_be_given_up() {
    let store = RedbStore::in_memory(&Entropy::seeded(7));
    let server = TestServer::on(store.clone(), START.plus(Span::days(2))).await;
    let service = report_service(&server).await;
    service.request_token("read").await.assert_issued();
    server.app.keep_clock().await;

    let early = TestServer::on(store, START.plus(Span::days(1))).await;

    let again = Client::new(&early, "svc", &service.secret);
    again
        .request_token("read")
        .await
        .assert_refused(ErrorCode::TemporarilyUnavailable);
    let mut browser = early.signed_in(Role::Viewer).await;
    let page = browser.open("").await;
    page.assert_says("No tokens are issued until it is right");
    early.app.accept_clock().await;
    again.request_token("read").await.assert_issued();
}

/// K1
#[tokio::test]
async fn the_time_is_written_down_every_ten_seconds_while_tokens_are_issued() {
    let store = RedbStore::in_memory(&Entropy::seeded(7));
    let server = TestServer::on(store.clone(), START.plus(Span::days(2))).await;
    let service = report_service(&server).await;
    let issue = async |after: Span| {
        server.advance(after).await;
        service.request_token("read").await.assert_issued();
        server.app.keep_clock().await;
    };
    issue(Span(0)).await;
    let begun = server.app.now();
    issue(Span(10)).await;
    issue(Span(9)).await;

    // A minute behind what was written down last is tolerated, a second more is not.
    for (at, is_behind) in [(9, true), (10, false)] {
        let at = begun.plus(Span(at)).minus(Span(60));
        let early = TestServer::on(store.clone(), at).await;
        assert_eq!(early.app.clock_behind().is_some(), is_behind, "{at}");
    }
}

/// What is on disk of the latest time after a server in an empty directory did `work`.
async fn left_behind(work: impl AsyncFnOnce(&TestServer, &Client<'_>)) -> Option<Timestamp> {
    let directory = TempDir::new().unwrap();
    let server = TestServer::in_directory(directory.path()).await;
    let service = report_service(&server).await;
    work(&server, &service).await;
    server.app.shut_down().await;
    let source = MasterKeySource::File(directory.path().join("master.key"));
    let master = master_key::load(&source).unwrap();
    let data = directory.path().join("jeton.redb");
    let store = RedbStore::open(&data, &master, &Entropy::seeded(7)).unwrap();
    store.clock().await.unwrap()
}

/// K1
#[tokio::test]
async fn at_the_end_the_time_is_written_down_if_a_token_was_issued_since() {
    let issue = async |service: &Client<'_>| {
        service.request_token("read").await.assert_issued();
    };
    let nothing = left_behind(async |server, _| server.advance(Span::days(2)).await);
    assert_eq!(nothing.await, None);
    let first = left_behind(async |server, service| {
        server.advance(Span::days(2)).await;
        issue(service).await;
    });
    assert_eq!(first.await, Some(START.plus(Span::days(2))));
    let later = left_behind(async |server, service| {
        issue(service).await;
        server.app.keep_clock().await;
        server.advance(Span(5)).await;
        issue(service).await;
    });
    assert_eq!(later.await, Some(START.plus(Span(5))));
    let silent = left_behind(async |server, service| {
        issue(service).await;
        server.app.keep_clock().await;
        server.advance(Span(500)).await;
        server.app.keep_clock().await;
    });
    assert_eq!(silent.await, Some(START));
}

/// K1
#[tokio::test]
async fn that_the_clock_is_behind_and_that_it_is_right_again_is_logged_once() {
    let lines = Arc::<Mutex<Vec<u8>>>::default();
    let log = tracing_subscriber::fmt().with_writer({
        let lines = Arc::clone(&lines);
        move || Lines(Arc::clone(&lines))
    });
    let _guard = tracing::subscriber::set_default(log.finish());
    let server = TestServer::start().await;
    let look = async || {
        for _ in 0..3 {
            server.app.keep_clock().await;
        }
    };
    let logged = |words: &str| {
        let lines = lines.lock().unwrap();
        String::from_utf8_lossy(&lines).matches(words).count()
    };
    let (behind, right) = (
        "the clock is 1 hour behind: no tokens are issued until it is right",
        "the clock is right again",
    );
    server.advance(Span::days(2)).await;
    look().await;
    assert_eq!((logged(behind), logged(right)), (0, 0));

    server.rewind(Span::hours(1));
    look().await;
    assert_eq!((logged(behind), logged(right)), (1, 0));
    server.leap(Span::hours(1));
    look().await;
    assert_eq!((logged(behind), logged(right)), (1, 1));
}

/// A log that is kept in memory.
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
