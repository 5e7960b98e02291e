//! Who goes when all places are taken: nobody waits for who only keeps the server waiting.

use std::time::{Duration, Instant};

use hyper_util::rt::{TokioExecutor, TokioIo};
use jeton::web::server::Limits;
use tokio::{net::TcpStream, task::JoinSet};

use super::kit::{House, Wire, assert_took, milliseconds, patient};

fn places(max_connections: usize) -> Limits {
    Limits {
        max_connections,
        ..patient()
    }
}

/// How long somebody waited who came while all places were taken.
async fn newcomer(house: &House) -> Duration {
    let since = Instant::now();
    house.connect().await.get("/hello").await.assert_ok("hello");
    since.elapsed()
}

#[tokio::test]
async fn silent_connections_give_way_to_who_speaks() {
    let house = House::start(places(3)).await;
    let mut served = house.connect().await;
    served.get("/hello").await.assert_ok("hello");
    let silent = [house.connect().await, house.connect().await];

    let took = newcomer(&house).await;

    // A silent one may stay for ten seconds otherwise.
    assert_took(took, 0, 5000);
    served.get("/hello").await.assert_ok("hello");
    let [first, _second] = silent;
    assert_took(first.ended().await, 0, 1000);
    assert!((1..=2).contains(&house.stop().await.displaced));
}

#[tokio::test]
async fn a_flood_of_silent_connections_shuts_nobody_out() {
    let house = House::start(places(50)).await;
    let mut flood = JoinSet::new();
    for _ in 0..20 {
        let address = house.address;
        flood.spawn(async move {
            let mut all = Vec::new();
            for _ in 0..100 {
                all.push(TcpStream::connect(address).await.unwrap());
                tokio::time::sleep(milliseconds(30)).await;
            }
            all
        });
    }
    tokio::time::sleep(milliseconds(500)).await;

    // Six hundred come each second.
    for _ in 0..5 {
        assert_took(newcomer(&house).await, 0, 5000);
    }

    flood.abort_all();
    assert!(house.stop().await.displaced > 100);
}

#[tokio::test]
async fn who_never_finishes_a_request_gives_way() {
    let beginnings = [
        "GET /hello HTTP/1.1\r\nHost: a\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n1",
        "GET /large HTTP/1.1\r\nHost: a\r\n\r\n",
        "PRI * HTTP/2.0\r\n",
    ];
    for beginning in beginnings {
        let house = House::start(places(1)).await;
        let mut slow = house.connect().await;
        slow.send(beginning).await;

        let took = newcomer(&house).await;

        assert!(
            took < Duration::from_secs(5),
            "{beginning:?} held its place for {took:?}"
        );
        assert_eq!(house.stop().await.displaced, 1, "{beginning:?}");
    }
}

#[tokio::test]
async fn an_idle_connection_gives_way_after_a_second() {
    let house = House::start(places(1)).await;
    let mut idle = house.connect().await;
    idle.get("/hello").await.assert_ok("hello");

    let took = newcomer(&house).await;

    assert_took(took, 800, 5000);
    assert_took(idle.ended().await, 0, 1000);
}

#[tokio::test]
async fn an_idle_connection_stays_while_there_is_room() {
    let house = House::start(places(2)).await;
    let (mut first, mut second) = (house.connect().await, house.connect().await);
    for _ in 0..2 {
        first.get("/hello").await.assert_ok("hello");
        second.get("/hello").await.assert_ok("hello");
        tokio::time::sleep(milliseconds(1200)).await;
    }

    assert_eq!(house.stop().await.displaced, 0);
}

#[tokio::test]
async fn who_is_worked_for_keeps_its_place_and_gets_its_answer() {
    let house = House::start(places(1)).await;
    let mut busy = house.connect().await;
    busy.send("GET /wait?ms=2500 HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    tokio::time::sleep(milliseconds(100)).await;

    let (waited, answer) = tokio::join!(newcomer(&house), busy.reply());

    answer.assert_ok("waited");
    assert_took(waited, 1500, 6000);
}

#[tokio::test]
async fn pipelined_requests_are_all_answered_before_a_place_is_taken() {
    let house = House::start(places(1)).await;
    let mut busy = house.connect().await;
    busy.send("GET /wait?ms=1500 HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2))
        .await;

    let waited = newcomer(&house);
    let answers = async {
        let first = busy.reply().await;
        (first, busy.reply().await)
    };
    let (waited, (first, second)) = tokio::join!(waited, answers);

    first.assert_ok("waited");
    second.assert_ok("waited");
    assert_took(waited, 2500, 8000);
}

#[tokio::test]
async fn an_idle_http_2_connection_gives_way() {
    let house = House::start(places(1)).await;
    let stream = TcpStream::connect(house.address).await.unwrap();
    let (requests, connection) = hyper::client::conn::http2::handshake::<_, _, String>(
        TokioExecutor::new(),
        TokioIo::new(stream),
    )
    .await
    .unwrap();
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let request = hyper::Request::get("http://a/hello")
        .body(String::new())
        .unwrap();
    let response = requests.clone().send_request(request).await.unwrap();
    assert_eq!(response.status(), 200);
    drop(response);

    assert_took(newcomer(&house).await, 500, 6000);

    driver.join_next().await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_unix_socket_makes_room_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("jeton.sock");
    let _house = House::on_unix(&path, places(1));
    let _silent = Wire::unix(&path).await;

    let since = Instant::now();
    Wire::unix(&path)
        .await
        .get("/hello")
        .await
        .assert_ok("hello");

    assert_took(since.elapsed(), 0, 5000);
}
