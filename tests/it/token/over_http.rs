//! The token endpoint: how a request must come.

use axum::body::Body;
use jeton::oauth::reason::ErrorCode;

use super::report_service;
use crate::harness::{
    caller::token_form,
    server::{ISSUER, TestServer},
};

const FORM: &str = "application/x-www-form-urlencoded";

/// G9, H-01, H-02, H-04
#[tokio::test]
async fn only_post_is_allowed() {
    let server = TestServer::start().await;
    for method in ["GET", "PUT", "PATCH", "DELETE", "BREW"] {
        let reply = server.request(method, "/oauth2/token").send().await;
        reply.assert_fault(405, ErrorCode::InvalidRequest);
        assert_eq!(reply.header("allow"), "POST, OPTIONS");
    }
    let head = server.request("HEAD", "/oauth2/token").send().await;
    assert_eq!((head.status.as_u16(), head.body.len()), (405, 0));
    assert_eq!(head.header("allow"), "POST, OPTIONS");
    let options = server.request("OPTIONS", "/oauth2/token").send().await;
    assert_eq!((options.status.as_u16(), options.body.len()), (204, 0));
    assert_eq!(options.header("allow"), "POST, OPTIONS");
    assert_eq!(options.header("cache-control"), "no-store");
    let trace = server
        .request("TRACE", "/oauth2/token")
        .header("x-echo", "me")
        .send()
        .await;
    trace.assert_fault(501, ErrorCode::InvalidRequest);
    assert!(!String::from_utf8_lossy(&trace.body).contains("me\n"));
}

/// H-25: a browser of another origin is told nothing.
#[tokio::test]
async fn a_browser_of_another_origin_is_told_nothing() {
    let server = TestServer::start().await;
    let preflight = server
        .request("OPTIONS", "/oauth2/token")
        .header("origin", "https://evil.test");
    let preflight = preflight
        .header("access-control-request-method", "POST")
        .send()
        .await;
    let named = preflight
        .headers
        .keys()
        .filter(|name| name.as_str().starts_with("access-control"));
    assert_eq!(named.count(), 0);
}

/// H-05, H-06
#[tokio::test]
async fn another_spelling_of_the_path_is_another_path() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;
    for path in [
        "/oauth2/token/",
        "//oauth2/token",
        "/oauth2/./token",
        "/oauth2/x/../token",
        "/oauth2/%74oken",
        "/OAUTH2/token",
        "/oauth2/token%00",
    ] {
        let request = server
            .request("POST", path)
            .header("authorization", &service.basic());
        let reply = request.form(&token_form("")).send().await;
        assert_eq!(reply.status, 404, "{path}");
        assert!(!reply.headers.contains_key("location"), "{path}");
    }
}

/// G9, H-07, D12
#[tokio::test]
async fn another_media_type_is_refused() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;
    let asking = || {
        server
            .request("POST", "/oauth2/token")
            .header("authorization", &service.basic())
    };

    for media_type in [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
    ] {
        let reply = asking()
            .header("content-type", media_type)
            .body(token_form(""))
            .send()
            .await;
        reply.assert_fault(415, ErrorCode::InvalidRequest);
        assert_eq!(reply.header("accept"), FORM);
    }
    let untyped = asking().body(token_form("")).send().await;
    untyped.assert_fault(415, ErrorCode::InvalidRequest);
    let latin = format!("{FORM}; charset=iso-8859-1");
    let latin = asking()
        .header("content-type", &latin)
        .body(token_form(""))
        .send()
        .await;
    latin.assert_fault(415, ErrorCode::InvalidRequest);
    let empty = asking().send().await;
    empty.assert_fault(400, ErrorCode::InvalidRequest);
}

/// H-08
#[tokio::test]
async fn the_media_type_may_be_written_as_http_allows() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;
    for media_type in [
        "APPLICATION/X-WWW-FORM-URLENCODED; charset=\"utf-8\"",
        "application/x-www-form-urlencoded;charset=UTF-8",
    ] {
        let request = server.request("POST", "/oauth2/token");
        let request = request.header("authorization", &service.basic());
        let reply = request
            .header("content-type", media_type)
            .body(token_form(""))
            .send()
            .await;
        reply.assert_issued();
    }
}

/// H-09
#[tokio::test]
async fn compressed_bodies_are_refused_and_parameters_in_the_query_too() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;
    let gzip = server
        .request("POST", "/oauth2/token")
        .header("content-encoding", "gzip");
    let gzip = gzip.form(&token_form("")).send().await;
    gzip.assert_fault(415, ErrorCode::InvalidRequest);
    assert_eq!(gzip.header("accept-encoding"), "identity");

    for name in [
        "client_secret",
        "client_assertion",
        "token",
        "grant_type",
        "scope",
        "%73cope",
    ] {
        let target = format!("/oauth2/token?x=1&{name}=hush");
        let request = server
            .request("POST", &target)
            .header("authorization", &service.basic());
        let reply = request.form(&token_form("")).send().await;
        reply.assert_refused(ErrorCode::InvalidRequest);
        assert!(!String::from_utf8_lossy(&reply.body).contains("hush"));
    }
    let harmless = server.request("POST", "/oauth2/token?trace=1");
    let harmless = harmless.header("authorization", &service.basic());
    harmless.form(&token_form("")).send().await.assert_issued();
}

/// H-10
#[tokio::test]
async fn a_body_has_a_limit_and_so_have_its_parameters() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;
    let padded = |length: usize| {
        let form = format!("{}&padding=", token_form(""));
        let padding = "x".repeat(length - form.len());
        form + &padding
    };

    service.ask(&padded(16 * 1024)).await.assert_issued();
    let too_large = service.ask(&padded(16 * 1024 + 1)).await;
    too_large.assert_fault(413, ErrorCode::InvalidRequest);
    let chunked = server
        .request("POST", "/oauth2/token")
        .header("content-type", FORM);
    let chunked = chunked.chunked(in_pieces(&padded(17 * 1024))).send().await;
    chunked.assert_fault(413, ErrorCode::InvalidRequest);
    let many = format!("{}{}", token_form(""), "&a=b".repeat(99));
    service.ask(&many).await.assert_issued();
    let too_many = service.ask(&format!("{many}&a=b")).await;
    too_many.assert_refused(ErrorCode::InvalidRequest);
}

/// H-11
#[tokio::test]
async fn a_body_may_come_in_pieces() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;
    let request = server
        .request("POST", "/oauth2/token")
        .header("content-type", FORM);
    let request = request.header("authorization", &service.basic());

    let reply = request
        .chunked(in_pieces(&token_form("read:analytics")))
        .send()
        .await;

    reply.assert_issued();
}

/// A body that arrives in frames of seven bytes.
fn in_pieces(text: &str) -> Body {
    use axum::body::{Bytes, HttpBody};
    use std::{
        pin::Pin,
        task::{Context, Poll},
    };
    struct Pieces(Bytes);
    impl HttpBody for Pieces {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
            let length = self.0.len().min(7);
            let piece = self.0.split_to(length);
            Poll::Ready((length > 0).then(|| Ok(hyper::body::Frame::data(piece))))
        }
    }
    Body::new(Pieces(Bytes::copy_from_slice(text.as_bytes())))
}

/// H-13: neither `Host` nor what a stranger says of proxies changes a word of a token.
#[tokio::test]
async fn nobody_but_the_configuration_says_who_issues() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;
    let request = server.request("POST", "http://evil.test/oauth2/token");
    let request = request.header("x-forwarded-host", "evil.test");
    let request = request.header("forwarded", "host=evil.test;proto=http");
    let request = request
        .header("authorization", &service.basic())
        .form(&token_form(""));

    let token = request.send().await.assert_issued();

    assert_eq!(token.claims["iss"], ISSUER);
}

/// H-17, H-18, H-20, H-27, T-45: [`crate::harness::reply::Reply`] holds every answer to it.
#[tokio::test]
async fn every_failure_speaks_the_same_json() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;

    server
        .post_form("")
        .await
        .assert_refused(ErrorCode::InvalidRequest);
    server
        .post_form("%")
        .await
        .assert_refused(ErrorCode::InvalidRequest);
    server
        .post_form(&token_form(""))
        .await
        .assert_refused(ErrorCode::InvalidClient);
    let reply = service.ask("grant_type=password").await;
    reply.assert_refused(ErrorCode::UnsupportedGrantType);
    assert!(reply.headers.contains_key("strict-transport-security"));
    assert_eq!(reply.header("x-request-id").len(), 16);
}
