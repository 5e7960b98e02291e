//! Signing keys change on their schedule, and nobody who reads the JWK set now and then notices.

use jeton::{
    admin::keys::{ActivateKey, GenerateKey, When},
    crypto::signer::Algorithm,
    domain::{
        key::{Age, PUBLISHED_AHEAD, SIGNS_FOR},
        time::Span,
    },
};
use serde_json::Value;

use crate::harness::{caller::Client, server::TestServer};

async fn report_service(server: &TestServer) -> Client<'_> {
    server.api("https://sales.example", "read").await;
    server
        .client("report-service")
        .await
        .granted("https://sales.example", "read")
        .await
}

async fn published(server: &TestServer) -> Vec<String> {
    let keys = server.get("/oauth2/jwks").await.json();
    let id = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    keys["keys"].as_array().unwrap().iter().map(id).collect()
}

async fn signing(client: &Client<'_>) -> String {
    client.request_token("").await.assert_issued().header["kid"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// JK-03
#[tokio::test]
async fn each_key_is_published_a_week_before_it_signs_and_kept_until_its_last_token_is_over() {
    let server = TestServer::start().await;
    let client = report_service(&server).await;
    let first = signing(&client).await;
    assert_eq!(published(&server).await, std::slice::from_ref(&first));

    server.advance(Span(SIGNS_FOR.0 - PUBLISHED_AHEAD.0)).await;
    let both = published(&server).await;
    assert_eq!(both.len(), 2, "the successor is there a week ahead");
    assert_eq!(signing(&client).await, first);

    server.advance(PUBLISHED_AHEAD).await;
    let second = signing(&client).await;
    assert_ne!(second, first);
    assert!(both.contains(&second));
    assert!(
        published(&server).await.contains(&first),
        "its tokens are still out"
    );

    server.advance(Span::minutes(119)).await;
    assert!(published(&server).await.contains(&first));
    server.advance(Span::minutes(1)).await;
    assert_eq!(
        published(&server).await,
        [second],
        "an hour after the last token expired"
    );
}

#[tokio::test]
async fn for_a_year_every_token_is_signed_by_a_key_that_was_long_published() {
    let server = TestServer::start().await;
    let client = report_service(&server).await;
    let mut seen = std::collections::BTreeMap::new();
    for day in 0..400u64 {
        for id in published(&server).await {
            seen.entry(id).or_insert(day);
        }
        let signed = signing(&client).await;
        let known_for = day - seen[&signed];
        assert!(
            known_for >= 6 || day < 90,
            "day {day}: {signed} is known for {known_for} days"
        );
        assert!(published(&server).await.len() <= 2);
        server.advance(Span::days(1)).await;
    }
    assert!(seen.len() >= 5, "{}", seen.len());
}

#[tokio::test]
async fn a_retired_key_is_destroyed() {
    let server = TestServer::start().await;
    let client = report_service(&server).await;
    let first = signing(&client).await;

    server.advance(SIGNS_FOR).await;
    server.advance(PUBLISHED_AHEAD).await;
    server.advance(Span::hours(3)).await;

    let registry = server.app.registry_arc();
    let key = registry.find_key(&first.parse().unwrap()).unwrap();
    assert!(key.signer().is_none());
    assert!(matches!(
        registry.age(key, server.app.now()),
        Age::Retired { .. }
    ));
}

#[tokio::test]
async fn by_hand_a_key_signs_ten_minutes_after_it_was_published_unless_it_is_an_emergency() {
    let server = TestServer::start().await;
    let client = report_service(&server).await;
    let first = signing(&client).await;
    let scheduled = GenerateKey {
        algorithm: Algorithm::Es256,
        when: When::Scheduled,
    };
    let id = server.run(scheduled).await;

    server
        .run(ActivateKey {
            key: id.clone(),
            when: When::Soon,
        })
        .await;
    assert_eq!(signing(&client).await, first);
    server.advance(Span::minutes(10)).await;
    assert_eq!(signing(&client).await, id.as_str());

    let now = GenerateKey {
        algorithm: Algorithm::Es256,
        when: When::Now,
    };
    let third = server.run(now).await;
    server.advance(Span(1)).await;
    assert_eq!(signing(&client).await, third.as_str());
}
