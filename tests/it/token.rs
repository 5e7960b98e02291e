//! The token endpoint: how a request must come, and what comes back.

use axum::body::Body;
use jeton::{
    crypto::signer::Algorithm,
    domain::{
        time::{Lifetime, Span},
        usage::{Asked, Outcome},
    },
    oauth::reason::ErrorCode,
    store::UsageOf,
};
use serde_json::json;

use crate::harness::{
    caller::{Client, encode, token_form},
    server::{ISSUER, START, TestServer},
};

const SALES: &str = "https://sales.example/";
const FORM: &str = "application/x-www-form-urlencoded";

/// The Report Service of the story.
async fn report_service(server: &TestServer) -> Client<'_> {
    server.api(SALES, "read:analytics write:analytics").await;
    let client = server.client("report-service").await;
    client.granted(SALES, "read:analytics").await
}

/// G1, T-01, T-20, T-21, T-22, T-23, T-24, T-28, AT-02, AT-06
#[tokio::test]
async fn a_service_gets_a_token_for_its_api() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;

    let form = format!(
        "{}&resource={}",
        token_form("read:analytics"),
        encode(SALES)
    );
    let token = service.ask(&form).await.assert_issued();

    assert_eq!(token.scope, "read:analytics");
    let keys = server.get("/oauth2/jwks").await.json();
    let header = json!({ "typ": "at+jwt", "alg": "ES256", "kid": keys["keys"][0]["kid"] });
    assert_eq!(token.header, header);
    let jti = token.claims["jti"].clone();
    assert_eq!(jti.as_str().unwrap().len(), 22);
    let claims = json!({
        "iss": ISSUER, "sub": "report-service", "client_id": "report-service", "aud": SALES,
        "scope": "read:analytics", "iat": START.0, "exp": START.0 + 3600, "jti": jti,
    });
    assert_eq!(token.claims, claims);
}

/// T-27
#[tokio::test]
async fn asking_twice_gives_two_tokens() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;

    let one = service.request_token("").await.assert_issued();
    let two = service.request_token("").await.assert_issued();

    assert_ne!(one.text, two.text);
    assert_ne!(one.claims["jti"], two.claims["jti"]);
}

/// AT-01, AT-11
#[tokio::test]
async fn each_api_gets_the_algorithm_it_asked_for() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;

    for algorithm in [Algorithm::EdDsa, Algorithm::Hs256] {
        let api = format!("urn:api:{algorithm}");
        server.api_with(&api, "read", algorithm).await;
        let service = service.clone().granted(&api, "read").await;
        let token = service
            .ask(&format!("{}&audience={api}", token_form("")))
            .await;
        assert_eq!(token.assert_issued().header["alg"], algorithm.as_str());
    }
    let keys = server.get("/oauth2/jwks").await.json();
    let algorithms: Vec<_> = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| &key["alg"])
        .collect();
    assert_eq!(
        algorithms,
        ["ES256", "EdDSA"],
        "a shared key is not published"
    );
}

/// T-28
#[tokio::test]
async fn a_client_may_have_shorter_tokens_than_its_api() {
    use jeton::admin::clients::EditClient;
    let server = TestServer::start().await;
    let service = report_service(&server).await;

    let mut edit = EditClient::of(service.client_id());
    edit.token_lifetime = Some(Some(Lifetime::try_from(300).unwrap()));
    server.run(edit).await;

    let reply = service.request_token("").await;
    reply.assert_issued();
    assert_eq!(reply.json()["expires_in"], 300);
}

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

/// T-01, T-02, T-03, T-11
#[tokio::test]
async fn a_form_is_decoded_strictly() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;
    for good in [
        "gr%61nt_type=client_credentials&scope=read%3aanalytics",
        "grant_type=client%5Fcredentials&foo=bar&a[b]=c&code=1&redirect_uri=x&username=u&assertion=y",
        "&grant_type=client_credentials&&scope=",
    ] {
        service.ask(good).await.assert_issued();
    }
    for bad in [
        "grant_type=client_credentials&scope=%",
        "grant_type=client_credentials&scope=%4",
        "grant_type=client_credentials&x=%zz",
        "grant_type=client_credentials&scope=%C0%AF",
        "grant_type=client_credentials&scope=%ED%A0%80",
        "Grant_Type=client_credentials",
        "grant_type=client_credentials;scope=read:analytics&grant_type=x",
    ] {
        service
            .ask(bad)
            .await
            .assert_refused(ErrorCode::InvalidRequest);
    }
}

/// G6, T-04, T-05, T-06, T-10
#[tokio::test]
async fn a_parameter_stands_once_and_an_empty_one_not_at_all() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;
    let refused = async |form: &str| {
        service
            .ask(form)
            .await
            .assert_refused(ErrorCode::InvalidRequest);
    };

    refused("grant_type=client_credentials&grant_type=client_credentials").await;
    refused("grant_type=client_credentials&scope=a&scope=a").await;
    refused("grant_type=client_credentials&scope=a&sc%6Fpe=a").await;
    refused("grant_type=client_credentials&client_id=report-service&client_id=report-service")
        .await;
    refused("grant_type=client_credentials&audience=a&audience=a").await;
    refused("grant_type=").await;
    refused("scope=read%3Aanalytics").await;
    refused("grant_type=client_credentials&client_id=report-service%00").await;
    let control = service
        .ask("grant_type=client_credentials&scope=a%0Ab")
        .await;
    control.assert_refused(ErrorCode::InvalidScope);
    let empty =
        "grant_type=client_credentials&scope=&client_secret=&resource=&audience=&client_id=";
    service.ask(empty).await.assert_issued();
}

/// G7, T-07
#[tokio::test]
async fn there_is_one_grant_type() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;
    for other in [
        "password&username=a&password=b",
        "authorization_code&code=x",
        "refresh_token&refresh_token=x",
        "foo",
        "Client_Credentials",
        "client_credentials%20",
    ] {
        let reply = service.ask(&format!("grant_type={other}")).await;
        reply.assert_refused(ErrorCode::UnsupportedGrantType);
    }
}

/// H-23: with the clock before its first key the server cannot sign, and says so.
#[tokio::test]
async fn without_a_key_in_force_the_server_is_unavailable() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;

    server.rewind(Span::hours(1));

    let reply = service.request_token("").await;
    reply.assert_refused(ErrorCode::TemporarilyUnavailable);
    assert_eq!(reply.header("retry-after"), "1");
    server.advance(Span::hours(1)).await;
    service.request_token("").await.assert_issued();
}

/// CA-08: what was issued and what was refused is on record, with what it takes to ask who it was.
#[tokio::test]
async fn every_request_is_counted_for_whom_it_concerns() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;
    let agent = |secret: &str| {
        let basic = service.with_secret(secret).basic();
        server
            .request("POST", "/oauth2/token")
            .header("authorization", &basic)
            .header("user-agent", "reports/1.0")
            .form(&token_form("read:analytics"))
    };

    agent(&service.secret).send().await.assert_issued();
    agent("wrong")
        .send()
        .await
        .assert_refused(ErrorCode::InvalidClient);
    service
        .request_token("nope")
        .await
        .assert_refused(ErrorCode::InvalidScope);
    server
        .stranger()
        .request_token("")
        .await
        .assert_refused(ErrorCode::InvalidClient);

    let tally = server.app.usage(UsageOf::Everyone).await.unwrap();
    let mut outcomes: Vec<_> = tally
        .days
        .iter()
        .flat_map(|((subject, _), hours)| {
            let known = (subject.client.is_some(), subject.secret.is_some());
            hours
                .iter()
                .map(move |(hour, count)| (hour.outcome, known, *count))
        })
        .collect();
    outcomes.sort_unstable();
    assert_eq!(
        outcomes,
        [
            (Outcome::Issued, (true, true), 1),
            (Outcome::UnknownClient, (false, false), 1),
            (Outcome::WrongSecret, (true, false), 1),
            (Outcome::InvalidScope, (true, true), 1),
        ]
    );
    let (_, last) = tally.last.iter().next().unwrap();
    assert_eq!(last.address.to_string(), "192.0.2.7");
    assert_eq!(last.agent.as_deref(), Some("reports/1.0"));
    assert_eq!((last.at, last.count), (START, 1));
    let (_, scope) = tally.scopes.iter().next().unwrap();
    assert_eq!((scope.named, scope.default), (1, 0), "{:?}", Asked::ByName);
}
