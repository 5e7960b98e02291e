//! Rotation as services live through it: both secrets work, then the old one stops at the right moment.

use jeton::{
    admin::secrets::{
        CancelRotation, ExtendRotation, NewSecret, RevokeSecret, RotateSecret, UndoRetire,
    },
    domain::{
        rotation::Overlap,
        secret::IfUsed,
        time::Span,
        usage::Outcome,
        verdict::{Evidence, Verdict, verdict},
    },
    store::UsageOf,
};

use crate::harness::{
    caller::Client,
    server::{START, TestServer},
};

const DAY: Span = Span::hours(24);

async fn report_service(server: &TestServer) -> Client<'_> {
    server.api("https://sales.example", "read:analytics").await;
    let client = server.client("report-service").await;
    client
        .granted("https://sales.example", "read:analytics")
        .await
}

async fn works(client: &Client<'_>) -> bool {
    client.request_token("").await.status == 200
}

#[tokio::test]
async fn old_and_new_secret_both_work_until_the_deadline() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;

    let new = old.rotated(DAY).await;

    assert!(works(&old).await && works(&new).await);
    server.advance(Span::hours(23)).await;
    assert!(works(&old).await && works(&new).await);
}

#[tokio::test]
async fn a_quiet_old_secret_stops_at_the_deadline_and_can_be_brought_back_for_a_day() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let new = old.rotated(DAY).await;
    assert!(works(&new).await);

    server.advance(DAY).await;
    assert!(!works(&old).await && works(&new).await);

    server
        .run(UndoRetire {
            client: old.client_id(),
            secret: None,
        })
        .await;
    assert!(works(&old).await && works(&new).await);
}

#[tokio::test]
async fn an_old_secret_still_in_use_is_held_three_times_then_stopped() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let new = old.rotated(DAY).await;

    for day in 1..=4 {
        assert!(works(&old).await, "on day {day}");
        assert!(works(&new).await, "on day {day}");
        server.advance(DAY).await;
        if day < 4 {
            assert!(works(&old).await, "held after day {day}");
        }
    }
    assert!(!works(&old).await);
}

#[tokio::test]
async fn a_deadline_never_stops_the_old_secret_while_the_new_one_is_unused() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let stop = RotateSecret {
        client: old.client_id(),
        new: NewSecret::default(),
        overlap: Overlap::For(Span::hours(1)),
        if_used: IfUsed::Stop,
    };
    let new = old.with_secret(server.run(stop).await.secret.reveal());

    for _ in 0..10 {
        server.advance(DAY).await;
        assert!(works(&old).await);
    }
    assert!(works(&new).await);
    server.advance(DAY).await;
    assert!(
        !works(&old).await,
        "now that the new one is used, the deadline holds"
    );
}

#[tokio::test]
async fn cancelling_withdraws_the_new_secret_only() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let new = old.rotated(DAY).await;

    server
        .run(CancelRotation {
            client: old.client_id(),
        })
        .await;

    assert!(works(&old).await && !works(&new).await);
    server.advance(Span::days(3)).await;
    assert!(works(&old).await);
}

#[tokio::test]
async fn extending_moves_the_deadline() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let new = old.rotated(DAY).await;
    assert!(works(&new).await);

    server.run(ExtendRotation::by_a_day(old.client_id())).await;

    server.advance(Span::hours(25)).await;
    assert!(works(&old).await);
    server.advance(Span::hours(48)).await;
    assert!(!works(&old).await);
}

#[tokio::test]
async fn revoking_a_leaked_secret_stops_it_at_once_and_leaves_the_other() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let new = old.rotated(DAY).await;
    let secret = jeton::domain::secret::public_id(&new.secret);

    server
        .run(RevokeSecret {
            client: old.client_id(),
            secret,
        })
        .await;

    assert!(works(&old).await && !works(&new).await);
    server.advance(Span::days(40)).await;
    assert!(works(&old).await, "the old one has its former life back");
}

#[tokio::test]
async fn who_still_sends_a_retired_secret_is_on_record() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let _new = old.rotated(DAY).await;
    old.old_secret_retired().await;

    assert!(!works(&old).await && !works(&old).await);

    let secret = jeton::domain::secret::public_id(&old.secret).unwrap();
    let tally = server
        .app
        .usage(UsageOf::Client(old.client_id()))
        .await
        .unwrap();
    let usage = tally.of_secret(&secret);
    let refused: u64 = usage.addresses.values().map(|usage| usage.refused).sum();
    assert_eq!(refused, 2);
    let outcomes: Vec<Outcome> = tally
        .days
        .values()
        .flat_map(|hours| hours.keys().map(|hour| hour.outcome))
        .collect();
    assert!(outcomes.contains(&Outcome::RetiredSecret), "{outcomes:?}");
}

#[tokio::test]
async fn the_verdict_turns_safe_when_every_address_has_moved() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    server.advance(Span::hours(1)).await;
    assert!(works(&old).await);
    let new = old.rotated(DAY).await;
    assert_eq!(judge(&server, &old).await, Verdict::NewUnused);

    server.advance(Span::minutes(10)).await;
    assert!(works(&old).await && works(&new).await);
    server.advance(Span::minutes(1)).await;
    assert!(works(&old).await);
    assert!(matches!(judge(&server, &old).await, Verdict::InUse { .. }));

    server.advance(Span::minutes(1)).await;
    assert!(works(&new).await);
    let last = Some(START.plus(Span::minutes(71)));
    assert_eq!(judge(&server, &old).await, Verdict::Safe { last });
}

async fn judge(server: &TestServer, client: &Client<'_>) -> Verdict {
    let tally = server
        .app
        .usage(UsageOf::Client(client.client_id()))
        .await
        .unwrap();
    let registry = server.app.registry_arc();
    let record = registry.find_client(&client.client_id()).unwrap();
    let now = server.app.now();
    let old = tally.of_secret(&record.old_secret(now).unwrap().id);
    let new = tally.of_secret(&record.new_secret(now).unwrap().id);
    let watching_since = server.app.watching_since();
    verdict(
        record,
        &Evidence {
            old: &old,
            new: &new,
            watching_since,
        },
        now,
    )
    .unwrap()
}
