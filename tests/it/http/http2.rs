//! HTTP/2 with prior knowledge.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt as _;
use hyper::{
    Request, StatusCode,
    body::Frame,
    client::conn::http2::{SendRequest, handshake},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use jeton::web::server::Limits;
use tokio::{net::TcpStream, task::JoinSet, time::timeout};

use super::kit::{House, Wire, assert_took, milliseconds, patient};

/// A connection and, in the set, its driver.
struct Http2 {
    requests: SendRequest<Body>,
    driver: JoinSet<hyper::Result<()>>,
}

impl Http2 {
    async fn connect(house: &House) -> Self {
        let stream = TcpStream::connect(house.address).await.unwrap();
        let (requests, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        Self { requests, driver }
    }

    async fn ask(&self, request: Request<Body>) -> (StatusCode, Bytes) {
        let response = self.requests.clone().send_request(request).await.unwrap();
        let status = response.status();
        (
            status,
            response.into_body().collect().await.unwrap().to_bytes(),
        )
    }

    async fn get(&self, path: &str) -> (StatusCode, Bytes) {
        self.ask(
            Request::get(format!("http://a{path}"))
                .body(Body::empty())
                .unwrap(),
        )
        .await
    }

    async fn ended(mut self) {
        drop(self.requests);
        timeout(milliseconds(5000), self.driver.join_next())
            .await
            .expect("the connection ends");
    }
}

fn ok(body: &'static str) -> (StatusCode, Bytes) {
    (StatusCode::OK, Bytes::from_static(body.as_bytes()))
}

/// H-24
#[tokio::test]
async fn requests_of_one_connection_are_answered_side_by_side() {
    let house = House::start(patient()).await;
    let http2 = Http2::connect(&house).await;

    let since = std::time::Instant::now();
    let (first, second, third) = tokio::join!(
        http2.get("/wait?ms=300"),
        http2.get("/wait?ms=300"),
        http2.get("/hello")
    );

    assert_eq!(
        (first, second, third),
        (ok("waited"), ok("waited"), ok("hello"))
    );
    assert_took(since.elapsed(), 280, 590);
    assert_eq!(http2.get("/who").await, ok("127.0.0.1 by 127.0.0.1"));
}

/// A body of which nothing comes.
struct Never;

impl HttpBody for Never {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn bodies_and_faults_are_bounded_as_in_http_1() {
    let limits = Limits {
        max_body_bytes: 10,
        body_timeout: milliseconds(300),
        ..patient()
    };
    let house = House::start(limits).await;
    let http2 = Http2::connect(&house).await;
    let post = |body: Body| Request::post("http://a/echo").body(body).unwrap();

    assert_eq!(http2.ask(post(Body::from("hello"))).await, ok("hello"));
    assert_eq!(
        http2.ask(post(Body::from("hello world"))).await.0,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let never = Body::new(Never);
    assert_eq!(http2.ask(post(never)).await.0, StatusCode::REQUEST_TIMEOUT);
    assert_eq!(
        http2.get("/panic").await.0,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    assert_eq!(
        http2.get(&format!("/{}", "a".repeat(8192))).await.0,
        StatusCode::URI_TOO_LONG
    );
    assert_eq!(http2.get("/hello").await, ok("hello"));
}

#[tokio::test]
async fn an_idle_connection_is_told_to_end() {
    let house = House::start(Limits {
        idle_timeout: milliseconds(300),
        ..patient()
    })
    .await;
    let mut http2 = Http2::connect(&house).await;
    assert_eq!(http2.get("/wait?ms=600").await, ok("waited"));

    let since = std::time::Instant::now();
    timeout(milliseconds(3000), http2.driver.join_next())
        .await
        .expect("the connection ends");

    assert_took(since.elapsed(), 200, 2000);
}

#[tokio::test]
async fn a_preface_alone_holds_no_place_for_ever() {
    let house = House::start(Limits {
        idle_timeout: milliseconds(200),
        ..patient()
    })
    .await;
    let mut wire = house.connect().await;

    wire.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;

    let ended = timeout(milliseconds(4000), async {
        while wire.try_reply().await.is_some() {}
    })
    .await;
    assert!(ended.is_ok(), "the connection ends");
}

#[tokio::test]
async fn a_preface_may_come_in_pieces() {
    let house = House::start(patient()).await;
    let mut wire: Wire<TcpStream> = house.connect().await;

    for piece in ["P", "RI * HTTP/2.0\r\n\r\n", "SM\r\n\r"] {
        wire.send(piece).await;
        tokio::time::sleep(milliseconds(20)).await;
    }
    wire.send("\n\0\0\0\x04\0\0\0\0\0").await;

    let settings = wire.first_bytes(9).await;
    assert_eq!(settings[3], 4, "the server's first frame is SETTINGS");
}

#[tokio::test]
async fn requests_in_flight_are_answered_before_the_end() {
    let house = House::start(patient()).await;
    let (busy, idle) = (Http2::connect(&house).await, Http2::connect(&house).await);
    assert_eq!(idle.get("/hello").await, ok("hello"));

    let (answer, report) = tokio::join!(busy.get("/wait?ms=400"), async {
        tokio::time::sleep(milliseconds(100)).await;
        house.stop().await
    });

    assert_eq!(answer, ok("waited"));
    assert_eq!(report.cut, 0);
    busy.ended().await;
    idle.ended().await;
}

#[tokio::test]
async fn what_is_not_done_in_time_is_cut() {
    let house = House::start(Limits {
        drain_timeout: milliseconds(300),
        ..patient()
    })
    .await;
    let http2 = Http2::connect(&house).await;
    let mut stuck = JoinSet::new();
    let mut requests = http2.requests.clone();
    stuck.spawn(async move {
        requests
            .send_request(Request::get("http://a/stuck").body(Body::empty()).unwrap())
            .await
    });
    tokio::time::sleep(milliseconds(100)).await;

    let report = house.stop().await;

    assert_eq!(report.cut, 1);
    assert!(stuck.join_next().await.unwrap().unwrap().is_err());
}
