//! The HTTP server as a network meets it: what a connection may cost, and how the server ends.

mod drain;
mod edge;
mod http2;
mod kit;
mod message;
mod room;
mod tls;

use jeton::web::server::Limits;
use tokio::net::TcpSocket;

use self::kit::{House, Wire, assert_took, milliseconds, patient};

/// H-24
#[tokio::test]
async fn a_silent_connection_is_closed() {
    let house = House::start(Limits {
        first_byte_timeout: milliseconds(300),
        ..patient()
    })
    .await;

    let took = house.connect().await.ended().await;

    assert_took(took, 250, 2000);
}

/// H-24
#[tokio::test]
async fn a_head_that_dribbles_in_is_not_waited_for() {
    let house = House::start(Limits {
        header_timeout: milliseconds(400),
        ..patient()
    })
    .await;

    for beginning in ["", "P", "GET /hello HTTP/1.1\r\nHost: a\r\n"] {
        let mut wire = house.connect().await;
        wire.send(beginning).await;
        for _ in 0..7 {
            assert!(wire.try_send("X").await);
            tokio::time::sleep(milliseconds(40)).await;
        }
        let took = wire.ended().await;
        assert_took(took, 20, 1500);
    }
}

/// H-24
#[tokio::test]
async fn a_second_head_that_dribbles_in_is_not_waited_for() {
    let house = House::start(Limits {
        header_timeout: milliseconds(300),
        ..patient()
    })
    .await;
    let mut wire = house.connect().await;

    wire.get("/hello").await.assert_ok("hello");
    wire.send("GET /hello").await;

    assert_took(wire.ended().await, 250, 2000);
}

/// H-24
#[tokio::test]
async fn a_body_that_does_not_come_is_answered_408() {
    let house = House::start(Limits {
        body_timeout: milliseconds(300),
        ..patient()
    })
    .await;

    for framing in ["Content-Length: 10", "Transfer-Encoding: chunked"] {
        let mut wire = house.connect().await;
        wire.send(format!(
            "POST /echo HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n1\r\n"
        ))
        .await;
        let reply = wire.reply().await;
        assert_eq!(
            (reply.status, reply.closes()),
            (408, true),
            "{framing}: {reply:?}"
        );
        assert_took(wire.ended().await, 0, 1500);
    }
}

/// H-24
#[tokio::test]
async fn a_body_that_dribbles_in_is_answered_408_in_the_words_of_the_route() {
    let house = House::start(Limits {
        body_timeout: milliseconds(300),
        ..patient()
    })
    .await;
    let mut wire = house.connect().await;

    wire.send("POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
        .await;
    for _ in 0..12 {
        wire.try_send("a").await;
        tokio::time::sleep(milliseconds(30)).await;
    }

    let reply = wire.reply().await;
    assert_eq!(
        (reply.status, reply.body.as_str()),
        (408, "the route saw it was late")
    );
    assert!(reply.closes());
}

/// H-24
#[tokio::test]
async fn an_idle_connection_lives_for_its_time_and_no_longer() {
    let limits = Limits {
        idle_timeout: milliseconds(900),
        header_timeout: milliseconds(200),
        ..patient()
    };
    let house = House::start(limits).await;
    let mut wire = house.connect().await;

    wire.get("/hello").await.assert_ok("hello");
    tokio::time::sleep(milliseconds(500)).await;
    wire.get("/hello").await.assert_ok("hello");

    assert_took(wire.ended().await, 800, 3000);
}

#[tokio::test]
async fn a_request_may_take_longer_than_a_connection_may_idle() {
    let house = House::start(Limits {
        idle_timeout: milliseconds(150),
        ..patient()
    })
    .await;
    let mut wire = house.connect().await;

    wire.get("/wait?ms=600").await.assert_ok("waited");
    wire.get("/wait?ms=600").await.assert_ok("waited");
}

#[tokio::test]
async fn a_connection_ends_with_an_answer_when_its_life_is_over() {
    let house = House::start(Limits {
        connection_lifetime: milliseconds(300),
        ..patient()
    })
    .await;
    let (mut used, mut idle) = (house.connect().await, house.connect().await);

    assert!(!used.get("/hello").await.closes());
    assert!(!idle.get("/hello").await.closes());
    let reply = used.get("/wait?ms=400").await;

    reply.assert_ok("waited");
    assert!(reply.closes());
    assert_took(used.ended().await, 0, 1000);
    assert_took(idle.ended().await, 0, 1000);
}

/// A peer that asks and never reads holds its place only for so long.
#[tokio::test]
async fn a_peer_that_does_not_read_is_dropped() {
    let limits = Limits {
        request_timeout: milliseconds(400),
        max_connections: 1,
        ..patient()
    };
    let house = House::start(limits).await;
    let mut greedy = house.connect().await;

    greedy.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let since = std::time::Instant::now();
    house.connect().await.get("/hello").await.assert_ok("hello");

    assert_took(since.elapsed(), 300, 5000);
}

/// What peers do not read would otherwise be megabytes for each in the kernel.
#[tokio::test]
async fn little_is_kept_ready_for_a_peer_that_does_not_read() {
    let house = House::start(patient()).await;
    let mut greedy = house.connect().await;

    greedy.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    tokio::time::sleep(milliseconds(500)).await;

    let unsent = unsent_from(house.address.port());
    assert!((1..=512 * 1024).contains(&unsent), "{unsent} bytes");
}

/// How many bytes the kernel keeps that connections of this port have not sent or whose arrival is not known.
fn unsent_from(port: u16) -> u64 {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let connections = table.lines().skip(1).map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let number = |text: &str| u64::from_str_radix(text, 16).unwrap();
        let (_, from) = columns[1].split_once(':').unwrap();
        // That of a listener is how many connections it may keep waiting.
        let is_connection = columns[3] != "0A";
        let (unsent, _) = columns[4].split_once(':').unwrap();
        (number(from), is_connection, number(unsent))
    });
    let ours =
        connections.filter(|(from, is_connection, _)| *from == u64::from(port) && *is_connection);
    ours.map(|(.., unsent)| unsent).sum()
}

#[tokio::test]
async fn connections_above_the_cap_wait_for_their_turn() {
    let house = House::start(Limits {
        max_connections: 2,
        ..patient()
    })
    .await;
    let (mut first, mut second) = (house.connect().await, house.connect().await);
    first.get("/hello").await.assert_ok("hello");
    second.get("/hello").await.assert_ok("hello");

    let mut third = house.connect().await;
    third.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let waiting = tokio::time::timeout(milliseconds(300), third.reply()).await;
    assert!(waiting.is_err(), "{waiting:?}");
    drop(first);

    third.reply().await.assert_ok("hello");
    second.get("/hello").await.assert_ok("hello");
}

#[tokio::test]
async fn one_address_cannot_take_all_connections() {
    let house = House::start(Limits {
        max_connections_per_address: 2,
        ..patient()
    })
    .await;
    let (mut first, mut second) = (house.connect().await, house.connect().await);
    first.get("/hello").await.assert_ok("hello");
    second.get("/hello").await.assert_ok("hello");

    assert_took(house.connect().await.ended().await, 0, 1000);

    let elsewhere = TcpSocket::new_v4().unwrap();
    elsewhere.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut elsewhere = Wire::new(elsewhere.connect(house.address).await.unwrap());
    elsewhere.get("/hello").await.assert_ok("hello");
    assert_eq!(house.stop().await.turned_away, 1);
}

#[tokio::test]
async fn who_comes_while_the_server_falls_behind_is_told_so_at_once() {
    let house = House::start(Limits {
        shed_after: milliseconds(300),
        ..patient()
    })
    .await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let mut wire = house.connect().await;
        asking.spawn(async move {
            let mut shed = 0;
            for _ in 0..6 {
                let reply = wire.get("/block").await;
                if reply.status == 503 {
                    assert_eq!(reply.header("retry-after"), Some("1"));
                    shed += 1;
                } else {
                    reply.assert_ok("blocked");
                }
            }
            shed
        });
    }

    let shed: usize = asking.join_all().await.into_iter().sum();

    assert!((1..72).contains(&shed), "{shed} of 72 were refused");
    tokio::time::sleep(milliseconds(500)).await;
    house
        .connect()
        .await
        .get("/block")
        .await
        .assert_ok("blocked");
}

#[tokio::test]
async fn a_unix_socket_knows_its_peers_and_speaks_http_1_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("jeton.sock");
    let _house = House::on_unix(&path, patient());
    let uid = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(&path).unwrap());

    Wire::unix(&path)
        .await
        .get("/who")
        .await
        .assert_ok(&format!("nowhere by uid {uid}"));

    let mut http2 = Wire::unix(&path).await;
    http2.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert_eq!(http2.reply().await.status, 505);
}
