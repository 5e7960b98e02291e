//! How ids and secrets are written, and what libraries make of it.

use jeton::oauth::reason::ErrorCode;

use super::{API, client, present, server};
use crate::harness::caller::{basic, token_form};

/// CS-01: openid-client and oauth4webapi escape even `-` and `_`.
#[tokio::test]
async fn basic_credentials_are_form_decoded() {
    let server = server().await;
    let client = client(&server, "svc-orders").await;
    let escaped = client.secret.replace('_', "%5F");

    let reply = present(&server, &basic("svc%2Dorders", &escaped), &token_form("")).await;

    reply.assert_issued();
}

/// CS-02, CA-01
#[tokio::test]
async fn odd_ids_and_secrets_work_when_encoded() {
    let server = server().await;
    let id = "https://c.example/a b?x=1&y=%2B:z";
    let weird = server.client_with_secret(id, Some(" %&+:=/?")).await;
    let weird = weird.granted(API, "read").await;

    let token = weird.request_token("").await.assert_issued();
    assert_eq!(token.claims["sub"], id);
    weird.request_token_by_body("").await.assert_issued();
    for (id, secret) in [
        ("%C3%A9", "x"),
        ("basic1", "%C3%A9"),
        ("a%00", "x"),
        ("%ff", "%"),
    ] {
        let reply = present(&server, &basic(id, secret), &token_form("")).await;
        reply.assert_refused(ErrorCode::InvalidClient);
    }
}

/// CS-03: curl, requests and many others do not encode.
#[tokio::test]
async fn what_libraries_send_unencoded_works_too() {
    let server = server().await;
    let made = client(&server, "report-service-7kq2d4").await;
    let plain = basic(&made.id, &made.secret);
    present(&server, &plain, &token_form(""))
        .await
        .assert_issued();

    let chosen = ["p+q", "100%", "50%25", "a%41", "x:y:z"];
    for (n, secret) in chosen.into_iter().enumerate() {
        let id = format!("imported-{n}");
        let imported = server.client_with_secret(&id, Some(secret)).await;
        let imported = imported.granted(API, "read").await;
        let unencoded = present(&server, &basic(&id, secret), &token_form("")).await;
        unencoded.assert_issued();
        imported.request_token("").await.assert_issued();
        imported
            .with_secret("other")
            .request_token("")
            .await
            .assert_refused(ErrorCode::InvalidClient);
    }
}

/// CS-04, CS-05
#[tokio::test]
async fn a_malformed_header_is_a_failed_authentication() {
    let server = server().await;
    let client = client(&server, "basic1").await;
    let good = client.basic();
    for bad in [
        "Basic",
        "Basic abc!",
        "Basic YQ",
        "Basic bm9jb2xvbg==",
        "Basic _-_-_-_-",
        "Bearer x",
        "Digest username=\"x\"",
        &format!("{good} extra"),
        &format!("{good},x=y"),
    ] {
        let reply = present(&server, bad, &token_form("")).await;
        reply.assert_refused(ErrorCode::InvalidClient);
    }
    let spaced = good.replace("Basic ", "bAsIc   ");
    present(&server, &spaced, &token_form(""))
        .await
        .assert_issued();
    let with_body = format!(
        "{}&client_id=basic1&client_secret={}",
        token_form(""),
        client.secret
    );
    let two = present(&server, "Bearer x", &with_body).await;
    two.assert_refused(ErrorCode::InvalidRequest);
}
