//! `POST /leak-reports`: whoever finds a secret says so, and it stops.

use axum::http::StatusCode;

use crate::harness::{caller::Client, reply::Reply, server::TestServer};

async fn report_service(server: &TestServer) -> Client<'_> {
    server.api("https://sales.example", "read:analytics").await;
    let client = server.client("report-service").await;
    client
        .granted("https://sales.example", "read:analytics")
        .await
}

async fn report(server: &TestServer, kind: &str, body: &str) -> Reply {
    let request = server.request("POST", "/leak-reports");
    let reply = request.header("content-type", kind).body(body.to_owned());
    reply.send().await
}

/// Whether the secret stops within a second.
async fn is_stopped(client: &Client<'_>) -> bool {
    for _ in 0..100 {
        if client.request_token("").await.status == StatusCode::UNAUTHORIZED {
            return true;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    false
}

/// Console 41
#[tokio::test]
async fn a_reported_secret_stops_whatever_it_is_wrapped_in() {
    for (kind, wrap) in [
        ("text/plain", "SECRET\n"),
        ("application/json", r#"[{"token":"SECRET","type":"jeton"}]"#),
        (
            "application/x-www-form-urlencoded",
            "source=ci&secret=SECRET",
        ),
    ] {
        let server = TestServer::start().await;
        let client = report_service(&server).await;

        let reply = report(&server, kind, &wrap.replace("SECRET", &client.secret)).await;

        assert_eq!(reply.status, StatusCode::ACCEPTED, "{kind}");
        assert!(is_stopped(&client).await, "{kind}");
    }
}

#[tokio::test]
async fn a_secret_behind_many_decoys_stops_as_well() {
    let server = TestServer::start().await;
    let client = report_service(&server).await;
    let body = format!("{}{}", "jtn_".repeat(1000), &client.secret);

    report(&server, "text/plain", &body).await;

    assert!(is_stopped(&client).await);
}

/// Console 41
#[tokio::test]
async fn the_answer_tells_nobody_whether_it_was_a_secret() {
    let server = TestServer::start().await;
    let client = report_service(&server).await;
    let mut altered = client.secret.clone();
    altered.replace_range(
        20..21,
        if &client.secret[20..21] == "a" {
            "b"
        } else {
            "a"
        },
    );

    let real = report(&server, "text/plain", &client.secret).await;

    for other in [altered.as_str(), "jtn_", "", "\u{0}\u{ff}", "{"] {
        let reply = report(&server, "text/plain", other).await;
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{other:?}");
        assert_eq!(reply.body, real.body, "{other:?}");
        assert_eq!(reply.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn a_report_has_at_most_four_kibibytes_and_an_address_twenty_a_minute() {
    let server = TestServer::start().await;

    let long = report(&server, "text/plain", &"x".repeat(4097)).await;
    assert_eq!(long.status, StatusCode::PAYLOAD_TOO_LARGE);
    for _ in 0..19 {
        let reply = report(&server, "text/plain", "jtn_").await;
        assert_eq!(reply.status, StatusCode::ACCEPTED);
    }
    let refused = report(&server, "text/plain", "jtn_").await;

    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.header("retry-after"), "60");
}
