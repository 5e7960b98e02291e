//! The end of a server: no request that was sent before it is lost.

use std::{
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use jeton::web::server::Limits;
use tokio::{net::TcpStream, task::JoinSet};

use super::kit::{House, Wire, assert_took, milliseconds, patient};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_lost_while_fifty_clients_ask_on() {
    let house = House::start(patient()).await;
    let stopped = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for client in 0..50 {
        let (address, stopped, answered) =
            (house.address, Arc::clone(&stopped), Arc::clone(&answered));
        clients.spawn(async move {
            let mut wire = Wire::new(TcpStream::connect(address).await.unwrap());
            loop {
                let sent = wire
                    .try_send(format!(
                        "GET /wait?ms={} HTTP/1.1\r\nHost: a\r\n\r\n",
                        client % 7
                    ))
                    .await;
                let owed = !stopped.load(Ordering::SeqCst);
                match wire.try_reply().await {
                    Some(reply) if sent => {
                        reply.assert_ok("waited");
                        answered.fetch_add(1, Ordering::SeqCst);
                        if reply.closes() {
                            return;
                        }
                    }
                    _ => return assert!(!owed, "a request sent before the stop was lost"),
                }
            }
        });
    }

    let since = Instant::now();
    while answered.load(Ordering::SeqCst) < 500 {
        assert_took(since.elapsed(), 0, 10_000);
        tokio::time::sleep(milliseconds(5)).await;
    }
    stopped.store(true, Ordering::SeqCst);
    let since = Instant::now();
    let report = house.stop().await;

    assert_took(since.elapsed(), 0, 2000);
    assert_eq!((report.accepted, report.cut), (50, 0));
    clients.join_all().await;
}

/// The listener's queue holds requests too: on one thread nothing is accepted before the stop.
#[tokio::test]
async fn requests_that_wait_to_be_accepted_are_answered() {
    let house = House::start(patient()).await;
    let mut waiting = Vec::new();
    for _ in 0..20 {
        let mut stream = std::net::TcpStream::connect(house.address).unwrap();
        stream
            .write_all(b"GET /wait?ms=50 HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        stream.set_nonblocking(true).unwrap();
        waiting.push(Wire::new(TcpStream::from_std(stream).unwrap()));
    }

    house.begin_stop();

    for mut wire in waiting {
        let reply = wire.reply().await;
        reply.assert_ok("waited");
        assert!(reply.closes());
    }
    assert_eq!(house.stop().await.cut, 0);
}

/// A request that lies unread on an idle connection was sent before the stop.
#[tokio::test]
async fn requests_that_wait_on_idle_connections_are_answered() {
    let house = House::start(patient()).await;
    let mut idle = Vec::new();
    for _ in 0..20 {
        let stream = TcpStream::connect(house.address).await.unwrap();
        let mut wire = Wire::new(stream);
        wire.get("/hello").await.assert_ok("hello");
        idle.push(wire);
    }
    let mut writes = JoinSet::new();

    house.begin_stop();
    for mut wire in idle {
        writes.spawn(async move {
            let sent = wire
                .try_send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                .await;
            (sent, wire.try_reply().await)
        });
    }

    for (sent, reply) in writes.join_all().await {
        assert!(sent);
        let reply = reply.expect("an answer");
        reply.assert_ok("hello");
        assert!(reply.closes());
    }
    assert_eq!(house.stop().await.cut, 0);
}

#[tokio::test]
async fn pipelined_requests_are_all_answered_before_the_end() {
    let house = House::start(patient()).await;
    let mut wire = house.connect().await;

    wire.send("GET /wait?ms=80 HTTP/1.1\r\nHost: a\r\n\r\n".repeat(4))
        .await;
    tokio::time::sleep(milliseconds(40)).await;
    house.begin_stop();

    for expected in [false, false, false, true] {
        let reply = wire.reply().await;
        reply.assert_ok("waited");
        assert_eq!(reply.closes(), expected);
    }
    assert_eq!(house.stop().await.cut, 0);
}

#[tokio::test]
async fn a_request_half_sent_may_be_finished() {
    let house = House::start(patient()).await;
    let (mut head, mut body) = (house.connect().await, house.connect().await);
    head.send("GET /hello HTTP/1.1\r\n").await;
    body.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo")
        .await;
    tokio::time::sleep(milliseconds(50)).await;

    house.begin_stop();
    tokio::time::sleep(milliseconds(100)).await;
    head.send("Host: a\r\n\r\n").await;
    body.send("dy").await;

    for (wire, expected) in [(&mut head, "hello"), (&mut body, "body")] {
        let reply = wire.reply().await;
        reply.assert_ok(expected);
        assert!(reply.closes());
    }
}

#[tokio::test]
async fn idle_connections_end_at_once_and_new_ones_are_refused() {
    let house = House::start(patient()).await;
    let (mut idle, fresh, mut busy) = (
        house.connect().await,
        house.connect().await,
        house.connect().await,
    );
    idle.get("/hello").await.assert_ok("hello");
    busy.send("GET /wait?ms=800 HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    tokio::time::sleep(milliseconds(50)).await;

    house.begin_stop();

    assert_took(idle.ended().await, 0, 300);
    assert_took(fresh.ended().await, 0, 300);
    assert!(TcpStream::connect(house.address).await.is_err());
    busy.reply().await.assert_ok("waited");
    assert_eq!(house.stop().await.cut, 0);
}

#[tokio::test]
async fn what_is_not_done_in_time_is_cut_and_counted() {
    let house = House::start(Limits {
        drain_timeout: milliseconds(300),
        ..patient()
    })
    .await;
    let (mut stuck, mut done) = (house.connect().await, house.connect().await);
    stuck.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n").await;
    done.send("GET /wait?ms=100 HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    tokio::time::sleep(milliseconds(50)).await;

    let since = Instant::now();
    let report = house.stop().await;

    assert_took(since.elapsed(), 280, 1500);
    assert_eq!((report.accepted, report.cut), (2, 1));
    done.reply().await.assert_ok("waited");
    assert_took(stuck.ended().await, 0, 100);
}
