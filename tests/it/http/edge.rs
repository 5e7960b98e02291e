//! What surrounds the routes: names, addresses, headers, refusals.

use axum::{
    body::Body,
    http::{Response, Uri},
};
use jeton::web::{
    layers::{EdgeSettings, ForwardedBy, Refusal, Transport},
    server::Limits,
};

use super::kit::{House, Reply, assert_took, milliseconds, patient, settings};

const TELLING: &str = "X-Forwarded-For: 192.0.2.7\r\nForwarded: for=192.0.2.8\r\nX-Forwarded-Host: evil\r\nX-Real-IP: 192.0.2.9\r\nClient-Cert: :AAAA:\r\nX-Request-Id: theirs-1";

async fn ask(house: &House, path: &str, fields: &str) -> Reply {
    let mut wire = house.connect().await;
    wire.send(format!(
        "GET {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n"
    ))
    .await;
    wire.reply().await
}

fn behind_proxy(forwarded_by: ForwardedBy) -> EdgeSettings {
    EdgeSettings {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        forwarded_by,
        ..settings()
    }
}

/// H-26
#[tokio::test]
async fn strangers_are_not_believed_about_themselves() {
    let house = House::start(patient()).await;

    ask(&house, "/who", TELLING)
        .await
        .assert_ok("127.0.0.1 by 127.0.0.1");

    let reply = ask(&house, "/headers", TELLING).await;
    assert_eq!(reply.body, "{\"host\": \"a\"}");
    let id = reply.header("x-request-id").unwrap();
    assert!(id.len() == 16 && id != "theirs-1", "{id}");
}

/// H-26
#[tokio::test]
async fn trusted_proxies_are_believed_by_the_one_agreed_header() {
    let by_x_forwarded_for = House::with(patient(), behind_proxy(ForwardedBy::XForwardedFor)).await;
    let by_forwarded = House::with(patient(), behind_proxy(ForwardedBy::Forwarded)).await;

    let reply = ask(&by_x_forwarded_for, "/who", TELLING).await;
    reply.assert_ok("192.0.2.7 by 127.0.0.1");
    assert_eq!(reply.header("x-request-id"), Some("theirs-1"));
    ask(&by_forwarded, "/who", TELLING)
        .await
        .assert_ok("192.0.2.8 by 127.0.0.1");
    let spoofed = "X-Forwarded-For: 6.6.6.6, 192.0.2.7, 127.0.0.9";
    ask(&by_x_forwarded_for, "/who", spoofed)
        .await
        .assert_ok("192.0.2.7 by 127.0.0.1");
    let headers = ask(&by_x_forwarded_for, "/headers", TELLING).await.body;
    assert!(
        !headers.contains("192.0.2.8") && headers.contains("192.0.2.7"),
        "{headers}"
    );
}

/// ST-06, H-26
#[tokio::test]
async fn a_request_id_that_could_harm_a_log_is_replaced() {
    let house = House::with(patient(), behind_proxy(ForwardedBy::XForwardedFor)).await;

    for id in ["a b", "<script>", &"a".repeat(65), "\"", "a\tb", ""] {
        let reply = ask(&house, "/hello", &format!("X-Request-Id: {id}")).await;
        let issued = reply.header("x-request-id").unwrap();
        assert!(
            issued.len() == 16 && issued != id,
            "{id:?} became {issued:?}"
        );
    }
}

#[tokio::test]
async fn every_answer_has_an_id_of_its_own() {
    let house = House::start(patient()).await;

    let first = ask(&house, "/hello", "").await;
    let second = ask(&house, "/nowhere", "X: y").await;

    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}

/// AD-04, H-19, H-20
#[tokio::test]
async fn every_answer_has_the_headers_that_protect_it() {
    let http = House::start(patient()).await;
    let https = House::with(
        patient(),
        EdgeSettings {
            transport: Transport::Https,
            ..settings()
        },
    )
    .await;

    let replies = [
        ask(&http, "/hello", "X: y").await,
        ask(&http, "/nowhere", "X: y").await,
        ask(&http, "/panic", "X: y").await,
        ask(&http, "/hello", "Content-Length: +5").await,
    ];
    for reply in replies {
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(
            reply.header("content-security-policy"),
            Some("default-src 'none'; frame-ancestors 'none'")
        );
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
        assert!(reply.header("date").is_some());
        assert_eq!(reply.header("server"), None);
        assert_eq!(reply.header("strict-transport-security"), None);
    }
    let secure = ask(&https, "/hello", "X: y").await;
    assert_eq!(
        secure.header("strict-transport-security"),
        Some("max-age=31536000")
    );
    let page = ask(&http, "/page", "X: y").await;
    assert_eq!(
        page.header("content-security-policy"),
        Some("default-src 'self'")
    );
}

/// H-04
#[tokio::test]
async fn trace_and_connect_are_not_implemented() {
    let house = House::start(patient()).await;

    for request in [
        "TRACE /hello HTTP/1.1\r\nHost: a\r\nX: secret",
        "CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\nX: secret",
    ] {
        let mut wire = house.connect().await;
        wire.send(format!("{request}\r\n\r\n")).await;
        let reply = wire.reply().await;
        assert_eq!(reply.status, 501);
        assert!(!reply.body.contains("secret"));
        assert_took(wire.ended().await, 0, 500);
    }
    let mut wire = house.connect().await;
    wire.send("BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(wire.reply().await.status, 405);
}

/// H-23
#[tokio::test]
async fn a_panic_is_answered_500_and_the_connection_goes_on() {
    let house = House::start(patient()).await;
    let mut wire = house.connect().await;

    let reply = wire.get("/panic").await;

    assert_eq!(reply.status, 500);
    assert!(!reply.body.contains("fell over"), "{reply:?}");
    wire.get("/hello").await.assert_ok("hello");
}

/// H-23
#[tokio::test]
async fn an_answer_that_does_not_come_is_answered_503() {
    let house = House::start(Limits {
        request_timeout: milliseconds(300),
        ..patient()
    })
    .await;
    let mut wire = house.connect().await;

    let since = std::time::Instant::now();
    let reply = wire.get("/stuck").await;

    assert_took(since.elapsed(), 280, 2000);
    assert_eq!(reply.status, 503);
    assert!(reply.header("retry-after").is_some());
    wire.get("/hello").await.assert_ok("hello");
}

#[tokio::test]
async fn refusals_are_in_the_words_of_the_face() {
    fn speak(refusal: Refusal, target: &Uri) -> Response<Body> {
        let mut response = Response::new(Body::from(format!("{refusal:?} at {}", target.path())));
        *response.status_mut() = refusal.status();
        response
    }
    let limits = Limits {
        body_timeout: milliseconds(200),
        ..patient()
    };
    let house = House::with(
        limits,
        EdgeSettings {
            responder: speak,
            ..settings()
        },
    )
    .await;

    for (sent, words) in [
        (
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n",
            "BodyTooLarge at /echo",
        ),
        (
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n",
            "BodyTimedOut at /echo",
        ),
        (
            "GET /panic HTTP/1.1\r\nHost: a\r\n\r\n",
            "Panicked at /panic",
        ),
        (
            "GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
            "Malformed at /",
        ),
        (
            "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "Malformed at /hello",
        ),
    ] {
        let mut wire = house.connect().await;
        wire.send(sent).await;
        assert_eq!(wire.reply().await.body, words);
    }
}
